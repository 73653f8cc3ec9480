"""``test_verification``, with every collection in Milvus."""

from tests.test_verification import *

# Thousands of quotes in texts that have been read: nothing of the engine is in them.
del test_any_slice_is_found_where_it_is, test_no_slice_with_a_character_changed_passes
del test_the_longest_quote_with_one_word_changed

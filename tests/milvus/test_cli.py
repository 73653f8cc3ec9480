"""``test_cli``, with every collection in Milvus."""

from tests.test_cli import *

# A process of its own starts as long as its imports take.
del test_a_whole_process_asks_in_little_time_and_loads_nothing_heavy

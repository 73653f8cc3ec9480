"""``test_page_data``, with every collection in Milvus."""

from tests.test_page_data import *

"""``test_operations``, with every collection in Milvus."""

from tests.test_operations import *

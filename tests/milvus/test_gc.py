"""``test_gc``, with every collection in Milvus."""

from tests.test_gc import *

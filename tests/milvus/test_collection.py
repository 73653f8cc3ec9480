"""``test_collection``, with every collection in Milvus."""

from tests.test_collection import *

"""``test_catalogue``, with every collection in Milvus."""

from tests.test_catalogue import *

"""``test_cite``, with every collection in Milvus."""

from tests.test_cite import *

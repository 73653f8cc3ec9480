"""``test_api``, with every collection in Milvus."""

from tests.test_api import *

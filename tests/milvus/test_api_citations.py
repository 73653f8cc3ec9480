"""``test_api_citations``, with every collection in Milvus."""

from tests.test_api_citations import *

"""``test_api_files``, with every collection in Milvus."""

from tests.test_api_files import *

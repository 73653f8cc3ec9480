"""``test_problems``, with every collection in Milvus."""

from tests.test_problems import *

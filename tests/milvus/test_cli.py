"""``test_cli``, with every collection in Milvus."""

from tests.test_cli import *

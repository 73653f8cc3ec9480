"""``test_verify_command``, with every collection in Milvus."""

from tests.test_verify_command import *

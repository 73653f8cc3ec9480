"""``test_relocation``, with every collection in Milvus."""

from tests.test_relocation import *

"""``test_citation_media``, with every collection in Milvus."""

from tests.test_citation_media import *

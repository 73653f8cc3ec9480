"""What was prepared comes back from a few long arrays as it was."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from qa.packing import pack, unpack
from qa.types import PreparedDocument
from tests.prepared import document, plain, prepared

DOCUMENTS = [
    prepared(document("a", "Eins\nZwei und drei", language="de", title="T"), "de"),
    prepared(document("b", "", language=None), None),
    prepared(document("c", "Один", language="ru"), None),
]


@pytest.mark.parametrize("chosen", [DOCUMENTS, DOCUMENTS[1:2], []])
def test_it_comes_back_the_same(chosen: list[PreparedDocument]) -> None:
    packed = pickle.loads(pickle.dumps(pack(chosen, "p1")))
    assert plain(unpack(packed, [one.document for one in chosen])) == plain(chosen)


def test_documents_are_told_their_language() -> None:
    packed = pack(DOCUMENTS, "p1")
    sent = [replace(one.document, language=None) for one in DOCUMENTS]
    assert plain(unpack(packed, sent)) == plain(DOCUMENTS)


def test_as_many_must_come_back() -> None:
    with pytest.raises(ValueError, match="zip"):
        unpack(pack(DOCUMENTS, "p1"), [DOCUMENTS[0].document])

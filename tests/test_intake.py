"""Many documents, some bad: what is put, in which batches, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa.errors import EmptyDocument, StoreError, UnreadableFile
from qa.intake import BATCH_CHARACTERS, BATCH_DOCUMENTS, Refused, Taken, put_each
from qa.types import Change, Document


class Recording:
    """Takes documents, all of a call or none; a blank text is refused."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[list[str]] = []
        self.held: list[str] = []
        self._error = error

    def put(self, documents: Sequence[Document]) -> list[Change]:
        self.calls.append([document.id for document in documents])
        if self._error is not None:
            raise self._error
        for document in documents:
            if not document.text.strip():
                raise EmptyDocument(f"{document.id} has no text")
        self.held += [document.id for document in documents]
        return [Change(document.id, document.sha256, 1, 1, "created") for document in documents]


def document(id: str, text: str = "Der Hafen ist offen.") -> Document:
    return Document(id=id, text=text, source=id)


def test_documents_go_in_together() -> None:
    collection = Recording()
    outcomes = list(put_each(collection, [("a", document("1")), ("b", document("2"))]))
    assert collection.calls == [["1", "2"]]
    assert [(each.name, type(each)) for each in outcomes] == [("a", Taken), ("b", Taken)]
    assert [each.change.id for each in outcomes if isinstance(each, Taken)] == ["1", "2"]


def test_batches_end_at_their_number_and_at_their_size() -> None:
    collection = Recording()
    many = [(str(n), document(str(n))) for n in range(BATCH_DOCUMENTS + 1)]
    list(put_each(collection, many))
    assert [len(call) for call in collection.calls] == [BATCH_DOCUMENTS, 1]
    collection = Recording()
    long = "a" * BATCH_CHARACTERS
    list(put_each(collection, [(n, document(n, long)) for n in "xyz"]))
    assert collection.calls == [["x"], ["y"], ["z"]]


def test_a_bad_document_does_not_spoil_its_batch() -> None:
    collection = Recording()
    incoming = [(n, document(n, " " if n == "b" else "Text.")) for n in "abc"]
    outcomes = list(put_each(collection, incoming))
    assert collection.calls == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert collection.held == ["a", "c"]
    assert [each.name for each in outcomes if isinstance(each, Refused)] == ["b"]


def test_what_could_not_be_read_is_passed_on() -> None:
    collection = Recording()
    error = UnreadableFile("not text")
    outcomes = list(put_each(collection, [("bad", error), ("a", document("a"))]))
    assert outcomes[0] == Refused("bad", error)
    assert collection.held == ["a"]


def test_one_id_twice_is_a_conflict_that_names_the_first() -> None:
    collection = Recording()
    twice = [("one/a.txt", document("a")), ("two/a.txt", document("a", "Anders."))]
    outcomes = list(put_each(collection, twice))
    assert collection.calls == [["a"]]
    (refused,) = [each for each in outcomes if isinstance(each, Refused)]
    assert refused.name == "two/a.txt"
    assert "one/a.txt" in str(refused.error)


def test_a_broken_store_ends_the_call() -> None:
    collection = Recording(StoreError("the disk is full"))
    with pytest.raises(StoreError, match="disk is full"):
        list(put_each(collection, [("a", document("a")), ("b", document("b"))]))
    assert len(collection.calls) == 1


def test_nothing_puts_nothing() -> None:
    collection = Recording()
    assert list(put_each(collection, [])) == []
    assert collection.calls == []

"""Listing documents: filtered, newest first, and never older than the collection."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.catalogue import Catalogue, matching_documents
from qa.collection import Collection
from qa.errors import InvalidDate
from qa.settings import Settings
from qa.types import Document, Filters, StoredDocument


def stored(id: str, **known: str | None) -> StoredDocument:
    return StoredDocument(
        id=id,
        sha256="0" * 64,
        source=known.get("source") or f"{id}.txt",
        title=known.get("title"),
        language=known.get("language"),
        published=known.get("published"),
        metadata={},
        pages=(),
        characters=1,
        passages=1,
        sequence=1,
        added="2026-01-01T00:00:00Z",
        updated="2026-01-01T00:00:00Z",
        pipeline="",
    )


DOCUMENTS = [
    stored("a", title="Straße nach ODESSA", language="de", published="2022-09"),
    stored("b", source="port.pdf", language="en", published="2022-09-14"),
    stored("c", title="Порт Одессы", language="ru", published="2021"),
    stored("d"),
]


@pytest.mark.parametrize(
    ("words", "filters", "expected"),
    [
        ("", Filters(), "abcd"),
        ("STRASSE odessa", Filters(), "a"),
        ("одессы", Filters(), "c"),
        ("pdf", Filters(), "b"),
        ("d.txt", Filters(), "d"),
        ("", Filters(languages=("de", "ru")), "ac"),
        ("", Filters(published_from="2022"), "ab"),
        ("", Filters(published_from="2022-09-20"), "a"),
        ("", Filters(published_to="2022-09-13"), "ac"),
        ("", Filters(published_from="2021-05", published_to="2021-06"), "c"),
        ("port", Filters(languages=("de",)), ""),
    ],
)
def test_documents_match_by_words_language_and_date(
    words: str, filters: Filters, expected: str
) -> None:
    assert "".join(each.id for each in matching_documents(DOCUMENTS, words, filters)) == expected


def test_a_listing_follows_every_change(tmp_path: Path) -> None:
    collection = Collection.open(Settings(data_dir=tmp_path / "data"))
    catalogue = Catalogue()

    def listed(offset: int = 0, limit: int = 10) -> str:
        listing = catalogue.list(collection, "", Filters(), offset, limit)
        assert listing.matching == listing.total == collection.status().documents
        return "".join(each.id for each in listing.documents)

    try:
        assert listed() == ""
        for id in "bac":
            text = f"Der Hafen {id} ist seit Montag wieder geöffnet."
            collection.put([Document(id=id, text=text, source="test")])
        assert listed() == "cab"
        assert listed(1, 1) == "a"
        assert catalogue.list(collection, "", Filters(), 0, 1).languages == (("de", 3),)
        collection.remove(["a"])
        assert listed() == "cb"
        with pytest.raises(InvalidDate):
            catalogue.list(collection, "", Filters(published_from="gestern"), 0, 1)
    finally:
        collection.close()

"""Lists the documents of a collection: filtered, newest first, a page at a time.

Knows descriptions of documents, no texts and no HTTP. The engine lists in order of id only; all
descriptions are read once per change of the collection and kept.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qa.collection import Collection
from qa.dates import bounds
from qa.types import Filters, StoredDocument

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the documents that match.

    Attributes:
        documents: newest first.
        matching: how many match in all.
        total: how many there are.
        languages: code and number of documents of each language, most frequent first.
    """

    documents: tuple[StoredDocument, ...]
    matching: int
    total: int
    languages: tuple[tuple[str, int], ...]


class Catalogue:
    """Descriptions of a collection's documents. Safe to use from several threads."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._lock = threading.Lock()
        self._sequence = -1
        self._documents: tuple[StoredDocument, ...] = ()

    def list(
        self, collection: Collection, words: str, filters: Filters, offset: int, limit: int
    ) -> Listing:
        """A page of the documents in which all words occur in title, source or id.

        Raises:
            InvalidDate: a date of the filters is not a date.
        """
        documents = self._read(collection)
        matching = matching_documents(documents, words, filters)
        counts = Counter(each.language for each in documents if each.language)
        return Listing(
            documents=tuple(matching[offset : offset + limit]),
            matching=len(matching),
            total=len(documents),
            languages=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        )

    def _read(self, collection: Collection) -> tuple[StoredDocument, ...]:
        with self._lock:
            # Read before the documents: a change in between is then seen at the next call.
            sequence = collection.status().sequence
            if sequence != self._sequence:
                found: list[StoredDocument] = []
                while batch := collection.documents(found[-1].id if found else None, _BATCH):
                    found += batch
                found.sort(key=lambda each: (-each.sequence, each.id))
                self._documents, self._sequence = tuple(found), sequence
            return self._documents


def matching_documents(
    documents: Sequence[StoredDocument], words: str, filters: Filters
) -> list[StoredDocument]:
    """Those that match, in their order. Undated documents match no range of dates."""
    wanted = words.casefold().split()
    first = bounds(filters.published_from)[0] if filters.published_from else None
    last = bounds(filters.published_to)[1] if filters.published_to else None
    return [
        document
        for document in documents
        if (not filters.languages or document.language in filters.languages)
        and _dated(document.published, first, last)
        and _named(document, wanted)
    ]


def _dated(published: str | None, first: int | None, last: int | None) -> bool:
    if first is None and last is None:
        return True
    if published is None:
        return False
    begins, ends = bounds(published)
    return (first is None or ends >= first) and (last is None or begins <= last)


def _named(document: StoredDocument, words: Sequence[str]) -> bool:
    if not words:
        return True
    name = f"{document.title or ''}\n{document.source}\n{document.id}".casefold()
    return all(word in name for word in words)

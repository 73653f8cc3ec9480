"""The seam behind which documents are stored and searched. Knows no encoder and no ranking.

One implementation is embedded (``qa.embedded``: SQLite with FAISS and tantivy derived from it);
another can hold the same in a cluster. An engine promises:

* a change is one transaction: durable and searchable when the call returns, or not made at all;
* a search sees the whole of a state of the store, never a mixture of two;
* filters restrict the search itself, so the asked-for number comes back whenever it exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.ragged import Ragged
from qa.representation import Columns
from qa.types import (
    Candidate,
    Change,
    Document,
    Filters,
    IndexStatus,
    PreparedDocument,
    StoredDocument,
    StoredPassage,
)
from qa.values import value

GROWS_FROM = 20_000
"""Passages from which on more candidates are taken by vector: twice as many of sixteen times as
many passages, and no more than that."""
MOST_TIMES = 2.0


@dataclass(frozen=True, slots=True)
class Search:
    """What an engine is asked to find candidates for.

    Attributes:
        text: the question, for BM25.
        vector: (dim,) unit float32.
        dense: how many candidates to take by vector; see ``among``.
        lexical: how many to take by the BM25 of their words, and as many by that of their sounds;
            the index's own BM25, which may differ a little from the scores that come back.
        filters: what to restrict the search to.
        language: of the question, ISO 639-1, or None when it is not known.
        worth: how many of all that is found are worth ranking; None for all.
        glance: says of passages of these tokens (n,) about how well they match the question's, in
            0..1, which helps to tell what is worth ranking; None if nothing does.
    """

    text: str
    vector: NDArray[np.float32]
    dense: int
    lexical: int
    filters: Filters
    language: str | None = None
    worth: int | None = None
    glance: Callable[[Ragged], NDArray[np.float64]] | None = None

    def among(self, passages: int) -> Search:
        """The same search for a store of so many passages.

        The more there are, the more are by chance as near as the one that answers. Then more are
        taken by vector. Words find it among many as well as among few, and so does a glance.
        """
        if passages <= GROWS_FROM:
            return self
        times = min((passages / GROWS_FROM) ** 0.25, MOST_TIMES)
        return replace(self, dense=round(times * self.dense))


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates in order of their numbers, and the state they were found in.

    Attributes:
        passages: the n candidates.
        dense: (n,) inner product of the question's and each passage's vector.
        lexical: (n,) BM25 over words and stems.
        sound: (n,) BM25 over pieces of sounds.
        token_counts: (tokens,) how many passages hold each token of the token table; ids beyond
            its end are in none.
        status: sequence and counts.
    """

    passages: Columns
    dense: NDArray[np.float64]
    lexical: NDArray[np.float64]
    sound: NDArray[np.float64]
    token_counts: NDArray[np.uint32]
    status: IndexStatus

    @property
    def candidates(self) -> list[Candidate]:
        """The same one by one."""
        return [self.candidate(number) for number in range(len(self.passages))]

    def candidate(self, number: int) -> Candidate:
        """One of them."""
        of = self.passages
        return Candidate(
            passage_id=int(of.ids[number]),
            document_id=of.document(number),
            start=int(of.starts[number]),
            end=int(of.ends[number]),
            language=of.language(number),
            dense=float(self.dense[number]),
            lexical=float(self.lexical[number]),
            sound=float(self.sound[number]),
        )


@value
class TextVersion:
    """A text that a document has or had, described as it was then. ``current`` says which.

    Kept after an edit or a removal, so that citations of it can still be resolved, until it is
    dropped by ``Engine.drop_old_texts``.
    """

    document_id: str
    sha256: str
    source: str
    title: str | None
    language: str | None
    published: str | None
    pages: tuple[int, ...]
    sequence: int
    current: bool


class Shown(NamedTuple):
    """A passage in words, and the text that it is of, as its document is described now."""

    passage: StoredPassage
    version: TextVersion


@dataclass(frozen=True, slots=True)
class OldText:
    """A text that is current for no document. ``ended`` says when it was last: UTC, ISO 8601."""

    sha256: str
    document_ids: tuple[str, ...]
    characters: int
    ended: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That a text of a document was dropped, and when: UTC, ISO 8601."""

    document_id: str
    dropped: str


class Engine(Protocol):
    """Stores documents and finds candidate passages."""

    def put(self, documents: Sequence[PreparedDocument]) -> list[Change]:
        """Add or replace all of them, or none.

        A document whose text and description are as stored, by the same pipeline, is left alone
        (``unchanged``). Vectors must have the engine's dimension.
        """
        ...

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove all of them or, if one does not exist (NotFound), none; the new sequence."""
        ...

    def search(self, searches: Sequence[Search], *, waits: bool = True) -> list[Found]:
        """For each, candidates by vector, by words and by sounds, with all three scores for each.

        All are found in one state of the store.

        Args:
            searches: what to find candidates for.
            waits: whether to wait until changes are indexed. An engine that would have to, and is
                not to, raises ``WouldWait``.
        """
        ...

    def shown(self, passage_ids: Sequence[int]) -> dict[int, Shown]:
        """Those that still exist, by number, all of one state."""
        ...

    def document(self, document_id: str) -> StoredDocument:
        """Describe a document, or raise NotFound."""
        ...

    def documents(self, after: str | None, limit: int) -> list[StoredDocument]:
        """Documents in order of id, after the given one."""
        ...

    def texts(self, sha256s: Sequence[str]) -> dict[str, str]:
        """The text versions of these hashes, or raise NotFound if one does not exist."""
        ...

    def described(self, document_ids: Sequence[str]) -> dict[str, StoredDocument]:
        """Descriptions of those that exist, by id."""
        ...

    def versions(self, sha256_prefix: str) -> list[TextVersion]:
        """Every use, past and present, of text versions whose hash begins so."""
        ...

    def current(self, document_id: str) -> TextVersion | None:
        """The version a document has now, or None when it does not exist."""
        ...

    def drop_old_texts(self, ended_by: datetime, *, dry_run: bool) -> list[OldText]:
        """Drop texts that are current for no document, and for none since a time (UTC).

        All of them are, or none; tombstones stay until the same text is put again. With
        ``dry_run`` nothing is dropped. Returns what was, or would be.
        """
        ...

    def tombstones(self, sha256_prefix: str) -> list[Tombstone]:
        """What is left of dropped texts whose hash begins so; at least 20 digits of it."""
        ...

    def current_texts(self) -> list[tuple[str, str]]:
        """(id, hash of its text) of every document, in order of id."""
        ...

    def outdated(self, pipeline: str) -> list[str]:
        """Ids of documents whose passages were made by another pipeline."""
        ...

    def whole(self, document_id: str) -> Document:
        """A document as it was put, for preparing it again."""
        ...

    def status(self) -> IndexStatus:
        """Sequence and counts, from the truth."""
        ...

    def check(self) -> Iterator[str]:
        """Re-read everything and yield one sentence for each broken invariant."""
        ...

    def close(self) -> None:
        """Flush what is derived and release everything. Safe to call twice."""
        ...

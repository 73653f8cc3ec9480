"""The values that travel between the parts. Knows no storage, no models and no HTTP.

All offsets are half-open and count Unicode code points of ``Document.text``, which is never
rewritten: ``document.text[start:end]`` is the quote, everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.values import value


@value
class Span:
    """A half-open range of code points."""

    start: int
    end: int

    def overlap(self, other: Span) -> int:
        """Number of code points in both."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what is known of it.

    Attributes:
        id: 1..200 characters of ``[A-Za-z0-9._-]``.
        text: decoded once, never rewritten.
        source: where it came from, for people: a path, a URL or ``api``.
        title: as found in the document, or None.
        language: ISO 639-1 code of most of the text, or None when unknown.
        published: ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, or None.
        metadata: anything JSON can hold.
        pages: offset at which each page starts, first page first; empty when there are no pages.
    """

    id: str
    text: str
    source: str
    title: str | None = None
    language: str | None = None
    published: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pages: tuple[int, ...] = ()

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the text in UTF-8: the identity of this version."""
        return text_sha256(self.text)


def text_sha256(text: str) -> str:
    """Hex SHA-256 of a text in UTF-8; lone surrogates are kept apart from everything else."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable piece of a document.

    Attributes:
        start: first code point.
        end: one past the last code point.
        language: ISO 639-1 code of this passage, or None when unknown.
        context: spans outside the passage that were read with it when it was encoded (its
            heading, the sentence before), so that "he" is found under the name it stands for.
            They are never part of the quote.
    """

    start: int
    end: int
    language: str | None = None
    context: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageTerms:
    """What a passage is found by in BM25 (see ``qa.bm25``).

    Attributes:
        ids: (n,) distinct ids of its words and stems, ascending.
        counts: (n,) uint8, how often each stands there.
        sound: (m,) uint8 letters of its words as they sound.
        lengths: (3,) uint32, number of words, stems and pieces of sounds.
    """

    ids: NDArray[np.uint32]
    counts: NDArray[np.uint8]
    sound: NDArray[np.uint8]
    lengths: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class PreparedPassage:
    """A passage with everything derived from it, ready to be stored.

    Attributes:
        passage: the span.
        vector: (dim,) unit float32, from the configured encoder.
        tokens: (n,) uint32 ids of the bundled token table, for late interaction; the passage's
            own tokens only, in their order.
        spans: (n, 2) where each of them stands in the passage, from its first code point on.
        context_tokens: (m,) uint32 distinct ids of the title and context.
        terms: for BM25, of the passage only.
        hubness: how near the token table has it to everything, see ``embeddings.hubness``.
    """

    passage: Passage
    vector: NDArray[np.float32]
    tokens: NDArray[np.uint32]
    spans: NDArray[np.int64]
    context_tokens: NDArray[np.uint32]
    terms: PassageTerms
    hubness: float


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document with its passages, and the fingerprint of the pipeline that made them."""

    document: Document
    passages: tuple[PreparedPassage, ...]
    pipeline: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is restricted to; empty means no restriction.

    Attributes:
        languages: ISO 639-1 codes of the passage.
        document_ids: documents to search in.
        published_from: earliest date, ``YYYY[-MM[-DD]]``; a document dated ``2022-09`` is in
            every range that touches September 2022. Undated documents match no date range.
        published_to: latest date, likewise.
    """

    languages: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()
    published_from: str | None = None
    published_to: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is restricted."""
        return not (self.languages or self.document_ids or self.published_from or self.published_to)


@value
class StoredDocument:
    """A document's description as stored, without its text.

    ``added`` and ``updated`` are UTC in ISO 8601; ``pipeline`` is the fingerprint of what made its
    passages.
    """

    id: str
    sha256: str
    source: str
    title: str | None
    language: str | None
    published: str | None
    metadata: Mapping[str, Any]
    pages: tuple[int, ...]
    characters: int
    passages: int
    sequence: int
    added: str
    updated: str
    pipeline: str


@value
class Candidate:
    """A passage the engine found, and how much it is worth by each kind of evidence.

    Attributes:
        passage_id: the engine's own number; never reused.
        document_id: its document.
        start: first code point.
        end: one past the last.
        language: of the passage.
        dense: inner product of the question's and the passage's vector, always present.
        lexical: BM25 of the passage for the question's words; 0.0 when none matches.
        sound: BM25 for the pieces of what the question's words sound like, by which names and
            loanwords meet across languages; 0.0 when none matches.
    """

    passage_id: int
    document_id: str
    start: int
    end: int
    language: str | None
    dense: float
    lexical: float
    sound: float


@value
class StoredPassage:
    """A passage of the current version of a document, in words: ``text[start:end]`` of it."""

    passage_id: int
    document_id: str
    sha256: str
    start: int
    end: int
    language: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one document.

    ``status`` is ``created``, ``updated`` or ``unchanged``.
    """

    id: str
    sha256: str
    sequence: int
    passages: int
    status: str


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an engine holds. ``sequence`` grows by one with every committed change."""

    sequence: int
    documents: int
    passages: int


@value
class Citation:
    """A place in a version of a document, with what is needed to check it.

    ``lines`` and ``pages`` are 1-based and inclusive, ``page`` is the first of them; ``prefix`` and
    ``suffix`` are up to 32 characters around the quote (W3C TextQuoteSelector). ``source_url``
    opens a source on the web at the quote.
    """

    id: str
    document_id: str
    document_sha256: str
    title: str | None
    source: str
    language: str | None
    published: str | None
    start: int
    end: int
    lines: tuple[int, int]
    page: int | None
    pages: tuple[int, int] | None
    quote: str
    prefix: str
    suffix: str
    url: str
    source_url: str | None


@value
class Highlight:
    """A part of a passage that matches the question; offsets count in the document."""

    start: int
    end: int
    text: str


@value
class Scores:
    """The evidence behind a score; ``lexical`` and ``sound`` are None when nothing matches."""

    dense: float
    lexical: float | None
    interaction: float
    sound: float | None


@value
class Result:
    """A ranked passage. ``score`` is the estimated probability that it answers the question."""

    rank: int
    score: float
    scores: Scores
    text: str
    highlights: tuple[Highlight, ...]
    citation: Citation


@value
class Sentence:
    """The sentence that answers best, verbatim, with its own citation."""

    text: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Asking:
    """A question and what is wanted of the answer; see ``qa.collection.Collection.ask``."""

    question: str
    top_k: int = 5
    filters: Filters = Filters()
    min_score: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a question.

    ``took_ms`` is the time from when it was asked until all that were answered together were.
    """

    question: str
    question_language: str | None
    answerable: bool
    answer: Sentence | None
    results: tuple[Result, ...]
    index: IndexStatus
    model: str
    took_ms: float

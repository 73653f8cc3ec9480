"""The shapes of responses, for the OpenAPI document only.

The bodies are written by ``qa.serialise`` and are not validated again when they are sent; a test
holds the two together.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class CitationOut(BaseModel):
    """A place in a version of a document. Offsets are half-open, in Unicode code points."""

    id: str
    document_id: str
    document_sha256: str
    title: str | None
    source: str
    language: str | None
    published: str | None
    start: int
    end: int
    lines: tuple[int, int] = Field(description="First and last line, from 1.")
    page: int | None
    pages: tuple[int, int] | None = Field(description="First and last page, from 1.")
    quote: str
    prefix: str
    suffix: str
    url: str
    source_url: str | None = Field(
        description="A source on the web, opened at the quote by a text fragment."
    )


class ScoresOut(BaseModel):
    """The evidence behind a score."""

    dense: float = Field(description="Cosine of the question's and the passage's vector.")
    lexical: float | None = Field(description="BM25 over words; null when none matches.")
    interaction: float = Field(description="Late interaction of their tokens.")
    sound: float | None = Field(
        description="BM25 over how words sound, across languages; null when nothing matches."
    )


class HighlightOut(BaseModel):
    """A part that matches the question; offsets count in the document."""

    start: int
    end: int
    text: str


class ResultOut(BaseModel):
    """A passage. `score` is the estimated probability that it answers the question."""

    rank: int
    score: float
    scores: ScoresOut
    text: str
    highlights: list[HighlightOut]
    citation: CitationOut


class SentenceOut(BaseModel):
    """The sentence that answers best, verbatim from its source."""

    text: str
    citation: CitationOut


class IndexOut(BaseModel):
    """The state of the collection that the answer was computed from."""

    sequence: int
    model: str
    documents: int
    passages: int


class AnswerOut(BaseModel):
    """The answer; `answer` is null when `answerable` is false."""

    question: str
    question_language: str | None
    answerable: bool
    answer: SentenceOut | None
    results: list[ResultOut]
    index: IndexOut
    took_ms: float


class ChangeOut(BaseModel):
    """What happened to one document."""

    id: str
    sha256: str
    sequence: int
    passages: int
    status: Literal["created", "updated", "unchanged"]


class ChangesOut(BaseModel):
    """What happened to each document, and the collection's sequence afterwards."""

    documents: list[ChangeOut]
    sequence: int


class ProblemOut(BaseModel):
    """RFC 9457. `errors` names each offending field of an invalid request."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] | None = None


class FailedFileOut(BaseModel):
    """A file that was not taken, and why."""

    name: str
    problem: dict[str, Any]


class FilesOut(BaseModel):
    """What became of each file."""

    documents: list[ChangeOut]
    failed: list[FailedFileOut]


class DocumentOut(BaseModel):
    """A document's description. `pages` are the offsets at which its pages start."""

    id: str
    sha256: str
    title: str | None
    source: str
    language: str | None
    published: str | None
    metadata: dict[str, Any]
    pages: list[int]
    characters: int
    passages: int
    sequence: int
    added: str
    updated: str


class DocumentsOut(BaseModel):
    """A page of documents in order of id; `next_cursor` is null on the last."""

    documents: list[DocumentOut]
    next_cursor: str | None


class TextOut(BaseModel):
    """A slice of a document's current text; `length` is the whole text's."""

    id: str
    sha256: str
    start: int
    end: int
    text: str
    length: int


class RemovedOut(BaseModel):
    """A document that is gone."""

    id: str
    sequence: int
    status: Literal["deleted"]


class PlaceOut(BaseModel):
    """Where cited words are now."""

    start: int
    end: int
    quote: str


class DifferenceOut(BaseModel):
    """One change: `expected` was cited or pasted, `found` is what the document says."""

    op: Literal["replace", "insert", "delete"]
    expected: str
    found: str
    kind: Literal["number", "date", "unit", "name", "negation", "words"]
    expected_start: int = Field(description="In the quote that was cited or pasted.")
    expected_end: int
    found_start: int = Field(description="In the document.")
    found_end: int


class CitationCheckOut(BaseModel):
    """What became of a citation."""

    status: Literal["valid", "moved", "altered", "deleted"]
    citation: CitationOut
    current: PlaceOut | None
    differences: list[DifferenceOut]


class ReadyOut(BaseModel):
    """The service answers questions."""

    status: Literal["ready"]
    sequence: int
    documents: int
    passages: int
    model: str


class HealthOut(BaseModel):
    """The process is up."""

    status: Literal["ok"]

"""A question with the judgement of what answers it, and how a result is judged by it.

Knows no files and no search. Answers are spans of documents rather than ids of passages, so that
a new splitter can be compared with the old one; a whole document can be named instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qa.types import Span


class Place(Protocol):
    """Anything that lies at a place of a document: a candidate, a citation, a gold span."""

    @property
    def document_id(self) -> str:
        """The document."""
        ...

    @property
    def start(self) -> int:
        """First code point."""
        ...

    @property
    def end(self) -> int:
        """One past the last."""
        ...


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """A place that answers a question; ``quote`` is the text there."""

    document_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked and where it is answered.

    Attributes:
        id: unique in its set.
        text: the question.
        language: ISO 639-1 code of the question, or None when not given.
        spans: places that each answer it alone; any one is enough.
        documents: grades of relevant documents instead, where whole documents are judged.
        kind: what sort of question, for tables; free.

    With neither spans nor documents, the documents are known not to answer the question.
    """

    id: str
    text: str
    language: str | None = None
    spans: tuple[GoldSpan, ...] = ()
    documents: Mapping[str, float] = field(default_factory=dict)
    kind: str | None = None

    @property
    def answerable(self) -> bool:
        """Whether anything is known to answer it."""
        return bool(self.spans or self.documents)


def covers(place: Place, gold: Place, *, strict: bool = False) -> bool:
    """Whether a result holds the answer: at least half of the gold span, ``strict``: all of it."""
    if place.document_id != gold.document_id:
        return False
    shared = Span(place.start, place.end).overlap(Span(gold.start, gold.end))
    length = gold.end - gold.start
    return shared == length if strict else 2 * shared >= length


def relevance(place: Place, question: Question, *, strict: bool = False) -> float:
    """Gain of one result by itself: 1.0 where it covers a gold span, or its document's grade."""
    if question.spans:
        return float(any(covers(place, gold, strict=strict) for gold in question.spans))
    return question.documents.get(place.document_id, 0.0)


def gains(places: Sequence[Place], question: Question, *, strict: bool = False) -> list[float]:
    """Gains of a ranking, best first.

    One right place answers a question with spans, so results after the first hit gain nothing.
    Where documents are judged, each counts once, at the place of its best passage, and its
    further passages take up no place.
    """
    found: list[float] = []
    seen: set[str] = set()
    for place in places:
        if question.spans:
            gain = 0.0 if any(found) else relevance(place, question, strict=strict)
        elif place.document_id in seen:
            continue
        else:
            gain = relevance(place, question)
        seen.add(place.document_id)
        found.append(gain)
    return found


def ideal(question: Question) -> list[float]:
    """Gains of everything there is to find: one answer, or every relevant document."""
    return [1.0] if question.spans else list(question.documents.values())

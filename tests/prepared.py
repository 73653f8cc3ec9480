"""Small documents for tests of engines, prepared without a model, and what a search finds."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from qa.bm25 import passage_terms
from qa.engine import Engine, Found, Search
from qa.types import (
    Candidate,
    Document,
    Filters,
    Passage,
    PreparedDocument,
    PreparedPassage,
    Span,
)

DIMENSION = 8


def vector(text: str, dimension: int = DIMENSION) -> NDArray[np.float32]:
    """A unit vector of its own for every text."""
    random = np.random.default_rng(zlib.crc32(text.encode("utf-8", "replace")))
    row = random.standard_normal(dimension)
    return (row / np.linalg.norm(row)).astype(np.float32)


def document(document_id: str, text: str, **rest: object) -> Document:
    return Document(document_id, text, **{"source": f"{document_id}.txt", **rest})  # type: ignore[arg-type]


def prepared(
    it: Document, language: str | None = "de", pipeline: str = "p1", dimension: int = DIMENSION
) -> PreparedDocument:
    """One passage for every line."""
    passages, start = [], 0
    for line in it.text.split("\n"):
        if line:
            passages.append(
                PreparedPassage(
                    Passage(start, start + len(line), language, (Span(0, 1),)),
                    vector(line, dimension),
                    np.array([len(line), 2**32 - 1], dtype=np.uint32),
                    np.array([[0, 1], [0, len(line)]]),
                    np.array([7], dtype=np.uint32),
                    passage_terms(line, language),
                    0.25,
                )
            )
        start += len(line) + 1
    return PreparedDocument(it, tuple(passages), pipeline)


def one(document_id: str, text: str, **rest: object) -> PreparedDocument:
    return prepared(document(document_id, text, **rest))


@dataclass(frozen=True)
class Seen:
    """A candidate with all that is stored of it."""

    candidate: Candidate
    sha256: str
    text: str
    tokens: list[int]
    context: list[int]


def seen(engine: Engine, found: Found) -> tuple[Seen, ...]:
    stored, columns = engine.shown(found.passages.ids.tolist()), found.passages
    return tuple(
        Seen(
            candidate,
            stored[candidate.passage_id].passage.sha256,
            stored[candidate.passage_id].passage.text,
            columns.tokens[number].tolist(),
            columns.context[number].tolist(),
        )
        for number, candidate in enumerate(found.candidates)
        if candidate.passage_id in stored
    )


def find(engine: Engine, one: Search) -> Found:
    """What an engine finds for one search."""
    [only] = engine.search([one])
    return only


def search(
    engine: Engine, text: str, n: int = 10, filters: Filters | None = None
) -> tuple[Seen, ...]:
    return seen(engine, find(engine, Search(text, vector(text), n, n, filters or Filters())))


def quotes(engine: Engine, text: str = "Soldaten", n: int = 100) -> set[str]:
    return {candidate.text for candidate in search(engine, text, n)}


def plain(documents: list[PreparedDocument]) -> str:
    """All of them, to be compared: arrays do not compare as wholes."""
    with np.printoptions(threshold=10**9):
        return repr([asdict(one) for one in documents])

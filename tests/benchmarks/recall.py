"""Compares what the vector search finds with what an exhaustive one would find.

The engine's own search is overheard, by wrapping ``VectorIndex.search``; the exhaustive one is a
matrix product over the vectors in the store, read in blocks. A hit counts when it scores as well as
the last of the exact ones, so that equal vectors do not count as misses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.snapshot import Hits
from embeddings.vector_index import VectorIndex
from qa import passages, records
from qa.collection import Collection

Block = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Ids (n,) and vectors (n, dim)."""

DEPTH = 10
_EXACT_DEPTH = 400  # more than the engine asks for
_ROUNDING = 1e-5


class NotMeasured(Exception):
    """The program has changed in a way that this cannot follow."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """A question's vector (dim,), what the engine's vector search found, and the final ranking."""

    vector: NDArray[np.float32]
    hits: Hits
    ranking: tuple[tuple[str, int], ...]


def exact_hits(blocks: Iterable[Block], queries: NDArray[np.float32], k: int) -> list[Hits]:
    """The k best of all rows for each of the queries (q, dim), best first."""
    ids = np.empty((len(queries), 0), np.int64)
    scores = np.empty((len(queries), 0), np.float32)
    for more_ids, vectors in blocks:
        ids = np.hstack([ids, np.broadcast_to(more_ids, (len(queries), len(more_ids)))])
        scores = np.hstack([scores, queries @ vectors.T])
        if scores.shape[1] > k:
            kept = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            ids = np.take_along_axis(ids, kept, axis=1)
            scores = np.take_along_axis(scores, kept, axis=1)
    order = np.lexsort((ids, -scores), axis=1)
    ordered = np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)
    return [Hits(*row) for row in zip(*ordered, strict=True)]


def share_found(found: Hits, exact: Hits, k: int) -> float:
    """Share of the k best that is among the first k found."""
    k = min(k, len(exact.scores))
    if k == 0:
        return 1.0
    scores = dict(zip(exact.ids.tolist(), exact.scores.tolist(), strict=True))
    worst = exact.scores[k - 1] - _ROUNDING
    return sum(bool(scores.get(int(one), -np.inf) >= worst) for one in found.ids[:k]) / k


def stored_vectors(collection: Collection) -> Iterator[Block]:
    """Every vector of the store, in blocks.

    Raises:
        NotMeasured: the store keeps them otherwise than this knows.
    """
    try:
        with collection._engine._store.reading() as connection:  # type: ignore[attr-defined]
            dimension = records.state(connection).dimension
            for chunk in passages.since(connection, 0, dimension):
                yield chunk.ids, chunk.vectors
    except (AttributeError, TypeError) as error:
        raise NotMeasured(f"the stored vectors cannot be read: {error}") from error


def recall_figures(collection: Collection, questions: Sequence[str]) -> dict[str, Any]:
    """Recall of the vector search at 10 and at all it finds, and what is left after ranking."""
    heard = [_overhear(collection, question) for question in questions]
    queries = np.stack([one.vector for one in heard])
    exact = exact_hits(stored_vectors(collection), queries, _EXACT_DEPTH)
    known = {one.vector.tobytes(): hits for one, hits in zip(heard, exact, strict=True)}

    def exactly(vector: NDArray[np.float32], k: int) -> Hits:
        ids, scores = known[vector.tobytes()]
        return Hits(ids[:k], scores[:k])

    with _searching(exactly):
        finals = [_ranking(collection, question) for question in questions]
    depth = max(len(one.hits.ids) for one in heard)
    pairs = list(zip(heard, exact, strict=True))
    agreed = [
        len({*one.ranking} & {*final}) / max(1, len(final))
        for one, final in zip(heard, finals, strict=True)
    ]
    return {
        "questions": len(questions),
        "dense@10": _mean(share_found(one.hits, best, DEPTH) for one, best in pairs),
        "dense@all": _mean(share_found(one.hits, best, depth) for one, best in pairs),
        "all": depth,
        "final@10": _mean(agreed),
    }


def _overhear(collection: Collection, question: str) -> Overheard:
    heard: list[tuple[NDArray[np.float32], Hits]] = []
    original = VectorIndex.search

    def listening(self: VectorIndex, vector: NDArray[np.float32], *rest: Any, **named: Any) -> Hits:  # noqa: ANN401
        hits = original(self, vector, *rest, **named)
        heard.append((np.array(vector, dtype=np.float32), hits))
        return hits

    VectorIndex.search = listening  # type: ignore[method-assign]
    try:
        ranking = _ranking(collection, question)
    finally:
        VectorIndex.search = original  # type: ignore[method-assign]
    if not heard:
        raise NotMeasured("a question no longer calls VectorIndex.search")
    return Overheard(*heard[0], ranking)


@contextmanager
def _searching(search: Callable[[NDArray[np.float32], int], Hits]) -> Iterator[None]:
    """While this lasts, vectors are searched by this instead."""
    original = VectorIndex.search

    def instead(
        self: VectorIndex,
        vector: NDArray[np.float32],
        k: int,
        *rest: Any,  # noqa: ANN401
        **named: Any,  # noqa: ANN401
    ) -> Hits:
        return search(np.array(vector, dtype=np.float32), k)

    VectorIndex.search = instead  # type: ignore[method-assign]
    try:
        yield
    finally:
        VectorIndex.search = original  # type: ignore[method-assign]


def _ranking(collection: Collection, question: str) -> tuple[tuple[str, int], ...]:
    found = collection.retrieve(question, top_k=DEPTH)
    return tuple((one.candidate.document_id, one.candidate.start) for one in found)


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 4)

"""Finds candidates at a revision. Knows the parts of a store and no scores.

What Milvus searches are passages of all versions that are there, also of those that have just been
replaced or are not yet committed. So each search is made again, wider, until enough of what it
finds is current, or there is no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import numpy as np

from qa.bm25 import QuestionTerms, Statistics, inverse_frequency
from qa.engine import Search
from qa.lexical_view import Hits
from qa.milvus import passages, sparse
from qa.milvus.changes import Store
from qa.milvus.descriptions import document_key
from qa.milvus.passages import Hit

_Found = tuple[list[Hit], bool]


def candidates(
    store: Store,
    executor: Executor,
    search: Search,
    asked: QuestionTerms,
    statistics: Statistics,
    at: int,
) -> tuple[list[Hit], list[Hits]]:
    """The best passages by vector, by words and by sounds, all of current versions, by number.

    And what was found by words and by sounds, best first, with Milvus's own scores.
    """
    condition = passages.condition(search.filters)

    def find(field: str, limit: int) -> _Found:
        return store.passages.search(field, vectors[field], limit, condition)

    vectors: dict[str, object] = {
        "vector": search.vector.tolist(),
        "terms": _question(asked.ids, statistics.terms, statistics.passages),
        "sounds": _question(asked.pieces, statistics.pieces, statistics.passages),
    }
    wanted = {"vector": search.dense, "terms": search.lexical, "sounds": search.lexical}
    limits = dict(wanted)
    current: dict[str, int] = {}
    kept: dict[str, list[Hit]] = {}
    while limits:
        found = dict(zip(limits, executor.map(find, limits, limits.values()), strict=True))
        ids = {hit.document_id for hits, _ in found.values() for hit in hits} - current.keys()
        versions = store.records.versions(map(document_key, ids), at)
        current |= {document_id: versions.get(document_key(document_id), 0) for document_id in ids}
        for field, (hits, exhausted) in found.items():
            live = [hit for hit in hits if current[hit.document_id] == hit.version]
            if exhausted or len(live) >= wanted[field]:
                kept[field] = live[: wanted[field]]
                del limits[field]
            else:
                limits[field] *= 2
    every = {hit.passage_id: hit for hits in kept.values() for hit in hits}
    by_terms = [_hits(kept[field]) for field in ("terms", "sounds")]
    return [every[number] for number in sorted(every)], by_terms


def _hits(found: Sequence[Hit]) -> Hits:
    ids = np.array([hit.passage_id for hit in found], np.int64)
    return Hits(ids, np.array([hit.score for hit in found], np.float64))


def _question(
    ids: sparse.Ids, held: Callable[[sparse.Ids], sparse.Numbers], total: int
) -> sparse.Sparse:
    return sparse.question_vector(ids, inverse_frequency(total, held(ids)))

"""One state of a vector index, which no later change touches, and the search of it.

Few vectors are all looked at: FAISS scans one matrix with its inner-product kernel. Beside it there
may be a *base*: many float16 rows that an approximate index proposes some of, which are then scored
exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.approximate import ApproximateIndex, Selection
from embeddings.encoder import Vectors
from embeddings.kernels import half_products
from embeddings.vector_file import Halves

Ids = NDArray[np.int64]

SPARE = 8  # hits fetched beyond k, to see whether the last place is shared
ROUNDING = 2e-6  # how far FAISS and a plain sum may differ for unit rows
FEW = 2_000  # rows that pass a filter and are scored one by one


class Hits(NamedTuple):
    """``ids`` (k,) and inner products ``scores`` (k,), best first, equal scores by id."""

    ids: Ids
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Base:
    """``ids`` (rows,) ascending, ``matrix`` (rows, dim), and what proposes rows of it."""

    ids: Ids
    matrix: Halves
    index: ApproximateIndex

    def products(self, rows: NDArray[np.int64], vector: NDArray[np.float32]) -> Vectors:
        """(n,) exact inner products of n rows with ``vector`` (dim,)."""
        return half_products(self.matrix.reshape(-1), rows * self.matrix.shape[1], vector)


@dataclass(frozen=True)
class Snapshot:
    """One state of the index.

    Attributes:
        matrix: (rows, dim) of what is not in the base.
        ids: (rows,).
        alive: (rows,).
        stamps: (rows,) int64, ascending: when each was added.
        base: or None.
        base_alive: (base rows,).
    """

    matrix: Vectors
    ids: Ids
    alive: NDArray[np.bool_]
    stamps: NDArray[np.int64]
    base: Base | None
    base_alive: NDArray[np.bool_]

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        """``alive``, eight rows to a byte."""
        return np.packbits(self.alive, bitorder="little")

    @cached_property
    def count(self) -> int:
        """How many rows of the matrix are alive."""
        return int(np.count_nonzero(self.alive))

    @cached_property
    def base_selection(self) -> Selection:
        """``base_alive`` as the index of the base looks at it; ValueError without a base."""
        if self.base is None:
            raise ValueError("there is no base to select from")
        bits = np.packbits(self.base_alive, bitorder="little")
        return self.base.index.select(bits, self.base_count)

    @cached_property
    def base_count(self) -> int:
        """How many rows of the base are alive."""
        return int(np.count_nonzero(self.base_alive))


def empty(dimension: int, rows: int) -> Snapshot:
    """Room for so many rows, none of them alive, and no base."""
    return Snapshot(
        matrix=np.empty((rows, dimension), dtype=np.float32),
        ids=np.empty(rows, dtype=np.int64),
        alive=np.zeros(rows, dtype=np.bool_),
        stamps=np.empty(rows, dtype=np.int64),
        base=None,
        base_alive=np.zeros(0, dtype=np.bool_),
    )


def base_ids(now: Snapshot) -> Ids:
    """(n,) ids of the base's rows that are alive, ascending."""
    return np.empty(0, np.int64) if now.base is None else now.base.ids[now.base_alive]


def alive_ids(now: Snapshot) -> Ids:
    """(n,) all ids, ascending."""
    return np.sort(np.concatenate([now.ids[now.alive], base_ids(now)]))


def without(now: Snapshot, ids: Ids) -> Snapshot:
    """The state without these ids."""
    alive, base_alive = now.alive & ~np.isin(now.ids, ids), now.base_alive
    rows = _rows(now, ids)
    if len(rows):
        base_alive = base_alive.copy()
        base_alive[rows] = False
    return replace(now, alive=alive, base_alive=base_alive)


def restricted(now: Snapshot, allowed: Ids) -> Snapshot:
    """The state as if nothing but these ids were in it."""
    chosen = np.zeros(len(now.base_alive), dtype=np.bool_)
    chosen[_rows(now, allowed)] = True
    alive = now.alive & np.isin(now.ids, allowed)
    return replace(now, alive=alive, base_alive=now.base_alive & chosen)


def _rows(now: Snapshot, ids: Ids) -> NDArray[np.int64]:
    """Where those of the ids stand that are in the base."""
    if now.base is None or not len(now.base.ids):
        return np.empty(0, np.int64)
    among = now.base.ids
    at = np.minimum(np.searchsorted(among, ids), len(among) - 1)
    found: NDArray[np.int64] = at[among[at] == ids]
    return found


def nearest(now: Snapshot, vector: NDArray[np.float32], k: int) -> Hits:
    """The k best by inner product with ``vector`` (dim,), or all when there are fewer."""
    if not vector.any():
        ids = alive_ids(now)[:k]
        return Hits(ids, np.zeros(len(ids), np.float32))
    if now.base is None or not now.base_count:
        return _best(now, vector, k)
    if not now.count:
        return _best_of_base(now, now.base, vector, k)
    hits = [_best(now, vector, k), _best_of_base(now, now.base, vector, k)]
    ids = np.concatenate([hit.ids for hit in hits])
    scores = np.concatenate([hit.scores for hit in hits])
    order = np.lexsort((ids, -scores))[:k]
    return Hits(ids[order], scores[order])


def _best_of_base(now: Snapshot, base: Base, vector: NDArray[np.float32], k: int) -> Hits:
    """The k best of the rows that are proposed, scored exactly."""
    k = min(k, now.base_count)
    if k < 1:
        return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
    if now.base_count <= max(FEW, k):
        rows = np.flatnonzero(now.base_alive)
    else:
        rows = base.index.propose(vector, k, now.base_selection)
    scores = base.products(rows, vector)
    if len(rows) > k:  # to sort all would take longer than to score them
        (best,) = np.nonzero(scores >= np.partition(scores, len(rows) - k)[len(rows) - k])
        rows, scores = rows[best], scores[best]
    order = np.lexsort((rows, -scores))[:k]  # ids ascend with the rows
    return Hits(base.ids[rows[order]], scores[order])


def _best(now: Snapshot, vector: NDArray[np.float32], k: int) -> Hits:
    """The k best of the matrix, with the same scores and order wherever in the matrix the rows lie.

    FAISS keeps whichever of equal rows it meets first. So scores are summed again, all in one way,
    and more rows fetched until those beyond the last place are clearly worse.
    """
    k = min(k, now.count)
    if k < 1:
        return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
    fetch = k + SPARE
    while True:
        fetch = min(fetch, now.count)
        rows, worst = _scan(now, vector, fetch)
        scores = np.einsum("ij,j->i", now.matrix[rows], vector)
        order = np.lexsort((now.ids[rows], -scores))[:k]
        if fetch == now.count or worst < scores[order[-1]] - ROUNDING:
            return Hits(now.ids[rows[order]], scores[order])
        fetch *= 2


def _scan(now: Snapshot, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], float]:
    """Row numbers (k,) of the k best alive, and the smallest score among them.

    Always with a selector: without one FAISS starts its OpenMP threads, which for a single query
    have nothing to share and made it seven times slower on a busy machine.
    """
    selector = faiss.IDSelectorBitmap(len(now.bits), faiss.swig_ptr(now.bits))
    scores = np.empty(k, dtype=np.float32)
    rows = np.empty(k, dtype=np.int64)
    faiss.knn_inner_product(
        faiss.swig_ptr(vector),
        faiss.swig_ptr(now.matrix),
        *(now.matrix.shape[1], 1, now.matrix.shape[0], k),
        faiss.swig_ptr(scores),
        faiss.swig_ptr(rows),
        selector,
    )
    return rows, float(scores[-1])

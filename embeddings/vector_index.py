"""Finds the nearest vectors by id. Knows numbers only: no documents, no store.

Few vectors are all looked at: FAISS scans one matrix with its inner-product kernel. From ``LARGE``
on there is a *base* beside it: a file of float16 rows, mapped, that an approximate index proposes
rows of, which are then scored exactly. The matrix holds what came since, until ``fold`` writes both
as the next base. Removal marks rows dead, and growing leaves them behind, so both cost microseconds
per row and never shift memory.

Vectors are rounded to float16, so that scores are the same in the matrix and in the base.

A search works on a snapshot: arrays that no later change touches. Any number of threads search
without a lock while one writer at a time publishes the next snapshot. Rows past a snapshot's end
are the only memory that is ever written to.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.approximate import GROWTH, ApproximateIndex
from embeddings.encoder import Vectors
from embeddings.errors import VectorIndexError
from embeddings.vector_file import Halves, read_vectors, write_vectors

Ids = NDArray[np.int64]

LARGE = 20_000
"""Rows from which on not all are looked at: a millisecond's worth."""
SPARE = 8  # hits fetched beyond k, to see whether the last place is shared
ROUNDING = 2e-6  # how far FAISS and a plain sum may differ for unit rows
FEW = 2_000  # rows that pass a filter and are scored one by one
DEAD = 0.25  # share of a base's rows that may be dead before it is written anew


class Hits(NamedTuple):
    """``ids`` (k,) and inner products ``scores`` (k,), best first, equal scores by id."""

    ids: Ids
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Base:
    """``ids`` (rows,) ascending, ``matrix`` (rows, dim), and what proposes rows of it."""

    ids: Ids
    matrix: Halves
    index: ApproximateIndex


@dataclass(frozen=True)
class _Snapshot:
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
    base: _Base | None
    base_alive: NDArray[np.bool_]

    @cached_property
    def base_bits(self) -> NDArray[np.uint8]:
        """``base_alive``, eight rows to a byte."""
        return np.packbits(self.base_alive, bitorder="little")

    @cached_property
    def base_count(self) -> int:
        """How many rows of the base are alive."""
        return int(np.count_nonzero(self.base_alive))


class VectorIndex:
    """Unit vectors by id. Searching is safe in any thread, also beside a writer."""

    def __init__(self, dimension: int) -> None:
        """An empty index for vectors of that length."""
        self.dimension = dimension
        self.header: Mapping[str, Any] = {}
        self._writer = threading.Lock()
        self._stamp = 0
        self._now = _empty(dimension, 0)
        self._buffer = self._now  # what the snapshot is the beginning of

    def __len__(self) -> int:
        """Number of vectors."""
        now = self._now
        return int(np.count_nonzero(now.alive)) + now.base_count

    @property
    def ids(self) -> Ids:
        """(n,) ids in ascending order; a copy."""
        return _alive_ids(self._now)

    @property
    def loose(self) -> int:
        """How many rows are not in the base, and how many of the base are dead."""
        now = self._now
        return len(now.ids) + len(now.base_alive) - now.base_count

    @property
    def worth_folding(self) -> bool:
        """Whether ``fold`` would make searching faster."""
        now = self._now
        return len(now.ids) > max(LARGE, len(now.base_alive) // 8) or (
            len(now.base_alive) - now.base_count > max(LARGE, DEAD * len(now.base_alive))
        )

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors (n, dim), unit or zero rows, under ids (n,). One already there is replaced.

        Raises:
            VectorIndexError: the vectors are of another dimension.
            ValueError: an id occurs twice, there are not as many ids as vectors, or a number is
                not finite.
        """
        ids = np.asarray(ids, dtype=np.int64)
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:
            raise VectorIndexError(
                f"expected vectors of shape (n, {self.dimension}), found {vectors.shape}; "
                "an index holds the vectors of one model, rebuild it for another"
            )
        if ids.shape != vectors.shape[:1] or len(np.unique(ids)) != len(ids):
            raise ValueError(f"expected {len(vectors)} distinct ids, found {len(np.unique(ids))}")
        if not np.isfinite(vectors).all():
            raise ValueError("expected finite numbers, found NaN or infinity")
        if not len(ids):
            return
        with self._writer:
            self._append(_without(self._now, ids), ids, vectors)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of those ids that are there, and say how many were."""
        with self._writer:
            before = len(self)
            self._now = _without(self._now, np.asarray(ids, dtype=np.int64))
            return before - len(self)

    def search(self, vector: NDArray[np.float32], k: int, allowed: Ids | None = None) -> Hits:
        """The k best by inner product with ``vector`` (dim,), or all when there are fewer.

        From ``LARGE`` rows on, one of the best may be missed, never a score be wrong.

        Args:
            vector: unit, or zero: then every score is 0 and the smallest ids come back.
            k: how many at most.
            allowed: ids to choose from, in any order, unknown ones ignored; None for all.

        Raises:
            VectorIndexError: the vector is of another dimension.
        """
        vector = np.ascontiguousarray(vector, dtype=np.float32)
        if vector.shape != (self.dimension,):
            raise VectorIndexError(
                f"expected a vector of shape ({self.dimension},), found {vector.shape}; "
                "ask with the model that the index was built with"
            )
        now = self._now if allowed is None else _restricted(self._now, allowed)
        if not vector.any():
            ids = _alive_ids(now)[: max(k, 0)]
            return Hits(ids, np.zeros(len(ids), np.float32))
        hits = [_best(now, vector, k), _best_of_base(now, vector, k)]
        ids = np.concatenate([hit.ids for hit in hits])
        scores = np.concatenate([hit.scores for hit in hits])
        order = np.lexsort((ids, -scores))[: max(k, 0)]
        return Hits(ids[order], scores[order])

    def save(self, path: Path, header: Mapping[str, Any]) -> None:
        """Write the current state, replacing the file in one step; ``fold`` without the base.

        Args:
            path: of the file; its folder must exist.
            header: what the index was built from, JSON values; ``load`` gives it back.
        """
        self.fold(path, header, self.freeze())

    def freeze(self) -> object:
        """The current state, for ``fold``: what changes meanwhile is kept beside it."""
        return self._now

    def fold(self, path: Path, header: Mapping[str, Any], state: object) -> None:
        """Write a state to a file and, if it is large, search that from now on.

        Searches and changes go on meanwhile; only one fold may run at a time.

        Args:
            path: of the file; its folder must exist.
            header: what the state was built from, JSON values; ``load`` gives it back.
            state: from ``freeze``.
        """
        assert isinstance(state, _Snapshot)
        parts, index = _plan(state, self.dimension)
        data = np.empty(0, np.uint8) if index is None else index.to_bytes()
        trained = 0 if index is None else index.trained
        write_vectors(path, parts, data, {"header": dict(header), "trained": trained})
        if index is not None:
            file = read_vectors(path, verify=False)
            self._adopt(_Base(file.ids, file.vectors, index), file.alive.astype(np.bool_), state)

    @classmethod
    def load(cls, path: Path, *, verify: bool = True) -> VectorIndex:
        """Map a saved index; its ``header`` says what it was built from, for the caller to check.

        Args:
            path: of the file.
            verify: also read every byte and compare the checksum.

        Raises:
            FileNotFoundError: there is none.
            VectorIndexError: the file is damaged or of another format.
        """
        file = read_vectors(path, verify=verify)
        index = cls(file.vectors.shape[1])
        try:
            index.header = file.header["header"]
            trained = int(file.header["trained"])
            approximate = ApproximateIndex.from_bytes(file.index, trained) if trained else None
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise VectorIndexError(
                f"{path} is not a usable vector index: {error!r}; delete it, it is rebuilt"
            ) from error
        if approximate is None:
            alive = file.alive.astype(np.bool_)
            index.add(file.ids[alive], file.vectors[alive].astype(np.float32))
        else:
            base = _Base(file.ids, file.vectors, approximate)
            index._now = replace(index._now, base=base, base_alive=file.alive.astype(np.bool_))
        return index

    def _append(self, now: _Snapshot, ids: Ids, vectors: Vectors) -> None:
        """Publish a snapshot with these rows behind those of ``now``. The caller has the lock."""
        used = len(now.ids)
        if used + len(ids) > len(self._buffer.ids):
            kept = np.flatnonzero(now.alive)
            used = len(kept)
            self._buffer = _empty(self.dimension, used + len(ids) + max(used // 2, 1024))
            np.take(now.matrix, kept, axis=0, out=self._buffer.matrix[:used])
            self._buffer.ids[:used] = now.ids[kept]
            self._buffer.stamps[:used] = now.stamps[kept]
            now = replace(now, alive=np.ones(used, dtype=np.bool_))
        end = used + len(ids)
        self._buffer.matrix[used:end] = vectors.astype(np.float16)
        self._buffer.ids[used:end] = ids
        self._buffer.stamps[used:end] = np.arange(self._stamp, self._stamp + len(ids))
        self._stamp += len(ids)
        self._now = replace(
            now,
            matrix=self._buffer.matrix[:end],
            ids=self._buffer.ids[:end],
            stamps=self._buffer.stamps[:end],
            alive=np.concatenate([now.alive, np.ones(len(ids), dtype=np.bool_)]),
        )

    def _adopt(self, base: _Base, alive: NDArray[np.bool_], of: _Snapshot) -> None:
        """Search a new base, made from the state ``of``; what changed since stays beside it."""
        with self._writer:
            now = self._now
            left = np.concatenate([_base_ids(now), now.ids[now.alive & (now.stamps <= _last(of))]])
            alive &= np.isin(base.ids, left)
            newer = np.flatnonzero(now.alive & (now.stamps > _last(of)))
            ids, matrix = now.ids[newer], now.matrix[newer]
            self._buffer = _empty(self.dimension, 0)
            self._now = replace(self._buffer, base=base, base_alive=alive)
            if len(ids):
                self._append(self._now, ids, matrix)


def _last(state: _Snapshot) -> int:
    """The newest stamp of a state; -1 when it has no rows of its own."""
    return int(state.stamps[-1]) if len(state.stamps) else -1


def _plan(
    state: _Snapshot, dimension: int
) -> tuple[list[tuple[Ids, NDArray[Any], NDArray[np.bool_]]], ApproximateIndex | None]:
    """What to write, and the index over all of it, or None where the rows are few."""
    kept = np.flatnonzero(state.alive)
    kept = kept[np.argsort(state.ids[kept])]
    ids, rows = state.ids[kept], state.matrix[kept]
    new = (ids, rows, np.ones(len(ids), dtype=np.bool_))
    total = state.base_count + len(ids)
    base = state.base
    grows = (
        base is not None
        and (not len(ids) or not len(base.ids) or ids[0] > base.ids[-1])
        and total <= GROWTH * base.index.trained
        and state.base_count >= (1 - DEAD) * len(base.ids)
    )
    if base is not None and grows:
        index = base.index.grown()
        index.add(rows)
        return [(base.ids, base.matrix, state.base_alive), new], index
    if base is not None:
        living = np.flatnonzero(state.base_alive)
        ids = np.concatenate([base.ids[living], ids])
        rows = np.concatenate([base.matrix[living], rows.astype(np.float16)])
        order = np.argsort(ids, kind="stable")
        new = (ids[order], rows[order], np.ones(len(ids), dtype=np.bool_))
    if total < LARGE:
        return [new], None
    index = ApproximateIndex.train(new[1])
    for first in range(0, total, LARGE):
        index.add(new[1][first : first + LARGE].astype(np.float32))
    return [new], index


def _empty(dimension: int, rows: int) -> _Snapshot:
    return _Snapshot(
        matrix=np.empty((rows, dimension), dtype=np.float32),
        ids=np.empty(rows, dtype=np.int64),
        alive=np.zeros(rows, dtype=np.bool_),
        stamps=np.empty(rows, dtype=np.int64),
        base=None,
        base_alive=np.zeros(0, dtype=np.bool_),
    )


def _base_ids(now: _Snapshot) -> Ids:
    return np.empty(0, np.int64) if now.base is None else now.base.ids[now.base_alive]


def _alive_ids(now: _Snapshot) -> Ids:
    return np.sort(np.concatenate([now.ids[now.alive], _base_ids(now)]))


def _without(now: _Snapshot, ids: Ids) -> _Snapshot:
    """The state without these ids."""
    alive, base_alive = now.alive & ~np.isin(now.ids, ids), now.base_alive
    rows = _rows(now, ids)
    if len(rows):
        base_alive = base_alive.copy()
        base_alive[rows] = False
    return replace(now, alive=alive, base_alive=base_alive)


def _restricted(now: _Snapshot, allowed: Ids) -> _Snapshot:
    """The state as if nothing but these ids were in it."""
    chosen = np.zeros(len(now.base_alive), dtype=np.bool_)
    chosen[_rows(now, allowed)] = True
    alive = now.alive & np.isin(now.ids, allowed)
    return replace(now, alive=alive, base_alive=now.base_alive & chosen)


def _rows(now: _Snapshot, ids: Ids) -> NDArray[np.int64]:
    """Where those of the ids stand that are in the base."""
    if now.base is None or not len(now.base.ids):
        return np.empty(0, np.int64)
    at = np.minimum(np.searchsorted(now.base.ids, ids), len(now.base.ids) - 1)
    found: NDArray[np.int64] = at[now.base.ids[at] == ids]
    return found


def _best_of_base(now: _Snapshot, vector: NDArray[np.float32], k: int) -> Hits:
    """The k best of the rows that are proposed, scored exactly."""
    k = min(k, now.base_count)
    if k < 1 or now.base is None:
        return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
    if now.base_count <= max(FEW, k):
        rows = np.flatnonzero(now.base_alive)
    else:
        rows = now.base.index.propose(vector, k, now.base_bits, now.base_count)
    scores = np.einsum("ij,j->i", now.base.matrix[rows].astype(np.float32), vector)
    order = np.lexsort((now.base.ids[rows], -scores))[:k]
    return Hits(now.base.ids[rows[order]], scores[order])


def _best(now: _Snapshot, vector: NDArray[np.float32], k: int) -> Hits:
    """The k best of the matrix, with the same scores and order wherever in the matrix the rows lie.

    FAISS keeps whichever of equal rows it meets first. So scores are summed again, all in one way,
    and more rows fetched until those beyond the last place are clearly worse.
    """
    available = int(np.count_nonzero(now.alive))
    k = min(k, available)
    if k < 1:
        return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
    fetch = k + SPARE
    while True:
        fetch = min(fetch, available)
        rows, worst = _scan(now, vector, fetch)
        scores = np.einsum("ij,j->i", now.matrix[rows], vector)
        order = np.lexsort((now.ids[rows], -scores))[:k]
        if fetch == available or worst < scores[order[-1]] - ROUNDING:
            return Hits(now.ids[rows[order]], scores[order])
        fetch *= 2


def _scan(now: _Snapshot, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], float]:
    """Row numbers (k,) of the k best alive, and the smallest score among them.

    Always with a selector: without one FAISS starts its OpenMP threads, which for a single query
    have nothing to share and made it seven times slower on a busy machine.
    """
    bits = np.packbits(now.alive, bitorder="little")
    selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
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

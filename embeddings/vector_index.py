"""Finds the nearest vectors by id, exactly. Knows numbers only: no documents, no store.

Rows lie in one matrix that FAISS scans with its inner-product kernel. The matrix of a loaded index
is a memory mapping; the first addition copies it. Removal marks rows dead, and growing leaves them
behind, so both cost microseconds per row and never shift memory.

A search works on a snapshot: three arrays that no later change touches. Any number of threads
search without a lock while one writer at a time publishes the next snapshot. Rows past a
snapshot's end are the only memory that is ever written to.

An approximate index (IVF, HNSW, scalar quantisation) would take the place of ``_scan``, with row
numbers as its labels; ids, removal, filters, order and files stay as they are.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.errors import VectorIndexError
from embeddings.vector_file import read_vectors, write_vectors

Ids = NDArray[np.int64]

SPARE = 8  # hits fetched beyond k, to see whether the last place is shared
ROUNDING = 2e-6  # how far FAISS and a plain sum may differ for unit rows


class Hits(NamedTuple):
    """``ids`` (k,) and inner products ``scores`` (k,), best first, equal scores by id."""

    ids: Ids
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """``matrix`` (rows, dim), ``ids`` (rows,), ``alive`` (rows,): one state of the index."""

    matrix: Vectors
    ids: Ids
    alive: NDArray[np.bool_]


class VectorIndex:
    """Unit vectors by id. Searching is safe in any thread, also beside a writer."""

    def __init__(self, dimension: int) -> None:
        """An empty index for vectors of that length."""
        self.dimension = dimension
        self.header: Mapping[str, Any] = {}
        self._writer = threading.Lock()
        self._now = _empty(dimension, 0)
        self._buffer = self._now  # what the snapshot is the beginning of

    def __len__(self) -> int:
        """Number of vectors."""
        return int(np.count_nonzero(self._now.alive))

    @property
    def ids(self) -> Ids:
        """(n,) ids in ascending order; a copy."""
        now = self._now
        return np.sort(now.ids[now.alive])

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
            alive = self._now.alive & ~np.isin(self._now.ids, ids)
            self._append(alive, ids, vectors)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of those ids that are there, and say how many were."""
        with self._writer:
            now = self._now
            alive = now.alive & ~np.isin(now.ids, ids)
            removed = np.count_nonzero(now.alive) - np.count_nonzero(alive)
            self._now = _Snapshot(now.matrix, now.ids, alive)
            return int(removed)

    def search(self, vector: NDArray[np.float32], k: int, allowed: Ids | None = None) -> Hits:
        """The k best by inner product with ``vector`` (dim,), or all when there are fewer.

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
        now = self._now
        choice = now.alive if allowed is None else now.alive & np.isin(now.ids, allowed)
        available = int(np.count_nonzero(choice))
        k = min(k, available)
        if k < 1:
            return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
        if not vector.any():
            return Hits(np.sort(now.ids[choice])[:k], np.zeros(k, np.float32))
        return _best(now, vector, k, choice, available)

    def save(self, path: Path, header: Mapping[str, Any]) -> None:
        """Write the current state, replacing the file in one step.

        Args:
            path: of the file; its folder must exist.
            header: what the index was built from, JSON values; ``load`` gives it back.
        """
        now = self._now
        write_vectors(path, now.ids, now.matrix, np.flatnonzero(now.alive), header)

    @classmethod
    def load(cls, path: Path, *, verify: bool = True) -> VectorIndex:
        """Map a saved index; its ``header`` says what it was built from, for the caller to check.

        Args:
            path: of the file.
            verify: also read every byte and compare the checksum, some 0.5 s per GB.

        Raises:
            FileNotFoundError: there is none.
            VectorIndexError: the file is damaged or not a saved index.
        """
        ids, vectors, header = read_vectors(path, verify=verify)
        index = cls(vectors.shape[1])
        index.header = header
        index._now = index._buffer = _Snapshot(vectors, ids, np.ones(len(ids), dtype=np.bool_))
        return index

    def _append(self, alive: NDArray[np.bool_], ids: Ids, vectors: Vectors) -> None:
        """Publish a snapshot with these rows behind those alive. The caller holds the lock."""
        now, used = self._now, len(self._now.ids)
        if used + len(ids) > len(self._buffer.ids):
            kept = np.flatnonzero(alive)
            used = len(kept)
            self._buffer = _empty(self.dimension, used + len(ids) + max(used // 2, 1024))
            np.take(now.matrix, kept, axis=0, out=self._buffer.matrix[:used])
            self._buffer.ids[:used] = now.ids[kept]
            alive = np.ones(used, dtype=np.bool_)
        end = used + len(ids)
        self._buffer.matrix[used:end] = vectors
        self._buffer.ids[used:end] = ids
        alive = np.concatenate([alive, np.ones(len(ids), dtype=np.bool_)])
        self._now = _Snapshot(self._buffer.matrix[:end], self._buffer.ids[:end], alive)


def _empty(dimension: int, rows: int) -> _Snapshot:
    matrix = np.empty((rows, dimension), dtype=np.float32)
    return _Snapshot(matrix, np.empty(rows, dtype=np.int64), np.zeros(rows, dtype=np.bool_))


def _best(
    now: _Snapshot, vector: NDArray[np.float32], k: int, choice: NDArray[np.bool_], available: int
) -> Hits:
    """The k best, with the same scores and order wherever in the matrix the rows lie.

    FAISS keeps whichever of equal rows it meets first. So scores are summed again, all in one way,
    and more rows fetched until those beyond the last place are clearly worse.
    """
    fetch = k + SPARE
    while True:
        fetch = min(fetch, available)
        rows, worst = _scan(now, vector, fetch, choice)
        scores = np.einsum("ij,j->i", now.matrix[rows], vector)
        order = np.lexsort((now.ids[rows], -scores))[:k]
        if fetch == available or worst < scores[order[-1]] - ROUNDING:
            return Hits(now.ids[rows[order]], scores[order])
        fetch *= 2


def _scan(
    now: _Snapshot, vector: NDArray[np.float32], k: int, choice: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], float]:
    """Row numbers (k,) of the k best among ``choice``, and the smallest score among them.

    Always with a selector: without one FAISS starts its OpenMP threads, which for a single query
    have nothing to share and made it seven times slower on a busy machine.
    """
    bits = np.packbits(choice, bitorder="little")
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

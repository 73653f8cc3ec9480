"""Finds the nearest vectors by id. Knows numbers only: no documents, no store.

Few vectors are kept in one matrix (see ``embeddings.snapshot``). From ``LARGE`` on there is a base
beside it: a file of float16 rows, mapped, with an approximate index. The matrix holds what came
since, until ``fold`` writes both as the next base. Removal marks rows dead, and growing leaves them
behind, so both cost microseconds per row and never shift memory.

Vectors are rounded to float16, so that scores are the same in the matrix and in the base.

A search works on a snapshot: arrays that no later change touches. Any number of threads search
without a lock while one writer at a time publishes the next snapshot. Rows past a snapshot's end
are the only memory that is ever written to.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embeddings.approximate import GROWTH, ApproximateIndex
from embeddings.encoder import Vectors
from embeddings.errors import VectorIndexError
from embeddings.snapshot import (
    Base,
    Hits,
    Ids,
    Snapshot,
    alive_ids,
    base_ids,
    empty,
    nearest,
    restricted,
    without,
)
from embeddings.vector_file import read_vectors, write_vectors

LARGE = 20_000
"""Rows from which on not all are looked at: a millisecond's worth."""
DEAD = 0.25  # share of a base's rows that may be dead before it is written anew
REMEMBERED = 4  # restrictions of the present state


class _Restricted(NamedTuple):
    """A state as if nothing but some ids were in it."""

    of: Snapshot
    allowed: Ids
    state: Snapshot


class VectorIndex:
    """Unit vectors by id. Searching is safe in any thread, also beside a writer."""

    def __init__(self, dimension: int) -> None:
        """An empty index for vectors of that length."""
        self.dimension = dimension
        self.header: Mapping[str, Any] = {}
        self._writer = threading.Lock()
        self._stamp = 0
        self._now = empty(dimension, 0)
        self._buffer = self._now  # what the snapshot is the beginning of
        self._restricted: list[_Restricted] = []  # never changed, but replaced

    def __len__(self) -> int:
        """Number of vectors."""
        now = self._now
        return int(np.count_nonzero(now.alive)) + now.base_count

    @property
    def ids(self) -> Ids:
        """(n,) ids in ascending order; a copy."""
        return alive_ids(self._now)

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
            self._append(without(self._now, ids), ids, vectors)

    def remove(self, ids: Ids) -> int:
        """Remove the vectors of those ids that are there, and say how many were."""
        with self._writer:
            before = len(self)
            self._now = without(self._now, np.asarray(ids, dtype=np.int64))
            return before - len(self)

    def search(self, vector: NDArray[np.float32], k: int, allowed: Ids | None = None) -> Hits:
        """The k best by inner product with ``vector`` (dim,), or all when there are fewer.

        From ``LARGE`` rows on, one of the best may be missed, never a score be wrong.

        Args:
            vector: unit, or zero: then every score is 0 and the smallest ids come back.
            k: how many at most.
            allowed: ids to choose from, in any order, unknown ones ignored; None for all. An array
                that cannot be written to must never change.

        Raises:
            VectorIndexError: the vector is of another dimension.
        """
        vector = np.ascontiguousarray(vector, dtype=np.float32)
        if vector.shape != (self.dimension,):
            raise VectorIndexError(
                f"expected a vector of shape ({self.dimension},), found {vector.shape}; "
                "ask with the model that the index was built with"
            )
        now = self._now if allowed is None else self._among(allowed)
        return nearest(now, vector, max(k, 0))

    def _among(self, allowed: Ids) -> Snapshot:
        """The present state as if nothing but these ids were in it.

        Of ids that cannot change it is remembered: to select a third of a million rows takes
        longer than to search them.
        """
        now = self._now
        known = [one for one in self._restricted if one.of is now]
        for one in known:
            if one.allowed is allowed:
                return one.state
        state = restricted(now, allowed)
        if not allowed.flags.writeable:
            self._restricted = [_Restricted(now, allowed, state), *known[: REMEMBERED - 1]]
        return state

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
        assert isinstance(state, Snapshot)
        parts, index = _plan(state, self.dimension)
        data = np.empty(0, np.uint8) if index is None else index.to_bytes()
        trained = 0 if index is None else index.trained
        write_vectors(path, parts, data, {"header": dict(header), "trained": trained})
        if index is not None:
            file = read_vectors(path, verify=False)
            self._adopt(Base(file.ids, file.vectors, index), file.alive.astype(np.bool_), state)

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
            base = Base(file.ids, file.vectors, approximate)
            index._now = replace(index._now, base=base, base_alive=file.alive.astype(np.bool_))
        return index

    def _append(self, now: Snapshot, ids: Ids, vectors: Vectors) -> None:
        """Publish a snapshot with these rows behind those of ``now``. The caller has the lock."""
        used = len(now.ids)
        if used + len(ids) > len(self._buffer.ids):
            kept = np.flatnonzero(now.alive)
            used = len(kept)
            self._buffer = empty(self.dimension, used + len(ids) + max(used // 2, 1024))
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

    def _adopt(self, base: Base, alive: NDArray[np.bool_], of: Snapshot) -> None:
        """Search a new base, made from the state ``of``; what changed since stays beside it."""
        with self._writer:
            now = self._now
            left = np.concatenate([base_ids(now), now.ids[now.alive & (now.stamps <= _last(of))]])
            alive &= np.isin(base.ids, left)
            newer = np.flatnonzero(now.alive & (now.stamps > _last(of)))
            ids, matrix = now.ids[newer], now.matrix[newer]
            self._buffer = empty(self.dimension, 0)
            self._now = replace(self._buffer, base=base, base_alive=alive)
            if len(ids):
                self._append(self._now, ids, matrix)


def _last(state: Snapshot) -> int:
    """The newest stamp of a state; -1 when it has no rows of its own."""
    return int(state.stamps[-1]) if len(state.stamps) else -1


def _plan(
    state: Snapshot, dimension: int
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

"""The vector index of a store: how far it has come, and its file. Knows no lexical index.

Not safe to change in two threads at once; ``qa.derived`` sees to that.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from embeddings.errors import VectorIndexError
from embeddings.vector_index import VectorIndex
from qa import passages
from qa.representation import Columns

_SAVE_AFTER = 20_000
"""Changed vectors after which they are saved: a second of catching up after a crash."""
_CAUGHT_UP_SOON = 5_000
"""Changed vectors that are not worth writing a large file for."""

_log = logging.getLogger(__name__)

Told = Callable[[Iterable[Columns], int], Iterator[Columns]]
"""Passes passages on, of which there are so many, and tells how far it has come."""


class StoreVectors:
    """A vector index at a sequence number of a store.

    Args:
        path: where it is saved.
        store: identity of the store.
        dimension: length of the vectors.
    """

    def __init__(self, path: Path, store: str, dimension: int) -> None:
        """Load what is saved, or begin with nothing at 0 when that is damaged or foreign."""
        self._path = path
        self._store = store
        self._dimension = dimension
        self._unsaved = 0
        self.index, self.sequence = VectorIndex(dimension), 0
        try:
            saved = VectorIndex.load(path)
        except FileNotFoundError:
            return
        except VectorIndexError as error:
            _log.warning("building the vector index again: %s", error)
            return
        if (saved.header.get("store"), saved.dimension) != (store, dimension):
            _log.warning("building the vector index again: it is of another store or model")
            return
        self.index, self.sequence = saved, int(saved.header["sequence"])

    def clear(self) -> None:
        """Begin again, with nothing at 0."""
        self.index, self.sequence = VectorIndex(self._dimension), 0

    def advance(self, connection: sqlite3.Connection, to: int, told: Told) -> None:
        """Catch up with the state of this transaction, which has sequence number ``to``."""
        if self.sequence > to:
            _log.warning("building the vector index again: it is ahead of its store")
            self.clear()
        try:
            changed = self._change(connection, told)
        except BaseException:
            self.clear()  # half a change must not pass for a state
            raise
        self.sequence = to
        self._unsaved += changed

    @property
    def worth_saving(self) -> bool:
        """Whether so much has changed that another start, or a search, would notice."""
        return self.index.worth_folding or self._unsaved > max(_SAVE_AFTER, len(self.index) // 8)

    def frozen(self) -> Callable[[], None]:
        """What saves the present state. It may run in another thread while this one goes on."""
        index, state, sequence = self.index, self.index.freeze(), self.sequence
        saved, self._unsaved = self._unsaved, 0

        def save() -> None:
            try:
                index.fold(self._path, {"store": self._store, "sequence": sequence}, state)
            except OSError:
                # The one in memory is good; the next process makes up what the file lacks.
                _log.warning("the vectors could not be saved", exc_info=True)
                self._unsaved += saved

        return save

    def save(self) -> None:
        """Save, unless there is little that another start would have to catch up with."""
        if self._unsaved > (_CAUGHT_UP_SOON if len(self.index) > _CAUGHT_UP_SOON else 0):
            self.frozen()()

    def _change(self, connection: sqlite3.Connection, told: Told) -> int:
        since = self.sequence
        removed = passages.removed_since(connection, since) if since else np.empty(0, np.int64)
        if len(removed):
            self.index.remove(removed)
        total = passages.count_since(connection, since)
        for chunk in told(passages.since(connection, since, self._dimension), total):
            self.index.add(chunk.ids, chunk.vectors)
        return len(removed) + total

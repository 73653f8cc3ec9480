"""The indexes and the token counts, kept in step with the store. Knows no ranking.

All are derived: whatever is wrong with them, the store can make them again. Each records which
store it was built from and up to which sequence number. A search gets both at the exact state of
the transaction it reads its rows in: behind, they catch up first; damaged, foreign or ahead, they
are built again. Several processes may share the folder: each catches up in its own memory, and
what it saves serves the others as a later start.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from embeddings.vector_index import VectorIndex
from qa import passages, records
from qa.errors import StoreError
from qa.lexical import LexicalIndex, LexicalIndexBusy, LexicalIndexError
from qa.lexical_compaction import FOLDER as LEXICAL
from qa.lexical_compaction import worth_it
from qa.lexical_files import clear
from qa.lexical_view import LexicalView
from qa.locks import SharedLock, WouldWait
from qa.representation import Columns
from qa.representation_files import FOLDER as REPRESENTATIONS
from qa.representation_files import RepresentationFiles
from qa.store import Store
from qa.tidying import Tidying
from qa.token_counts import Counts, TokenCounts
from qa.vectors import StoreVectors

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is."""

_WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.005
_ATTEMPTS = 3
_WORTH_A_COMMIT = 4096
"""Passages that the lexical index is given while more keep coming."""
_LULL_SECONDS = 0.5
_FEW = 64
"""Passages that the lexical index may lack for good; more are committed when there is time."""
_TAIL = 16_384
"""Passages that it may lack at all. To score so many takes some 20 ms, to commit them seconds."""
_TELLING = 1_000
"""Passages by whose statistics many more may be scored for a while."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Moment:
    """One state of everything: a read transaction, and what is derived at its sequence number."""

    connection: sqlite3.Connection
    state: records.State
    vectors: VectorIndex
    lexical: LexicalView
    token_counts: Counts
    representations: RepresentationFiles


@dataclass(slots=True)
class _Patience:
    """How long to wait for other processes, and how often an index was mended in vain."""

    deadline: float
    attempts: int = 0


class Derived:
    """What is derived from a store, in a folder.

    Args:
        store: the truth.
        folder: where the indexes are saved.
        dimension: length of the vectors.
        progress: told how far building them has come, while this opens.

    Raises:
        StoreError: the indexes can be neither read nor built.
    """

    def __init__(
        self, store: Store, folder: Path, dimension: int, progress: Progress | None = None
    ) -> None:
        """Load what is saved, and bring it up to date."""
        self._store = store
        self._dimension = dimension
        self._lexical_path = folder / LEXICAL
        self._lock = SharedLock()
        self._progress = progress
        with store.reading() as connection:
            self._identity = records.state(connection).store
        self._vectors = StoreVectors(folder / "vectors.safetensors", self._identity, dimension)
        self._counts = TokenCounts(folder / "token-counts", self._identity)
        self._representations = RepresentationFiles(folder / REPRESENTATIONS, self._identity)
        self._changing = threading.Lock()
        """Held by who changes the lexical index on disk, or looks for what others changed."""
        self._lexical = self._open_lexical()
        self._view = self._base = self._lexical.view
        self._saving = threading.Thread()
        self._following = threading.Thread()
        self._stopping = threading.Event()
        self._compacting = Tidying(
            store.path, "qa.lexical_compaction", partial(worth_it, self._lexical_path)
        )
        self._writing = Tidying(
            store.path,
            "qa.representation_writing",
            lambda: bool(self._representations.unwritten()),
        )
        self.catch_up()
        self._progress = None

    @contextmanager
    def moment(self, *, waits: bool = True) -> Iterator[Moment]:
        """The newest state, for as long as the context lasts.

        Raises:
            WouldWait: something is being changed, or is to be caught up with, and was not to be
                waited for.
        """
        with self._lock.shared(waits=waits), self._store.reading() as connection:
            state = records.state(connection)
            exchanged = self._compacting.looked(state.sequence) and self._lexical.exchanged
            written = self._writing.looked(state.sequence) and self._representations.changed
            if not (exchanged or written) and self._sequences() == {state.sequence}:
                yield self._moment(connection, state)
                return
        if not waits:
            raise WouldWait
        with self._lock.exclusive():
            if exchanged:
                with suppress(LexicalIndexError), self._changing:  # what is open can be searched
                    self._lexical.reload()
            if written:
                self._representations.reload()
            with self._caught_up() as moment:
                yield moment
                self._spare_the_next()

    def _sequences(self) -> set[int]:
        return {
            *(self._vectors.sequence, self._view.sequence),
            *(self._counts.sequence, self._representations.sequence),
        }

    def _moment(self, connection: sqlite3.Connection, state: records.State) -> Moment:
        return Moment(
            *(connection, state, self._vectors.index, self._view),
            *(self._counts.counts, self._representations),
        )

    def catch_up(self) -> None:
        """Bring both indexes to the store's state."""
        with self._lock.exclusive(), self._caught_up():
            self._spare_the_next()

    def _spare_the_next(self) -> None:
        """Begin in threads of their own what is worth saving or committing, unless one does."""
        if self._much_uncommitted:
            self.follow()
        if self._vectors.worth_saving and not self._saving.is_alive():
            self._saving = threading.Thread(target=self._vectors.frozen(), name="save vectors")
            self._saving.start()

    @property
    def _much_uncommitted(self) -> bool:
        return len(self._view.tail) > min(_FEW, self._view.committed // 4)

    def follow(self) -> None:
        """Begin to catch up in a thread of its own, unless one does already.

        While more keeps coming, it waits until that is worth a commit to the index of words, which
        are merged again and again. Searches go on while it commits.
        """
        if not self._following.is_alive():
            self._following = threading.Thread(target=self._follow, name="catch up")
            self._following.start()

    def _follow(self) -> None:
        try:
            while True:
                pending, before = self.pending(), -1
                while before < pending < _WORTH_A_COMMIT and not self._stopping.wait(_LULL_SECONDS):
                    pending, before = self.pending(), pending
                try:
                    with self._store.reading() as connection:
                        self._commit_lexical(connection, records.state(connection).sequence)
                except LexicalIndexBusy:  # another process commits, or has
                    self._stopping.wait(_LULL_SECONDS)
                self.catch_up()
                if self._stopping.is_set() or not self._much_uncommitted:
                    return
        except Exception:
            _log.warning("indexing failed; the next search tries again", exc_info=True)

    def pending(self) -> int:
        """How many passages the lexical index on disk is behind."""
        with self._store.reading() as connection:
            return passages.count_since(connection, self._lexical.view.sequence)

    def distrust(self) -> None:
        """Forget both indexes; the next search builds them again."""
        with self._lock.exclusive():
            self._vectors.clear()
            self._counts.clear()
            self._representations.distrust()
            with self._changing, self._store.writing():
                clear(self._lexical_path)
            self._mend_lexical()

    def stop(self) -> None:
        """End what works in the background and is worth nothing without this program."""
        self._stopping.set()
        self._compacting.stop()
        self._writing.stop()

    def save(self) -> None:
        """Save both indexes, if they changed since they were saved."""
        _finish(self._following)  # which may start the other one
        _finish(self._saving)
        with self._lock.exclusive():
            self._vectors.save()
            self._counts.save()
            # Busy means that another process has saved it further, or is about to.
            if len(self._view.tail):
                with suppress(LexicalIndexBusy), self._store.reading() as connection:
                    self._commit_lexical(connection, records.state(connection).sequence)

    @contextmanager
    def _caught_up(self) -> Iterator[Moment]:
        """The newest state, after catching up with it. The caller holds the lock alone."""
        patience = _Patience(time.monotonic() + _WAIT_SECONDS)
        while True:
            with self._store.reading() as connection:
                state = self._tried(connection, patience)
                if state is not None:
                    yield self._moment(connection, state)
                    return

    def _tried(self, connection: sqlite3.Connection, patience: _Patience) -> records.State | None:
        """Catch up, or make it possible in the next transaction and return None."""
        try:
            return self._advance(connection)
        except LexicalIndexBusy as error:
            if time.monotonic() > patience.deadline:
                raise StoreError(
                    f"another process has been changing {self._lexical_path} for "
                    f"{_WAIT_SECONDS:.0f} s; try again when it has finished"
                ) from error
            time.sleep(_PAUSE_SECONDS)
        except LexicalIndexError as error:
            patience.attempts += 1
            if patience.attempts == _ATTEMPTS:
                raise StoreError(
                    f"the index in {self._lexical_path} cannot be built: {error}; see that "
                    "there is free disk space and that the folder is writable"
                ) from error
            _log.warning("building the lexical index again: %s", error)
            self._mend_lexical()
        return None

    def _advance(self, connection: sqlite3.Connection) -> records.State:
        """Bring both indexes to this transaction's state."""
        state = records.state(connection)
        if (state.store, state.dimension) != (self._identity, self._dimension):
            raise StoreError(
                f"expected store {self._identity} with vectors of length {self._dimension}, found "
                f"{state.store} with {state.dimension}: it was exchanged, or is used with another "
                "model now; start this program again"
            )
        if self._view.sequence != state.sequence or self._base is not self._lexical.view:
            self._advance_lexical(connection, state.sequence)
        if self._vectors.sequence != state.sequence:
            self._vectors.advance(connection, state.sequence, self._told_vectors)
        if self._counts.sequence != state.sequence:
            self._counts.advance(connection, state.sequence, self._dimension)
        if self._representations.sequence != state.sequence:
            self._representations.advance(connection, state.sequence)
        return state

    def _advance_lexical(self, connection: sqlite3.Connection, to: int) -> None:
        self._adopt_lexical(connection, to)
        since = self._view.sequence
        if since > to:
            # Every process commits to the store first, and we look there last.
            raise LexicalIndexError(f"it is at {since}, ahead of the store's {to}")
        removed = passages.removed_since(connection, since) if since else np.empty(0, np.int64)
        pending = len(removed) + passages.count_since(connection, since)
        # What is not committed is scored by the statistics of what is.
        committed = self._view.committed
        if len(self._view.tail) + pending > (_TAIL if committed >= _TELLING else committed):
            self._commit_lexical(connection, to)
            self._adopt_lexical(connection, to)
            return
        added = passages.entries_since(connection, since, self._dimension)
        self._view = self._view.changed(removed.tolist(), added, to)

    def _adopt_lexical(self, connection: sqlite3.Connection, to: int) -> None:
        """Search the newest commit, unless this transaction is older."""
        newest = self._lexical.view
        if newest is not self._base and newest.sequence <= to:
            removed = passages.removed_since(connection, newest.sequence)
            self._view, self._base = newest.following(self._view, removed.tolist()), newest

    def _commit_lexical(self, connection: sqlite3.Connection, to: int) -> None:
        """Bring the index on disk to the state of this transaction.

        Raises:
            LexicalIndexBusy: another process is changing it, or it is newer than this transaction.
        """
        with self._changing:
            since = self._lexical.view.sequence
            if since >= to:
                raise LexicalIndexBusy("it has been changed meanwhile")
            self._lexical.update(
                since,
                passages.removed_since(connection, since) if since else (),
                self._told(
                    "Indexing words",
                    passages.entries_since(connection, since, self._dimension),
                    passages.count_since(connection, since),
                ),
                to,
            )

    def _open_lexical(self) -> LexicalIndex:
        try:
            return LexicalIndex(self._lexical_path, self._identity)
        except LexicalIndexError as error:
            _log.warning("building the lexical index again: %s", error)
            return self._mended_lexical()

    def _mend_lexical(self) -> None:
        with self._changing:
            self._lexical = self._mended_lexical()
        self._view = self._base = self._lexical.view

    def _mended_lexical(self) -> LexicalIndex:
        """Open the index again, cleared unless another process has mended it meanwhile."""
        with self._store.writing() as connection:  # one process at a time
            sequence = records.state(connection).sequence
            try:
                index = LexicalIndex(self._lexical_path, self._identity)
                if index.view.sequence <= sequence:
                    return index
            except LexicalIndexError:
                pass
            clear(self._lexical_path)
            try:
                return LexicalIndex(self._lexical_path, self._identity)
            except LexicalIndexError as error:
                raise StoreError(
                    f"{error}; see that there is free disk space and that the folder is writable"
                ) from error

    def _told_vectors(self, chunks: Iterable[Columns], total: int) -> Iterator[Columns]:
        done = 0
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            if self._progress:
                self._progress("Indexing vectors", done, total)

    def _told(self, what: str, items: Iterable[_T], total: int) -> Iterator[_T]:
        """The items, with progress told every now and then."""
        for done, item in enumerate(items, start=1):
            yield item
            if self._progress and (done % 100 == 0 or done == total):
                self._progress(what, done, total)


def _finish(thread: threading.Thread) -> None:
    """Wait for a thread, if it was started at all."""
    if thread.is_alive():
        thread.join()

"""How many passages of a store hold each token, kept in step with it. Knows no index.

Late interaction across languages has no words to take a document frequency of; the number of
passages that hold a token *near* to the question's does the same, and is summed from these.
Derived: damaged, foreign or ahead, they are counted again. Not safe to change in two threads at
once; ``qa.derived`` sees to that.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.ragged import Ragged
from qa import passages

_SAVE_AFTER = 20_000
_LARGEST = 1 << 22
"""No token table is as long; a damaged id must not make the counts fill the memory."""
_log = logging.getLogger(__name__)

Counts = NDArray[np.uint32]


class TokenCounts:
    """Counts at a sequence number of a store.

    ``counts`` is (tokens,), as long as the largest id seen; it is never changed, but replaced.
    """

    def __init__(self, path: Path, store: str) -> None:
        """Load what is saved of this store, or begin with nothing at 0."""
        self._path = path
        self._store = store
        self._unsaved = 0
        self.counts, self.sequence = np.zeros(0, np.uint32), 0
        try:
            self.counts, self.sequence = _load(path, store)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError) as error:
            _log.warning("counting tokens again: %s: %s", path, error)

    def clear(self) -> None:
        """Begin again, with nothing at 0."""
        self.counts, self.sequence = np.zeros(0, np.uint32), 0

    def advance(self, connection: sqlite3.Connection, to: int, dimension: int) -> None:
        """Catch up with the state of this transaction, which has sequence number ``to``."""
        if self.sequence > to:
            self.clear()
        counts = self.counts
        for chunk in passages.since(connection, self.sequence, dimension):
            counts = added(counts, chunk.tokens, 1)
            self._unsaved += len(chunk)
        removed = Ragged.of(list(passages.removed_tokens_since(connection, self.sequence)))
        counts = added(counts, removed, -1)
        self._unsaved += len(removed)
        self.counts, self.sequence = counts, to
        if self._unsaved > _SAVE_AFTER:
            self.save()

    def save(self) -> None:
        """Save them, if they changed since."""
        if not self._unsaved:
            return
        body = self.counts.astype("<u4").tobytes()
        header = {"store": self._store, "sequence": self.sequence, "crc32": zlib.crc32(body)}
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(json.dumps(header).encode() + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError:
            # Those in memory are good; the next process makes up what the file lacks.
            _log.warning("the token counts could not be saved", exc_info=True)
        self._unsaved = 0


def counted(connection: sqlite3.Connection, dimension: int) -> Counts:
    """(tokens,) counted from all passages of the store: what ``TokenCounts`` must agree with."""
    counts = np.zeros(0, np.uint32)
    for chunk in passages.since(connection, 0, dimension):
        counts = added(counts, chunk.tokens, 1)
    return counts


def added(counts: Counts, tokens: Ragged, step: int) -> Counts:
    """The counts, longer where needed, with passages' tokens added or taken away."""
    values = tokens.values
    if not len(values):
        return counts
    known = int(values.max(initial=0, where=values < _LARGEST))
    longer = np.zeros(max(len(counts), known + 1), np.uint32)
    longer[: len(counts)] = counts
    kernels.count_once(tokens, longer, step)
    return longer


def _load(path: Path, store: str) -> tuple[Counts, int]:
    header, _, body = path.read_bytes().partition(b"\n")
    said = json.loads(header)
    if said["store"] != store:
        raise ValueError("they are of another store")
    if said["crc32"] != zlib.crc32(body):
        raise ValueError("the file is damaged")
    return np.frombuffer(body, dtype="<u4").astype(np.uint32), int(said["sequence"])

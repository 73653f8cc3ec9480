"""Representations of passages in files beside the store, from which many are read by one call.

SQLite finds row after row, each in a page of its own. The files are derived: a passage's number is
never used again and its representation never changes, so what a file has of it is right until the
passage is removed; what is in no file is read from the store. ``qa.representation_writing`` writes
them while nobody changes anything. Each takes the place of the one before in one step, and whoever
has that open keeps it.

A file has the passages of ``EACH`` numbers: a line of JSON; little-endian int64, where in what
follows the representation of each begins and the last one ends; the representations.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from qa import passages, representation
from qa.lexical_files import clear
from qa.representation import Columns

FOLDER = "representations"
_BITS = 14
EACH = 1 << _BITS
"""Passages of a file at most: some 40 MB, and sixty open files for a million."""

_FORMAT = "fundstelle-representations-1"
_WORTH = EACH // 4
"""As many passages have to come or go for a file that is not full to be written, or again."""
_KEPT = _WORTH
"""Representations of passages in no file that are remembered: some 10 MB."""
_LONGEST = 4096  # bytes of a first line
_MAPPED = 1 << 29
"""Bytes of all files up to which they are mapped, which reads in a third of the time. Of more, what
was once read would seem to be memory that the program holds."""

_log = logging.getLogger(__name__)

Ints = NDArray[np.int64]


class _Handle:
    """A file of the system, open for as long as anyone may read it."""

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))

    def __del__(self) -> None:
        with suppress(AttributeError):  # it could not be opened
            os.close(self.number)


@dataclass(frozen=True, slots=True)
class _File:
    """An open file.

    Attributes:
        handle: of the system.
        size: in bytes.
        number: its passages begin with that times ``EACH``.
        sequence: of the store when it was written.
        end: one past the last passage that it could have.
        written: how many it has.
    """

    handle: _Handle
    size: int
    number: int
    sequence: int
    end: int
    written: int


@dataclass(frozen=True, slots=True)
class _Table:
    """Where everything lies in f files; a row more, the last, is of what is in none.

    Attributes:
        files: the f files.
        rows: (numbers + 1,) the row of the file of each number, f where there is none.
        handles: (f + 1,) of the system's.
        mapped: the files in memory, if they are mapped.
        addresses: (f + 1,) where each is in memory, or 0.
        starts: ((f + 1) * EACH,) where in its file each representation begins.
        lengths: ((f + 1) * EACH,) of each in bytes; 0 for what is not there, or no longer.
    """

    files: tuple[_File, ...]
    rows: Ints
    handles: NDArray[np.int32]
    mapped: tuple[NDArray[np.uint8], ...]
    addresses: Ints
    starts: Ints
    lengths: Ints

    def rows_of(self, passage_ids: Ints) -> Ints:
        """(n,) the rows of passages."""
        return self.rows.take(passage_ids >> _BITS, mode="clip")

    def places(self, passage_ids: Ints, rows: Ints) -> Ints:
        """(n,) where in the table passages are."""
        found: Ints = (rows << _BITS) + (passage_ids & (EACH - 1))
        return found


class RepresentationFiles:
    """The files of a store, at a sequence number of it.

    Not safe to change in two threads at once, or while another reads; ``qa.derived`` sees to that.

    Args:
        folder: of the files; it need not be there.
        store: identity of the store.
    """

    def __init__(self, folder: Path, store: str) -> None:
        """Open what is there and of this store; ``advance`` has to come next."""
        self._folder = folder
        self._store = store
        self._end = 0
        self.reload()

    @property
    def changed(self) -> bool:
        """Whether files came or went since these were opened."""
        return self._seen != _state(self._folder)

    def reload(self) -> None:
        """Open what is there now; ``advance`` has to come next."""
        self._seen, self.sequence = _state(self._folder), -1
        self._table = _read(self._folder, self._store)
        self._kept: dict[int, bytes] = {}

    def advance(self, connection: sqlite3.Connection, to: int) -> None:
        """Forget what is removed up to the state of this transaction, which has that number."""
        if max([self.sequence, *(file.sequence for file in self._table.files)]) > to:
            _log.warning("writing representations to files again: they are ahead of the store")
            self.distrust()
        if self.sequence < 0:
            for file in self._table.files:
                first, since = file.number * EACH, file.sequence
                self._forget(passages.removed_between(connection, first, file.end, since))
        else:
            self._forget(passages.removed_since(connection, self.sequence))
        self._end = passages.end(connection)
        self.sequence = to

    def _forget(self, passage_ids: Ints) -> None:
        table = self._table
        table.lengths[table.places(passage_ids, table.rows_of(passage_ids))] = 0
        for one in passage_ids.tolist():
            self._kept.pop(one, None)

    def distrust(self) -> None:
        """Do without files, and remove them so that they are written again."""
        clear(self._folder)
        self._table, self._kept = _read(self._folder, self._store), {}

    def columns(self, connection: sqlite3.Connection, passage_ids: Ints, dimension: int) -> Columns:
        """What passages are scored by, ascending by id; ids that do not exist are left out.

        Args:
            connection: in a transaction of the state that these files are at.
            passage_ids: (n,) ascending.
            dimension: length of the vectors.
        """
        try:
            return self._columns(connection, passage_ids, dimension)
        except (OSError, ValueError) as error:
            _log.warning("reading from the store what the files have of passages: %s", error)
            self.distrust()
            return self._columns(connection, passage_ids, dimension)

    def _columns(
        self, connection: sqlite3.Connection, passage_ids: Ints, dimension: int
    ) -> Columns:
        table = self._table
        rows = table.rows_of(passage_ids)
        places = table.places(passage_ids, rows)
        held = sizes = table.lengths.take(places)
        count, others = np.count_nonzero(held), list[tuple[int, bytes]]()
        if not count:
            found = self._stored(connection, passage_ids)
            known = np.array([bool(one) for one in found], np.bool_)
            return representation.columns(
                passage_ids[known], [one for one in found if one], dimension
            )
        if count < len(held):
            absent = np.flatnonzero(held == 0)
            found = self._stored(connection, passage_ids[absent])
            others = list(zip(absent.tolist(), found, strict=True))
            sizes = held.copy()
            sizes[absent] = [len(one) for one in found]
        ends = np.cumsum(sizes)
        begins = ends - sizes
        data = np.empty(int(ends[-1]), np.uint8)
        kernels.read_parts(
            *(table.handles.take(rows), table.addresses.take(rows), table.starts.take(places)),
            *(held, data, begins),
        )
        for number, one in others:
            data[begins[number] : ends[number]] = np.frombuffer(one, np.uint8)
        return representation.laid_out(passage_ids[sizes > 0], data, sizes[sizes > 0], dimension)

    def _stored(self, connection: sqlite3.Connection, passage_ids: Ints) -> list[bytes]:
        """What the store has of passages that are in no file; nothing of those that do not exist.

        Some are remembered: these are the newest, or all of a small collection.
        """
        kept, wanted = self._kept, passage_ids.tolist()
        unknown = [one for one in wanted if one not in kept]
        if not unknown:
            return [kept[one] for one in wanted]
        found = dict(passages.stored(connection, unknown))
        told = [kept.get(one) or found.get(one, b"") for one in wanted]
        if len(kept) + len(found) > _KEPT:
            self._kept = found if len(found) <= _KEPT else {}
        else:
            kept.update(found)
        return told

    def wrong(self, connection: sqlite3.Connection) -> Iterator[int]:
        """Ids of passages of which a file has something else than the store, or which it lacks."""
        for row, file in enumerate(self._table.files):
            first, at = file.number << _BITS, row << _BITS
            held = self._table.lengths[at : at + EACH].copy()
            for passage_id, data in passages.stored_between(connection, first, first + EACH):
                place, length = passage_id - first, held[passage_id - first]
                if length and self._one(row, at + place) != data:
                    yield passage_id
                held[place] = 0
            yield from (first + np.flatnonzero(held)).tolist()

    def _one(self, row: int, place: int) -> bytes:
        table, out = self._table, np.empty(int(self._table.lengths[place]), np.uint8)
        try:
            kernels.read_parts(
                *(table.handles[row : row + 1], table.addresses[row : row + 1]),
                *(table.starts[place : place + 1], table.lengths[place : place + 1]),
                *(out, np.zeros(1, np.int64)),
            )
        except OSError:
            return b""
        return out.tobytes()

    def unwritten(self) -> list[int]:
        """Numbers of the files that are worth writing, for the first time or again."""
        return [number for number in range(-(-self._end // EACH)) if self._worth_writing(number)]

    def _worth_writing(self, number: int) -> bool:
        end = min(self._end, (number + 1) * EACH)
        table = self._table
        row = int(table.rows_of(np.array([number << _BITS]))[0])
        file = table.files[row] if row < len(table.files) else None
        came = end - (file.end if file else number * EACH)
        gone = (file.written if file else 0) - int(
            np.count_nonzero(table.lengths[row << _BITS :][:EACH])
        )
        full = came > 0 and end == (number + 1) * EACH
        return full or max(came, gone) >= _WORTH


def write_file(
    connection: sqlite3.Connection, number: int, store: str, sequence: int, path: Path
) -> None:
    """Write what the store of this transaction has for the file of a number, and keep it durable.

    Args:
        connection: in a transaction.
        number: of the file.
        store: identity of the store.
        sequence: its number in this transaction.
        path: of the new file.
    """
    first = number * EACH
    end = min(passages.end(connection), first + EACH)
    lengths, parts = np.zeros(EACH, np.int64), []
    for passage_id, data in passages.stored_between(connection, first, end):
        lengths[passage_id - first] = len(data)
        parts.append(data)
    starts = np.concatenate(([0], np.cumsum(lengths))).astype("<i8").tobytes()
    said = {"format": _FORMAT, "store": store, "number": number, "sequence": sequence, "end": end}
    with path.open("wb") as file:
        file.write(json.dumps({**said, "crc32": zlib.crc32(starts)}).encode() + b"\n" + starts)
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())


def file_name(number: int) -> str:
    """Of the file with that number."""
    return f"{number:06}.bin"


def _read(folder: Path, store: str) -> _Table:
    """What is in the files of a folder that can be read and are of this store."""
    found = []
    for path in sorted(folder.glob("*.bin")):
        try:
            found.append(_opened(path, store))
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s is not used, but written again: %s", path, error)
    files = tuple(file for file, _ in found)
    rows = np.full(2 + max((file.number for file in files), default=-1), len(files), np.int64)
    starts, lengths = np.zeros((2, len(files) + 1, EACH), np.int64)
    for row, (file, edges) in enumerate(found):
        rows[file.number] = row
        starts[row], lengths[row] = edges[:-1], np.diff(edges)
    handles = np.array([*(file.handle.number for file in files), -1], np.int32)
    mapped: list[NDArray[np.uint8]] = []
    if sum(file.size for file in files) <= _MAPPED:
        for file in files:
            held = mmap.mmap(file.handle.number, 0, access=mmap.ACCESS_READ)
            mapped.append(np.frombuffer(held, np.uint8))
    addresses = np.zeros(len(files) + 1, np.int64)
    addresses[: len(mapped)] = [kernels.address(one) for one in mapped]
    return _Table(
        files, rows, handles, tuple(mapped), addresses, starts.reshape(-1), lengths.reshape(-1)
    )


def _opened(path: Path, store: str) -> tuple[_File, Ints]:
    """A file, and where in it each representation begins and the last one ends, (EACH + 1,)."""
    handle = _Handle(path)
    with open(handle.number, "rb", closefd=False) as file:
        said = json.loads(file.readline(_LONGEST))
        starts, begin = file.read(8 * (EACH + 1)), file.tell()
    size = os.fstat(handle.number).st_size
    if (said["format"], said["store"]) != (_FORMAT, store):
        raise ValueError("it is of another store or program")
    if said["crc32"] != zlib.crc32(starts) or path.name != file_name(said["number"]):
        raise ValueError("it is damaged")
    edges = begin + np.frombuffer(starts, "<i8").astype(np.int64)
    if edges[-1] != size:
        raise ValueError("it is cut off")
    written = int(np.count_nonzero(np.diff(edges)))
    return _File(handle, size, said["number"], said["sequence"], said["end"], written), edges


def _state(folder: Path) -> tuple[int, int]:
    """Tells a folder from what it was before a file came or went."""
    try:
        found = folder.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns

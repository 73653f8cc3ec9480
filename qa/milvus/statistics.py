"""In how many passages each token, term and piece stands, at each revision. Knows no rows.

Each change leaves a blob of what it adds to these numbers and takes away. A replica that wants the
numbers of a revision adds the blobs since the one that it has. So that a new replica need not read
all of them, they are summed in one blob now and then (``sum_due``, ``StoredStatistics.summed``).
The numbers are exact; a replica keeps 12 bytes in memory for each distinct term.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qa.bm25 import Statistics
from qa.errors import NotFound, StoreError
from qa.milvus.blobs import Blobs
from qa.milvus.control import State
from qa.milvus.records import Moved
from qa.milvus.sparse import pieces
from qa.representation import Columns
from qa.token_counts import added

_KINDS = ("tokens", "terms", "pieces")
_PARTS = 32
_SUM_EVERY = 512
"""Changes between two sums: a new replica reads as many blobs at most, in some seconds."""

Ids = NDArray[np.uint32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Ids, ascending, and a number for each; a change's numbers can be negative."""

    ids: Ids
    numbers: Numbers

    def of(self, ids: Ids) -> Numbers:
        """The numbers of these ids; 0 for those not in it."""
        if not len(self.ids):
            return np.zeros(len(ids), np.int64)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, self.numbers[at], 0)


@dataclass(frozen=True, slots=True)
class Tally:
    """What passages add to the statistics of a collection."""

    tokens: Counts
    terms: Counts
    pieces: Counts
    lengths: tuple[int, int, int]
    languages: dict[str, int]
    passages: int

    @classmethod
    def of(cls, columns: Columns) -> Tally:
        """Of these passages."""
        sounds = pieces(columns.sounds)
        languages: dict[str, int] = {}
        for code in columns.languages:
            if code is not None:
                languages[code] = languages.get(code, 0) + 1
        words, stems, letters = columns.lengths.sum(axis=0, dtype=np.int64).tolist()
        return cls(
            _sparse(added(np.zeros(0, np.uint32), columns.tokens, 1)),
            _counted(columns.terms.values),
            _counted(sounds.ids),
            (words, stems, letters),
            languages,
            len(columns),
        )

    @classmethod
    def empty(cls) -> Tally:
        """Of no passages."""
        nothing = summed_counts([])
        return cls(nothing, nothing, nothing, (0, 0, 0), {}, 0)


def to_bytes(added: Iterable[Tally], removed: Iterable[Tally]) -> bytes:
    """A change's blob."""
    signed = [(1, tally) for tally in added] + [(-1, tally) for tally in removed]
    return _packed(
        [
            summed_counts(
                Counts(of.ids, sign * of.numbers)
                for sign, tally in signed
                for of in (getattr(tally, kind),)
            )
            for kind in _KINDS
        ]
    )


def blob_name(revision: int) -> str:
    """Name of the blob of a change."""
    return f"s/{revision:020d}"


def sum_name(revision: int) -> str:
    """Name of the blob of all changes up to a revision."""
    return f"f/{revision:020d}"


def summed_counts(all_counts: Iterable[Counts]) -> Counts:
    """The sum; ids whose numbers are 0 are left out."""
    known = [counts for counts in all_counts if len(counts.ids)]
    if not known:
        return Counts(np.empty(0, np.uint32), np.empty(0, np.int64))
    if len(known) == 1:
        return known[0]
    ids, place = np.unique(np.concatenate([counts.ids for counts in known]), return_inverse=True)
    numbers = np.zeros(len(ids), np.int64)
    np.add.at(numbers, place, np.concatenate([counts.numbers for counts in known]))
    left = numbers != 0
    return Counts(ids[left], numbers[left])


@dataclass(slots=True)
class _Sum:
    """A large sum and a few changes after it, which are added when they have become many."""

    whole: Counts
    after: list[Counts] = field(default_factory=list)

    def added(self, counts: Counts) -> _Sum:
        after = [*self.after, counts]
        if len(after) > _PARTS:
            return _Sum(summed_counts([self.whole, *after]))
        return _Sum(self.whole, after)

    def of(self, ids: Ids) -> Numbers:
        found = self.whole.of(ids)
        for counts in self.after:
            found = found + counts.of(ids)
        return found

    def all(self) -> Counts:
        return summed_counts([self.whole, *self.after])


@dataclass(frozen=True, slots=True)
class Moment:
    """The statistics of one revision. ``token_counts`` (tokens,) is never changed."""

    revision: int
    token_counts: NDArray[np.uint32]
    terms: _Sum
    pieces: _Sum

    def statistics(self, state: State) -> Statistics:
        """As BM25 takes them."""
        average = np.maximum(np.array(state.lengths) / max(1, state.passages), 1.0)
        return Statistics(state.passages, average, self.terms.of, self.pieces.of)


class StoredStatistics:
    """The statistics of a store, followed from revision to revision. Safe to use from threads."""

    def __init__(self, blobs: Blobs) -> None:
        """Nothing is read yet."""
        self._blobs = blobs
        self._lock = threading.Lock()
        self._store = ""
        self._moment = _nothing(0)

    def at(self, state: State) -> Moment:
        """The statistics of a state; Moved when they are so old that they are gone."""
        try:
            return self._at(state)
        except NotFound as error:
            raise Moved(f"statistics of revision {state.revision} are gone: {error}") from error

    def _at(self, state: State) -> Moment:
        with self._lock:
            moment = self._moment
            if self._store != state.store or moment.revision < state.summed_before:
                moment = self._read(state.summed)
            elif moment.revision > state.revision:
                # Another thread is further; what this one wants is made from the last sum.
                return self._advanced(self._read(state.summed), state.revision)
            self._moment = self._advanced(moment, state.revision)
            self._store = state.store
            return self._moment

    def summed(self, state: State) -> bytes:
        """The blob of all changes up to a state."""
        moment = self.at(state)
        return _packed(
            [
                _sparse(moment.token_counts),
                moment.terms.all(),
                moment.pieces.all(),
            ]
        )

    def _read(self, revision: int) -> Moment:
        if revision == 0:
            return _nothing(0)
        tokens, terms, sounds = _unpacked(self._blobs.get([sum_name(revision)])[sum_name(revision)])
        return Moment(revision, _with(_nothing(0).token_counts, tokens), _Sum(terms), _Sum(sounds))

    def _advanced(self, moment: Moment, to: int) -> Moment:
        first = moment.revision + 1
        for begin in range(first, to + 1, _PARTS):
            revisions = range(begin, min(begin + _PARTS, to + 1))
            found = self._blobs.get([blob_name(revision) for revision in revisions])
            parts = [_unpacked(found[blob_name(revision)]) for revision in revisions]
            tokens, terms, sounds = (summed_counts(kind) for kind in zip(*parts, strict=True))
            moment = Moment(
                revisions[-1],
                _with(moment.token_counts, tokens),
                moment.terms.added(terms),
                moment.pieces.added(sounds),
            )
        return moment


def sum_due(state: State) -> bool:
    """Whether so much was changed since the last sum that there should be a new one."""
    return state.revision - state.summed >= _SUM_EVERY


def _nothing(revision: int) -> Moment:
    empty = Counts(np.empty(0, np.uint32), np.empty(0, np.int64))
    return Moment(revision, np.zeros(0, np.uint32), _Sum(empty), _Sum(empty))


def _with(dense: NDArray[np.uint32], counts: Counts) -> NDArray[np.uint32]:
    longest = max(len(dense), int(counts.ids.max(initial=0)) + 1 if len(counts.ids) else 0)
    found = np.zeros(longest, np.int64)
    found[: len(dense)] = dense
    found[counts.ids] += counts.numbers
    return found.astype(np.uint32)


def _sparse(dense: NDArray[np.uint32]) -> Counts:
    """The counts that are not 0."""
    ids = np.flatnonzero(dense)
    return Counts(ids.astype(np.uint32), dense[ids].astype(np.int64))


def _counted(values: Ids) -> Counts:
    ids, numbers = np.unique(values, return_counts=True)
    return Counts(ids.astype(np.uint32), numbers.astype(np.int64))


def _packed(kinds: list[Counts]) -> bytes:
    header = np.array([len(of.ids) for of in kinds], dtype="<u8").tobytes()
    parts = [of.ids.astype("<u4").tobytes() + of.numbers.astype("<i8").tobytes() for of in kinds]
    return header + b"".join(parts)


def _unpacked(data: bytes) -> list[Counts]:
    at = 8 * len(_KINDS)
    found = []
    try:
        for size in np.frombuffer(data[:at], dtype="<u8").tolist():
            ids = np.frombuffer(data, dtype="<u4", count=size, offset=at).astype(np.uint32)
            numbers = np.frombuffer(data, dtype="<i8", count=size, offset=at + 4 * size)
            found.append(Counts(ids, numbers.astype(np.int64)))
            at += 12 * size
    except ValueError as error:
        raise StoreError("statistics are damaged; run `fundstelle check`") from error
    return found

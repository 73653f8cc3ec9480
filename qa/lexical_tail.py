"""The passages that the lexical index on disk does not have yet. Knows no tantivy.

Committing to the index costs a dozen writes that wait for the disk, whatever the size of the
change, and merging now and then. So changes stay here, in memory, until they are committed: a
question need not wait for that. Passages added since the commit are scored by compiled loops, with
the index's own statistics, so that their scores and the index's are of one kind; passages removed
since are left out of what the index finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.ragged import Ragged
from qa.bm25 import K1, SOUNDS, STEMS, WORDS, B
from qa.dates import bounds
from qa.types import Filters, PassageTerms

_UNDATED = -1

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as the index takes it.

    ``sequence`` is the store's number of the change that it came by; ``first`` and ``last`` are
    days as ``yyyymmdd``.
    """

    passage_id: int
    document_id: str
    language: str | None
    terms: PassageTerms
    first: int | None
    last: int | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What passages are scored by.

    Attributes:
        field: ``terms`` or ``sounds``.
        ids: (n,) distinct ids of the question's terms or pieces.
        idf: (n,) of each, by the index's statistics.
        average: (3,) number of words, stems and pieces of sounds in a passage of the index.
    """

    field: str
    ids: NDArray[np.uint32]
    idf: NDArray[np.float64]
    average: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some n passages.

    Attributes:
        numbers: (6, n) their ids, the sequence numbers they came by, first and last days
            (``_UNDATED`` where there are none), and numbers of terms and of pieces of sounds as
            tantivy keeps them.
        names: (2, n) of their documents and languages.
        terms, counts, sounds: see ``PassageTerms``.
    """

    numbers: NDArray[np.int64]
    names: NDArray[np.object_]
    terms: Ragged
    counts: Ragged
    sounds: Ragged

    def __len__(self) -> int:
        return len(self.terms)

    @property
    def ids(self) -> Ids:
        found: Ids = self.numbers[0]
        return found

    @property
    def sequences(self) -> Ids:
        found: Ids = self.numbers[1]
        return found

    @property
    def languages(self) -> list[str | None]:
        found: list[str | None] = self.names[1].tolist()
        return found

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> _Part:
        """From one or more."""
        terms = [entry.terms for entry in entries]
        counts = Ragged.of([one.counts for one in terms])
        told = np.bincount(counts.owners, weights=counts.values, minlength=len(counts))
        numbers = [
            [entry.passage_id for entry in entries],
            [entry.sequence for entry in entries],
            [_UNDATED if entry.first is None else entry.first for entry in entries],
            [_UNDATED if entry.last is None else entry.last for entry in entries],
            rounded_lengths(told.astype(np.int64)),
            rounded_lengths(np.array([one.lengths[SOUNDS] for one in terms], dtype=np.int64)),
        ]
        names = [[one.document_id for one in entries], [one.language for one in entries]]
        return cls(
            np.array(numbers, dtype=np.int64),
            np.array(names, dtype=np.object_),
            Ragged.of([one.ids for one in terms]),
            counts,
            Ragged.of([one.sound for one in terms]),
        )

    def with_(self, other: _Part) -> _Part:
        """These passages and the others."""
        return _Part(
            np.concatenate([self.numbers, other.numbers], axis=1),
            np.concatenate([self.names, other.names], axis=1),
            self.terms.followed_by(other.terms),
            self.counts.followed_by(other.counts),
            self.sounds.followed_by(other.sounds),
        )

    def those(self, chosen: NDArray[np.bool_]) -> _Part:
        """Some of them."""
        if chosen.all():
            return self
        return _Part(
            self.numbers[:, chosen],
            self.names[:, chosen],
            *(
                Ragged(one.source, one.starts[chosen], one.lengths[chosen])
                for one in (self.terms, self.counts, self.sounds)
            ),
        )

    def scores(self, wanted: Wanted) -> NDArray[np.float64]:
        """(n,) the index's BM25, in which every form and stem that matches counts."""
        *_, of_terms, of_sounds = self.numbers
        if wanted.field == "sounds":
            norms = _norms(of_sounds, wanted.average[SOUNDS])
            return kernels.piece_scores(self.sounds, wanted.ids, wanted.idf, norms, K1)
        norms = _norms(of_terms, wanted.average[WORDS] + wanted.average[STEMS])
        each = [(place,) for place in range(len(wanted.ids))]
        return kernels.term_scores(
            *(self.terms, self.counts, wanted.ids, wanted.idf),
            *(np.zeros(len(wanted.ids), np.int64), norms[None], K1, each),
        )

    def passing(self, filters: Filters) -> NDArray[np.bool_]:
        """(n,) whether each passes the filters."""
        _, _, first, last, *_ = self.numbers
        passes = np.ones(len(self), np.bool_)
        for values, wanted in zip(
            self.names, (filters.document_ids, filters.languages), strict=True
        ):
            if wanted:
                passes &= _among(values, wanted)
        if filters.published_from:
            passes &= last >= bounds(filters.published_from)[0]
        if filters.published_to:
            passes &= (first <= bounds(filters.published_to)[1]) & (first != _UNDATED)
        return passes


@dataclass(frozen=True, slots=True)
class Tail:
    """Changes after a commit, up to ``sequence``. Never changes; ``changed`` makes another.

    ``gone`` are committed passages that were removed. The parts have twice as many passages each as
    the next, so that there are few, and seldom put together.
    """

    sequence: int
    gone: frozenset[int] = frozenset()
    parts: tuple[_Part, ...] = ()

    def __len__(self) -> int:
        """How many passages were added or removed."""
        return len(self.gone) + sum(map(len, self.parts))

    @property
    def ids(self) -> Ids:
        """(n,) passages that are only here."""
        return np.concatenate([np.empty(0, np.int64), *(part.ids for part in self.parts)])

    @property
    def languages(self) -> set[str]:
        """Languages of the passages that are only here."""
        found = {language for part in self.parts for language in part.languages}
        return {language for language in found if language is not None}

    def changed(self, removed: Iterable[int], added: Iterable[Entry], sequence: int) -> Tail:
        """This tail after a further change."""
        parts, gone, lost = list(self.parts), self.gone, np.fromiter(removed, np.int64)
        if len(lost):
            gone = gone.union(np.setdiff1d(lost, self.ids).tolist())
            parts = [part.those(~np.isin(part.ids, lost)) for part in parts]
        if entries := list(added):
            new = _Part.of(entries)
            while parts and len(parts[-1]) < 2 * len(new):
                new = parts.pop().with_(new)
            parts.append(new)
        return Tail(sequence, gone, tuple(part for part in parts if len(part)))

    def after(self, sequence: int, removed: Iterable[int]) -> Tail:
        """What is left of it when all up to a sequence number is committed.

        ``removed`` are passages that were removed since.
        """
        parts = (part.those(part.sequences > sequence) for part in self.parts)
        left = tuple(part for part in parts if len(part))
        return replace(self, gone=frozenset(removed), parts=left)

    def scores(self, wanted: Wanted, filters: Filters) -> tuple[Ids, NDArray[np.float64]]:
        """(n,) ids and the index's BM25, of those that pass the filters and have a term."""
        ids, scores = [np.empty(0, np.int64)], [np.empty(0)]
        for part in self.parts:
            found = part.scores(wanted)
            good = found > 0
            if not filters.empty:
                good &= part.passing(filters)
            ids.append(part.ids[good])
            scores.append(found[good])
        return np.concatenate(ids), np.concatenate(scores)


def rounded_lengths(lengths: Ids) -> Ids:
    """(n,) lengths as tantivy keeps them, in one byte: exact up to 40, then in growing steps."""
    found: Ids = _LENGTHS[np.searchsorted(_LENGTHS, lengths, side="right") - 1]
    return found


def _length(code: int) -> int:
    if code < 24:
        return code
    shift, bits = (code - 24 >> 3) - 1, code - 24 & 7
    return 24 + (bits if shift < 0 else (bits | 8) << shift)


_LENGTHS = np.array([_length(code) for code in range(256)], dtype=np.int64)


def _norms(lengths: Ids, average: float) -> NDArray[np.float64]:
    return K1 * (1 - B + B * lengths.astype(np.float64) / average)


def _among(values: NDArray[np.object_], wanted: Iterable[str]) -> NDArray[np.bool_]:
    some = set(wanted)
    return np.fromiter((value in some for value in values.tolist()), np.bool_, len(values))

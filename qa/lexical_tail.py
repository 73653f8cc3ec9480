"""The few passages that the lexical index on disk does not have yet. Knows no tantivy.

Committing to the index costs a dozen writes that wait for the disk, whatever the size of the
change. So small changes stay here, in memory, until there are many of them: passages added since
the commit are scored by a plain loop, with the index's own statistics, so that their scores and
the index's are of one kind; passages removed since are left out of what the index finds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from qa.bm25 import K1, SOUNDS, STEMS, WORDS, B, piece_id, pieces_of
from qa.dates import bounds
from qa.types import Filters, PassageTerms


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as the index takes it; ``first`` and ``last`` are days as ``yyyymmdd``."""

    passage_id: int
    document_id: str
    language: str | None
    terms: PassageTerms
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What passages are scored by.

    Attributes:
        field: ``terms`` or ``sounds``.
        ids: (n,) of the question's terms or pieces.
        idf: (n,) of each, by the index's statistics.
        average: (3,) number of words, stems and pieces of sounds in a passage of the index.
    """

    field: str
    ids: NDArray[np.uint32]
    idf: NDArray[np.float64]
    average: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Counted:
    entry: Entry
    counts: Mapping[str, Mapping[int, int]]
    lengths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tail:
    """Changes after a commit, up to ``sequence``. Never changes; ``changed`` makes another."""

    sequence: int
    gone: frozenset[int] = frozenset()
    _added: Mapping[int, _Counted] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many passages were added or removed."""
        return len(self.gone) + len(self._added)

    @property
    def ids(self) -> set[int]:
        """Passages that are only here."""
        return set(self._added)

    @property
    def languages(self) -> set[str]:
        """Languages of the passages that are only here."""
        found = (counted.entry.language for counted in self._added.values())
        return {language for language in found if language is not None}

    def changed(self, removed: Iterable[int], added: Iterable[Entry], sequence: int) -> Tail:
        """This tail after a further change."""
        kept, gone = dict(self._added), set(self.gone)
        for passage_id in removed:
            if kept.pop(passage_id, None) is None:
                gone.add(passage_id)
        kept.update((entry.passage_id, _counted(entry)) for entry in added)
        return replace(self, sequence=sequence, gone=frozenset(gone), _added=kept)

    def scores(self, wanted: Wanted, filters: Filters) -> dict[int, float]:
        """The index's BM25 by id, of those that pass the filters and have one of the terms."""
        passes = _test(filters)
        average = float(wanted.average[[WORDS, STEMS]].sum())
        if wanted.field == "sounds":
            average = float(wanted.average[SOUNDS])
        idf = dict(zip(wanted.ids.tolist(), wanted.idf.tolist(), strict=True))
        found: dict[int, float] = {}
        for passage_id, counted in self._added.items():
            counts = counted.counts[wanted.field]
            norm = K1 * (1 - B + B * counted.lengths[wanted.field] / average)
            score = sum(
                weight * counts[number] * (K1 + 1) / (counts[number] + norm)
                for number, weight in idf.items()
                if number in counts
            )
            if score > 0 and passes(counted.entry):
                found[passage_id] = score
        return found


def rounded_length(length: int) -> int:
    """A length as tantivy keeps it, in one byte: exact up to 40, then in growing steps."""
    return _LENGTHS[bisect_right(_LENGTHS, length) - 1]


def _length(code: int) -> int:
    if code < 24:
        return code
    shift, bits = (code - 24 >> 3) - 1, code - 24 & 7
    return 24 + (bits if shift < 0 else (bits | 8) << shift)


_LENGTHS = [_length(code) for code in range(256)]


def _counted(entry: Entry) -> _Counted:
    terms = entry.terms
    pieces = Counter(map(piece_id, pieces_of(terms.sound)))
    words = dict(zip(terms.ids.tolist(), terms.counts.tolist(), strict=True))
    return _Counted(
        entry,
        {"terms": words, "sounds": pieces},
        {
            "terms": rounded_length(sum(words.values())),
            "sounds": rounded_length(sum(pieces.values())),
        },
    )


def _test(filters: Filters) -> Callable[[Entry], bool]:
    """The filters as a test of one passage."""
    earliest = bounds(filters.published_from)[0] if filters.published_from else 0
    latest = bounds(filters.published_to)[1] if filters.published_to else 99_999_999
    dated = bool(filters.published_from or filters.published_to)

    def passes(entry: Entry) -> bool:
        if filters.languages and entry.language not in filters.languages:
            return False
        if filters.document_ids and entry.document_id not in filters.document_ids:
            return False
        if entry.first is None or entry.last is None:
            return not dated
        return entry.last >= earliest and entry.first <= latest

    return passes

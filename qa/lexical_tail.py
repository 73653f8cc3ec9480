"""BM25 over the few passages that the index on disk does not have yet. Knows no tantivy.

Committing to the index costs a dozen writes that wait for the disk, whatever the size of the
change. So small changes stay here, in memory, until there are many of them: passages added since
the commit are scored by a plain loop, with the index's own statistics, so that their scores and
the index's are of one kind; passages removed since are left out of what the index finds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qa import analysis
from qa.dates import bounds
from qa.types import Filters

K1, B = 1.2, 0.75  # tantivy's

Alternatives = Sequence[tuple[str, str]]
"""(field, term) pairs by which one word of a question can match; the best of them counts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as the index takes it; ``first`` and ``last`` are days as ``yyyymmdd``."""

    passage_id: int
    document_id: str
    language: str | None
    text: str
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 needs of the whole: ``idf`` of (field, term), ``average`` length by field."""

    idf: Callable[[str, str], float]
    average: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Counted:
    entry: Entry
    counts: Mapping[str, Counter[str]]
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

    def scores(
        self, question: Sequence[Alternatives], statistics: Statistics, filters: Filters
    ) -> dict[int, float]:
        """BM25 by id, of those that pass the filters and have a term of the question."""
        idf = {pair: statistics.idf(*pair) for word in question for pair in word}
        passes = _test(filters)
        found: dict[int, float] = {}
        for passage_id, counted in self._added.items():
            if passes(counted.entry):
                score = sum(_best(counted, word, idf, statistics.average) for word in question)
                if score > 0:
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
    terms = analysis.passage_terms(entry.text, entry.language)
    by_field = {name: getattr(terms, name) for name in analysis.FIELDS}
    return _Counted(
        entry,
        {name: Counter(found) for name, found in by_field.items()},
        {name: rounded_length(len(found)) for name, found in by_field.items()},
    )


def _best(
    counted: _Counted,
    word: Alternatives,
    idf: Mapping[tuple[str, str], float],
    average: Mapping[str, float],
) -> float:
    """BM25 of one word of the question, by the best of its alternatives."""
    best = 0.0
    for name, term in word:
        if count := counted.counts[name].get(term):
            length = 1 - B + B * counted.lengths[name] / average[name]
            best = max(best, idf[name, term] * count * (K1 + 1) / (count + K1 * length))
    return best


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

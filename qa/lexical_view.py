"""One state of the lexical index, for finding passages by their terms. Knows no files.

A state is a commit and the few changes after it, which are scored apart by the commit's
statistics. Terms are numbers (see ``qa.bm25``), so nothing in a question can be query syntax.

The index orders what it finds by its own BM25, in which every form and stem that matches counts.
It scores every passage that has one of the terms looked for, so of common terms only few are. What
a passage is worth in the end is counted by ``qa.bm25`` from the same statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tantivy import FieldType, Occur, Query, Schema, Searcher

from qa.bm25 import QuestionTerms, Statistics, inverse_frequency, piece_text
from qa.dates import bounds
from qa.lexical_tail import Entry, Tail, Wanted
from qa.types import Filters, PassageTerms

MARKER = 0
"""Id of the index's own note of its state. No passage has it: the store counts from 1."""

Field = Literal["terms", "sounds"]
"""What passages are found by: words and stems, or the pieces of what they sound like."""

FIELDS: tuple[Field, ...] = ("terms", "sounds")
LENGTHS = ("words_length", "stems_length", "sounds_length")

POSTINGS = 20_000
"""Sum of the passages that the terms of a question stand in, beyond which the commonest are left
out: a fifth of a millisecond."""
FEWEST = 3
"""Terms that are looked for, however common."""

_TIE_PROBE = 16
_ASKED = 64
"""Sets of terms of which the frequencies are remembered together."""
_REMEMBERED = 100_000
"""Terms whose frequency is remembered for a commit; to look one up takes ten times as long."""


class Hits(NamedTuple):
    """(n,) passage ids and the index's scores, best first; equal scores in order of id."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]


_NOTHING = Hits(np.empty(0, np.int64), np.empty(0, np.float64))


class LexicalView:
    """One state, for searching: a commit and the changes after it. Any number of threads may."""

    def __init__(self, searcher: Searcher, schema: Schema, sequence: int) -> None:
        """A commit, at the store's sequence number, without changes."""
        self._searcher = searcher
        self._schema = schema
        self.commit = sequence
        self.tail = Tail(sequence)
        self.committed = max(0, searcher.num_docs - 1)
        self._average = np.array([self._average_length(name) for name in LENGTHS])
        self._frequencies: dict[Field, dict[int, int]] = {field: {} for field in FIELDS}
        self._asked: dict[tuple[Field, int], tuple[NDArray[np.uint32], NDArray[np.int64]]] = {}
        self._languages = {term for term, _ in searcher.terms_with_prefix("language", "")}

    @property
    def sequence(self) -> int:
        """The store's sequence number that this is the state of."""
        return self.tail.sequence

    @property
    def languages(self) -> list[str]:
        """ISO 639-1 codes of the passages, in order."""
        return sorted(self._languages | self.tail.languages)

    @property
    def statistics(self) -> Statistics:
        """The commit's."""
        return Statistics(
            self.committed,
            self._average,
            partial(self._frequency, "terms"),
            partial(self._frequency, "sounds"),
        )

    def changed(self, removed: Iterable[int], added: Iterable[Entry], sequence: int) -> LexicalView:
        """This state after a further change, which is not committed."""
        view = copy(self)
        view.tail = self.tail.changed(removed, added, sequence)
        return view

    def following(self, other: LexicalView, removed: Iterable[int]) -> LexicalView:
        """A new commit, with what another state of an older one has after it.

        ``removed`` are passages that were removed after this commit.
        """
        view = copy(self)
        if other.commit <= self.commit <= other.sequence:
            view.tail = other.tail.after(self.commit, removed)
        return view

    def search(
        self, asked: QuestionTerms, limit: int, filters: Filters, by: Field = "terms"
    ) -> Hits:
        """The best passages that have a term (or a piece of a sound) of the question."""
        ids = asked.ids if by == "terms" else asked.pieces
        if limit < 1 or not len(ids):
            return _NOTHING
        found = self._committed(by, ids, limit, list(self._restrictions(filters)))
        if len(self.tail):
            idf = inverse_frequency(self.committed, self._frequency(by, ids))
            more, scores = self.tail.scores(Wanted(by, ids, idf, self._average), filters)
            found = Hits(np.concatenate([found.ids, more]), np.concatenate([found.scores, scores]))
        return _best(found, limit)

    def passage_ids(self) -> NDArray[np.int64]:
        """(n,) ids of all passages, ascending."""
        hits = self._searcher.search(Query.all_query(), limit=max(1, self._searcher.num_docs)).hits
        committed = self._ids([address for _, address in hits])
        left = committed[~np.isin(committed, [MARKER, *self.tail.gone])]
        return np.sort(np.concatenate([left, self.tail.ids]))

    def _committed(
        self, by: Field, ids: NDArray[np.uint32], limit: int, restrictions: list[Query]
    ) -> Hits:
        """The best committed passages that are still there, and all their equals, in no order."""
        size = self._searcher.num_docs
        if size == 0:
            return _NOTHING
        text = term_text if by == "terms" else piece_text
        wanted_ids = _rarest(ids, self._frequency(by, ids))
        terms = [(Occur.Should, self._term(by, text(number))) for number in wanted_ids.tolist()]
        if not terms:
            return _NOTHING
        query = Query.boolean_query(terms)
        parts = [(Occur.Must, Query.const_score_query(one, 0.0)) for one in restrictions]
        if self.tail.gone:
            gone = Query.term_set_query(self._schema, "passage", sorted(self.tail.gone))
            parts.append((Occur.MustNot, gone))
        if parts:
            query = Query.boolean_query([(Occur.Must, query), *parts])
        wanted = min(limit + _TIE_PROBE, size)
        hits = self._searcher.search(query, limit=wanted, count=False).hits
        # Equal scores come in no particular order: take all of them before cutting by id.
        while len(hits) == wanted < size and hits[-1][0] == hits[min(limit, wanted) - 1][0]:
            wanted = min(wanted * 4, size)
            hits = self._searcher.search(query, limit=wanted, count=False).hits
        scores, addresses = zip(*hits, strict=True) if hits else ((), ())
        return Hits(self._ids(addresses), np.array(scores, dtype=np.float64))

    def _frequency(self, field: Field, ids: NDArray[np.uint32]) -> NDArray[np.int64]:
        """(n,) how many committed passages have each of (n,) terms or pieces."""
        known = self._asked.get((field, id(ids)))  # a question asks for its own again and again
        if known is not None:
            return known[1]
        found = self._counted(field, ids)
        if len(self._asked) >= _ASKED:
            self._asked.clear()
        self._asked[field, id(ids)] = ids, found  # which, as long as it is held, keeps its id
        return found

    def _counted(self, field: Field, ids: NDArray[np.uint32]) -> NDArray[np.int64]:
        known, text = self._frequencies[field], term_text if field == "terms" else piece_text
        found = []
        for number in ids.tolist():
            frequency = known.get(number)
            if frequency is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                frequency = known[number] = self._searcher.doc_freq(field, text(number))
            found.append(frequency)
        return np.array(found, dtype=np.int64)

    def _average_length(self, name: str) -> float:
        found = self._searcher.aggregate(Query.all_query(), {"length": {"sum": {"field": name}}})
        return float(found["length"]["value"]) / max(1, self.committed) or 1.0

    def _ids(self, addresses: Sequence[Any]) -> NDArray[np.int64]:
        found = self._searcher.fast_field_values("passage", list(addresses))
        return np.array(found, dtype=np.int64)

    def _term(self, field: Field, term: str) -> Query:
        return Query.term_query(self._schema, field, term, index_option="freq")

    def _restrictions(self, filters: Filters) -> Iterator[Query]:
        if filters.languages:
            yield Query.term_set_query(self._schema, "language", list(filters.languages))
        if filters.document_ids:
            yield Query.term_set_query(self._schema, "document", list(filters.document_ids))
        if filters.published_from:
            yield self._range("last", lower_bound=bounds(filters.published_from)[0])
        if filters.published_to:
            yield self._range("first", upper_bound=bounds(filters.published_to)[1])

    def _range(self, field: str, **limits: Any) -> Query:  # noqa: ANN401
        return Query.range_query(self._schema, field, FieldType.Unsigned, **limits)


def _rarest(ids: NDArray[np.uint32], held: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Those that some passage has; in large collections, only the ones that tell most.

    Most stems are of another language than the word. What very many passages have is looked for
    only while all that is looked for stands in no more than ``POSTINGS`` passages.
    """
    order = np.argsort(held, kind="stable")
    order = order[held[order] > 0]
    within = int(np.searchsorted(np.cumsum(held[order]), POSTINGS, side="right"))
    return ids[np.sort(order[: max(within, FEWEST)])]


def term_text(number: int) -> str:
    """A word or stem as the index stores it."""
    return f"{number:08x}"


def terms_text(terms: PassageTerms) -> str:
    """A passage's words and stems, repeated as they are in it and parted by spaces."""
    return np.repeat(terms.ids, terms.counts).astype(">u4").tobytes().hex(" ", 4)


def _best(found: Hits, limit: int) -> Hits:
    order = np.lexsort((found.ids, -found.scores))[:limit]
    return Hits(found.ids[order], found.scores[order])

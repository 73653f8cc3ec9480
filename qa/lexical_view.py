"""One state of the lexical index, for searching by BM25. Knows terms and filters, no files.

A state is a commit and the few changes after it, which are scored apart by the commit's
statistics. Questions become query objects, never query syntax.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tantivy import FieldType, Occur, Query, Schema, Searcher

from qa import analysis
from qa.dates import bounds
from qa.lexical_tail import Alternatives, Entry, Statistics, Tail
from qa.types import Filters

MARKER = 0
"""Id of the index's own note of its state. No passage has it: the store counts from 1."""

Evidence = Literal["terms", "sounds"]
"""What BM25 is computed over: words and stems, or the pieces of what they sound like."""

KINDS: tuple[Evidence, ...] = ("terms", "sounds")

_TIE_PROBE = 16


@dataclass(frozen=True, slots=True)
class Hits:
    """(n,) passage ids and their BM25, best first; equal scores in order of id."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]


class LexicalView:
    """One state, for searching: a commit and the changes after it. Any number of threads may."""

    def __init__(self, searcher: Searcher, schema: Schema, sequence: int) -> None:
        """A commit, at the store's sequence number, without changes."""
        self._searcher = searcher
        self._schema = schema
        self.tail = Tail(sequence)
        self._average = {name: self._average_length(name) for name in analysis.FIELDS}
        self.committed = max(0, searcher.num_docs - 1)

    @property
    def sequence(self) -> int:
        """The store's sequence number that this is the state of."""
        return self.tail.sequence

    @property
    def languages(self) -> list[str]:
        """ISO 639-1 codes of the passages, in order."""
        found = {term for term, _ in self._searcher.terms_with_prefix("language", "")}
        return sorted(found | self.tail.languages)

    def changed(self, removed: Iterable[int], added: Iterable[Entry], sequence: int) -> LexicalView:
        """This state after a further change, which is not committed."""
        view = copy(self)
        view.tail = self.tail.changed(removed, added, sequence)
        return view

    def search(self, question: str, limit: int, filters: Filters, by: Evidence = "terms") -> Hits:
        """The best passages that have a term (or a piece of a sound) of the question."""
        words = self._asked(question, by)
        if limit < 1 or not words:
            return _best({}, 0)
        found = self._committed(words, limit, list(self._restrictions(filters)))
        return _best(found | self.tail.scores(words, self._statistics(), filters), limit)

    def scores(self, question: str, passage_ids: Sequence[int], by: Evidence = "terms") -> Hits:
        """BM25 of given passages, as ``search`` scores them; those without a term are left out."""
        ids = {int(passage_id) for passage_id in passage_ids}
        words = self._asked(question, by)
        if not ids or not words:
            return _best({}, 0)
        only = Query.term_set_query(self._schema, "passage", sorted(ids))
        found = self._committed(words, len(ids), [only])
        if ids & self.tail.ids:
            tail = self.tail.scores(words, self._statistics(), Filters())
            found |= {key: score for key, score in tail.items() if key in ids}
        return _best(found, len(found))

    def passage_ids(self) -> NDArray[np.int64]:
        """(n,) ids of all passages, ascending."""
        hits = self._searcher.search(Query.all_query(), limit=max(1, self._searcher.num_docs)).hits
        committed = self._ids(hits)
        left = committed[~np.isin(committed, [MARKER, *self.tail.gone])]
        return np.sort(np.concatenate([left, np.array(sorted(self.tail.ids), dtype=np.int64)]))

    def _committed(
        self, words: Sequence[Alternatives], limit: int, restrictions: list[Query]
    ) -> dict[int, float]:
        """Scores of the best committed passages that are still there, and of all their equals."""
        size = self._searcher.num_docs
        if size == 0:
            return {}
        parts = [(Occur.Must, Query.const_score_query(one, 0.0)) for one in restrictions]
        if self.tail.gone:
            gone = Query.term_set_query(self._schema, "passage", sorted(self.tail.gone))
            parts.append((Occur.MustNot, gone))
        terms = [(Occur.Should, self._word(word)) for word in words]
        query = Query.boolean_query([(Occur.Must, Query.boolean_query(terms)), *parts])
        wanted = min(limit + _TIE_PROBE, size)
        hits = self._searcher.search(query, limit=wanted, count=False).hits
        # Equal scores come in no particular order: take all of them before cutting by id.
        while len(hits) == wanted < size and hits[-1][0] == hits[min(limit, wanted) - 1][0]:
            wanted = min(wanted * 4, size)
            hits = self._searcher.search(query, limit=wanted, count=False).hits
        return dict(zip(self._ids(hits).tolist(), (score for score, _ in hits), strict=True))

    def _asked(self, question: str, by: Evidence) -> list[Alternatives]:
        if by == "sounds":
            return [[("sounds", piece)] for piece in analysis.question_sounds(question)]
        return self._alternatives(question)

    def _alternatives(self, question: str) -> list[Alternatives]:
        """Each word of the question counts once, by the best of its forms and stems."""
        languages = self.languages
        words: list[Alternatives] = []
        for word in analysis.question_words(question):
            pairs = [("words", form) for form in word.forms]
            if word.stemmable:
                stems = (analysis.stemmed(word.forms[0], language) for language in languages)
                pairs += [("stems", stem) for stem in stems if stem is not None]
            words.append(pairs)
        return words

    def _statistics(self) -> Statistics:
        """The commit's, as tantivy uses them."""

        def idf(name: str, term: str) -> float:
            size, frequency = self._searcher.num_docs, self._searcher.doc_freq(name, term)
            return math.log(1 + (max(size - frequency, 0) + 0.5) / (frequency + 0.5))

        return Statistics(idf, self._average)

    def _average_length(self, name: str) -> float:
        asked = {"length": {"sum": {"field": f"{name}_length"}}}
        found = self._searcher.aggregate(Query.all_query(), asked)
        return float(found["length"]["value"]) / max(1, self._searcher.num_docs) or 1.0

    def _ids(self, hits: Sequence[tuple[Any, Any]]) -> NDArray[np.int64]:
        addresses = [address for _, address in hits]
        return np.array(self._searcher.fast_field_values("passage", addresses), dtype=np.int64)

    def _word(self, word: Alternatives) -> Query:
        return Query.disjunction_max_query([self._term(name, term) for name, term in word])

    def _term(self, field: str, term: str) -> Query:
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


def _best(scores: dict[int, float], limit: int) -> Hits:
    ids = np.array(list(scores.keys()), dtype=np.int64)
    found = np.array(list(scores.values()), dtype=np.float64)
    order = np.lexsort((ids, -found))[:limit]
    return Hits(ids[order], found[order])

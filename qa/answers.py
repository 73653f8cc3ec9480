"""Answers questions: finds, ranks, cites, highlights, and picks the sentence that answers best.

Knows no HTTP and does not know where documents are kept.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder
from embeddings.interaction import LateInteraction
from embeddings.static import StaticEncoder
from qa import analysis, language, scripts
from qa.best_sentence import best_sentence
from qa.citations import TextCache, TextView, cite
from qa.engine import Engine, Search, Shown
from qa.helper import Helper
from qa.highlights import highlights, matching
from qa.interrogatives import asking_tokens, asking_words, blanked, lightened
from qa.numbers_asked import asks_number, says_number
from qa.ranking import Asked, Ranked, Ranking, rank
from qa.ranking_model import load_ranking
from qa.second_look import traits
from qa.sentences import sentences
from qa.types import (
    Answer,
    Asking,
    Filters,
    Result,
    Scores,
    Sentence,
    Span,
)
from qa.values import value

NEAREST, WORDED = 160, 60
"""Candidates taken by vector (of many passages more, see ``Search.among``), and by each of words
and sounds. The same for every ``top_k``, so that a question's scores do not depend on how many
results are asked for."""
WORTH_RANKING = 64
"""Of all of these, 200 to 400, as well as a glance can tell. On the development data as many
answers come first as when all are ranked."""
_ATTEMPTS = 8

_Read = tuple[Asked, NDArray[np.float32]]
"""A question as ranking sees it, and its vector."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The best candidates with their documents, all of one state of the store."""

    ranked: list[Ranked]
    ranking: Ranking
    shown: dict[int, Shown]


@value
class _Placed:
    """A passage that is shown.

    Attributes:
        ranked: it among what was found.
        view: the text version that it is of.
        spans: (k, 2) where its tokens stand in it.
        cosines: (k, m) of its tokens with the question's.
        matching: which of its tokens are to be marked.
    """

    ranked: Ranked
    view: TextView
    spans: NDArray[np.int64]
    cosines: NDArray[np.float32]
    matching: list[int]


class Responder:
    """Answers questions over one engine with one encoder."""

    def __init__(
        self,
        engine: Engine,
        encoder: Encoder,
        tokens: StaticEncoder,
        texts: TextCache,
        public_url: str,
    ) -> None:
        """Vectors come from ``encoder``, late interaction from the table of ``tokens``.

        Citations link below ``public_url``; an empty one gives links relative to the host.
        """
        self._engine = engine
        self._encoder = encoder
        self._tokens = tokens
        self._interaction = LateInteraction(tokens)
        self._texts = texts
        self._public_url = public_url
        self._helper = Helper()

    def close(self) -> None:
        """End the thread that helps."""
        self._helper.close()

    def ranking(self, question: str, *, filters: Filters, everything: bool = False) -> Ranking:
        """The candidates with their evidence; see ``Collection.ranking``."""
        worth = None if everything else WORTH_RANKING
        [found] = self._find([self._read(question)], [filters], worth=worth)
        return found

    def respond(self, askings: Sequence[Asking], *, waits: bool = True) -> list[Answer]:
        """Answer questions; see ``Collection.ask_all``.

        One step is made for all before the next is; see ``EmbeddedEngine``.
        """
        started = time.perf_counter()
        read = [self._read(one.question) for one in askings]
        found = self._settle(askings, read, waits=waits)
        shown = self._shown(askings, found, read)
        results = [self._results(*one) for one in zip(found, shown, strict=True)]
        answers = [
            self._answer(asking.question, asked, settled, placed)
            for asking, (asked, _), settled, placed in zip(askings, read, found, shown, strict=True)
        ]
        took = (time.perf_counter() - started) * 1000.0
        return [
            Answer(
                question=one.question,
                question_language=asked.language,
                answerable=answer is not None,
                answer=answer,
                results=best,
                index=settled.ranking.found.status,
                model=self._encoder.name,
                took_ms=took,
            )
            for one, (asked, _), settled, best, answer in zip(
                askings, read, found, results, answers, strict=True
            )
        ]

    def _settle(
        self, askings: Sequence[Asking], read: Sequence[_Read], *, waits: bool
    ) -> list[_Found]:
        """Search until the documents found are still as they were found.

        Another client may replace or remove a document between the search and the description of
        what it found; then the answer would cite a text that is no longer there.
        """
        settled: dict[int, _Found] = {}
        for attempt in range(1, _ATTEMPTS + 1):
            left = [n for n in range(len(askings)) if n not in settled]
            rankings = self._find(
                [read[n] for n in left], [askings[n].filters for n in left], waits=waits
            )
            best = [
                ranking.best(askings[n].top_k) for n, ranking in zip(left, rankings, strict=True)
            ]
            shown = self._engine.shown([r.candidate.passage_id for top in best for r in top])
            for n, ranking, top in zip(left, rankings, best, strict=True):
                current = [r for r in top if r.candidate.passage_id in shown]
                if len(current) == len(top) or attempt == _ATTEMPTS:
                    settled[n] = _Found(current, ranking, shown)
            if len(settled) == len(askings):
                break
        return [settled[n] for n in range(len(askings))]

    def _find(
        self,
        read: Sequence[_Read],
        filters: Sequence[Filters],
        *,
        worth: int | None = WORTH_RANKING,
        waits: bool = True,
    ) -> list[Ranking]:
        searches = [
            Search(
                text=asked.told,
                vector=vector,
                dense=NEAREST,
                lexical=WORDED,
                filters=within,
                language=asked.language,
                worth=worth,
                glance=self._interaction.glance(asked.tokens),
            )
            for (asked, vector), within in zip(read, filters, strict=True)
        ]
        found = self._engine.search(searches, waits=waits)
        # Of several, the other cores have others to answer.
        with self._helper.at_hand() if len(read) == 1 else nullcontext() as beside:
            return [
                rank(self._interaction, asked, one, beside)
                for (asked, _), one in zip(read, found, strict=True)
            ]

    def _read(self, question: str) -> _Read:
        """The question as ranking sees it, and its vector."""
        asked_in = language.detect_question(question)
        asking = asking_words(question, asked_in)
        told = blanked(question, asking)
        placed = self._tokens.tokenize_with_offsets(question)
        prepared = self._interaction.prepare(question, placed)
        only = asking_tokens(prepared, asking)
        tokens = lightened(prepared, only)
        asked = Asked(
            tokens=tokens,
            traits=traits(question, tokens, only),
            language=asked_in,
            told=told,
            words=len(analysis.question_words(told)),
            pieces=len(analysis.question_sounds(told)),
            alphabetic=scripts.alphabetic(question),
            asks=bool(asking),
            asks_number=asks_number(question, asked_in, asking),
        )
        if self._encoder is self._tokens:
            return asked, self._tokens.encode_tokens([placed.ids])[0]
        return asked, self._encoder.encode_queries([question])[0]

    def _shown(
        self, askings: Sequence[Asking], found: Sequence[_Found], read: Sequence[_Read]
    ) -> list[list[_Placed]]:
        """For each question the passages that are shown, and how they were found to match."""
        kept = [
            [r for r in one.ranked if asking.min_score is None or r.score >= asking.min_score]
            for one, asking in zip(found, askings, strict=True)
        ]
        views = self._texts.all(
            one.shown[r.candidate.passage_id].passage.sha256
            for one, ranked in zip(found, kept, strict=True)
            for r in ranked
        )
        return [
            _placed(ranked, one, asked, views)
            for ranked, one, (asked, _) in zip(kept, found, read, strict=True)
        ]

    def _results(self, found: _Found, shown: Sequence[_Placed]) -> tuple[Result, ...]:
        return tuple(
            self._result(number, found, placed) for number, placed in enumerate(shown, start=1)
        )

    def _answer(
        self, question: str, asked: Asked, found: _Found, shown: Sequence[_Placed]
    ) -> Sentence | None:
        """The sentence that answers, unless nothing is likely enough to."""
        if not shown or shown[0].ranked.score < load_ranking().threshold:
            return None
        return self._sentence(question if asked.asks_number else None, found, shown[0])

    def _result(self, number: int, found: _Found, placed: _Placed) -> Result:
        ranked = placed.ranked
        passage, version = found.shown[ranked.candidate.passage_id]
        citation = cite(
            version,
            placed.view,
            Span(passage.start, passage.end),
            language=passage.language,
            expected=passage.text,
            public_url=self._public_url,
        )
        return Result(
            rank=number,
            score=ranked.score,
            scores=Scores(
                ranked.dense, ranked.lexical or None, ranked.interaction, ranked.sound or None
            ),
            text=citation.quote,
            highlights=highlights(placed.spans[placed.matching], citation.quote, citation.start),
            citation=citation,
        )

    def _sentence(self, of_number: str | None, found: _Found, placed: _Placed) -> Sentence:
        """The sentence of a passage that answers best; ``of_number`` asks for a number."""
        passage, version = found.shown[placed.ranked.candidate.passage_id]
        view, weights = placed.view, found.ranking.evidence.tokens.rare
        spans = sentences(view.text, passage.start, passage.end, passage.language)
        texts = [view.text[span.start : span.end] for span in spans]
        edges = [(span.start - passage.start, span.end - passage.start) for span in spans]
        bounds = np.searchsorted(placed.spans[:, 0], np.array(edges).reshape(-1))
        matched = [
            placed.cosines[low:high].max(axis=0) if low < high else np.zeros_like(weights)
            for low, high in bounds.reshape(-1, 2).tolist()
        ]
        numbered = [] if of_number is None else [says_number(text, of_number) for text in texts]
        citation = cite(
            version,
            view,
            spans[best_sentence(texts, np.stack(matched), weights, numbered)],
            language=passage.language,
            public_url=self._public_url,
        )
        return Sentence(citation.quote, citation)


def _placed(
    kept: Sequence[Ranked], found: _Found, asked: Asked, views: Mapping[str, TextView]
) -> list[_Placed]:
    numbers = [r.number for r in kept]
    cosines = found.ranking.evidence.compared.cosines(numbers)
    columns = found.ranking.found.passages
    marked = matching(asked.tokens.weights, cosines)
    return [
        _Placed(
            ranked,
            views[found.shown[ranked.candidate.passage_id].passage.sha256],
            columns.spans(ranked.number),
            each,
            tokens,
        )
        for ranked, each, tokens in zip(kept, cosines, marked, strict=True)
    ]

"""Answers questions: finds, ranks, cites, highlights, and picks the sentence that answers best.

Knows no HTTP and does not know where documents are kept.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder
from embeddings.interaction import LateInteraction
from embeddings.static import StaticEncoder
from qa import analysis, language, scripts
from qa.best_sentence import best_sentence
from qa.citations import TextCache, TextView, cite
from qa.engine import Engine, Search, Shown, TextVersion
from qa.highlights import highlights, matching
from qa.interrogatives import asking_words, blanked, lightened
from qa.ranking import Asked, Ranked, Ranking, load_ranking, rank
from qa.sentences import sentences
from qa.types import (
    Answer,
    Filters,
    Result,
    Scores,
    Sentence,
    Span,
    StoredDocument,
)

CANDIDATES = 60
"""Candidates taken by each of vector, words and sounds. The same for every ``top_k``, so that a
question's scores do not depend on how many results are asked for."""
WORTH_RANKING = 80
"""Of all of these, some 120 of SQuAD's and 150 of 100,000 passages, as well as can be told before
they are read. On the development data as many answers come first as when all are ranked."""
_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class _Found:
    """The best candidates with their documents, all of one state of the store."""

    ranked: list[Ranked]
    ranking: Ranking
    shown: dict[int, Shown]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A passage that is shown.

    Attributes:
        view: the text version that it is of.
        spans: (k, 2) where its tokens stand in it.
        cosines: (k, m) of its tokens with the question's.
        matching: which of its tokens are to be marked.
    """

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

    def retrieve(
        self, question: str, *, top_k: int | None, filters: Filters, everything: bool = False
    ) -> list[Ranked]:
        """The best candidates, or all of them, with their evidence; see ``Collection.retrieve``."""
        asked, vector = self._read(question)
        worth = None if everything else WORTH_RANKING
        return self._find(asked, vector, filters, worth=worth).best(top_k)

    def respond(
        self,
        question: str,
        *,
        top_k: int,
        filters: Filters,
        min_score: float | None,
        waits: bool = True,
    ) -> Answer:
        """Answer a question; see ``Collection.ask``."""
        started = time.perf_counter()
        asked, vector = self._read(question)
        found = self._settle(asked, vector, top_k, filters, waits=waits)
        kept = [r for r in found.ranked if min_score is None or r.score >= min_score]
        shown = self._placed(kept, found, asked)
        results = tuple(
            self._result(number, ranked, found, one)
            for number, (ranked, one) in enumerate(zip(kept, shown, strict=True), start=1)
        )
        answerable = bool(results) and results[0].score >= load_ranking().threshold
        answer = None
        if answerable:
            answer = self._sentence(kept[0], found, shown[0])
        return Answer(
            question=question,
            question_language=asked.language,
            answerable=answerable,
            answer=answer,
            results=results,
            index=found.ranking.found.status,
            model=self._encoder.name,
            took_ms=(time.perf_counter() - started) * 1000.0,
        )

    def _settle(
        self,
        asked: Asked,
        vector: NDArray[np.float32],
        top_k: int,
        filters: Filters,
        *,
        waits: bool,
    ) -> _Found:
        """Search until the documents found are still as they were found.

        Another client may replace or remove a document between the search and the description of
        what it found; then the answer would cite a text that is no longer there.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            ranking = self._find(asked, vector, filters, waits=waits)
            top = ranking.best(top_k)
            shown = self._engine.shown([r.candidate.passage_id for r in top])
            current = [r for r in top if r.candidate.passage_id in shown]
            if len(current) == len(top) or attempt == _ATTEMPTS:
                break
        return _Found(current, ranking, shown)

    def _find(
        self,
        asked: Asked,
        vector: NDArray[np.float32],
        filters: Filters,
        *,
        worth: int | None = WORTH_RANKING,
        waits: bool = True,
    ) -> Ranking:
        found = self._engine.search(
            Search(
                text=asked.told,
                vector=vector,
                dense=CANDIDATES,
                lexical=CANDIDATES,
                filters=filters,
                language=asked.language,
                worth=worth,
                waits=waits,
            )
        )
        return rank(self._interaction, asked, found)

    def _read(self, question: str) -> tuple[Asked, NDArray[np.float32]]:
        """The question as ranking sees it, and its vector."""
        asked_in = language.detect_question(question)
        asking = asking_words(question, asked_in)
        told = blanked(question, asking)
        placed = self._tokens.tokenize_with_offsets(question)
        asked = Asked(
            tokens=lightened(self._interaction.prepare(question, placed), asking),
            language=asked_in,
            told=told,
            words=len(analysis.question_words(told)),
            pieces=len(analysis.question_sounds(told)),
            alphabetic=scripts.alphabetic(question),
        )
        if self._encoder is self._tokens:
            return asked, self._tokens.encode_tokens([placed.ids])[0]
        return asked, self._encoder.encode_queries([question])[0]

    def _placed(self, kept: Sequence[Ranked], found: _Found, asked: Asked) -> list[_Placed]:
        """The passages that are shown, read, and how they were found to match."""
        hashes = [found.shown[r.candidate.passage_id].passage.sha256 for r in kept]
        views = self._texts.all(hashes)
        numbers = [r.number for r in kept]
        cosines = found.ranking.evidence.compared.cosines(numbers)
        columns = found.ranking.found.passages
        marked = matching(asked.tokens.weights, cosines)
        return [
            _Placed(views[sha256], columns.spans(number), each, tokens)
            for sha256, number, each, tokens in zip(hashes, numbers, cosines, marked, strict=True)
        ]

    def _result(self, number: int, ranked: Ranked, found: _Found, placed: _Placed) -> Result:
        passage, document = found.shown[ranked.candidate.passage_id]
        citation = cite(
            version_of(document),
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

    def _sentence(self, ranked: Ranked, found: _Found, placed: _Placed) -> Sentence:
        """The sentence of a passage that answers best."""
        passage, document = found.shown[ranked.candidate.passage_id]
        view, weights = placed.view, found.ranking.evidence.weights
        spans = sentences(view.text, passage.start, passage.end, passage.language)
        texts = [view.text[span.start : span.end] for span in spans]
        edges = [(span.start - passage.start, span.end - passage.start) for span in spans]
        bounds = np.searchsorted(placed.spans[:, 0], np.array(edges).reshape(-1))
        matched = [
            placed.cosines[low:high].max(axis=0) if low < high else np.zeros_like(weights)
            for low, high in bounds.reshape(-1, 2).tolist()
        ]
        citation = cite(
            version_of(document),
            view,
            spans[best_sentence(texts, np.stack(matched), weights)],
            language=passage.language,
            public_url=self._public_url,
        )
        return Sentence(citation.quote, citation)


def version_of(document: StoredDocument) -> TextVersion:
    """The current version of a document, described as it is now."""
    return TextVersion(
        document_id=document.id,
        sha256=document.sha256,
        source=document.source,
        title=document.title,
        language=document.language,
        published=document.published,
        pages=document.pages,
        sequence=document.sequence,
        current=True,
    )

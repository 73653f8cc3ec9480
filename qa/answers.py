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
from embeddings.interaction import LateInteraction, Matches, Question
from embeddings.ragged import Ragged
from embeddings.static import StaticEncoder
from qa import analysis, language, scripts
from qa.best_sentence import best_sentence
from qa.citations import TextCache, TextView, cite
from qa.engine import Engine, Search, TextVersion
from qa.highlights import highlights
from qa.interrogatives import asking_words, blanked, lightened
from qa.ranking import Asked, Ranked, Ranking, load_ranking, rank
from qa.representation import Columns
from qa.sentences import sentences
from qa.types import (
    Answer,
    Filters,
    IndexStatus,
    Result,
    Scores,
    Sentence,
    Span,
    StoredDocument,
    StoredPassage,
)

CANDIDATES = 60
"""Candidates taken by each of vector, words and sounds. The same for every ``top_k``, so that a
question's scores do not depend on how many results are asked for."""
_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class _Found:
    """The best candidates with their documents, all of one state of the store."""

    ranked: list[Ranked]
    weights: NDArray[np.float64]
    columns: Columns
    passages: dict[int, StoredPassage]
    documents: dict[str, StoredDocument]
    status: IndexStatus


@dataclass(frozen=True, slots=True)
class _Placed:
    """A shown passage's text version, its tokens, where they stand in it, and how they match."""

    view: TextView
    ids: NDArray[np.uint32]
    spans: NDArray[np.int64]
    matches: Matches


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
        self._interaction = LateInteraction(tokens)
        self._texts = texts
        self._public_url = public_url

    def retrieve(self, question: str, *, top_k: int | None, filters: Filters) -> list[Ranked]:
        """The best candidates, or all of them, with their evidence."""
        return self._find(self._vector(question), self._asked(question), filters).best(top_k)

    def respond(
        self, question: str, *, top_k: int, filters: Filters, min_score: float | None
    ) -> Answer:
        """Answer a question; see ``Collection.ask``."""
        started = time.perf_counter()
        asked = self._asked(question)
        found = self._settle(question, asked, top_k, filters)
        kept = [r for r in found.ranked if min_score is None or r.score >= min_score]
        shown = self._placed(kept, found, asked.tokens)
        results = tuple(
            self._result(number, ranked, found, asked.tokens, one)
            for number, (ranked, one) in enumerate(zip(kept, shown, strict=True), start=1)
        )
        answerable = bool(results) and results[0].score >= load_ranking().threshold
        answer = None
        if answerable:
            answer = self._sentence(kept[0], found, asked.tokens, shown[0])
        return Answer(
            question=question,
            question_language=asked.language,
            answerable=answerable,
            answer=answer,
            results=results,
            index=found.status,
            model=self._encoder.name,
            took_ms=(time.perf_counter() - started) * 1000.0,
        )

    def _settle(self, question: str, asked: Asked, top_k: int, filters: Filters) -> _Found:
        """Search until the documents found are still as they were found.

        Another client may replace or remove a document between the search and the description of
        what it found; then the answer would cite a text that is no longer there.
        """
        vector = self._vector(question)
        for attempt in range(1, _ATTEMPTS + 1):
            ranking = self._find(vector, asked, filters)
            top = ranking.best(top_k)
            passages = self._engine.passages([r.candidate.passage_id for r in top])
            documents = self._engine.described(sorted({r.candidate.document_id for r in top}))
            current = [
                r
                for r in top
                if (passage := passages.get(r.candidate.passage_id)) is not None
                and (document := documents.get(passage.document_id)) is not None
                and document.sha256 == passage.sha256
            ]
            if len(current) == len(top) or attempt == _ATTEMPTS:
                break
        return _Found(
            current,
            ranking.weights,
            ranking.found.passages,
            passages,
            documents,
            ranking.found.status,
        )

    def _vector(self, question: str) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self._encoder.encode_queries([question])[0]
        return row

    def _find(self, vector: NDArray[np.float32], asked: Asked, filters: Filters) -> Ranking:
        found = self._engine.search(
            Search(asked.told, vector, CANDIDATES, CANDIDATES, filters, asked.language)
        )
        return rank(self._interaction, asked, found)

    def _asked(self, question: str) -> Asked:
        asked_in = language.detect_question(question)
        asking = asking_words(question, asked_in)
        told = blanked(question, asking)
        return Asked(
            tokens=lightened(self._interaction.prepare(question), asking),
            language=asked_in,
            told=told,
            words=len(analysis.question_words(told)),
            pieces=len(analysis.question_sounds(told)),
            alphabetic=scripts.alphabetic(question),
        )

    def _placed(self, kept: Sequence[Ranked], found: _Found, question: Question) -> list[_Placed]:
        """The passages that are shown, read and compared with the question all at once."""
        columns = found.columns
        hashes = [found.passages[r.candidate.passage_id].sha256 for r in kept]
        views = self._texts.all(hashes)
        numbers = np.searchsorted(columns.ids, [r.candidate.passage_id for r in kept])
        ids = [columns.tokens[number] for number in numbers]
        matches = self._interaction.matches(question, Ragged.of(ids).values)
        ends = np.cumsum([len(each) for each in ids])
        parts = [slice(end - len(each), end) for each, end in zip(ids, ends, strict=True)]
        return [
            _Placed(
                views[sha256],
                each,
                columns.spans(number),
                Matches(matches.scores[part], matches.tokens[part]),
            )
            for sha256, number, each, part in zip(hashes, numbers, ids, parts, strict=True)
        ]

    def _result(
        self, number: int, ranked: Ranked, found: _Found, question: Question, placed: _Placed
    ) -> Result:
        passage = found.passages[ranked.candidate.passage_id]
        citation = cite(
            version_of(found.documents[passage.document_id]),
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
            highlights=highlights(
                question, placed.matches, placed.spans, citation.quote, citation.start
            ),
            citation=citation,
        )

    def _sentence(
        self, ranked: Ranked, found: _Found, question: Question, placed: _Placed
    ) -> Sentence:
        """The sentence of a passage that answers best."""
        passage = found.passages[ranked.candidate.passage_id]
        view = placed.view
        spans = sentences(view.text, passage.start, passage.end, passage.language)
        texts = [view.text[span.start : span.end] for span in spans]
        edges = [(span.start - passage.start, span.end - passage.start) for span in spans]
        bounds = np.searchsorted(placed.spans[:, 0], np.array(edges).reshape(-1))
        tokens = [placed.ids[low:high] for low, high in bounds.reshape(-1, 2)]
        matched = self._interaction.token_scores(question, tokens)
        citation = cite(
            version_of(found.documents[passage.document_id]),
            view,
            spans[best_sentence(texts, matched, found.weights)],
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

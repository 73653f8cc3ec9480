"""Asks a collection questions and judges what it answers. Knows no files and prints nothing.

Everything goes through the code that serves: ``Collection.retrieve`` for rankings, by all the
evidence and by each kind alone, and ``Collection.ask`` for refusals and answer sentences.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from qa.evaluation import metrics
from qa.evaluation.questions import GoldSpan, Question, covers, gains, ideal, relevance
from qa.ranking import Ranked
from qa.types import Answer, Filters

FUSED = "fused"
EVIDENCE = (FUSED, "lexical", "sound", "dense", "interaction")
"""What a ranking can go by: everything, or one kind of evidence alone."""

DEPTH = 25
"""Passages looked at: several may be of one document, and measures go down to place 10."""

WORKERS = 2
_AHEAD = 64

METRICS: Mapping[str, Callable[[Sequence[float], Sequence[float]], float]] = {
    "hit@1": lambda found, _: metrics.hit(found, 1),
    "hit@5": lambda found, _: metrics.hit(found, 5),
    "nDCG@10": lambda found, best: metrics.ndcg(found, best, 10),
    "recall@10": lambda found, best: metrics.recall(found, best, 10),
    "MRR@10": lambda found, _: metrics.mrr(found, 10),
}

Tick = Callable[[], None]
"""Called after each question."""

_T = TypeVar("_T")
_R = TypeVar("_R")


class Retriever(Protocol):
    """The part of ``Collection`` that finds passages."""

    def retrieve(
        self,
        question: str,
        *,
        top_k: int | None,
        filters: Filters | None = None,
        everything: bool = False,
    ) -> list[Ranked]:
        """Ranked passages; all candidates when ``top_k`` is None.

        With ``everything`` also those that were found and would not have been worth ranking.
        """
        ...


class Asker(Protocol):
    """The part of ``Collection`` that answers."""

    def ask(self, question: str, *, top_k: int = 5, filters: Filters | None = None) -> Answer:
        """Answer a question."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's rankings as gains, by evidence; ``strict`` wants the whole of the span."""

    question: Question
    gains: Mapping[str, tuple[float, ...]]
    strict: tuple[float, ...]

    def value(self, metric: str, evidence: str = FUSED) -> float:
        """One of METRICS."""
        return METRICS[metric](self.gains[evidence], ideal(self.question))


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one question that was asked as a user asks it.

    Attributes:
        question: what was asked.
        score: of the best passage; 0.0 when nothing was found.
        answerable: whether the collection said it can answer.
        right: whether the best passage holds the answer.
        sentence_right: whether the sentence given as answer is part of a place that answers, or
            holds one; False when none was given.
    """

    question: Question
    score: float
    answerable: bool
    right: bool
    sentence_right: bool


@dataclass(frozen=True, slots=True)
class JudgedCandidates:
    """A question's candidates with their evidence, and the gain of each by itself."""

    question: Question
    candidates: tuple[Ranked, ...]
    relevance: tuple[float, ...]


def judge(
    collection: Retriever,
    questions: Iterable[Question],
    *,
    filters: Filters | None = None,
    evidence: Sequence[str] = EVIDENCE,
    workers: int = WORKERS,
    tick: Tick | None = None,
) -> Iterator[Judged]:
    """Judge the rankings of every answerable question, in order."""

    def one(question: Question) -> Judged:
        every: dict[bool, list[Ranked]] = {
            alone: collection.retrieve(question.text, top_k=None, filters=filters, everything=alone)
            for alone in {by != FUSED for by in evidence}
        }
        rankings = {
            by: [r.candidate for r in ranked_by(every[by != FUSED], by)[:DEPTH]] for by in evidence
        }
        return Judged(
            question,
            {by: tuple(gains(places, question)) for by, places in rankings.items()},
            tuple(gains(rankings[FUSED], question, strict=True)) if FUSED in rankings else (),
        )

    return in_parallel(one, (q for q in questions if q.answerable), workers, tick)


def ask(
    collection: Asker,
    questions: Iterable[Question],
    *,
    filters: Callable[[Question], Filters] | None = None,
    workers: int = WORKERS,
    tick: Tick | None = None,
) -> Iterator[Asked]:
    """Ask every question, answerable or not, in order; ``filters`` says over what each is asked."""

    def one(question: Question) -> Asked:
        within = None if filters is None else filters(question)
        answer = collection.ask(question.text, top_k=1, filters=within)
        best = answer.results[0] if answer.results else None
        return Asked(
            question,
            score=best.score if best else 0.0,
            answerable=answer.answerable,
            right=best is not None and relevance(best.citation, question) > 0.0,
            sentence_right=_sentence_right(answer, question),
        )

    return in_parallel(one, questions, workers, tick)


def ranked_by(found: Sequence[Ranked], evidence: str) -> Sequence[Ranked]:
    """The same candidates ranked by one kind of evidence; what has none of it is left out.

    Everything that is found is the best by vector and the best by BM25, so the head of its ranking
    by either is what a search by it alone would give.
    """
    if evidence == FUSED:
        return found
    with_value = [(getattr(r, evidence), r) for r in found]
    with_value.sort(key=lambda v: (-v[0], v[1].candidate.document_id, v[1].candidate.start))
    return [r for value, r in with_value if value > 0.0]


def judged_candidates(
    collection: Retriever,
    questions: Iterable[Question],
    *,
    filters: Filters | None = None,
    everything: bool = False,
    workers: int = WORKERS,
    tick: Tick | None = None,
) -> Iterator[JudgedCandidates]:
    """Every question's candidates and what each gains; unanswerable questions gain nothing.

    With ``everything`` also those that would not have been worth ranking.
    """

    def one(question: Question) -> JudgedCandidates:
        found = tuple(
            collection.retrieve(question.text, top_k=None, filters=filters, everything=everything)
        )
        return JudgedCandidates(
            question, found, tuple(relevance(r.candidate, question) for r in found)
        )

    return in_parallel(one, questions, workers, tick)


def _sentence_right(answer: Answer, question: Question) -> bool:
    if answer.answer is None:
        return False
    at = answer.answer.citation
    sentence = GoldSpan(at.document_id, at.start, at.end, at.quote)
    return any(covers(sentence, gold) or covers(gold, sentence) for gold in question.spans)


def in_parallel(
    work: Callable[[_T], _R],
    items: Iterable[_T],
    workers: int = WORKERS,
    tick: Tick | None = None,
) -> Iterator[_R]:
    """Results in the order of the items; few are held at a time, so streams may be long."""
    source = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque(pool.submit(work, item) for item in islice(source, _AHEAD))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in islice(source, 1))
            if tick is not None:
                tick()
            yield result

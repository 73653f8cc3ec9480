"""Ranks the same texts for the same questions by different systems. Knows no files.

A ranking is the ids of at most ``DEPTH`` documents, best first. Encoders rank by one vector a text,
compared with every other; what serves ranks through a collection, by all the evidence or by one
kind of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.encoder import Encoder, Vectors
from qa.evaluation import metrics
from qa.evaluation.questions import Question
from qa.evaluation.run import FUSED, Tick, judged_candidates, ranked_by
from qa.evaluation.temporary import collection_of, named
from qa.ranking import Ranked
from qa.settings import Settings
from qa.types import Document

DEPTH = 10
_ROWS = 256
"""Questions whose cosines with all texts are held at once."""

Rankings = dict[str, list[list[str]]]
"""By task, one ranking a question."""


@dataclass(frozen=True, slots=True)
class Task:
    """Questions over the documents of one corpus.

    Attributes:
        group: tasks of one kind, which are averaged: ``FLORES``.
        name: unique in its group: ``be→de``.
        questions: every one judged by whole documents.
    """

    group: str
    name: str
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents that are read once, and every task over them."""

    documents: Sequence[Document]
    tasks: Sequence[Task]


class Remembering:
    """An encoder that encodes each text once, however often it is asked for.

    A text is the same as a question and as a passage where the model has one prompt for both.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Nothing has been encoded yet."""
        self._encoder = encoder
        self._queries: dict[str, Vectors] = {}
        prompts = [getattr(encoder, f"{kind}_prompt", "") for kind in ("query", "passage")]
        self._passages = self._queries if prompts[0] == prompts[1] else {}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit rows."""
        new = [text for text in dict.fromkeys(texts) if text not in self._queries]
        self._queries.update(zip(new, self._encoder.encode_queries(new), strict=True))
        return np.stack([self._queries[text] for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit rows."""
        new = [text for text in dict.fromkeys(texts) if text not in self._passages]
        self._passages.update(zip(new, self._encoder.encode_passages(new), strict=True))
        return np.stack([self._passages[text] for text in texts])


def by_vectors(encoder: Remembering, corpus: Corpus) -> Rankings:
    """Rankings by the cosine with one vector for each whole text; the first of equals is first."""
    ids = [document.id for document in corpus.documents]
    passages = encoder.encode_passages([document.text for document in corpus.documents])
    found: Rankings = {}
    for task in corpus.tasks:
        asked = encoder.encode_queries([question.text for question in task.questions])
        found[task.name] = []
        for first in range(0, len(asked), _ROWS):
            cosines = asked[first : first + _ROWS] @ passages.T
            best = np.argsort(-cosines, axis=1, kind="stable")[:, :DEPTH]
            found[task.name] += [[ids[place] for place in row] for row in best]
    return found


def as_served(
    corpus: Corpus, settings: Settings, evidence: Sequence[str], tick: Tick | None = None
) -> dict[str, Rankings]:
    """Rankings by each kind of evidence (see ``run.EVIDENCE``), from one collection."""
    found: dict[str, Rankings] = {by: {} for by in evidence}
    with collection_of(named(corpus.documents), settings) as (collection, _):
        for task in corpus.tasks:
            for by in evidence:
                # By itself each is a ranking of everything that is found.
                judged = judged_candidates(
                    collection,
                    task.questions,
                    everything=by != FUSED,
                    tick=tick if by == evidence[0] else None,
                )
                found[by][task.name] = [_documents(ranked_by(one.candidates, by)) for one in judged]
    return found


def values(measure: str, rankings: Sequence[Sequence[str]], task: Task) -> dict[str, float]:
    """One of MEASURES for every question, by its id."""
    found = MEASURES[measure](rankings, task.questions)
    return {question.id: value for question, value in zip(task.questions, found, strict=True)}


def ndcg(rankings: Sequence[Sequence[str]], questions: Sequence[Question]) -> list[float]:
    """Of each question: normalised discounted cumulative gain of the first ten."""
    return [
        metrics.ndcg(
            metrics.gains_of(ranking, question.documents), list(question.documents.values()), 10
        )
        for ranking, question in zip(rankings, questions, strict=True)
    ]


def accuracy(rankings: Sequence[Sequence[str]], questions: Sequence[Question]) -> list[float]:
    """1.0 for each question whose document is found first."""
    return [
        metrics.hit(metrics.gains_of(ranking, question.documents), 1)
        for ranking, question in zip(rankings, questions, strict=True)
    ]


def f1(rankings: Sequence[Sequence[str]], questions: Sequence[Question]) -> list[float]:
    """F1 of each question's document, as MTEB averages it (Muennighoff 2023) for bitext mining.

    Every document is a class with one member, its question. Found first by its own question and by
    n others as well, it has recall 1, precision 1 / (1 + n) and F1 2 / (2 + n); not found first by
    its own question, 0.
    """
    first = Counter(ranking[0] for ranking in rankings if ranking)
    return [
        2.0 / (1.0 + first[ranking[0]]) if right else 0.0
        for ranking, right in zip(rankings, accuracy(rankings, questions), strict=True)
    ]


MEASURES = {"nDCG@10": ndcg, "accuracy@1": accuracy, "F1": f1}


def _documents(ranked: Sequence[Ranked]) -> list[str]:
    """The documents of ranked passages, each at the place of its best passage."""
    return list(dict.fromkeys(one.candidate.document_id for one in ranked))[:DEPTH]

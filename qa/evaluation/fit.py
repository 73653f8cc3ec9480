"""``make fit``: fits the weights of the ranking on the development data and writes them.

Knows the sources of questions and the two small models; the evidence comes from the code that
serves. Read it from top to bottom:

1. Collections are made of SQuAD paragraphs (Italian, Spanish, both, and small ones on a subject or
   two), of FLORES sentences (German) and of Tatoeba's (English, and each other language), and
   asked: SQuAD questions within and across the two languages; the first halves of FLORES
   sentences in 16 other languages; whole sentences of Tatoeba, to and from English; MKQA and QALD
   questions, which none of them answers.
2. The order is fitted by a softmax over each question's candidates (listwise, Cao et al. 2007).
3. The probability is fitted on the best candidate of each question, once as it is and once with
   the right candidates taken away, as if the collection did not hold them, and on the questions
   that none answers. What is known not to answer counts by a third: people ask mostly what their
   documents can answer.
4. The threshold is the one that refuses 5% of the questions that the best candidate answers.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from qa.collection import Collection
from qa.evaluation import flores, squad, strangers, tatoeba
from qa.evaluation.questions import Question
from qa.evaluation.run import JudgedCandidates, judged_candidates
from qa.evaluation.temporary import collection_of, named
from qa.ranking import ABSOLUTE, FEATURES, FITTED, Model, Weights, absolute, linear, sigmoid
from qa.settings import Settings
from qa.types import Document

SEED = 7
SQUAD_QUESTIONS = 1200
FLORES_QUESTIONS = 120  # of each language
TATOEBA_QUESTIONS = 60  # of each language and direction
STRANGERS = 100  # of each language
SMALL = 40  # paragraphs in a small collection
SMALL_COLLECTIONS = 12  # of each language
SMALL_QUESTIONS = 120  # of each kind and language over a small collection
FALSE_REFUSALS = 0.05
UNANSWERABLE_SHARE = 1 / 3
_logger = logging.getLogger(__name__)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """A question's candidates: evidence (n, features), same language (n,), whether right (n,).

    ``held`` says whether the collection they are of holds an answer at all.
    """

    features: Floats
    same: NDArray[np.bool_]
    right: NDArray[np.bool_]
    source: str
    held: bool


def main(arguments: list[str] | None = None) -> int:
    """Fit and write ``qa/ranking.json``; or say in a line that the data is not there."""
    parser = argparse.ArgumentParser(prog="python -m qa.evaluation.fit", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared"), help="has dev/")
    parser.add_argument("--output", type=Path, default=FITTED)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    dev = given.data / "dev"
    present = (
        *(squad.present(dev / "squad"), flores.present(dev / "flores")),
        bool(tatoeba.languages(dev / "tatoeba")),
    )
    if not all(present):
        _logger.info("Nothing was fitted: SQuAD, FLORES or Tatoeba is not in %s.", dev)
        return 0
    groups = [group for source in sources(dev) for group in source]
    model = fit(groups)
    given.output.write_text(_to_json(model), encoding="utf-8")
    for line in describe(model, groups):
        _logger.info("%s", line)
    return 0


# --- 1. questions with their candidates ---


def sources(dev: Path) -> Iterator[list[Group]]:
    """Every collection's questions, asked."""
    rng = random.Random(SEED)
    unanswered = strangers_sample(dev, rng)
    for languages in (("it",), ("es",), ("it", "es")):
        documents = [d for code in languages for d in squad.documents(dev / "squad", code)]
        questions = squad_questions(dev / "squad", languages, rng)
        yield asked(documents, questions, f"squad {'+'.join(languages)}")
        if len(languages) == 1:
            yield asked(documents, unanswered, "strangers")
    for language in squad.LANGUAGES:
        yield from small_collections(dev / "squad", language, unanswered, rng)
    german = flores.documents(dev / "flores")
    yield asked(german, list(flores_questions(dev / "flores", rng)), "flores")
    yield asked(german, unanswered, "strangers")
    for language in tatoeba.languages(dev / "tatoeba"):
        yield from tatoeba_sentences(dev / "tatoeba", language, rng)


def squad_questions(folder: Path, languages: Sequence[str], rng: random.Random) -> list[Question]:
    """Questions in both languages over paragraphs of these; in both, either paragraph is right."""
    chosen: list[Question] = []
    for asked_in in squad.LANGUAGES:
        by_id: dict[str, Question] = {}
        for answered_in in languages:
            for question in squad.questions(folder, asked_in, answered_in):
                known = by_id.get(question.id)
                documents = dict(known.documents if known else {}) | dict(question.documents)
                by_id[question.id] = Question(
                    question.id, question.text, asked_in, documents=documents
                )
        complete = [q for q in by_id.values() if len(q.documents) == len(languages)]
        chosen += rng.sample(complete, min(len(complete), SQUAD_QUESTIONS // len(languages)))
    return chosen


def small_collections(
    folder: Path, language: str, unanswered: list[Question], rng: random.Random
) -> Iterator[list[Group]]:
    """Neighbouring paragraphs, which are on a subject or two, asked what they answer and not.

    Evidence weighs differently where a word cannot be rare.
    """
    every = squad.documents(folder, language)
    of_language = [squad.questions(folder, asked_in, language) for asked_in in squad.LANGUAGES]
    for first in rng.sample(range(0, len(every) - SMALL, SMALL), SMALL_COLLECTIONS):
        documents = every[first : first + SMALL]
        ids = {document.id for document in documents}
        here = [[q for q in some if not ids.isdisjoint(q.documents)] for some in of_language]
        questions = [q for some in here for q in rng.sample(some, min(len(some), SMALL_QUESTIONS))]
        questions += rng.sample(unanswered, min(len(unanswered), SMALL_QUESTIONS))
        yield asked(documents, questions, f"small {language}")


def flores_questions(folder: Path, rng: random.Random) -> Iterator[Question]:
    """First halves of sentences; the German sentence is what they ask for."""
    for language in flores.languages(folder):
        for question in rng.sample(flores.questions(folder, language), FLORES_QUESTIONS):
            middle = len(question.text) // 2
            space = question.text.rfind(" ", 0, middle)
            yield replace(question, text=question.text[: space if space > 0 else middle])


def tatoeba_sentences(folder: Path, language: str, rng: random.Random) -> Iterator[list[Group]]:
    """Sentences of English and another language; each asks for its counterpart."""
    english, other = zip(*tatoeba.pairs(folder, language), strict=True)
    for sentences, asking in ((english, other), (other, english)):
        questions = tatoeba.questions(asking)
        chosen = rng.sample(questions, min(len(questions), TATOEBA_QUESTIONS))
        yield asked(tatoeba.documents(sentences), chosen, "tatoeba")


def strangers_sample(dev: Path, rng: random.Random) -> list[Question]:
    """Questions that none of the collections answers, in eleven languages."""
    return [
        question
        for of_language in strangers.questions(dev).values()
        for question in rng.sample(of_language, min(STRANGERS, len(of_language)))
    ]


def asked(documents: list[Document], questions: list[Question], source: str) -> list[Group]:
    """Put the documents into a collection of their own and ask the questions."""
    with collection_of(named(documents), Settings()) as (collection, _):
        groups = [_group(j, source) for j in _judged(collection, questions)]
    _logger.info("%s: %d questions over %d documents", source, len(groups), len(documents))
    return groups


def _judged(collection: Collection, questions: list[Question]) -> Iterator[JudgedCandidates]:
    # Those that are not worth ranking are wrong candidates, too: with them the order is better.
    found = judged_candidates(collection, questions, everything=True)
    return (j for j in found if j.candidates)


def _group(judged: JudgedCandidates, source: str) -> Group:
    return Group(
        np.array([r.features for r in judged.candidates]),
        np.array([r.same_language for r in judged.candidates], dtype=bool),
        np.array(judged.relevance) > 0.0,
        source,
        judged.question.answerable,
    )


# --- 2. to 4. the models ---


def fit(groups: Sequence[Group]) -> Model:
    """Fit everything."""
    order = fit_order([g for g in groups if g.right.any() and not g.right.all()])
    tops = [top for g in groups for top in best_candidates(g, order)]
    answer = fit_answer(tops)
    right = [t for t in tops if t.right[0]]
    logits = [float(linear(answer, t.features, t.same)[0]) for t in right]
    spread = fit_spread(groups, order, answer)
    threshold = float(sigmoid(np.quantile(np.array(logits), FALSE_REFUSALS)))
    return Model(order, answer, spread, round(threshold, 3))


def fit_order(groups: Sequence[Group]) -> tuple[Weights, Weights]:
    """Listwise: the right candidates' share of the softmax over all of a question's."""
    rows = [np.hstack([_by_case(g.features, g.same), g.same[:, None]]) for g in groups]
    flat, right = np.vstack(rows), np.concatenate([g.right for g in groups])
    starts = np.cumsum([0, *(len(r) for r in rows)])[:-1]
    owner = np.repeat(np.arange(len(rows)), [len(r) for r in rows])

    def loss(w: Floats) -> tuple[float, Floats]:
        scores = flat @ w
        scores -= np.maximum.reduceat(scores, starts)[owner]
        weights = np.exp(scores)
        every = np.add.reduceat(weights, starts)
        good = np.add.reduceat(weights * right, starts) + 1e-30
        gradient = (weights / every[owner] - weights * right / good[owner]) @ flat
        value = float(np.log(every / good).sum())
        return value / len(rows) + _ridge(w), gradient / len(rows) + _ridge_gradient(w)

    return _split(_minimised(loss, flat.shape[1]))


def best_candidates(group: Group, order: tuple[Weights, Weights]) -> Iterator[Group]:
    """The best candidate as it is, and the best of those that do not answer; absolute evidence."""
    scores = linear(order, group.features, group.same)
    cases = [(np.ones(len(scores), dtype=bool), group.held)]
    if group.held:
        cases.append((~group.right, False))
    for among, held in cases:
        if among.any():
            best = int(np.where(among, scores, -np.inf).argmax())
            one = slice(best, best + 1)
            features = absolute(group.features[one])
            yield Group(features, group.same[one], group.right[one], group.source, held)


def fit_answer(tops: Sequence[Group]) -> tuple[Weights, Weights]:
    """Logistic regression on single candidates."""
    features = np.vstack([t.features for t in tops])
    same = np.concatenate([t.same for t in tops])
    right = np.concatenate([t.right for t in tops])
    flat = np.hstack([_by_case(features, same), same[:, None], np.ones((len(tops), 1))])
    share = np.array([1.0 if t.held else UNANSWERABLE_SHARE for t in tops])
    share /= share.sum()

    def loss(w: Floats) -> tuple[float, Floats]:
        logits = flat @ w
        value = float(np.logaddexp(0.0, np.where(right, -logits, logits)) @ share)
        gradient = flat.T @ ((sigmoid(logits) - right) * share)
        return value + _ridge(w), gradient + _ridge_gradient(w)

    w = _minimised(loss, flat.shape[1])
    same_weights, cross_weights = _split(w[:-1])
    shared = float(w[-1])
    return (
        Weights(same_weights.values, same_weights.bias + shared),
        Weights(cross_weights.values, shared),
    )


def fit_spread(
    groups: Sequence[Group], order: tuple[Weights, Weights], answer: tuple[Weights, Weights]
) -> float:
    """The one number by which the ten best candidates' probabilities are likeliest."""
    parts: list[tuple[float, Floats, NDArray[np.bool_]]] = []
    for group in groups:
        scores = linear(order, group.features, group.same)
        best = np.argsort(-scores)[:10]
        first = next(best_candidates(group, order))
        top = float(linear(answer, first.features, first.same)[0])
        parts.append((top, scores[best] - scores[best[0]], group.right[best]))

    def loss(spread: float) -> float:
        return sum(
            float(np.logaddexp(0.0, np.where(right, -1, 1) * (top + spread * behind)).sum())
            for top, behind, right in parts
        )

    return min((round(0.05 * n, 2) for n in range(1, 61)), key=loss)


def _by_case(features: Floats, same: NDArray[np.bool_]) -> Floats:
    return np.hstack([features * same[:, None], features * ~same[:, None]])


def _split(w: Floats) -> tuple[Weights, Weights]:
    values, width = [round(float(v), 4) for v in w], len(w) // 2
    return (
        Weights(tuple(values[:width]), values[2 * width]),
        Weights(tuple(values[width : 2 * width]), 0.0),
    )


def _ridge(w: Floats) -> float:
    return 1e-4 * float(w @ w)


def _ridge_gradient(w: Floats) -> Floats:
    return 2e-4 * w


def _minimised(loss: Callable[[Floats], tuple[float, Floats]], size: int) -> Floats:
    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(found.x, dtype=np.float64)


# --- what came of it ---


def describe(model: Model, groups: Sequence[Group]) -> Iterator[str]:
    """A line for each source: how often the best candidate is right, and is refused."""
    for source in dict.fromkeys(g.source for g in groups):
        chosen = [g for g in groups if g.source == source]
        tops = [next(best_candidates(g, model.order)) for g in chosen]
        scores = np.array(
            [float(sigmoid(linear(model.answer, t.features, t.same))[0]) for t in tops]
        )
        right = np.array([bool(t.right[0]) for t in tops])
        yield (
            f"{source}: best candidate right {100 * right.mean():.1f}%, mean probability "
            f"{100 * scores.mean():.1f}%, refused {100 * (scores < model.threshold).mean():.1f}%"
        )


def _to_json(model: Model) -> str:
    def both(pair: tuple[Weights, Weights]) -> dict[str, object]:
        return {
            name: {"weights": list(w.values), "bias": round(w.bias, 4)}
            for name, w in zip(("same", "cross"), pair, strict=True)
        }

    data = {
        "made by": "make fit",
        "features": list(FEATURES),
        "absolute": list(ABSOLUTE),
        "order": both(model.order),
        "answer": both(model.answer),
        "spread": model.spread,
        "threshold": model.threshold,
    }
    return json.dumps(data, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())

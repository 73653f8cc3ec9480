"""Orders candidates by the evidence for them and says how likely each answers the question.

Knows no storage and no citations. The weights are in ``ranking.json``, a small model that can be
read, fitted by ``make fit``. There is one set for passages in the question's language and one for
passages in another, because BM25 is strong in the first case and misleading in the second.

The order is by a weighted sum of the evidence. The score is a calibrated probability: a logistic
model over the best candidate's evidence says how likely it answers (Platt 1999), and each other
candidate is less likely by as much as it falls behind in the order. It looks at what means the same
in every collection only: how far ahead of the others a candidate is says which is the right one,
where there is one, and misleads where several answer or none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.interaction import WINDOW_STEP, Comparison, LateInteraction, Question
from embeddings.kernels import Weighing
from qa.engine import Found
from qa.representation import Columns
from qa.types import Candidate

FEATURES = (
    "dense",
    "interaction",
    "rarity",
    "window",
    "lexical",
    "lexical_share",
    "sound",
    "sound_share",
    "exact",
    "coverage",
    "focus",
    "hubness",
    "length",
    "far_script",
)
ABSOLUTE = ("dense", "rarity", "window")
"""The evidence that says whether a candidate answers; the order goes by all."""
_ABSOLUTE = [FEATURES.index(name) for name in ABSOLUTE]
FITTED = Path(__file__).with_name("ranking.json")
_NEAR = 0.6
_WEIGHING = Weighing(step=WINDOW_STEP, same=0.999, covered=0.5, around=0.5)


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model over FEATURES or ABSOLUTE: values · features + bias."""

    values: tuple[float, ...]
    bias: float


@dataclass(frozen=True, slots=True)
class Model:
    """What ``ranking.json`` holds, each for a passage in the same and in another language.

    Attributes:
        order: candidates are ordered by this.
        answer: logit of the probability that the best candidate answers, over ABSOLUTE.
        spread: how much the logit falls for each unit by which a candidate falls behind the best.
        threshold: score from which a question counts as answered by the documents.
    """

    order: tuple[Weights, Weights]
    answer: tuple[Weights, Weights]
    spread: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with the reasons for its place.

    ``number`` is its place among those found; ``score`` is the estimated probability that it
    answers; ``features`` are those of ``evidence``; ``same_language`` says whether it is in the
    question's language.
    """

    candidate: Candidate
    number: int
    score: float
    features: tuple[float, ...]
    same_language: bool

    @property
    def dense(self) -> float:
        """Cosine of the vectors."""
        return self.candidate.dense

    @property
    def interaction(self) -> float:
        """How well its tokens match the question's."""
        return self.features[FEATURES.index("interaction")]

    @property
    def lexical(self) -> float:
        """BM25 over words and stems."""
        return self.candidate.lexical

    @property
    def sound(self) -> float:
        """BM25 over the pieces of sounds."""
        return self.candidate.sound


@cache
def load_ranking() -> Model:
    """Read the fitted weights."""
    data = json.loads(FITTED.read_text(encoding="utf-8"))
    if (tuple(data["features"]), tuple(data["absolute"])) != (FEATURES, ABSOLUTE):
        raise ValueError(f"{FITTED} is for the features {data['features']}; run `make fit`.")

    def both(name: str) -> tuple[Weights, Weights]:
        same, cross = (data[name][kind] for kind in ("same", "cross"))
        return (
            Weights(tuple(same["weights"]), same["bias"]),
            Weights(tuple(cross["weights"]), cross["bias"]),
        )

    return Model(both("order"), both("answer"), data["spread"], data["threshold"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as ranking sees it.

    Attributes:
        tokens: for late interaction.
        language: ISO 639-1, or None.
        told: the question without the words that only ask; what BM25 looks for.
        words: number of distinct words BM25 looks for.
        pieces: number of distinct pieces of sounds.
        alphabetic: whether it is mostly in Latin, Cyrillic or Greek letters.
    """

    tokens: Question
    language: str | None
    told: str
    words: int
    pieces: int
    alphabetic: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for n candidates.

    Attributes:
        features: (n, len(FEATURES)).
        weights: (m,) share of each token of the question in its meaning for this collection; the
            sum is 1.
        same: (n,) whether each is in the question's language.
        compared: how their tokens and those around them compare with the question's.
    """

    features: NDArray[np.float64]
    weights: NDArray[np.float64]
    same: NDArray[np.bool_]
    compared: Comparison


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in their order.

    Attributes:
        found: the n candidates.
        order: (n,) their places in ``found``, best first.
        scores: (n,) of each as found.
        evidence: for each as found.
    """

    found: Found
    order: list[int]
    scores: NDArray[np.float64]
    evidence: Evidence

    def best(self, k: int | None = None) -> list[Ranked]:
        """The k best, or all, best first."""
        return [
            Ranked(
                self.found.candidate(n),
                n,
                float(self.scores[n]),
                tuple(self.evidence.features[n].tolist()),
                bool(self.evidence.same[n]),
            )
            for n in self.order[:k]
        ]


def evidence(interaction: LateInteraction, asked: Asked, found: Found) -> Evidence:
    """Weigh each candidate by every feature.

    * dense: cosine of the question's and the passage's vector.
    * interaction: late interaction with the passage; what its context adds counts by half, so
      that "he" is found under his name but a passage that names him itself comes first.
    * rarity: late interaction with the passage, each token of the question weighed also by how
      few passages of the collection have a token near it: a soft inverse document frequency, the
      same whether the passages' language is the question's or another.
    * window: the same, but the best of any window of some 24 tokens: the words close together.
    * lexical: BM25 over words as a share of the best candidate's.
    * lexical_share: BM25 per word of the question, as a share of what a word is worth that only
      one passage has. Unlike the former, it is low when even the best candidate matches badly.
    * sound, sound_share: likewise over the pieces of sounds.
    * exact: share of the question's token weight that the passage holds literally.
    * coverage: share of the question's token weight with a match of cosine 0.5 or better.
    * focus: share of the passage's token weight that the question matches: the other direction of
      late interaction, by which a sentence that says just what is asked for comes before one that
      says more besides.
    * hubness: how near its vector is to everything, which is no reason that it is near the
      question; see ``embeddings.hubness``.
    * length: logarithm of the number of tokens, because the best of many matches is
      better than the best of few by chance.
    * far_script: 1 for a passage in another language when the question is in no alphabet (Chinese,
      Japanese, Arabic, Hindi, …): then nothing can be expected of sounds.
    """
    passages = found.passages
    weights = _shares(asked.tokens.weights)
    same = passages.in_language(asked.language)
    compared = interaction.compare(asked.tokens, passages.tokens.followed_by(passages.context))
    size = max(found.status.passages, 1)
    rare = _shares(weights * _rarity(compared, found.token_counts, size))
    met, rarity, window, exact, coverage, focus = compared.weighed(weights, rare, _WEIGHING)
    rarest = float(np.log1p(2.0 * size))
    lexical, sound = found.lexical, found.sound
    columns = {
        "dense": found.dense,
        "interaction": met,
        "rarity": rarity,
        "window": window,
        "lexical": lexical / max(float(lexical.max(initial=0)), 1e-9),
        "lexical_share": lexical / (rarest * max(asked.words, 1)),
        "sound": sound / max(float(sound.max(initial=0)), 1e-9),
        "sound_share": sound / (rarest * max(asked.pieces, 1)),
        "exact": exact,
        "coverage": coverage,
        "focus": focus,
        "hubness": passages.hubness,
        "length": np.log1p(passages.tokens.lengths),
        "far_script": ~same & (not asked.alphabetic),
    }
    features = np.empty((len(passages), len(FEATURES)))
    for place, name in enumerate(FEATURES):
        features[:, place] = columns[name]
    return Evidence(features, rare, same, compared)


def _rarity(compared: Comparison, counts: NDArray[np.uint32], passages: int) -> NDArray[np.float64]:
    """(m,) log(1 + 1 / share of the passages with a token near each of the question's)."""
    share = np.minimum(compared.near(_NEAR, counts) / passages, 1.0)
    rarity: NDArray[np.float64] = np.log1p(1.0 / (share + 1.0 / passages))
    return rarity


def _shares(weights: NDArray[Any]) -> NDArray[np.float64]:
    found = weights.astype(np.float64)
    return found / max(float(found.sum()), 1e-9)


def rank(interaction: LateInteraction, asked: Asked, found: Found) -> Ranking:
    """The candidates found, best first; ties go to the earlier document and place."""
    weighed = evidence(interaction, asked, found)
    scores = probabilities(load_ranking(), weighed.features, weighed.same)
    order = _ordered(scores, found.passages)
    return Ranking(found, order, scores, weighed)


def _ordered(scores: NDArray[np.float64], passages: Columns) -> list[int]:
    by_score = np.argsort(-scores, kind="stable")
    order: list[int] = by_score.tolist()
    if (np.diff(scores[by_score]) < 0).all():
        return order
    documents, starts = passages.documents, passages.starts
    return sorted(order, key=lambda n: (-scores[n], documents[n], starts[n]))


def probabilities(
    model: Model, features: NDArray[np.float64], same: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(n,) probability that each candidate answers, from (n, len(FEATURES)) and (n,)."""
    if not len(features):
        return np.empty(0)
    order = linear(model.order, features, same)
    best = int(order.argmax())
    top = linear(model.answer, absolute(features[best : best + 1]), same[best : best + 1])[0]
    return sigmoid(top + model.spread * (order - order[best]))


def absolute(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, len(ABSOLUTE)) columns of (n, len(FEATURES))."""
    return features[:, _ABSOLUTE]


def linear(
    weights: tuple[Weights, Weights], features: NDArray[np.float64], same: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(n,) weighted sums, each row by the weights for its case."""
    by_case = [features @ np.asarray(w.values) + w.bias for w in weights]
    scores: NDArray[np.float64] = np.where(same, *by_case)
    return scores


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-x), without overflow."""
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))

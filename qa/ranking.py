"""Orders candidates by the evidence for them and says how likely each answers the question.

Knows no storage and no citations. The weights are a small logistic model in ``ranking.json``,
fitted by ``make fit``; there is one set for passages in the question's language and one for
passages in another, because BM25 is strong in the first case and misleading in the second.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.interaction import LateInteraction, Question
from qa.types import Candidate

FEATURES = ("dense", "interaction", "lexical", "exact", "coverage")
_FITTED = Path(__file__).with_name("ranking.json")
_EXACT = 0.999
_CONTEXT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model over FEATURES: probability = sigmoid(values · features + bias)."""

    values: tuple[float, ...]
    bias: float


@dataclass(frozen=True, slots=True)
class RankingModel:
    """What ``ranking.json`` holds.

    Attributes:
        same: weights for a passage in the question's language.
        cross: weights for a passage in another or an unknown language.
        threshold: score from which a question counts as answered by the documents.
    """

    same: Weights
    cross: Weights
    threshold: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its place's reasons. ``score`` is the estimated probability."""

    candidate: Candidate
    score: float
    dense: float
    lexical: float
    interaction: float


@cache
def load_ranking() -> RankingModel:
    """Read the fitted weights."""
    data = json.loads(_FITTED.read_text(encoding="utf-8"))
    if tuple(data["features"]) != FEATURES:
        raise ValueError(f"{_FITTED} is for the features {data['features']}; run `make fit`.")

    def weights(name: str) -> Weights:
        return Weights(tuple(data[name]["weights"]), data[name]["bias"])

    return RankingModel(weights("same"), weights("cross"), data["threshold"])


def evidence(
    interaction: LateInteraction, question: Question, candidates: Sequence[Candidate]
) -> NDArray[np.float64]:
    """(n, len(FEATURES)) features of each candidate.

    * dense: cosine of the question's and the passage's vector.
    * interaction: late interaction with the passage; what its context adds counts by half, so
      that "he" is found under his name but a passage that names him itself comes first.
    * lexical: BM25 as a share of the best candidate's.
    * exact: share of the question's token weight that the passage holds literally.
    * coverage: share of the question's token weight with a match of cosine 0.5 or better.
    """
    n = len(candidates)
    features = np.zeros((n, len(FEATURES)))
    if not n:
        return features
    own = interaction.token_scores(question, [c.tokens for c in candidates])
    around = interaction.token_scores(question, [c.context_tokens for c in candidates])
    blended = own + _CONTEXT_SHARE * np.maximum(around - own, 0.0)
    weights = question.weights.astype(np.float64)
    weights = weights / max(float(weights.sum()), 1e-9)
    bm25 = np.array([c.lexical for c in candidates])
    features[:, 0] = [c.dense for c in candidates]
    features[:, 1] = blended @ weights
    features[:, 2] = bm25 / max(float(bm25.max()), 1e-9)
    features[:, 3] = (own >= _EXACT) @ weights
    features[:, 4] = (blended >= 0.5) @ weights
    return features


def rank(
    interaction: LateInteraction,
    question: Question,
    language: str | None,
    candidates: Sequence[Candidate],
    *,
    by: str = "fused",
) -> list[Ranked]:
    """Candidates, best first; ties go to the earlier document and place.

    ``by`` may name a single kind of evidence (``dense``, ``lexical``, ``interaction``) for
    comparison; then a candidate without any such evidence is left out.
    """
    features = evidence(interaction, question, candidates)
    order: NDArray[np.float64]
    if by == "fused":
        order = probabilities(features, [c.language == language for c in candidates])
    else:
        order = features[:, FEATURES.index(by)]
    ranked = [
        Ranked(c, float(s), c.dense, c.lexical, float(f[1]))
        for c, s, f in zip(candidates, order, features, strict=True)
        if by == "fused" or s > 0.0
    ]
    ranked.sort(key=lambda r: (-r.score, r.candidate.document_id, r.candidate.start))
    return ranked


def probabilities(
    features: NDArray[np.float64], same_language: Sequence[bool]
) -> NDArray[np.float64]:
    """(n,) probability that each candidate answers, by the fitted weights."""
    model = load_ranking()
    scores = np.empty(len(features))
    same = np.asarray(same_language, dtype=bool)
    for chosen, weights in ((same, model.same), (~same, model.cross)):
        logits = features[chosen] @ np.asarray(weights.values) + weights.bias
        scores[chosen] = 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))
    return scores

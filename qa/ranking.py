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

FEATURES = (
    "dense",
    "interaction",
    "lexical",
    "lexical_share",
    "sound",
    "sound_share",
    "exact",
    "coverage",
)
_FITTED = Path(__file__).with_name("ranking.json")
_EXACT = 0.999
_COVERED = 0.5
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
    """A candidate with the reasons for its place.

    ``score`` is the estimated probability that it answers; ``features`` are those of ``evidence``.
    """

    candidate: Candidate
    score: float
    interaction: float
    features: tuple[float, ...] = ()

    @property
    def dense(self) -> float:
        """Cosine of the vectors."""
        return self.candidate.dense

    @property
    def lexical(self) -> float:
        """BM25 over words and stems."""
        return self.candidate.lexical

    @property
    def sound(self) -> float:
        """BM25 over the pieces of sounds."""
        return self.candidate.sound


@cache
def load_ranking() -> RankingModel:
    """Read the fitted weights."""
    data = json.loads(_FITTED.read_text(encoding="utf-8"))
    if tuple(data["features"]) != FEATURES:
        raise ValueError(f"{_FITTED} is for the features {data['features']}; run `make fit`.")

    def weights(name: str) -> Weights:
        return Weights(tuple(data[name]["weights"]), data[name]["bias"])

    return RankingModel(weights("same"), weights("cross"), data["threshold"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as ranking sees it.

    Attributes:
        tokens: for late interaction.
        language: ISO 639-1, or None.
        words: number of distinct words BM25 looks for.
        pieces: number of distinct pieces of sounds.
    """

    tokens: Question
    language: str | None
    words: int
    pieces: int


def evidence(
    interaction: LateInteraction, asked: Asked, candidates: Sequence[Candidate], passages: int
) -> NDArray[np.float64]:
    """(n, len(FEATURES)) features of each candidate, of a collection of so many passages.

    * dense: cosine of the question's and the passage's vector.
    * interaction: late interaction with the passage; what its context adds counts by half, so
      that "he" is found under his name but a passage that names him itself comes first.
    * lexical: BM25 over words as a share of the best candidate's.
    * lexical_share: BM25 per word of the question, as a share of what a word is worth that only
      one passage has. Unlike the former, it is low when even the best candidate matches badly.
    * sound, sound_share: likewise over the pieces of sounds.
    * exact: share of the question's token weight that the passage holds literally.
    * coverage: share of the question's token weight with a match of cosine 0.5 or better.
    """
    n = len(candidates)
    features = np.zeros((n, len(FEATURES)))
    if not n:
        return features
    question = asked.tokens
    own = interaction.token_scores(question, [c.tokens for c in candidates])
    around = interaction.token_scores(question, [c.context_tokens for c in candidates])
    blended = own + _CONTEXT_SHARE * np.maximum(around - own, 0.0)
    weights = question.weights.astype(np.float64)
    weights = weights / max(float(weights.sum()), 1e-9)
    rarest = float(np.log1p(2.0 * max(passages, 1)))
    lexical = np.array([c.lexical for c in candidates])
    sound = np.array([c.sound for c in candidates])
    features[:, 0] = [c.dense for c in candidates]
    features[:, 1] = blended @ weights
    features[:, 2] = lexical / max(float(lexical.max()), 1e-9)
    features[:, 3] = lexical / (rarest * max(asked.words, 1))
    features[:, 4] = sound / max(float(sound.max()), 1e-9)
    features[:, 5] = sound / (rarest * max(asked.pieces, 1))
    features[:, 6] = (own >= _EXACT) @ weights
    features[:, 7] = (blended >= _COVERED) @ weights
    return features


def rank(
    interaction: LateInteraction, asked: Asked, candidates: Sequence[Candidate], passages: int
) -> list[Ranked]:
    """Candidates of a collection of so many passages, best first.

    Ties go to the earlier document and place.
    """
    features = evidence(interaction, asked, candidates, passages)
    scores = probabilities(features, [c.language == asked.language for c in candidates])
    ranked = [
        Ranked(c, float(s), float(f[1]), tuple(f.tolist()))
        for c, s, f in zip(candidates, scores, features, strict=True)
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

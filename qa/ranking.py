"""Gathers the evidence for candidates and orders them by it.

Knows no storage and no citations. What the evidence is worth is in ``ranking_model``.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.interaction import SAME, WINDOW_STEP, Comparison, LateInteraction, Question
from embeddings.kernels import Weighing
from qa.engine import Found
from qa.ranking_model import FEATURES, load_ranking, ordered, probabilities
from qa.representation import Columns
from qa.second_look import Tokens, following
from qa.types import Candidate
from qa.values import value

_NEAR = 0.6
_WEIGHING = Weighing(step=WINDOW_STEP, same=SAME, covered=0.5, around=0.5)


@value
class Ranked:
    """A candidate with the reasons for its place.

    ``number`` is its place among those found; ``score`` is the estimated probability that it
    answers; ``features`` are those of ``evidence``.
    """

    candidate: Candidate
    number: int
    score: float
    features: tuple[float, ...]

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
        asks: whether it has words that only ask.
        asks_number: whether it asks for a date or an amount.
        traits: (6, m) of its tokens; see ``qa.second_look.Tokens``.
    """

    tokens: Question
    traits: NDArray[np.float32]
    language: str | None
    told: str
    words: int
    pieces: int
    alphabetic: bool = True
    asks: bool = False
    asks_number: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for n candidates.

    Attributes:
        features: (n, len(FEATURES)).
        tokens: what the question's m tokens mean for this collection.
        same: (n,) whether each is in the question's language.
        compared: how their tokens and those around them compare with the question's.
    """

    features: NDArray[np.float64]
    tokens: Tokens
    same: NDArray[np.bool_]
    compared: Comparison

    def met(self, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """(k, 9, m) how k of the candidates meet each token; see ``embeddings.kernels.met``."""
        rare = self.tokens.rare
        return self.compared.met(chosen, rare, following(rare), _WEIGHING)


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
            )
            for n in self.order[:k]
        ]


def evidence(
    interaction: LateInteraction, asked: Asked, found: Found, beside: Executor | None = None
) -> Evidence:
    """Weigh each candidate by every feature.

    * dense: cosine of the question's and the passage's vector.
    * interaction: late interaction with the passage; what its context adds counts by half, so
      that "he" is found under his name but a passage that names him itself comes first.
    * rarity: late interaction with the passage, each token of the question weighed also by how
      few passages of the collection have a token near it: a soft inverse document frequency, the
      same whether the passages' language is the question's or another.
    * window: the same, but the best of any window of some 24 tokens: the words close together.
    * phrase: the same in half a window: a name, or a thing with what is said of it.
    * clear, clearest: rarity by the second and fourth powers of the passage's own matches: one good
      match is worth more than two that may be chance.
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
    * asked_length: logarithm of the number of the question's tokens; beside length it tells whether
      a passage could say just what the question says.
    * asks: 1 for a question with words that only ask (``qa.interrogatives``).
    * numberless: 1 for a passage without a number when the question asks for one
      (``qa.numbers_asked``); numbers that the question says do not count.
    """
    passages = found.passages
    weights = _shares(asked.tokens.weights)
    same = passages.in_language(asked.language)
    every = passages.tokens.followed_by(passages.context)
    compared = interaction.compare(asked.tokens, every, beside)
    size = max(found.status.passages, 1)
    near = np.minimum(compared.near(_NEAR, found.token_counts) / size, 1.0)
    # A soft inverse document frequency.
    rare = _shares(weights * np.log1p(1.0 / (near + 1.0 / size)))
    met, rarity, window, exact, coverage, focus, phrase, clear, clearest = compared.weighed(
        weights, rare, _WEIGHING
    )
    rarest = float(np.log1p(2.0 * size))
    lexical, sound = found.lexical, found.sound
    numbered = interaction.numbered(compared)[: len(passages)] if asked.asks_number else None
    columns = {
        "dense": found.dense,
        "interaction": met,
        "rarity": rarity,
        "window": window,
        "phrase": phrase,
        "clear": clear,
        "clearest": clearest,
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
        "asked_length": float(np.log1p(len(asked.tokens.ids))),
        "asks": float(asked.asks),
        "numberless": 0.0 if numbered is None else ~numbered,
    }
    features = np.empty((len(passages), len(FEATURES)))
    for place, name in enumerate(FEATURES):
        features[:, place] = columns[name]
    return Evidence(features, Tokens(rare, near, asked.traits), same, compared)


def _shares(weights: NDArray[Any]) -> NDArray[np.float64]:
    found = weights.astype(np.float64)
    return found / max(float(found.sum()), 1e-9)


def rank(
    interaction: LateInteraction, asked: Asked, found: Found, beside: Executor | None = None
) -> Ranking:
    """The candidates found, best first; ties go to the earlier document and place.

    ``beside`` does some of the work, if there is one.
    """
    weighed = evidence(interaction, asked, found, beside)
    model, features, same = load_ranking(), weighed.features, weighed.same
    places = ordered(model.order, features, same)
    places = model.second_look.places(places, weighed.met, weighed.tokens, features, same)
    scores = probabilities(model, places, features, same)
    order = _ordered(scores, found.passages)
    return Ranking(found, order, scores, weighed)


def _ordered(scores: NDArray[np.float64], passages: Columns) -> list[int]:
    by_score = np.argsort(-scores, kind="stable")
    order: list[int] = by_score.tolist()
    if (np.diff(scores[by_score]) < 0).all():
        return order
    documents, starts = passages.documents, passages.starts
    return sorted(order, key=lambda n: (-scores[n], documents[n], starts[n]))

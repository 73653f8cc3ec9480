"""Scores passages by their tokens against a question's tokens. Knows token ids, not documents.

Late interaction (Khattab and Zaharia 2020, ColBERT) on a static token table:

    score(q, p) = sum over tokens t of q of  weight(t) * max over tokens s of p of cos(t, s)
                  divided by the sum of the weights,

where ``weight(t)`` is the norm of the token's vector, which training makes large for tokens that
tell texts apart. No network runs, and the same cosines say which words matched, in any language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.encoder import Vectors
from embeddings.kernels import Compared, Others, Weighing
from embeddings.ragged import Ragged
from embeddings.spans import Placed, TokenIds
from embeddings.static import StaticEncoder

Scores = NDArray[np.float32]

WINDOW_STEP = 12  # tokens: two steps are about a clause or a short sentence
SAME = 0.999  # cosine from which on two tokens are the same
OTHER = 0.998  # most that two tokens count as alike, where a table has them share a row


@dataclass(frozen=True, slots=True)
class Question:
    """A question's distinct tokens, in order of first occurrence.

    Attributes:
        others: their ids and vectors, as the table compares them with its own.
        weights: (m,) how much each token counts, 0 for punctuation and unknown tokens.
        offsets: (m, 2) code points of the question at which each token first stands.
    """

    others: Others
    weights: Scores
    offsets: NDArray[np.int64]

    @property
    def ids(self) -> TokenIds:
        """(m,) token ids."""
        return self.others.ids


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the tokens of passages, and of what is around each, have for a question's m tokens.

    Attributes:
        lengths: (n,) tokens of each of the passages, or (2 * n,) of those and their surroundings.
        places: (total,) which of the distinct tokens each of these tokens is.
        ids: (u,) the distinct tokens.
        tokens: how they compare with the question's.
    """

    lengths: NDArray[np.int64]
    places: NDArray[np.int32]
    ids: TokenIds
    tokens: Compared

    @property
    def best(self) -> Scores:
        """(lengths, m) best cosine; 0 without tokens."""
        return kernels.highest(self.tokens.similar, self.places, self.lengths)

    def weighed(
        self, shares: NDArray[np.float64], rare: NDArray[np.float64], how: Weighing
    ) -> NDArray[np.float64]:
        """(9, n) evidence for passages that were compared with their surroundings.

        See ``embeddings.kernels.weigh``. Windows are there because a passage that has the
        question's words close together answers more often than one that has them scattered, which
        whole-passage maxima do not see.
        """
        return kernels.weigh(self.tokens, self.places, self.lengths, shares, rare, how)

    def met(
        self,
        chosen: NDArray[np.int64],
        rare: NDArray[np.float64],
        following: NDArray[np.int64],
        how: Weighing,
    ) -> Scores:
        """(k, 9, m) how each token of the question is met by k of the passages.

        They were compared with their surroundings. See ``embeddings.kernels.met``.
        """
        return kernels.met(self.tokens, self.places, self.lengths, chosen, rare, following, how)

    def near(self, least: float, counts: NDArray[np.uint32]) -> NDArray[np.float64]:
        """(m,) sum of the counts of the distinct tokens that are at least so similar to each.

        Of tokens of the question without weight it means nothing.

        Args:
            least: cosine from which on they are.
            counts: (tokens,) of each token of the vocabulary; 0 beyond its end.
        """
        return kernels.near_counts(self.tokens, self.ids, counts, least)

    def holding(self, kind: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(lengths,) whether each passage holds a token of a kind that the question does not.

        Args:
            kind: (tokens,) of each token of the vocabulary.
        """
        others = kind[self.ids] & (self.tokens.top < SAME)
        ends = np.cumsum(self.lengths)
        before = np.concatenate(([0], np.cumsum(others[self.places])))
        found: NDArray[np.bool_] = before[ends] > before[ends - self.lengths]
        return found

    def cosines(self, numbers: Sequence[int]) -> list[Scores]:
        """(k, m) cosines of the tokens of some of the passages, each in the order of its text."""
        ends = np.cumsum(self.lengths)
        places = [self.places[ends[n] - self.lengths[n] : ends[n]] for n in numbers]
        return [self.tokens.similar[some] for some in places]


class LateInteraction:
    """Compares questions with passages on the table of one encoder. Holds no state of its own."""

    def __init__(self, encoder: StaticEncoder) -> None:
        """Use the token table of ``encoder``; passages must be tokenised by the same."""
        self._encoder = encoder

    def prepare(self, question: str, placed: Placed | None = None) -> Question:
        """Weigh a question's tokens.

        A token counts once however often it stands there, and one that covers nothing but
        punctuation or white space has no weight.

        Args:
            question: what is asked.
            placed: its tokens, where the encoder has told them already.
        """
        ids, offsets = placed or self._encoder.tokenize_with_offsets(question)
        places: dict[int, int] = {}
        for place, token in enumerate(ids.tolist()):
            places.setdefault(token, place)
        first = list(places.values())
        ids, offsets = ids[first], offsets[first]
        rows, scales = self._encoder.token_rows(ids)
        vectors = rows * scales[:, None]
        weights = _norms(vectors)
        vectors /= np.where(weights > 0, weights, 1)[:, None]
        says = [_says_something(question[start:end]) for start, end in offsets.tolist()]
        others = self._encoder.table.comparable(ids, vectors)
        return Question(others, np.where(says, weights, np.float32(0)), offsets)

    def glance(self, question: Question) -> Callable[[Ragged], NDArray[np.float64]] | None:
        """What compares many passages with a question in passing, if the model has centroids.

        See ``Centroids.scores``. Nothing is computed before there are passages.
        """
        centroids = self._encoder.centroids
        if centroids is None or not question.weights.any():
            return None
        return partial(centroids.scores, question.others, question.weights)

    def numbered(self, compared: Comparison) -> NDArray[np.bool_]:
        """(lengths,) whether each passage says a number that the question does not."""
        return compared.holding(self._encoder.numbers)

    def score(self, question: Question, passages: Sequence[TokenIds]) -> Scores:
        """(len(passages),) in -1..1, 1 for the question itself; 0 when either has no token."""
        total = question.weights.sum()
        if not total > 0:
            return np.zeros(len(passages), dtype=np.float32)
        weights = question.weights / total
        scores: Scores = self.token_scores(question, passages) @ weights
        return scores.clip(-1, 1)

    def token_scores(self, question: Question, passages: Sequence[TokenIds]) -> Scores:
        """(len(passages), m) best cosine of each question token; 0 for passages without tokens."""
        return self.compare(question, Ragged.of(passages)).best

    def compare(
        self, question: Question, passages: Ragged, beside: Executor | None = None
    ) -> Comparison:
        """Unweighted cosines, so that a ranking can weigh them in its own way.

        Passages share most of their tokens, so each is compared once.

        Args:
            question: what is asked.
            passages: token ids of each, in the order of its text; of those whose surroundings
                count, then those of what is around each.
            beside: does one half of the work, if there is one.
        """
        ids, places = kernels.distinct(passages, self._encoder.vocabulary)
        counting = question.weights > 0
        compared = self._encoder.table.compare(ids, question.others, counting, OTHER, beside)
        return Comparison(passages.lengths, places, ids, compared)


def _norms(vectors: Vectors) -> Scores:
    """(n,) lengths of the rows."""
    squares: Scores = np.einsum("ij,ij->i", vectors, vectors)
    return np.sqrt(squares)


def _says_something(text: str) -> bool:
    """Whether there is more in it than punctuation, separators and control characters.

    Marks count: a Hindi or Thai vowel sign can be a token of its own.
    """
    return any(unicodedata.category(character)[0] not in "PZC" for character in text)

"""Scores passages by their tokens against a question's tokens. Knows token ids, not documents.

Late interaction (Khattab and Zaharia 2020, ColBERT) on a static token table:

    score(q, p) = sum over tokens t of q of  weight(t) * max over tokens s of p of cos(t, s)
                  divided by the sum of the weights,

where ``weight(t)`` is the norm of the token's vector, which training makes large for tokens that
tell texts apart. No network runs, and the same cosines say which words matched, in any language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.encoder import Vectors
from embeddings.kernels import Compared
from embeddings.ragged import Ragged
from embeddings.static import StaticEncoder, TokenIds

Scores = NDArray[np.float32]

WINDOW_STEP = 12  # tokens: two steps are about a clause or a short sentence
OTHER = 0.998  # most that two tokens count as alike, where a table has them share a row


@dataclass(frozen=True, slots=True)
class Question:
    """A question's distinct tokens, in order of first occurrence.

    Attributes:
        ids: (m,) token ids.
        vectors: (m, dim) unit rows, or zero for a token without a vector.
        weights: (m,) how much each token counts, 0 for punctuation and unknown tokens.
        offsets: (m, 2) code points of the question at which each token first stands.
    """

    ids: TokenIds
    vectors: Vectors
    weights: Scores
    offsets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What n passages have for each of a question's m tokens.

    Attributes:
        best: (n, m) best cosine; 0 for passages without tokens.
        windows: (w, m) best cosine in each window of ``2 * WINDOW_STEP`` tokens, every
            ``WINDOW_STEP`` tokens, of all passages that have tokens.
        lengths: (n,) tokens of each.
        places: (total,) which of the distinct tokens each of the passages' tokens is.
        ids: (u,) the distinct tokens.
        tokens: how they compare with the question's.
    """

    best: Scores
    windows: Scores
    lengths: NDArray[np.int64]
    places: NDArray[np.int32]
    ids: TokenIds
    tokens: Compared

    def best_window(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) highest weighted sum of any window of each passage; 0 without tokens.

        A passage that has the question's words close together answers more often than one that
        has them scattered; whole-passage maxima do not see the difference.
        """
        found = np.zeros(len(self.lengths))
        filled = self.lengths > 0
        if filled.any():
            windows = -(-self.lengths[filled] // WINDOW_STEP)
            first = np.cumsum(windows) - windows
            found[filled] = np.maximum.reduceat(self.windows @ weights, first)
        return found

    def focus(self, n: int) -> Scores:
        """(n,) how much of each of the first passages the question matches; 0 without tokens.

        The mean over a passage's tokens of the best cosine with any of the question's, a token
        counting as much as its vector is long.
        """
        return kernels.weighted_means(
            self.tokens.top, self.tokens.lengths, self.places, self.lengths[:n]
        )

    def near(self, least: float, counts: NDArray[np.uint32]) -> NDArray[np.float64]:
        """(m,) sum of the counts of the distinct tokens that are at least so similar to each.

        Args:
            least: cosine from which on they are.
            counts: (tokens,) of each token of the vocabulary; 0 beyond its end.
        """
        return kernels.near_counts(self.tokens.similar, self.ids, counts, least)


class Matches(NamedTuple):
    """For each of k passage tokens, the question token it answers best.

    Attributes:
        scores: (k,) in -1..1, cosine times the question token's weight as a share of the
            question's largest weight. 0 where nothing can match.
        tokens: (k,) position of that token in the question.
    """

    scores: Scores
    tokens: NDArray[np.int64]


class LateInteraction:
    """Compares questions with passages on the table of one encoder. Holds no state of its own."""

    def __init__(self, encoder: StaticEncoder) -> None:
        """Use the token table of ``encoder``; passages must be tokenised by the same."""
        self._encoder = encoder

    def prepare(self, question: str) -> Question:
        """Tokenise and weigh a question.

        A token counts once however often it stands there, and one that covers nothing but
        punctuation or white space has no weight.
        """
        ids, offsets = self._encoder.tokenize_with_offsets(question)
        _, first = np.unique(ids, return_index=True)
        first.sort()
        ids, offsets = ids[first], offsets[first]
        rows, scales = self._encoder.token_rows(ids)
        vectors = rows * scales[:, None]
        weights = _norms(vectors)
        vectors /= np.where(weights > 0, weights, 1)[:, None]
        says = [_says_something(question[start:end]) for start, end in offsets]
        return Question(ids, vectors, np.where(says, weights, np.float32(0)), offsets)

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

    def compare(self, question: Question, passages: Ragged) -> Comparison:
        """Unweighted cosines, so that a ranking can weigh them in its own way.

        Args:
            question: what is asked.
            passages: token ids of each, in the order of its text.
        """
        ids, places, tokens = self._compared(question, passages.values)
        windows, best = kernels.pool(tokens.similar, places, passages.lengths, WINDOW_STEP)
        return Comparison(best, windows, passages.lengths, places, ids, tokens)

    def matches(self, question: Question, ids: TokenIds) -> Matches:
        """What each token of a passage, (k,) ids, has to do with the question: for highlights."""
        top = question.weights.max(initial=0)
        if not len(ids) or not top > 0:
            return Matches(np.zeros(len(ids), np.float32), np.zeros(len(ids), np.int64))
        _, places, compared = self._compared(question, ids)
        weighted = compared.similar * (question.weights / top)
        tokens = weighted.argmax(axis=1)
        scores = weighted[np.arange(len(weighted)), tokens]
        return Matches(scores[places], tokens[places])

    def _compared(
        self, question: Question, ids: TokenIds
    ) -> tuple[TokenIds, NDArray[np.int32], Compared]:
        """The distinct ids, which of them each id is, and how they compare with the question's.

        Candidates for one question share most of their tokens, so each is compared once.
        """
        distinct, places = kernels.distinct(ids, self._encoder.vocabulary)
        compared = self._encoder.table.compare(
            distinct, question.vectors, question.ids, question.weights > 0, OTHER
        )
        return distinct, places, compared


def _norms(vectors: Vectors) -> Scores:
    """(n,) lengths of the rows."""
    squares: Scores = np.einsum("ij,ij->i", vectors, vectors)
    return np.sqrt(squares)


def _says_something(text: str) -> bool:
    """Whether there is more in it than punctuation, separators and control characters.

    Marks count: a Hindi or Thai vowel sign can be a token of its own.
    """
    return any(unicodedata.category(character)[0] not in "PZC" for character in text)

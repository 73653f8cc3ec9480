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

from embeddings.encoder import Vectors
from embeddings.ragged import Ragged
from embeddings.static import StaticEncoder, TokenIds

Scores = NDArray[np.float32]

WINDOW_STEP = 12  # tokens: two steps are about a clause or a short sentence
BLOCK = 2048  # tokens compared at a time: their rows stay in a core's cache
OTHER = 0.998  # most that two tokens count as alike, where a table has them share a row
TILE = 32  # rows per matrix product, too few for BLAS to split one between threads, whose start
# would take longer than the product and far longer while other requests hold the cores


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
        windows: (m, w) best cosine in each window of ``2 * WINDOW_STEP`` tokens, every
            ``WINDOW_STEP`` tokens, of all passages that have tokens.
        first: (n,) first window of each passage, or -1 when it has no tokens.
        similar: (m, u) cosines with the u distinct tokens of all passages.
        places: (total,) which of them each of the passages' tokens is.
        ids: (u,) those tokens.
    """

    best: Scores
    windows: Scores
    first: NDArray[np.int64]
    similar: Scores
    places: NDArray[np.int32]
    ids: NDArray[np.int64]

    def best_window(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) highest weighted sum of any window of each passage; 0 without tokens.

        A passage that has the question's words close together answers more often than one that
        has them scattered; whole-passage maxima do not see the difference.
        """
        found = np.zeros(len(self.first))
        filled = self.first >= 0
        if filled.any():
            found[filled] = np.maximum.reduceat(weights @ self.windows, self.first[filled])
        return found


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
        lengths = passages.lengths
        m, best = len(question.ids), np.zeros((len(passages), len(question.ids)), np.float32)
        first = np.full(len(passages), -1, dtype=np.int64)
        if not lengths.any() or not m:
            nothing = np.zeros((m, 0), dtype=np.float32)
            no_places, no_ids = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)
            return Comparison(best, nothing, first, nothing, no_places, no_ids)
        similar, places, distinct = self._similarities(question, passages.values)
        # A block is WINDOW_STEP tokens; reduceat needs every part to have a token.
        blocks = -(-lengths // WINDOW_STEP)
        first[lengths > 0] = (np.cumsum(blocks) - blocks)[lengths > 0]
        owner = np.repeat(np.arange(len(passages)), blocks)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(blocks) - blocks, blocks)
        starts = passages.starts[owner] + within * WINDOW_STEP
        windows = np.maximum.reduceat(similar[:, places], starts, axis=1)
        best[lengths > 0] = np.maximum.reduceat(windows, first[lengths > 0], axis=1).T
        followed = owner[:-1] == owner[1:]
        windows[:, :-1] = np.where(
            followed, np.maximum(windows[:, :-1], windows[:, 1:]), windows[:, :-1]
        )
        return Comparison(best, windows, first, similar[:, : len(distinct)], places, distinct)

    def matches(self, question: Question, ids: TokenIds) -> Matches:
        """What each token of a passage, (k,) ids, has to do with the question: for highlights."""
        top = question.weights.max(initial=0)
        if not len(ids) or not top > 0:
            return Matches(np.zeros(len(ids), np.float32), np.zeros(len(ids), np.int64))
        similar, places, _ = self._similarities(question, ids)
        weighted = similar * (question.weights / top)[:, None]
        tokens = weighted.argmax(axis=0)
        scores = weighted[tokens, np.arange(weighted.shape[1])]
        return Matches(scores[places], tokens[places])

    def focus(self, question: Question, passages: Ragged, compared: Comparison) -> Scores:
        """(n,) how much of each passage the question matches; 0 for passages without tokens.

        The mean over a passage's tokens of the best cosine with any of the question's, a token
        counting as much as its vector is long.

        Args:
            question: what is asked.
            passages: the first n of those that were compared.
            compared: what ``compare`` found.
        """
        found = np.zeros(len(passages), dtype=np.float32)
        filled = passages.lengths > 0
        asked = compared.similar[question.weights > 0]
        if not len(asked) or not filled.any():
            return found
        lengths = self._encoder.token_lengths(compared.ids)
        both = np.stack([asked.max(axis=0).clip(min=0) * lengths, lengths])
        places = compared.places[: len(passages.values)]
        sums = np.add.reduceat(both[:, places], passages.starts[filled], axis=1)
        found[filled] = sums[0] / np.maximum(sums[1], 1e-9)
        return found

    def _similarities(
        self, question: Question, ids: TokenIds
    ) -> tuple[Scores, NDArray[np.int32], NDArray[np.int64]]:
        """Cosines (m, u or more) with the u distinct ids, each id's column, and the distinct ids.

        Candidates for one question share most of their tokens, so each is looked up once. A mark
        per token of the vocabulary finds them ten times faster than sorting.
        """
        mark = np.zeros(self._encoder.vocabulary, dtype=np.bool_)
        mark[ids] = True
        distinct = np.flatnonzero(mark)
        column = np.empty(len(mark), dtype=np.int32)
        column[distinct] = np.arange(len(distinct), dtype=np.int32)
        padded = np.append(distinct, np.zeros(-len(distinct) % TILE, dtype=np.int64))
        similar = np.empty((len(question.ids), len(padded)), dtype=np.float32)
        for first in range(0, len(padded), BLOCK):
            block = slice(first, first + BLOCK)
            similar[:, block] = self._cosines(question, padded[block]).T
        same = np.flatnonzero(mark[question.ids])
        places = column[question.ids[same]]
        themselves = similar[same, places]
        np.minimum(similar, OTHER, out=similar)
        similar[same, places] = themselves
        return similar, column[ids], distinct

    def _cosines(self, question: Question, ids: NDArray[np.int64]) -> Scores:
        """(len(ids), m) cosines; the number of ids is a multiple of ``TILE``."""
        rows, weights = self._encoder.token_rows(ids)
        tiles = rows.reshape(-1, TILE, rows.shape[1])
        products = np.matmul(tiles, question.vectors.T).reshape(len(ids), -1)
        norms = self._encoder.token_norms(ids)
        products *= (np.sign(weights) / np.where(norms > 0, norms, 1))[:, None]
        cosines: Scores = products.clip(-1, 1)
        return cosines


def _norms(vectors: Vectors) -> Scores:
    """(n,) lengths of the rows."""
    squares: Scores = np.einsum("ij,ij->i", vectors, vectors)
    return np.sqrt(squares)


def _says_something(text: str) -> bool:
    """Whether there is more in it than punctuation, separators and control characters.

    Marks count: a Hindi or Thai vowel sign can be a token of its own.
    """
    return any(unicodedata.category(character)[0] not in "PZC" for character in text)

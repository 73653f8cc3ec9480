"""Looks again at the best candidates: how is each token of the question met by each of them?

The evidence that orders candidates (``qa.ranking``) is sums over the question's tokens. Which of
them are met together, in one place, one after the other, better here than by any other candidate,
is lost in the sums, and so is what kind of tokens these are. So the best candidates are ordered
once more by a small network over sets (Zaheer et al. 2017, Deep Sets), which reads each pair of a
candidate and a token of the question, takes two means over the tokens, and adds what it makes of
these and of the evidence to what the candidates were ordered by. It knows no words: what it reads
of a token is how it is met, how rare it is, and how it is written.

Knows no storage. Its numbers are in ``ranking.json``, written by ``make fit``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.interaction import SAME, Question
from embeddings.kernels import TokenLayers

LOOKED = 24
"""How many of the best candidates are looked at again."""
INPUTS = (
    "whole",
    "window",
    "clause",
    "second",
    "half a clause",
    "wide window",
    "pair",
    "place",
    "size",
    "whole above mean",
    "whole below best",
    "window above mean",
    "window below best",
    "exact",
    "next in clause",
    "last in clause",
    "last pair",
    "same language",
    "mean",
    "best above mean",
    "rarity",
    "near",
    "asks",
    "weight",
    "capital",
    "digit",
    "length",
    "place in question",
)
"""What is read of a candidate and a token; see ``inputs``."""
_SMALL = 1e-3  # keeps logarithms of nothing within reason
_LONG = 12  # letters from which on a token is as long as any

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Met = Callable[[NDArray[np.int64]], Floats]
"""(k, 9, m) how k candidates meet the tokens; see ``embeddings.kernels.met``."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The m tokens of a question, as the network sees them.

    Attributes:
        rare: (m,) share of each in the question's meaning for the collection; the sum is 1.
        near: (m,) share of the collection's passages that have a token near it.
        traits: (6, m) whether it only asks; half the logarithm of its weight, 0 for their mean;
            whether it begins with a capital; whether it has a digit; its length, from -1 to 1; and
            where in the question it stands, from 0 to below 1.
    """

    rare: Doubles
    near: Doubles
    traits: Floats


def following(weights: Doubles) -> NDArray[np.int64]:
    """(m,) the place of the next weight above 0, for all above 0 but the last; else its own."""
    places = np.arange(len(weights))
    counting = places[weights > 0]
    places[counting[:-1]] = counting[1:]
    return places


def traits(question: str, tokens: Question, only: Flags) -> Floats:
    """(6, m) of the tokens of a question, of which some ``only`` ask; see ``Tokens``."""
    offsets = tokens.offsets.tolist()
    written = [question[start:end] for start, end in offsets]
    total = max(float(tokens.weights.sum()), 1e-6)
    return np.array(
        [
            only,
            np.log(tokens.weights * (len(written) / total) + _SMALL) / 2,
            [text[:1].isupper() for text in written],
            [any(map(str.isdigit, text)) for text in written],
            [min(len(text), _LONG) * 2 / _LONG - 1 for text in written],
            [start / max(len(question), 1) for start, _ in offsets],
        ],
        dtype=np.float32,
    )


def inputs(met: Floats, tokens: Tokens, same: Flags) -> Floats:
    """(k, m, len(INPUTS)) what is read of k candidates and the m tokens of a question.

    * whole, window, clause, half a clause, wide window: the token's best cosine in the passage, and
      in its best window of 24, 12, 6 and 48 tokens.
    * above mean, below best: how far that is above the candidates' mean and below their highest;
      and the mean itself, and how far the highest is above it, which are the token's alone.
    * next, last in clause: what the tokens after and before it in the question have.
    * second: the second highest cosine in the passage. exact: whether it stands there literally.
    * pair: how well it and the token after it stand there one after the other; last pair: likewise
      the one before it.
    * place: where in the passage its best match is; size: logarithm of that match's weight.
    * rarity, near: logarithms of its share in the question's meaning and of the share of the
      collection's passages that have it. The others are ``Tokens.traits``.

    Args:
        met: (k, 9, m), see ``embeddings.kernels.met``.
        tokens: of the question.
        same: (k,) whether each candidate is in the question's language.
    """
    own = np.empty((2 + len(tokens.traits), len(tokens.rare)), np.float32)
    own[0] = np.log(tokens.rare * np.count_nonzero(tokens.rare) + _SMALL)
    own[1] = np.log(tokens.near + 1e-5) / 5
    own[2:] = tokens.traits
    return kernels.look_inputs(met, own, same, SAME, _SMALL)


def worth_it(places: Doubles) -> NDArray[np.int64]:
    """(k,) the candidates that are looked at again, best first."""
    best: NDArray[np.int64] = np.argsort(-places, kind="stable")[:LOOKED]
    return best


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The fitted network.

    Attributes:
        tokens: what a token tells, of len(INPUTS) inputs; t numbers.
        judging: (g, f + 2 t + 2) of f kinds of evidence, the two means, place and language.
        judging_bias: (g,).
        heights: (g,) of the rectified sums in the end.
        kept: how much counts what the candidates were ordered by before.
    """

    tokens: TokenLayers
    judging: Floats
    judging_bias: Floats
    heights: Floats
    kept: float

    def places(
        self, before: Doubles, met: Met, tokens: Tokens, features: Doubles, same: Flags
    ) -> Doubles:
        """(n,) what n candidates are ordered by now: the higher, the better.

        Those that are not looked at stay behind those that are, as far apart as before.

        Args:
            before: (n,) what they were ordered by.
            met: how some of them meet the question's tokens.
            tokens: of the question.
            features: (n, f) evidence.
            same: (n,) whether in the question's language.
        """
        counts = tokens.rare > 0
        if not len(before) or not counts.any():
            return before
        best = worth_it(before)
        read = inputs(met(best), tokens, same[best])
        now = self._judged(read, counts, features[best], same[best], before[best])
        found: Doubles = before + (now.min() - before[best].min())
        found[best] = now
        return found

    def _judged(
        self, read: Floats, counts: Flags, features: Doubles, same: Flags, before: Doubles
    ) -> Doubles:
        k, width = features.shape
        known = np.empty((k, self.judging.shape[1]), np.float32)
        known[:, :width] = features
        known[:, width:-2] = kernels.look_means(read, counts, self.tokens).reshape(k, -1)
        known[:, -2] = np.maximum(before - before[0], -20.0) / 4
        known[:, -1] = same
        judged = np.maximum(known @ self.judging.T + self.judging_bias, 0.0) @ self.heights
        found: Doubles = self.kept * before + judged
        return found

"""Chooses the sentence of a passage that answers. Knows matches, not where they come from."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_AFTER_STATEMENT, _AFTER_QUESTION = 0.2, 0.4
_NUMBERED = 0.1  # of 1 for a sentence that says all that the question does
_QUESTION = re.compile(r"[?？؟][\s\"'“”„«»‹›‘’)\]」』]*$")


def best_sentence(
    texts: Sequence[str],
    matched: NDArray[np.float32],
    weights: NDArray[np.float64],
    numbered: Sequence[bool] = (),
) -> int:
    """The place of the sentence that matches the question's weightier tokens best.

    What only the sentence before says counts a little, so that "he refuses to send his soldiers"
    wins over the sentence that names him; more when that one is a question, which the next
    often answers. A question itself answers nothing and is chosen only when there is nothing else.
    When a number is asked for, a sentence that says one counts a little more.

    Args:
        texts: (n,) the sentences, in order, one or more.
        matched: (n, m) best cosine of each token of the question in each sentence.
        weights: (m,) how much each token counts.
        numbered: (n,) whether each says a number; empty when none is asked for.
    """
    asks = np.array([_QUESTION.search(text) is not None for text in texts])
    share = np.where(asks[:-1], _AFTER_QUESTION, _AFTER_STATEMENT)[:, None]
    carried = matched.astype(np.float64)
    carried[1:] += share * np.maximum(matched[:-1] - matched[1:], 0)
    scores = carried @ weights
    if numbered:
        scores += _NUMBERED * np.array(numbered)
    if not asks.all():
        scores[asks] = -np.inf
    return int(scores.argmax())

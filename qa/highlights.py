"""Shows which words of a passage match a question, across languages. Knows no ranking.

The same token cosines that rank a passage say why it was found: for each token of the question,
the passage tokens that come nearest to it are marked, grown to whole words and joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.types import Highlight

_Range = tuple[int, int]
"""Half-open, of code points."""

_WORTH = 0.3
"""Least cosine times relative weight that is shown: below it, matches explain nothing."""
_NEAR_BEST = 0.9
"""Share of a question token's best match that a second place must reach to be shown, too."""
_WORD = re.compile("(?:[^\\W_]|[\u0300-\u036f])+")
"""Combining marks belong to the letter before them, but are none themselves."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


def matching(
    weights: NDArray[np.float32], passages: Sequence[NDArray[np.float32]]
) -> list[list[int]]:
    """For each passage, which of its tokens say why it was found, in order.

    Args:
        weights: (m,) of the question's tokens.
        passages: for each, (k, m) cosines of its tokens with them.
    """
    most = weights.max(initial=0)
    if not passages or not most > 0:
        return [[] for _ in passages]
    weighted = np.concatenate(passages) * (weights / most)
    scores = weighted.max(axis=1)
    worth = np.flatnonzero(scores >= _WORTH)
    tokens, scores = weighted[worth].argmax(axis=1), scores[worth].astype(np.float64)
    lengths = np.array([len(cosines) for cosines in passages])
    ends = np.cumsum(lengths)
    owners = np.searchsorted(ends, worth, side="right")
    places = worth - (ends - lengths)[owners]
    best = np.zeros((len(passages), len(weights)))
    np.maximum.at(best, (owners, tokens), scores)
    kept = scores >= _NEAR_BEST * best[owners, tokens]
    found: list[list[int]] = [[] for _ in passages]
    for owner, place in zip(owners[kept].tolist(), places[kept].tolist(), strict=True):
        found[owner].append(place)
    return found


def highlights(spans: NDArray[np.int64], text: str, base: int) -> tuple[Highlight, ...]:
    """The words of a passage that are, or hold, what matches, in order.

    Args:
        spans: (n, 2) where the tokens that match stand in ``text``.
        text: the passage.
        base: where it begins in the document, by which offsets are moved.
    """
    words = [_whole_word(text, start, end) for start, end in spans.tolist()]
    return tuple(
        Highlight(base + start, base + end, text[start:end]) for start, end in _joined(text, words)
    )


def _whole_word(text: str, start: int, end: int) -> _Range:
    token = text[start:end]
    if not token.isalnum():
        words = list(_WORD.finditer(token))
        if not words:
            return start, start
        start, end = start + words[0].start(), start + words[-1].end()
    if not token.isascii() and _UNSPACED.search(token):
        return start, end  # no spaces between words: the token is all there is to show
    while start > 0 and _WORD.match(text, start - 1):
        start -= 1
    following = _WORD.match(text, end)
    return start, following.end() if following else end


def _joined(text: str, spans: Iterable[_Range]) -> list[_Range]:
    """Sorted spans, with those that touch or have only spaces or hyphens between them made one."""
    joined: list[_Range] = []
    for start, end in sorted(spans):
        if start == end:
            continue
        if joined and not text[joined[-1][1] : start].strip(" -\u00a0"):
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined

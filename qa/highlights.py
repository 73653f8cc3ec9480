"""Shows which words of a passage match a question, across languages. Knows no ranking.

The same token cosines that rank a passage say why it was found: for each token of the question,
the passage tokens that come nearest to it are marked, grown to whole words and joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from embeddings.interaction import Matches, Question
from qa.types import Highlight, Span

_WORTH = 0.3
"""Least cosine times relative weight that is shown: below it, matches explain nothing."""
_NEAR_BEST = 0.9
"""Share of a question token's best match that a second place must reach to be shown, too."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


def highlights(
    question: Question, matches: Matches, spans: NDArray[np.int64], text: str, base: int
) -> tuple[Highlight, ...]:
    """Evidence in a passage, in order.

    Args:
        question: what was asked.
        matches: of the passage's tokens with it.
        spans: (n, 2) where these tokens stand in ``text``.
        text: the passage.
        base: where it begins in the document, by which offsets are moved.
    """
    if not len(spans) or not len(question.ids):
        return ()
    best = np.zeros(len(question.ids))
    np.maximum.at(best, matches.tokens, matches.scores)
    shown = (matches.scores >= _WORTH) & (matches.scores >= _NEAR_BEST * best[matches.tokens])
    words = [_whole_word(text, start, end) for start, end in spans[shown].tolist()]
    return tuple(
        Highlight(base + span.start, base + span.end, text[span.start : span.end])
        for span in _joined(text, words)
    )


def _whole_word(text: str, start: int, end: int) -> Span:
    while start < end and not _is_word(text[start]):
        start += 1
    while end > start and not _is_word(text[end - 1]):
        end -= 1
    if start == end or _UNSPACED.search(text, start, end):
        return Span(start, end)  # no spaces between words: the token is all there is to show
    while start > 0 and _is_word(text[start - 1]):
        start -= 1
    while end < len(text) and _is_word(text[end]):
        end += 1
    return Span(start, end)


def _is_word(character: str) -> bool:
    # Combining marks belong to the letter before them, but are none themselves.
    return character.isalnum() or "\u0300" <= character <= "\u036f"


def _joined(text: str, spans: Iterable[Span]) -> list[Span]:
    """Sorted spans, with those that touch or have only spaces or hyphens between them made one."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if span.start == span.end:
            continue
        last = joined[-1] if joined else None
        if last is not None and not text[last.end : span.start].strip(" -\u00a0"):
            joined[-1] = Span(last.start, max(last.end, span.end))
        else:
            joined.append(span)
    return joined

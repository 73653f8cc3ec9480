"""Negations that an ellipsis hides: "zugestimmt" for "nicht zugestimmt". Knows no documents.

Looked for in what is left out of a sentence that the quote has a part of; whole sentences may be
left out with all that they deny.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qa.differences import Difference
from qa.kinds import NEGATES_INSIDE, negates
from qa.sentences import sentences
from qa.types import Span
from qa.words import tokens

_AROUND = 200


def hidden_negations(
    text: str, chain: Sequence[Span], parts: Sequence[Span], language: str | None
) -> tuple[Difference, ...]:
    """Each as an insertion at the end of the part before it.

    Args:
        text: of the document.
        chain: where the parts of the quote are in it.
        parts: where they are in the quote.
        language: of the document, for its sentences.
    """
    made: list[Difference] = []
    for (left, right), part in zip(pairwise(chain), parts, strict=False):
        for piece in _cut_sentences(text, left.end, right.start, language):
            made += [_inserted(text, found, part.end) for found in _negations(text, piece)]
    return tuple(made)


def _cut_sentences(text: str, start: int, end: int, language: str | None) -> list[Span]:
    """What the gap has of sentences that go on before or after it."""
    if not any(c.isalnum() for c in text[start:end]):
        return []
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    return [
        Span(max(s.start, start), min(s.end, end))
        for s in sentences(text, low, high, language)
        if s.start < end and s.end > start and (s.start < start or s.end > end)
    ]


def _negations(text: str, span: Span) -> list[Span]:
    found = {Span(t.start, t.end) for t in tokens(text, span.start, span.end) if negates(t)}
    found |= {Span(*m.span()) for m in NEGATES_INSIDE.finditer(text, span.start, span.end)}
    return sorted(found, key=lambda one: one.start)


def _inserted(text: str, found: Span, at: int) -> Difference:
    words = text[found.start : found.end]
    return Difference("insert", "", words, "negation", at, at, found.start, found.end)

"""Finds the place of a text that is most like a quote, word by word. Knows no store.

First the stretch with most of the quote's words; there, the best alignment of all of the quote
with some part of the text (Sellers 1980), in which a misspelt word costs less than a wrong one.
Words in another order are found by the stretch alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from qa.folding import fold
from qa.types import Span
from qa.words import Token, tokens

_SIMILAR = ((5, 0.75), (8, 0.7))
_SIMILAR_LONG = 0.65
"""From this similarity on, a place says the same with changes, for quotes of fewer words than the
first number. Half of all quotes of three words have a place that is 0.7 alike by chance; of eight
or more words, nine in ten have none above 0.57. One word changed of four leaves 0.78, of eight
0.88, in the median."""
_MISSING = 120
_EXTRA = 90
_WRONG = 200
_MISSPELT = 160
"""Costs of a word of the quote that the text lacks, of one it has more, of another word in its
place, and of one at least half alike, lowered by their likeness. That an extra word is cheaper
keeps a place whole around a "not"."""
_REORDERED = 0.95
_SHIFT = 1 << 24


@dataclass(frozen=True, slots=True)
class Alignment:
    """A place and how like the quote it is, 0..1."""

    span: Span
    similarity: float


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote made ready to be looked for in several places."""

    text: str
    folded: str
    tokens: tuple[Token, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Quote:
        """Read a quote."""
        every = tuple(tokens(text))
        return cls(text, fold(text), every, tuple(t.key for t in every if t.spoken))

    @property
    def similar(self) -> float:
        """From this similarity on, a place says the same with changes."""
        known = (least for words, least in _SIMILAR if len(self.keys) < words)
        return next(known, _SIMILAR_LONG)


def best_alignment(quote: Quote, text: str, window: Span) -> Alignment | None:
    """The place in a window of the text that is most like the quote; None without any word."""
    every = tokens(text, window.start, window.end)
    words = [token for token in every if token.spoken]
    if not quote.keys or not words:
        return None
    stretch = _stretch(quote.keys, words)
    room = len(quote.keys) // 2 + 8
    low, high = max(0, stretch[0] - room), min(len(words), stretch[1] + room)
    first, last = _aligned(quote.keys, [token.key for token in words[low:high]])
    found = [_judged(quote, text, every, words[low + first : low + last])]
    if found[0].similarity < _REORDERED:
        found.append(_judged(quote, text, every, _trimmed(quote.keys, words[slice(*stretch)])))
    return max(found, key=lambda one: one.similarity)


def alignment_in_parts(
    quote: str, parts: Iterable[Span], text: str, window: Span
) -> Alignment | None:
    """The place that holds something like each part of a quote with ellipses."""
    found = [
        (part.end - part.start, best)
        for part in parts
        if (best := best_alignment(Quote.of(quote[part.start : part.end]), text, window))
    ]
    if not found:
        return None
    weight = sum(size for size, _ in found)
    spans = [best.span for _, best in found]
    whole = Span(min(span.start for span in spans), max(span.end for span in spans))
    return Alignment(whole, sum(size * best.similarity for size, best in found) / weight)


def _stretch(keys: Sequence[str], words: Sequence[Token]) -> tuple[int, int]:
    """As many words as the quote has, where most letters are in words of the quote."""
    wanted = set(keys)
    weights = np.array([len(w.key) if w.key in wanted else 0 for w in words])
    sums = np.concatenate([[0], np.cumsum(weights)])
    size = min(len(keys), len(words))
    first = int(np.argmax(sums[size:] - sums[: len(sums) - size]))
    return first, first + size


def _trimmed(keys: Sequence[str], words: Sequence[Token]) -> Sequence[Token]:
    hits = [n for n, word in enumerate(words) if word.key in set(keys)]
    return words[hits[0] : hits[-1] + 1] if hits else words


def _aligned(keys: Sequence[str], words: Sequence[str]) -> tuple[int, int]:
    """First and one past the last word of the cheapest alignment; never empty.

    Each cell is a cost and, below it, how far from the end its alignment starts, so that of two
    equally cheap ones the shorter wins.
    """
    costs = _costs(keys, words)
    size = len(words)
    steps = np.arange(size + 1, dtype=np.int64) * (_EXTRA * _SHIFT)
    row = size - np.arange(size + 1, dtype=np.int64)
    for n in range(len(keys)):
        below = row + _MISSING * _SHIFT
        below[1:] = np.minimum(below[1:], row[:-1] + costs[n])
        row = np.minimum.accumulate(below - steps) + steps
    last = max(1, int(np.argmin(row)))
    first = size - int(row[last] % _SHIFT)
    return min(first, last - 1), last


def _costs(keys: Sequence[str], words: Sequence[str]) -> NDArray[np.int64]:
    """(keys, words) what each costs for each, shifted."""
    rows, row_of = np.unique(np.array(keys, dtype=object), return_inverse=True)
    columns, column_of = np.unique(np.array(words, dtype=object), return_inverse=True)
    likeness = cdist(list(rows), list(columns), scorer=Levenshtein.normalized_similarity)
    each = np.where(likeness < 0.5, _WRONG, np.rint(_MISSPELT * (1 - likeness)))
    costs = each.astype(np.int64) * _SHIFT
    spread: NDArray[np.int64] = costs[row_of][:, column_of]
    return spread


def _judged(quote: Quote, text: str, every: Sequence[Token], words: Sequence[Token]) -> Alignment:
    span = _with_marks(quote, every, Span(words[0].start, words[-1].end))
    found = text[span.start : span.end]
    letters = ratio(quote.folded, fold(found)) / 100
    ours, theirs = _letters(quote.keys), _letters([word.key for word in words])
    shared = sum((ours & theirs).values())
    bag = _REORDERED * 2 * shared / max(1, sum(ours.values()) + sum(theirs.values()))
    return Alignment(span, max(letters, bag))


def _letters(keys: Sequence[str]) -> Counter[str]:
    """Words, each counted with its length."""
    counted = Counter(keys)
    return Counter({key: count * len(key) for key, count in counted.items()})


def _with_marks(quote: Quote, every: Sequence[Token], span: Span) -> Span:
    """The span with the marks around it that the quote has as well."""
    before = [t.key for t in _leading(quote.tokens)][::-1]
    after = [t.key for t in _leading(quote.tokens[::-1])][::-1]
    start, end = span.start, span.end
    for key, token in zip(before, [t for t in every if t.end <= start][::-1], strict=False):
        if token.key != key:
            break
        start = token.start
    for key, token in zip(after, [t for t in every if t.start >= end], strict=False):
        if token.key != key:
            break
        end = token.end
    return Span(start, end)


def _leading(some: Sequence[Token]) -> list[Token]:
    """The marks before the first word."""
    count = next((n for n, token in enumerate(some) if token.spoken), len(some))
    return list(some[:count])

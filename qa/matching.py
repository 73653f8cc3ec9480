"""Finds a quote in one text: verbatim, or alike but for what folding disregards. Knows no store.

A place that cuts a word or a number (``qa.boundaries``) is none: "eine Mobilisierung" is not what
"keine Mobilisierung" says, nor "5 Prozent" what "25 Prozent", "1,5 Prozent" or "-5 Prozent" says.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import regex

from qa.boundaries import cuts
from qa.folding import QUOTES, Folded, bare, fold, same_letters
from qa.types import Span
from qa.units import same_units

_ENDS = regex.compile(rf"[\s{QUOTES}\u200b\ufeff]*(.*?)[\s{QUOTES}\u200b\ufeff]*", regex.DOTALL)


def core(quote: str) -> Span:
    """The quote without white space and quotation marks at its ends."""
    match = _ENDS.fullmatch(quote)
    return Span(*match.span(1)) if match else Span(0, len(quote))


def exact_places(quote: str, text: str, *, cut: bool = False) -> Iterator[Span]:
    """Where the quote stands verbatim, in order; occurrences may overlap.

    With ``cut``, only the places that cut a word or a number instead of those that do not.
    """
    at = text.find(quote)
    while at >= 0:
        if cuts(text, at, at + len(quote)) is cut:
            yield Span(at, at + len(quote))
        at = text.find(quote, at + 1)


def folded_places(quote: str, text: str, form: Folded, *, cut: bool = False) -> Iterator[Span]:
    """Where the text folds like the quote, in order; ``form`` is the text folded.

    Each place is proved: its own characters fold like the quote. ``cut`` as above.
    """
    needle = fold(quote)
    start, end = bare(needle)
    needle = needle[start:end]
    at = form.text.find(needle) if needle else -1
    while at >= 0:
        first, last = form.original(at, at + len(needle))
        place = text[first:last]
        if cuts(text, first, last) is cut and _proved(quote, needle, place):
            yield Span(first, last)
        at = form.text.find(needle, at + 1)


@lru_cache(maxsize=1000)
def _fold(place: str) -> str:
    """Many places of one quote are the same characters."""
    return fold(place)


def _proved(quote: str, needle: str, place: str) -> bool:
    return _fold(place) == needle and same_letters(quote, place) and same_units(quote, place)

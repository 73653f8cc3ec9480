"""Finds a quote in one text: verbatim, or alike but for what folding disregards. Knows no store.

A place that cuts a number is none: "5 Prozent" is not what "25 Prozent", "1,5 Prozent" or
"-5 Prozent" says. Places inside words do count when they are verbatim.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import regex

from qa.folding import QUOTES, Folded, bare, fold, same_letters
from qa.types import Span

_SEPARATORS = ".,'’٫٬/"
_HARD_SPACES = "\u00a0\u202f\u2009"
_SIGNS = "-−–+"
_ENDS = regex.compile(rf"[\s{QUOTES}\u200b\ufeff]*(.*?)[\s{QUOTES}\u200b\ufeff]*", regex.DOTALL)
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\P{L}]"
)


def core(quote: str) -> Span:
    """The quote without white space and quotation marks at its ends."""
    match = _ENDS.fullmatch(quote)
    return Span(*match.span(1)) if match else Span(0, len(quote))


def exact_places(quote: str, text: str) -> Iterator[Span]:
    """Where the quote stands verbatim, in order; occurrences may overlap."""
    at = text.find(quote)
    while at >= 0:
        if not cuts_number(text, at, at + len(quote)):
            yield Span(at, at + len(quote))
        at = text.find(quote, at + 1)


def folded_places(quote: str, text: str, form: Folded) -> Iterator[Span]:
    """Where the text folds like the quote, in order; ``form`` is the text folded.

    Each place is proved: its own characters fold like the quote.
    """
    needle = fold(quote)
    start, end = bare(needle)
    needle = needle[start:end]
    at = form.text.find(needle) if needle else -1
    while at >= 0:
        first, last = form.original(at, at + len(needle))
        place = text[first:last]
        if (
            _fold(place) == needle
            and same_letters(quote, place)
            and not cuts_number(text, first, last)
        ):
            yield Span(first, last)
        at = form.text.find(needle, at + 1)


@lru_cache(maxsize=1000)
def _fold(place: str) -> str:
    """Many places of one quote are the same characters."""
    return fold(place)


def cuts_number(text: str, start: int, end: int) -> bool:
    """Whether a number, its sign, or a unit's exponent goes on beyond the span."""
    return _cut_before(text, start) or _cut_after(text, end)


def cuts_word(text: str, start: int, end: int) -> bool:
    """Whether a word goes on beyond the span, where words have spaces between them."""
    return any(
        0 < at < len(text) and not _UNSPACED.match(text[at - 1]) and not _UNSPACED.match(text[at])
        for at in (start, end)
    )


def _cut_before(text: str, start: int) -> bool:
    if start == 0 or not text[start].isnumeric():
        return False
    before = text[start - 1]
    further = text[start - 2] if start > 1 else " "
    if before.isnumeric() or (before in _SEPARATORS and further.isnumeric()):
        return True
    if further.isnumeric() and _is_group(before, text[start : start + 4]):
        return True
    return before in _SIGNS and not further.isalnum()


def _cut_after(text: str, end: int) -> bool:
    if end >= len(text):
        return False
    last, after = text[end - 1], text[end]
    if unicodedata.category(after) == "No" and last.isalnum():
        return True
    if not last.isnumeric():
        return last in _SEPARATORS and after.isnumeric() and text[end - 2 : end - 1].isnumeric()
    if _is_group(after, text[end + 1 : end + 5]):
        return True
    return after.isnumeric() or (after in _SEPARATORS and text[end + 1 : end + 2].isnumeric())


def _is_group(space: str, digits: str) -> bool:
    """Whether three digits after a space belong to the number before it, for certain."""
    three = digits[:3].isdecimal() and len(digits[:3]) == 3 and not digits[3:].isnumeric()
    return three and (space in _HARD_SPACES or (space == " " and digits[:3] == "000"))

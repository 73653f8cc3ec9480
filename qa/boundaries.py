"""Whether a span of a text cuts a word or a number, and the span that does not. Knows no quotes.

A word goes on through apostrophes, hyphens and the stars of Markdown, and over a hyphen at the end
of a line; a number through its sign, separators, exponents, spaced groups of three, times, ratios
and ranges. White space and quotation marks at the ends of a span do not count. Scripts without
spaces have no such boundaries but those of numbers.
"""

from __future__ import annotations

import regex

from qa.folding import IGNORED, QUOTES
from qa.types import Span

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー\uff9e\uff9f"
_W = rf"[\p{{L}}\p{{M}}\p{{N}}_--[{_UNSPACED}]]"
_I = rf"[{IGNORED}]*+"
_J = r"(?:['’ʼ‐‑\-]|\*{1,3})"
_WRAP = r"[^\S\n]{0,3}\n[^\S\n]{0,3}"
_INSIDE = regex.compile(
    rf"(?<={_W}[{IGNORED}]*)(?={_I}(?:{_J}{_I})?{_W})"
    rf"|(?<={_W}[{IGNORED}]*{_J}[{IGNORED}]*)(?={_I}\*{{0,2}}{_W})"
    rf"|(?<=\p{{L}})(?=[‐\-]{_WRAP}\p{{Ll}})"
    rf"|(?<=\p{{L}}[‐\-]\s{{0,3}})(?={_WRAP}\p{{Ll}})"
    rf"|(?<=\p{{L}}[‐\-]{_WRAP})(?=\s{{0,3}}\p{{Ll}})"
    rf"|(?<=\S)(?=[\p{{M}}--[{_UNSPACED}\ufe00-\ufe0f]])",
    regex.V1,
)
# French and Italian articles: what follows them is a word of its own. Never n' and its like.
_ELIDED = regex.compile(r"(?<!\p{L})(?:l|d|qu|dell|all|nell|sull|dall)['’]", regex.IGNORECASE)
_D = r"[\p{N}\p{nt=Numeric}]"
_NUMBER = regex.compile(
    rf"(?:(?<![\p{{L}}\p{{N}}])(?:[-–+±‐‑]?[.,]|[-–+±‐‑]|[−±]\s?))?{_D}++"
    rf"(?:[.,'’٫٬/⁄∕:^×·*–‐‑−\-]{{1,2}}{_D}++"
    rf"|(?<!{_D}{{4}})(?:[ \u00a0\u2007\u2009\u202f]|\r?\n){_D}{{3}}(?!{_D})"
    rf"|\s[/⁄∕:×·*–−\-]\s{_D}++)*+",
    regex.V1,
)
# An exponent, or a sign that touches its number.
_TOUCHING = regex.compile(
    r"(?<=[\p{L}\p{N}])(?=\p{No})|(?<=\p{N})(?=[%‰‱°\p{Sc}])|(?<=\p{Sc})(?=\p{N})", regex.V1
)
_DIGIT = regex.compile(_D, regex.V1)
_ENDS = regex.compile(rf"[\s{QUOTES}{IGNORED}]*+", regex.V1)
_LAST = regex.compile(rf"[^\s{QUOTES}{IGNORED}]", regex.V1)
_REACH = 60
"""Characters on either side of a place in which a number is looked for."""
_WIDEST = 200
"""Characters by which a span is widened at each end, at most."""


def bare_span(text: str, start: int, end: int) -> Span:
    """The span without white space, quotation marks and invisible characters at its ends."""
    match = _ENDS.match(text, start, end)
    first = match.end() if match else start
    while end > first and not _LAST.match(text, end - 1):
        end -= 1
    return Span(first, end)


def cuts(text: str, start: int, end: int) -> bool:
    """Whether a word or a number goes on beyond the span, at either end."""
    return cuts_word(text, start, end) or cuts_number(text, start, end)


def cuts_word(text: str, start: int, end: int) -> bool:
    """Whether a word goes on, where words have spaces between them, or a character does."""
    return any(_in_word(text, at) for at in _ends(text, start, end))


def cuts_number(text: str, start: int, end: int) -> bool:
    """Whether a number, a sign that touches it, or a unit's exponent goes on."""
    return any(_in_number(text, at) for at in _ends(text, start, end))


def _ends(text: str, start: int, end: int) -> tuple[int, ...]:
    inner = bare_span(text, start, end)
    return (inner.start, inner.end) if inner.start < inner.end else ()


def widened(text: str, span: Span) -> Span:
    """The span with the whole of the words and numbers that it cuts."""
    inner = bare_span(text, span.start, span.end)
    start, end = inner.start, inner.end
    if start >= end:
        return span
    while start > max(0, inner.start - _WIDEST) and _inside(text, start):
        start -= 1
    while end < min(len(text), inner.end + _WIDEST) and _inside(text, end):
        end += 1
    if (start, end) == (inner.start, inner.end):
        return span
    return Span(min(start, span.start), max(end, span.end))


def _inside(text: str, at: int) -> bool:
    return _in_word(text, at) or _in_number(text, at)


def _in_word(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    return bool(_INSIDE.match(text, at)) and not _after_article(text, at)


def _after_article(text: str, at: int) -> bool:
    return any(m.end() == at for m in _ELIDED.finditer(text, max(0, at - 6), at))


def _in_number(text: str, at: int) -> bool:
    if not 0 < at < len(text) or not _DIGIT.search(text, max(0, at - 3), at + 3):
        return False
    if _TOUCHING.match(text, at):
        return True
    first = max(0, at - _REACH)
    return any(m.start() < at < m.end() for m in _NUMBER.finditer(text, first, at + _REACH))

"""Sentences of a text, by sentencex, with what it misses put right. Knows no passages.

Boundaries come from sentencex (its lists of abbreviations for some 300 languages). Pieces that it
cut too early are joined again, and long quotations, which it keeps whole, are cut inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.graphemes import boundary_before, is_boundary
from qa.paragraphs import paragraphs
from qa.types import Span

# Languages that write "3." for "third".
_ORDINAL_DOT = frozenset(
    "de lb da no nb nn is fo fi et lv hu cs sk sl hr bs sr pl tr az eu".split()
)
_ORDINAL = re.compile(r"(?<![\d.,])\d{1,3}\.\s*\Z")
_ONLY_NUMBER = re.compile(r"\s*[(\[]?(?:\d{1,3}|[^\W\d_])[.)]\s*\Z")
_INITIAL = re.compile(r"(?<!\w)[^\W\d_](?<=[^a-zа-яё])\.\s*\Z")
_CHUNK = 8000  # characters given to sentencex at once
_FULL_STOP = re.compile(r"[.!?…]\s+(?=[^\Wa-z\d_])|[。！？।]")
_TAIL = 32  # characters before a cut that decide on it
_LONG = 300  # characters from which a quotation is cut inside
_QUOTES = str.maketrans(dict.fromkeys('„“”"«»‚‘’‹›「」『』', " "))
_OPENING_AT_END = re.compile(r"(?<=\s)[„“\"«‚‘‹»›「『(\[]+\s*\Z")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def sentences(text: str, start: int, end: int, language: str | None) -> list[Span]:
    """Sentences of ``text[start:end]``, trimmed and in order; a line's end ends one, too.

    Together they hold everything that is not white space. Lines of a wrapped paragraph are read
    as one.

    Args:
        text: the whole text; offsets count in it.
        start: first code point.
        end: one past the last.
        language: ISO 639-1, or None when unknown: then as if English.
    """
    return [
        span
        for paragraph in paragraphs(text, start, end)
        for span in within_paragraph(text, paragraph.start, paragraph.end, language)
    ]


def within_paragraph(text: str, start: int, end: int, language: str | None) -> list[Span]:
    """Sentences of one paragraph, whose line breaks mean nothing."""
    spans: list[Span] = []
    for first, last in _chunks(text, start, end):
        spans.extend(_within_chunk(text, first, last, language))
    return spans


def _chunks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges short enough for sentencex, whose time grows with the square of open quotations."""
    while end - start > _CHUNK:
        places = [
            match.end() for match in _FULL_STOP.finditer(text, start + _CHUNK // 2, start + _CHUNK)
        ]
        cut = places[-1] if places else boundary_before(text, start + _CHUNK, start)
        yield start, cut
        start = cut
    yield start, end


def _within_chunk(text: str, start: int, end: int, language: str | None) -> list[Span]:
    # sentencex takes no lone surrogates and ends sentences at line breaks. Both are replaced one
    # for one, so that offsets hold.
    plain = _BREAKS.sub(" ", _SURROGATES.sub("\ufffd", text[start:end]))
    cuts: list[int] = []
    for first, last in _cut(plain, language or "en"):
        if last - first > _LONG:
            inside = plain[first:last].translate(_QUOTES)
            cuts.extend(first + cut for _, cut in _cut(inside, language or "en"))
        else:
            cuts.append(last)
    spans: list[Span] = []
    first = 0
    for cut in cuts:
        last = cut if cut == len(plain) else _before_opening(plain, cut, first)
        if span := trimmed(text, start + first, start + last):
            spans.append(span)
        first = last
    return spans


def trimmed(text: str, start: int, end: int) -> Span | None:
    """The range without white space around it, or None when there is nothing else."""
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return Span(first, first + len(stripped))


def _cut(plain: str, language: str) -> Iterator[tuple[int, int]]:
    """Ranges that cover everything, cut where sentencex says and nothing speaks against it."""
    from sentencex import get_sentence_boundaries

    first = 0
    for boundary in get_sentence_boundaries(language, plain):
        end = boundary["end_index"]
        if end < len(plain) and _belongs_together(plain, first, end, language):
            continue
        yield first, end
        first = end
    if first < len(plain):
        yield first, len(plain)


def _belongs_together(plain: str, first: int, end: int, language: str) -> bool:
    """Whether a cut at ``end``, of a sentence from ``first``, comes too early."""
    if not is_boundary(plain, end):
        return True
    piece = plain[max(first, end - _TAIL) : end]
    after = plain[end : end + 8].lstrip()[:1]
    if end - first < _TAIL and _ONLY_NUMBER.match(piece):  # the number of a list item
        return True
    stripped = piece.rstrip()
    if stripped.endswith("."):
        if after.islower() or _INITIAL.search(piece):
            return True
        return language in _ORDINAL_DOT and after.isalpha() and bool(_ORDINAL.search(piece))
    # 「…。」と言った: the sentence goes on after the quotation.
    return stripped[-1:] in ("」", "』") and "\u3041" <= after <= "\u309f"


def _before_opening(plain: str, cut: int, low: int) -> int:
    """The cut, moved before an opening quotation mark that would be left at the end."""
    match = _OPENING_AT_END.search(plain, max(low, cut - 8), cut)
    return match.start() if match else cut

"""Paragraphs and headings of a text, plain or Markdown. Knows no languages and no lengths wanted.

Three layouts occur: paragraphs set apart by blank lines, one paragraph per line, and lines
wrapped at some width. Lines that are evidently wrapped are one paragraph; otherwise every line is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

MAX_HEADING = 120
_MAX_WRAPPED = 130

_LINE = re.compile(r"[^\n\r\f\v\x1c-\x1e\x85\u2028\u2029]+|\f")
_MARKDOWN_HEADING = re.compile(r"\s{0,3}#{1,6}\s+\S")
_UNDERLINE = re.compile(r"\s{0,3}(?:=+|-{3,})\s*")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_LIST_ITEM = re.compile(r"\s*(?:[-*+•‣◦–—·▪►]|\(?(?:\d{1,3}|[A-Za-z])[.)])\s")
_ADDRESS = re.compile(r"https?://|www\.|\S@\S")
# Ends of sentences in all scripts, with what may close after them.
_CLOSING = "\"'”’»“‘)]}›」』）】*_"
_FINAL = ".!?…。！？؟।॥｡．։።។၊။۔"
_NOT_HEADING_END = _FINAL.replace("?", "").replace("？", "").replace("؟", "") + ",;:，；：、،"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A trimmed, non-empty range of code points.

    Attributes:
        start: first code point.
        end: one past the last.
        heading: it heads what follows.
        section: something begins here that must not be joined to what comes before: a Markdown
            heading or a page.
        apart: a blank line, or the text's beginning, is before it.
    """

    start: int
    end: int
    heading: bool = False
    section: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    page: bool  # first line of a page


def paragraphs(text: str, start: int = 0, end: int | None = None) -> list[Paragraph]:
    """All of ``text[start:end]`` that is not white space, in order."""
    found: list[Paragraph] = []
    fenced = False
    for block in _blocks(text, start, len(text) if end is None else end):
        opens = sum(bool(_FENCE.match(line.text)) for line in block)
        code = fenced or opens > 0
        fenced ^= opens % 2 == 1
        if _is_wrapped(block) and not code:
            first, last = block[0], block[-1]
            found.append(Paragraph(first.start, last.end, section=first.page, apart=True))
        else:
            found.extend(_lines_as_paragraphs(block, code))
    return [
        replace(one, heading=True) if after and _is_heading(text, one, after) else one
        for one, after in zip_longest(found, found[1:])
    ]


def ends_sentence(text: str) -> bool:
    """Whether a trimmed text ends like a sentence."""
    return text.rstrip(_CLOSING + " ")[-1:] in tuple(_FINAL)


def is_list_item(text: str) -> bool:
    """Whether a line begins with a bullet or a number."""
    return _LIST_ITEM.match(text) is not None


def looks_like_heading(text: str, *, numbered: bool = False) -> bool:
    """Whether a trimmed line could head something, by itself; perhaps under a number."""
    return (
        len(text) <= MAX_HEADING
        and "\n" not in text
        and text.rstrip(_CLOSING + " ")[-1:] not in tuple(_NOT_HEADING_END)
        and any(map(str.isalpha, text))
        and not text[0].islower()
        and (not is_list_item(text) or (numbered and text[0].isdigit()))
        and not _ADDRESS.search(text)
    )


def _blocks(text: str, start: int, end: int) -> Iterator[list[_Line]]:
    """Runs of lines without a blank line or a page break between them."""
    block: list[_Line] = []
    page = False
    previous = start
    for match in _LINE.finditer(text, start, end):
        line = match[0].strip()
        gap = text[previous : match.start()].replace("\r\n", "\n")
        previous = match.end()
        if block and (not line or len(gap) > 1):
            yield block
            block = []
        page = page or match[0] == "\f"
        if line:
            first = match.start() + len(match[0]) - len(match[0].lstrip())
            block.append(_Line(first, first + len(line), line, page))
            page = False
    if block:
        yield block


def _is_wrapped(block: Sequence[_Line]) -> bool:
    """Whether the lines of a block are one paragraph broken at some width."""
    if len(block) < 2 or any(len(line.text) > _MAX_WRAPPED for line in block):
        return False
    if any(is_list_item(line.text) or _is_markup(line.text) for line in block):
        return False
    breaks = len(block) - 1
    open_ends = sum(not ends_sentence(line.text) for line in block[:-1])
    if open_ends < 0.6 * breaks:
        return False
    continued = sum(line.text[0].islower() for line in block[1:])
    if continued >= 0.3 * breaks:
        return True
    # Without upper and lower case, lines of about one width are the only sign.
    widths = [len(line.text) for line in block[:-1]]
    uncased = not any(line.text[0].isupper() for line in block[1:])
    return uncased and breaks >= 2 and min(widths) >= 0.7 * max(widths)


def _is_markup(line: str) -> bool:
    return bool(_MARKDOWN_HEADING.match(line) or _UNDERLINE.fullmatch(line)) or line[0] in "|>"


def _lines_as_paragraphs(block: Sequence[_Line], code: bool) -> Iterator[Paragraph]:
    for line, after in zip_longest(block, block[1:]):
        heading = not code and (
            _MARKDOWN_HEADING.match(line.text) is not None
            or (
                after is not None
                and _UNDERLINE.fullmatch(after.text) is not None
                and looks_like_heading(line.text)
            )
        )
        section = heading or line.page
        yield Paragraph(line.start, line.end, heading, section, apart=line is block[0])


def _is_heading(text: str, one: Paragraph, after: Paragraph) -> bool:
    """Whether a plain line heads prose: it is short, and what follows is longer or a sentence."""
    if one.heading or one.end - one.start > MAX_HEADING or after.section:
        return one.heading
    line = text[one.start : one.end]
    # A numbered line is an item of a list, unless it stands alone.
    if not looks_like_heading(line, numbered=one.apart and after.apart):
        return False
    follows = text[after.start : after.end]
    return len(follows) > max(len(line), 40) and (
        ends_sentence(follows) or len(follows) > MAX_HEADING
    )

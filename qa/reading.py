"""Cuts a document's text into numbered lines for reading, a window of it at a time.

Knows texts and spans; no store, no HTTP. All lines of a window joined are the window's text, line
ends included.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.graphemes import boundary_before
from qa.types import Span

WHOLE = 60_000
"""Texts up to this many characters are shown whole."""

AROUND = 20_000
"""Characters shown before and after a passage of a longer text, and added by each "more"."""

_LOOK_BACK = 2_000  # characters in which a line end is looked for, to cut there
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class CitedPiece:
    """A part of a line, inside the cited span or outside."""

    text: str
    cited: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its end.

    Attributes:
        number: from 1.
        page: number of the page that begins in this line, or None.
        pieces: the line, cut where the cited span begins and ends.
    """

    number: int
    page: int | None
    pieces: tuple[CitedPiece, ...]


def window(text: str, cited: Span | None) -> Span:
    """The part of a text that is shown first: all of it, or what is around the cited span."""
    if len(text) <= WHOLE:
        return Span(0, len(text))
    if cited is None:
        return Span(0, _cut_near(text, 2 * AROUND))
    # A passage may be longer than anybody wants at once; its end is then a "more" away.
    end = min(cited.end, cited.start + 2 * AROUND)
    return Span(_cut_near(text, cited.start - AROUND), _cut_near(text, end + AROUND))


def part_before(text: str, end: int) -> Span:
    """The next part above a window that starts at ``end``."""
    return Span(_cut_near(text, end - 2 * AROUND), end)


def part_after(text: str, start: int) -> Span:
    """The next part below a window that ends at ``start``."""
    return Span(start, max(_cut_near(text, start + 2 * AROUND), start))


def lines(
    text: str, part: Span, first_line: int, cited: Span | None, pages: Sequence[int] = ()
) -> list[Line]:
    """The lines of a part of a text, the first and last of which may be cut.

    Args:
        text: the whole text.
        part: what is to be shown of it.
        first_line: number of the line in which ``part`` starts.
        cited: the span to mark, which may reach out of the part.
        pages: offsets at which pages start.
    """
    made: list[Line] = []
    start = part.start
    while start < part.end:
        match = _LINE.match(text, start, part.end)
        end = max(match.end() if match else part.end, start + 1)
        next_page = bisect.bisect_left(pages, start)
        begins = next_page < len(pages) and pages[next_page] < end
        made.append(
            Line(
                number=first_line + len(made),
                page=next_page + 1 if begins else None,
                pieces=_pieces(text, start, end, cited),
            )
        )
        start = end
    return made


def continues(text: str, offset: int) -> bool:
    """Whether the line at ``offset`` began before it."""
    return 0 < offset < len(text) and text[offset - 1] not in "\r\n"


def _pieces(text: str, start: int, end: int, cited: Span | None) -> tuple[CitedPiece, ...]:
    if cited is None:
        return (CitedPiece(text[start:end], False),)
    first = min(max(cited.start, start), end)
    last = min(max(cited.end, first), end)
    parts = ((start, first, False), (first, last, True), (last, end, False))
    return tuple(CitedPiece(text[a:b], marked) for a, b, marked in parts if a < b)


def _cut_near(text: str, index: int) -> int:
    """Where to cut at or shortly before ``index``: after a line end if one is near."""
    if index <= 0:
        return 0
    if index >= len(text):
        return len(text)
    low = max(0, index - _LOOK_BACK)
    line_end = text.rfind("\n", low, index)
    return line_end + 1 if line_end >= 0 else boundary_before(text, index, low)

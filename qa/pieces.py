"""Cuts texts into marked and plain pieces, for anything that shows them.

Done here once, where offsets are code points, so that no other place has to slice. Knows no
colours and no markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from qa.types import Result

_Mark = TypeVar("_Mark")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; all pieces joined are the text."""

    text: str
    highlighted: bool


@dataclass(frozen=True, slots=True)
class DrawnPiece:
    """A part of one side of a comparison; all pieces of a side joined are its text.

    ``kind`` says what differs (``number``, ``name``, …) and is None where both sides agree. An
    empty text with a kind marks the place of words that only the other side has.
    """

    text: str
    kind: str | None


def pieces(result: Result) -> list[Piece]:
    """The result's text in order, cut at its highlights, which may touch or overlap."""
    offset = result.citation.start
    marks = [(each.start, each.end, True) for each in result.highlights]
    return [
        Piece(text, bool(mark)) for text, mark in _cut(result.text, offset, marks) if text != ""
    ]


def drawn(text: str, base: int, changes: Iterable[tuple[int, int, str]]) -> list[DrawnPiece]:
    """One side of a comparison, cut where it differs from the other.

    Args:
        text: the side's text.
        base: the offset in which ``changes`` count of the text's first character.
        changes: start, end and kind of each difference; start and end are equal where only the
            other side has words. Those outside the text are left out.
    """
    inside = [change for change in changes if base <= change[0] <= change[1] <= base + len(text)]
    return [DrawnPiece(part, kind) for part, kind in _cut(text, base, inside)]


def _cut(
    text: str, base: int, marks: Iterable[tuple[int, int, _Mark]]
) -> list[tuple[str, _Mark | None]]:
    """The text in order; each marked range, clipped to what is left of the text, with its mark."""
    made: list[tuple[str, _Mark | None]] = []
    done = 0
    for first, last, mark in sorted(marks, key=lambda each: (each[0], each[1])):
        start = max(first - base, done)
        end = min(last - base, len(text))
        if start > end or (start == end and first != last):
            continue
        if start > done:
            made.append((text[done:start], None))
        made.append((text[start:end], mark))
        done = end
    if done < len(text):
        made.append((text[done:], None))
    return made


def chance(score: float) -> str:
    """A score, which is a probability, in words."""
    if score >= 0.8:
        return "very likely"
    if score >= 0.5:
        return "likely"
    return "possible" if score >= 0.2 else "unlikely"

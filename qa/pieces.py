"""Cuts a result's text into highlighted and plain pieces, for anything that shows it.

Done here once, where offsets are code points, so that no other place has to slice. Knows no
colours and no markup.
"""

from __future__ import annotations

from dataclasses import dataclass

from qa.types import Result


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; all pieces joined are the text."""

    text: str
    highlighted: bool


def pieces(result: Result) -> list[Piece]:
    """The result's text in order, cut at its highlights, which may touch or overlap."""
    made: list[Piece] = []
    offset = result.citation.start
    done = 0
    for highlight in sorted(result.highlights, key=lambda each: (each.start, each.end)):
        start = max(highlight.start - offset, done)
        end = min(highlight.end - offset, len(result.text))
        if start >= end:
            continue
        if start > done:
            made.append(Piece(result.text[done:start], False))
        made.append(Piece(result.text[start:end], True))
        done = end
    if done < len(result.text):
        made.append(Piece(result.text[done:], False))
    return made


def chance(score: float) -> str:
    """A score, which is a probability, in words."""
    if score >= 0.8:
        return "very likely"
    if score >= 0.5:
        return "likely"
    return "possible" if score >= 0.2 else "unlikely"

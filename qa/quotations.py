"""Finds quotations in a text by their marks: „…“ ‚…‘ “…” "…" «…» »…« ‹…› 「…」. Knows no documents.

Quotations may lie in one another; each is found. An apostrophe opens and closes nothing, nor does
an inch sign. A straight mark that is never closed is let go at the end of its paragraph, any
other when it opens again in a later one.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

from qa.words import tokens

WORDS = 3
"""Shorter quotations are names and titles rather than quotes."""

_CLOSES = {
    "„": "“”\"",
    "‚": "‘’",
    "“": "”",
    "‘": "’",
    "«": "»",
    "»": "«",
    "‹": "›",
    "›": "‹",
    "「": "」",
    "『": "』",
    '"': '"',
    "”": "”",
}  # fmt: skip
_PARAGRAPH = regex.compile(r"\n\s*\n")
_EVENT = regex.compile(r"[„‚“”‘’«»‹›「」『』\"]|\n\s*\n")


@dataclass(frozen=True, slots=True)
class Quotation:
    """What stands between two marks: ``text[start:end]``."""

    start: int
    end: int
    quote: str


def quotations(text: str) -> tuple[list[Quotation], int]:
    """All quotations of at least three words in order of their start, and how many are shorter."""
    spans: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    for event in _EVENT.finditer(text):
        mark, at = event.group(), event.start()
        if mark.isspace():
            opened = [one for one in opened if one[0] not in '"”‘']
        elif _apostrophe(text, at):
            continue
        elif (depth := _closed_by(mark, opened)) is not None and not _opens(text, at, mark, opened):
            spans.append((opened[depth][1], at))
            del opened[depth:]
        elif mark in _CLOSES and _can_open(text, at, mark):
            opened = _still_open(opened, mark, text, at)
            opened.append((mark, event.end()))
    found = [Quotation(a, b, text[a:b]) for a, b in sorted(spans, key=lambda s: (s[0], -s[1]))]
    long = [one for one in found if _words(one.quote) >= WORDS]
    return long, len(found) - len(long)


def _still_open(
    opened: list[tuple[str, int]], mark: str, text: str, at: int
) -> list[tuple[str, int]]:
    """Without what was never closed: the same mark opens again, and in a later paragraph."""
    if mark == '"':
        return [one for one in opened if one[0] != mark]
    forgotten = (
        depth
        for depth, (other, start) in enumerate(opened)
        if other == mark and _PARAGRAPH.search(text, start, at)
    )
    return opened[: next(forgotten, len(opened))]


def _closed_by(mark: str, opened: list[tuple[str, int]]) -> int | None:
    """Index of the innermost opened quotation that the mark closes."""
    for depth in reversed(range(len(opened))):
        if mark in _CLOSES[opened[depth][0]]:
            return depth
    return None


def _opens(text: str, at: int, mark: str, opened: list[tuple[str, int]]) -> bool:
    """Whether a straight mark that could close stands where only an opening one does."""
    if mark != '"' or opened[-1][0] == "„":
        return False
    return _space(text, at - 1) and not _space(text, at + 1)


def _can_open(text: str, at: int, mark: str) -> bool:
    if mark in '"”‘':
        before = text[at - 1] if at else " "
        return not before.isalnum() and not _space(text, at + 1)
    return True


def _apostrophe(text: str, at: int) -> bool:
    letters = text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()
    return text[at] in "‘’" and letters


def _space(text: str, at: int) -> bool:
    return not 0 <= at < len(text) or text[at].isspace()


def _words(text: str) -> int:
    return sum(token.spoken for token in tokens(text))

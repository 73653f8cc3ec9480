"""Windows and lines of a text: joined they are the text, and the marked pieces are the span."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import reading
from qa.citations import TextView
from qa.graphemes import is_boundary
from qa.types import Span
from tests.texts import any_text

LONG = "".join(f"Satz {n} 🚢 नमस्ते\r\n" for n in range(20_000))


def joined(lines: list[reading.Line], *, cited: bool = False) -> str:
    return "".join(p.text for line in lines for p in line.pieces if p.cited or not cited)


@given(any_text, st.data())
def test_lines_joined_are_the_text_and_their_cited_pieces_the_quote(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    lines = reading.lines(text, Span(0, len(text)), 1, Span(start, end))
    assert joined(lines) == text
    assert joined(lines, cited=True) == text[start:end]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    for line in lines:
        content = "".join(piece.text for piece in line.pieces)
        assert re.fullmatch(r"[^\r\n]*(\r\n|\r|\n)?", content)


def test_lines_are_numbered_as_citations_count_them() -> None:
    text = "eins\nzwei\r\ndrei\rvier\n\nsechs"
    view = TextView(text)
    for line in reading.lines(text, Span(0, len(text)), 1, None):
        start = text.find("".join(piece.text for piece in line.pieces))
        if line.number != 5:  # the empty line is found elsewhere, too
            assert view.lines(start, start + 1)[0] == line.number


def test_pages_begin_in_the_line_that_holds_their_offset() -> None:
    text = "Titel\nSeite eins\nSeite zwei\nnoch\nSeite drei"
    pages = [0, text.index("Seite zwei"), text.index("Seite drei")]
    lines = reading.lines(text, Span(0, len(text)), 1, None, pages)
    assert [line.page for line in lines] == [1, None, 2, None, 3]
    part = Span(text.index("noch"), len(text))
    assert [line.page for line in reading.lines(text, part, 4, None, pages)] == [None, 3]


def test_a_short_text_is_shown_whole() -> None:
    text = "a" * reading.WHOLE
    assert reading.window(text, Span(5, 6)) == Span(0, len(text))
    assert reading.window("", None) == Span(0, 0)


@pytest.mark.parametrize("at", [0, 3, 150_000, len(LONG) - 5])
def test_a_window_surrounds_its_passage_and_cuts_between_lines(at: int) -> None:
    cited = Span(at, at + 4)
    window = reading.window(LONG, cited)
    assert window.start <= cited.start
    assert cited.end <= window.end
    assert window.end - window.start <= 2 * reading.AROUND + 4
    for edge in (window.start, window.end):
        assert edge in (0, len(LONG)) or LONG[edge - 1] == "\n"
    assert not reading.continues(LONG, window.start)


def test_a_huge_passage_does_not_make_a_huge_window() -> None:
    window = reading.window(LONG, Span(10, len(LONG)))
    assert window.end - window.start <= 4 * reading.AROUND


@pytest.mark.parametrize("text", [LONG, "👩‍👩‍👧‍👦" * 30_000, "x" * 100_000, "\r" * 90_000])
def test_parts_lead_from_the_window_to_both_ends(text: str) -> None:
    middle = len(text) // 2
    first = reading.window(text, Span(middle, middle + 1))
    parts = [first]
    while parts[0].start > 0:
        parts.insert(0, reading.part_before(text, parts[0].start))
    while parts[-1].end < len(text):
        parts.append(reading.part_after(text, parts[-1].end))
    assert "".join(text[part.start : part.end] for part in parts) == text
    assert all(part.start < part.end for part in parts)
    assert all(is_boundary(text, part.start) for part in parts)


def test_a_window_says_when_its_first_line_began_before_it() -> None:
    assert reading.continues("ab", 1)
    assert not reading.continues("ab", 0)
    assert not reading.continues("a\nb", 2)
    assert not reading.continues("a\rb", 2)

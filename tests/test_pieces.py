"""Showing answers: cut at highlights, safe for terminals, and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qa.console import place, show_answer
from qa.pieces import chance, drawn, pieces
from qa.serialise import answer_to_dict, to_json
from qa.types import Answer, Citation, Highlight, IndexStatus, Result, Scores


def answer(text: str, *highlights: tuple[int, int], start: int = 0) -> Answer:
    """An answer with one result whose document is ``start`` characters and then the text."""
    citation = Citation(
        id="c",
        document_id="d",
        document_sha256="0" * 64,
        title=None,
        source="d.txt",
        language="de",
        published=None,
        start=start,
        end=start + len(text),
        lines=(1, 2),
        page=3,
        pages=(3, 3),
        quote=text,
        prefix="",
        suffix="",
        url="/documents/d",
        source_url=None,
    )
    marked = tuple(
        Highlight(start + first, start + last, text[first:last]) for first, last in highlights
    )
    result = Result(1, 0.5, Scores(0.5, None, 0.25, None), text, marked, citation)
    return Answer("?", None, False, None, (result,), IndexStatus(1, 1, 1), "bundled", 1.25)


@pytest.mark.parametrize(
    ("text", "highlights", "expected"),
    [
        ("ab cd ef", [], [("ab cd ef", False)]),
        ("ab cd ef", [(3, 5)], [("ab ", False), ("cd", True), (" ef", False)]),
        ("ab cd", [(3, 5), (0, 2)], [("ab", True), (" ", False), ("cd", True)]),
        ("🚢İe\u0301", [(0, 1), (1, 2)], [("🚢", True), ("İ", True), ("e\u0301", False)]),
        ("abcd", [(0, 3), (2, 4)], [("abc", True), ("d", True)]),
    ],
)
def test_a_text_is_cut_at_its_highlights(
    text: str, highlights: list[tuple[int, int]], expected: list[tuple[str, bool]]
) -> None:
    (result,) = answer(text, *highlights, start=7).results
    assert [(piece.text, piece.highlighted) for piece in pieces(result)] == expected


@pytest.mark.parametrize(
    ("text", "base", "changes", "expected"),
    [
        ("am 7. Mai", 0, [], [("am 7. Mai", None)]),
        (
            "am 7. Mai",
            10,
            [(13, 14, "number")],
            [("am ", None), ("7", "number"), (". Mai", None)],
        ),
        # Words that only the other side has: their place is marked.
        ("er kam", 0, [(3, 3, "negation")], [("er ", None), ("", "negation"), ("kam", None)]),
        (
            "kam",
            5,
            [(5, 5, "words"), (8, 8, "words")],
            [("", "words"), ("kam", None), ("", "words")],
        ),
        (
            "🚢 İzmir",
            0,
            [(2, 7, "name"), (0, 1, "words")],
            [("🚢", "words"), (" ", None), ("İzmir", "name")],
        ),
        # Of another place of the document.
        (
            "abc",
            100,
            [(3, 4, "words"), (101, 102, "words")],
            [("a", None), ("b", "words"), ("c", None)],
        ),
        ("", 0, [(0, 0, "words")], [("", "words")]),
    ],
)
def test_a_side_of_a_comparison_is_cut_at_its_differences(
    text: str,
    base: int,
    changes: list[tuple[int, int, str]],
    expected: list[tuple[str, str | None]],
) -> None:
    made = [(piece.text, piece.kind) for piece in drawn(text, base, changes)]
    assert made == expected
    assert "".join(part for part, _ in made) == text


def test_a_documents_control_characters_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_answer(answer("rot \x1b[31m und \x9b2J\r\nweiter\tso", (0, 3)))
    out = capsys.readouterr().out
    assert "rot \ufffd[31m und \ufffd2J\nweiter" in out
    assert "\x1b" not in out
    assert "page 3 · lines 1-2" in out


def test_json_is_one_line_in_the_texts_own_script() -> None:
    line = to_json(answer_to_dict(answer("Größe für 白俄罗斯 \ud83d")))
    assert b"\n" not in line
    assert json.loads(line)["results"][0]["text"] == "Größe für 白俄罗斯 \ud83d"
    assert "Größe".encode() in to_json(answer_to_dict(answer("Größe")))
    assert "Größe NaN".encode() in to_json(answer_to_dict(answer("Größe NaN")))
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"score": float("nan")})


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (1.0, "very likely"),
        (0.8, "very likely"),
        (0.79, "likely"),
        (0.5, "likely"),
        (0.49, "possible"),
        (0.2, "possible"),
        (0.19, "unlikely"),
        (0.0, "unlikely"),
    ],
)
def test_a_score_in_words(score: float, words: str) -> None:
    assert chance(score) == words


def test_a_place_names_every_page_that_a_quote_crosses() -> None:
    citation = answer("a\nb").results[0].citation
    assert place(citation) == "d.txt · page 3 · lines 1-2 · de"
    assert place(replace(citation, pages=(3, 5))) == "d.txt · pages 3–5 · lines 1-2 · de"
    assert place(replace(citation, page=None, pages=None)) == "d.txt · lines 1-2 · de"

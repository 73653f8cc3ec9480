"""Links into pages of the web: what browsers are told to look for."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from qa.text_fragments import WHOLE_CHARACTERS, directive, link

PAGE = "https://example.org/a"


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("Hafen", "text=Hafen"),
        ("ja, nein", "text=ja%2C%20nein"),
        ("a-b & c", "text=a%2Db%20%26%20c"),
        ("5 % #1 a=b", "text=5%20%25%20%231%20a%3Db"),
        ("Größe", "text=Gr%C3%B6%C3%9Fe"),
        ("да", "text=%D0%B4%D0%B0"),
        ("two\r\n  lines", "text=two%20lines"),
        ("Erster Absatz.\n\nZweiter.", "text=Erster%20Absatz.,Zweiter."),
        ("Seite eins\fSeite zwei", "text=Seite%20eins,Seite%20zwei"),
        (" \n\n ", ""),
    ],
)
def test_a_directive_is_encoded_as_the_specification_asks(quote: str, expected: str) -> None:
    assert directive(quote) == expected


def test_a_long_quote_is_named_by_its_first_and_last_words() -> None:
    quote = "Anfang, der " + "sehr lange Mittelteil " * 10 + "und das - Ende."
    start, end = (unquote(part) for part in directive(quote).removeprefix("text=").split(","))
    assert quote.startswith(start + " ")
    assert quote.endswith(" " + end)
    assert 20 < len(start) <= 48
    assert 20 < len(end) <= 48
    assert "-" not in directive(quote)


def test_whole_or_parts_is_decided_by_length() -> None:
    assert "," not in directive("x" * WHOLE_CHARACTERS)
    assert "," in directive("x" * (WHOLE_CHARACTERS + 1))
    chinese = "白俄罗斯会向乌克兰派兵吗" * 20
    start, end = directive(chinese).removeprefix("text=").split(",")
    assert (unquote(start), unquote(end)) == (chinese[:48], chinese[-48:])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (PAGE, f"{PAGE}#:~:text=Ja"),
        (f"{PAGE}#top", f"{PAGE}#top:~:text=Ja"),
        (f"{PAGE}#", f"{PAGE}#:~:text=Ja"),
        (f"{PAGE}#top:~:text=old", f"{PAGE}#top:~:text=Ja"),
        ("HTTP://example.org", "HTTP://example.org#:~:text=Ja"),
        ("bericht.txt", None),
        ("https:bericht", None),
        ("ftp://example.org/a", None),
        ("javascript://example.org/%0aalert(1)", None),
        ("https://example.org/a b", None),
        ("https://[example.org/", None),
    ],
)
def test_only_pages_of_the_web_are_linked(source: str, expected: str | None) -> None:
    assert link(source, "Ja") == expected


def test_a_lone_surrogate_breaks_nothing() -> None:
    assert re.fullmatch(r"text=[A-Za-z0-9%.]+", directive("a \ud800 b"))

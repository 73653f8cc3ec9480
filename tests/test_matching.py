"""Places of a quote in one text: verbatim or folded, never inside a word or a number."""

from __future__ import annotations

import pytest

from qa.boundaries import cuts_number, cuts_word
from qa.folding import folded
from qa.matching import core, exact_places, folded_places
from qa.types import Span


@pytest.mark.parametrize(
    ("text", "quote", "cut"),
    [
        ("es waren 25 Prozent", "5 Prozent", True),
        ("es waren 25 Prozent", "25 Prozent", False),
        ("es waren 25 Prozent", "es waren 2", True),
        ("es waren 1,5 Prozent", "5 Prozent", True),
        ("es waren 1,5 Prozent", "es waren 1", True),
        ("es waren 1,5 Prozent", "es waren 1,", True),
        ("es sind -5 Grad", "5 Grad", True),
        ("es sind −5 Grad", "−5 Grad", False),
        ("von 3-5 Grad", "5 Grad", True),
        ("an 20 000 Mann", "000 Mann", True),
        ("an 20 000 Mann", "an 20", True),
        ("an 20\u202f500 Mann", "500 Mann", True),
        ("an 24 300 Mann", "300 Mann", True),
        ("im Jahr 2024 300 Mann", "300 Mann", False),
        ("auf 10 m² Land", "auf 10 m", True),
        ("auf 10³ Litern", "auf 10", True),
        ("im Jahr 2020. 5 Leute", "im Jahr 2020.", False),
        ("im Jahr 2020", "2020", False),
    ],
)
def test_a_number_goes_on(text: str, quote: str, cut: bool) -> None:
    start = text.index(quote)
    assert cuts_number(text, start, start + len(quote)) is cut
    assert list(exact_places(quote, text)) == ([] if cut else [Span(start, start + len(quote))])


def test_places_may_overlap() -> None:
    assert list(exact_places("a a", "a a a")) == [Span(0, 3), Span(2, 5)]


def test_folded_places_lead_to_whole_characters() -> None:
    text = "Die Straße, die STRASSE und der Kaﬀee"
    assert [text[s.start : s.end] for s in folded_places("straße", text, folded(text))] == [
        "Straße",
        "STRASSE",
    ]
    # Half of a ligature, or half of ß, is no place.
    assert list(folded_places("kaf", text, folded(text))) == []
    assert list(folded_places("STRAS", "Straße", folded("Straße"))) == []


def test_ends_do_not_matter() -> None:
    assert core(" „Ja, „nein“.“\n") == Span(2, 13)
    assert core(" ") == Span(1, 1)


@pytest.mark.parametrize(
    ("text", "quote", "cut"),
    [
        ("im Verein sein", "ein", True),
        ("im Verein sein", "Verein", False),
        ("政府は言った", "府は言", False),
        ("Ende.Anfang", "Anfang", False),
    ],
)
def test_a_word_goes_on(text: str, quote: str, cut: bool) -> None:
    start = text.index(quote)
    assert cuts_word(text, start, start + len(quote)) is cut

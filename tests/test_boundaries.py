"""Boundaries: which spans cut a word or a number, by hand, and what they are widened to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.boundaries import cuts, widened
from qa.types import Span
from tests.texts import any_text


@pytest.mark.parametrize(
    ("text", "quote", "whole"),
    [
        ("es wird keine geben", "eine geben", "keine geben"),
        ("rund 50% mehr", "rund 50", "rund 50%"),
        ("bei 30° im Schatten", "bei 30", "bei 30°"),
        ("for $5 each", "5 each", "$5 each"),
        ("für 5€ das Stück", "für 5", "für 5€"),
        ("ist un\u00admöglich", "möglich", "un\u00admöglich"),
        ("ist un-\nmöglich", "möglich", "un-\nmöglich"),
        ("a non-violent act", "violent act", "non-violent act"),
        ("they can’t go", "they can", "they can’t"),
        ("il n’est pas", "est pas", "n’est pas"),
        ("u\u0308ber", "ber", "u\u0308ber"),
        ("не́льзя", "льзя", "не́льзя"),
        ("हिंदी में", "ह", "हिंदी"),
        ("우크라이나에 있다", "우크라이나", "우크라이나에"),
        ("an 10 500 Mann", "500 Mann", "10 500 Mann"),
        ("an 10\u202f500 Mann", "\u202f500 Mann", "10\u202f500 Mann"),
        ("etwa 5\u00a0000 Mann", "etwa 5\u00a0", "etwa 5\u00a0000"),
        ("um 12:30 Uhr", "um 12", "um 12:30"),
        ("um 12:30 Uhr", "um 12:", "um 12:30"),
        ("ein 1/2 Jahr", "2 Jahr", "1/2 Jahr"),
        ("bei 3–5 Grad", "5 Grad", "3–5 Grad"),
        ("ist 10^3 groß", "ist 10", "ist 10^3"),
        ("ist 1,5 groß", ",5 groß", "1,5 groß"),
        ("ein 3 : 1 Sieg", "1 Sieg", "3 : 1 Sieg"),
        ("es sind −5 Grad", "5 Grad", "−5 Grad"),
        ("ist 5 mm breit", "ist 5 m", "ist 5 mm"),
        ("auf 5 m² Land", "auf 5 m", "auf 5 m²"),
        ("三十人", "十人", "三十人"),
        ("it is **un**able", "able", "un**able"),
        ("fast .5 Liter", "5 Liter", ".5 Liter"),
    ],
)
def test_a_cut_span_is_widened(text: str, quote: str, whole: str) -> None:
    start = text.index(quote)
    end = start + len(quote)
    assert cuts(text, start, end)
    wide = widened(text, Span(start, end))
    assert text[wide.start : wide.end] == whole


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("派兵しない", "しない"),
        ("จะส่งทหารไปยูเครน", "ทหาร"),
        ("50人が来た", "人が"),
        ("war—and peace", "and peace"),
        ("war -- and peace", "and peace"),
        ("l’Ukraine libre", "Ukraine libre"),
        ("dell'Ucraina", "Ucraina"),
        ("im Jahr 2024 500 Mann", "500 Mann"),
        ("im Jahr 2020: 5 Tote", "5 Tote"),
        ("das „Haus“ da", "Haus"),
        ("Vor- und Nachteile", "und Nachteile"),
        ("etwa 5 Mann", "etwa 5"),
        ("the boys' fault", "the boys"),
    ],
)
def test_a_whole_span_stays(text: str, quote: str) -> None:
    start = text.index(quote)
    span = Span(start, start + len(quote))
    assert not cuts(text, span.start, span.end)
    assert widened(text, span) == span


@given(any_text, st.data())
@settings(derandomize=True, max_examples=150, deadline=None)
def test_what_is_widened_holds_the_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    wide = widened(text, Span(start, end))
    assert 0 <= wide.start <= start <= end <= wide.end <= len(text)
    if cuts(text, start, end):
        assert wide != Span(start, end)

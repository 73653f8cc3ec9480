"""Folding: what is disregarded, what never is, and the way back to the characters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from qa.folding import fold, folded, same_letters
from qa.signatures import reduced
from tests.texts import any_text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("„Nein“, sagte er", '"Nein", sagte er'),
        ("« Oui », dit-il", "„Oui“, dit-il"),
        ("er sagte ‚ja‘ dazu", "er sagte “ja” dazu"),
        ("Krieg – und Frieden", "Krieg - und Frieden"),
        ("war—and peace", "war -- and peace"),
        ("Ende.\r\n\r\nAnfang", "Ende. Anfang"),
        ("5 %", "5%"),
        ("20\u202f000 Mann", "20 000 Mann"),
        ("z.\u00a0B.", "z. B."),
        ("STRASSE", "Straße"),
        ("İSTANBUL", "istanbul"),
        ("Übung é", "U\u0308bung e\u0301"),
        ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
        ("ﬁnden, ﬂiegen", "finden, fliegen"),
        ("Mobili\u00adsierung", "Mobilisierung"),
        ("Wo\u200brt", "Wort"),
        ("МОБИЛИЗАЦИЯ", "мобилизация"),
        ("ΟΔΟΣ", "οδος"),
    ],
)
def test_what_is_disregarded(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert same_letters(one, other)
    assert reduced(one) == reduced(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m²", "m2"),
        ("10³", "103"),
        ("½ Liter", "1/2 Liter"),
        ("es sind −5 Grad", "es sind 5 Grad"),
        ("- 5", "-5"),
        ("20.000", "20,000"),
        ("20 000", "20000"),
        ("1. 5", "1.5"),
        ("5 %", "6 %"),
        ("5 %", "5 ‰"),
        ("Haus boot", "Hausboot"),
        ("schon", "schön"),
        ("ırmak", "irmak"),
        ("6' groß", '6" groß'),
        ("Ja.", "Ja!"),
        ("и", "й"),
        ("は", "ば"),
    ],
)
def test_what_is_never_disregarded(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_capitals_hide_a_sharp_s_and_small_letters_do_not() -> None:
    assert same_letters("in Maßen", "IN MASSEN")
    assert not same_letters("in Maßen", "in Massen")


@given(any_text)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_every_folded_character_leads_back_to_one_that_folds_to_it(text: str) -> None:
    form = folded(text)
    assert len(form.text) == len(form.starts) == len(form.ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(form.starts, form.ends, strict=True))
    assert list(form.starts) == sorted(form.starts)
    for n, character in enumerate(form.text):
        start, end = form.original(n, n + 1)
        if character.isalnum():
            assert character in fold(text[start:end])


@given(any_text)
@settings(derandomize=True, max_examples=100, deadline=None)
def test_texts_that_fold_alike_reduce_alike(text: str) -> None:
    assert reduced(fold(text)) == reduced(text)

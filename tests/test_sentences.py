"""Sentence boundaries in many scripts, and offsets that hold."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa.sentences import sentences
from tests.texts import SCRIPTS, any_text


def quotes(text: str, language: str | None) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text, 0, len(text), language)]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", ["Dr. Müller kam am 14. September um 9 Uhr.", "Er blieb bis zum 24. Februar."]),
        ("de", ["Im 19. Jahrhundert war das so.", "Der 3. Mann kam z. B. im Mai, d. h. spät."]),
        ("de", ["Die Rada (das Parlament, Anm. d. Red.) muss Russland den Krieg erklären.", "Gut."]),  # noqa: E501
        ("de", ["„Was?“, fragte er.", "„Nein!“ rief sie.", "Er sagte: „Ich gehe.“", "Dann ging er."]),  # noqa: E501
        ("de", ['"Das ist eine Lüge", sagte er.', "Und doch ...", "Oder?", "Es sind 20.000."]),
        ("en", ["Mr. Smith of the U.S. Army paid $3.5 million.", '"Stop!" he said.', "J. R. Smith."]),  # noqa: E501
        ("fr", ["« Je viens. » dit-il.", "M. Dupont arrive.", "Oui ?", "Non !"]),
        ("ru", ["Он сказал: «Я иду».", "В 2022 г. началась война.", "А. С. Пушкин писал."]),
        ("uk", ["Він пішов.", "Чи буде це?", "Так!"]),
        ("es", ["¿Vienes?", "¡Sí!", 'El Sr. López dijo: "No".']),
        ("tr", ["Dr. Ali geldi.", "İstanbul güzel.", "3. sınıf başladı."]),
        ("hi", ["वह गया।", "क्या तुम आए?", "हाँ।"]),
        ("ar", ["ذهب الولد.", "هل أتيت؟", "نعم!"]),
    ],
)  # fmt: skip
def test_sentences_end_where_they_end(language: str, expected: list[str]) -> None:
    assert quotes(" ".join(expected), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["他来了。", "你好吗？", "好！"]),
        ("ja", ["彼は「行く。明日。」と言った。", "今日は晴れ。", "本当？"]),
    ],
)
def test_scripts_without_spaces(language: str, expected: list[str]) -> None:
    assert quotes("".join(expected), language) == expected


def test_lines_end_sentences_unless_the_text_is_wrapped() -> None:
    assert quotes("Überschrift\nDer Satz. Noch einer\r\n\r\nNeu", "de") == [
        "Überschrift", "Der Satz.", "Noch einer", "Neu",
    ]  # fmt: skip
    wrapped = (
        "Dieser Satz ist an einer festen Breite\numbrochen und geht hier weiter. Und\nnoch einer."
    )
    assert quotes(wrapped, "de") == [
        "Dieser Satz ist an einer festen Breite\numbrochen und geht hier weiter.",
        "Und\nnoch einer.",
    ]


def test_a_long_quotation_is_cut_inside_and_keeps_its_marks() -> None:
    inside = ["„Was, glauben Sie, könnten wir Russland geben?", *["Wir kaufen alles dort."] * 14]
    expected = [f"Er fragte: {inside[0]}", *inside[1:], "Man wird uns nicht rufen.“", "„Gut.“"]
    assert quotes(" ".join(expected), "de") == expected


def test_only_the_range_asked_for_is_read() -> None:
    text = "Eins. Zwei. Drei. Vier."
    spans = sentences(text, 6, 17, "de")
    assert [(span.start, span.end) for span in spans] == [(6, 11), (12, 17)]
    assert sentences(text, 5, 6, "de") == []


def test_a_numbered_item_keeps_its_number() -> None:
    assert quotes("1. Erstens kommt dies.\n2. Zweitens das.", "en") == [
        "1. Erstens kommt dies.", "2. Zweitens das.",
    ]  # fmt: skip


def test_unclosed_quotations_take_no_square_of_time() -> None:
    text = "„Ja. " * 20_000
    found = quotes(text, "de")
    assert len(found) > 1_000
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


@given(any_text, st.sampled_from([None, "de", "en", "ja", "th", "ar", "qq"]))
@example("".join(SCRIPTS), "de")
@example("\ud800a. \udfff B", "de")
@settings(derandomize=True, max_examples=150, deadline=None)
def test_sentences_are_trimmed_ordered_and_hold_everything(text: str, language: str | None) -> None:
    spans = sentences(text, 0, len(text), language)
    covered = 0
    for span in spans:
        assert text[covered : span.start].strip() == ""
        assert text[span.start : span.end] == text[span.start : span.end].strip() != ""
        covered = span.end
    assert text[covered:].strip("\f \n\t\r\v\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000") == ""

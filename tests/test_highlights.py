"""Highlights: whole words, in order, inside the passage, that say why it was found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bundled import BUNDLED
from embeddings.interaction import LateInteraction
from embeddings.ragged import Ragged
from embeddings.static import StaticEncoder
from qa.highlights import highlights, matching
from qa.types import Highlight

ENCODER = StaticEncoder(BUNDLED)
INTERACTION = LateInteraction(ENCODER)
OTHER = "Soldaten, Putin, soldats."


def found_in(question: str, text: str, base: int = 0) -> tuple[Highlight, ...]:
    return found_by(INTERACTION, ENCODER, question, text, base)


def found_by(
    interaction: LateInteraction, tokens: StaticEncoder, question: str, text: str, base: int = 0
) -> tuple[Highlight, ...]:
    asked, (ids, spans) = interaction.prepare(question), tokens.tokenize_with_offsets(text)
    other = tokens.tokenize([OTHER])[0]  # what another passage holds changes nothing
    cosines = interaction.compare(asked, Ragged.of([other, ids])).cosines([0, 1])
    return highlights(spans[matching(asked.weights, cosines)[1]], text, base)


def marked(question: str, text: str, base: int = 0) -> list[str]:
    found = found_in(question, text, base)
    for one in found:
        assert text[one.start - base : one.end - base] == one.text
    return [one.text for one in found]


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Wer ist Putin?", "Gestern war Wladimir Putin in Minsk.", "Putin"),
        ("How many soldiers?", "Es waren viele Soldaten an der Grenze.", "Soldaten"),
        ("Сколько солдат?", "Es waren viele Soldaten an der Grenze.", "Soldaten"),
        ("Combien de soldats ?", "Es waren viele Soldaten an der Grenze.", "Soldaten"),
    ],
)
def test_the_words_that_match_are_marked_across_languages(
    question: str, text: str, expected: str
) -> None:
    assert any(expected in each for each in marked(question, text))


def test_offsets_count_in_the_document() -> None:
    text = "Die Soldaten kamen."
    (first, *_) = found_in("Soldaten", text, 1000)
    assert (first.start, first.end, first.text) == (1004, 1012, "Soldaten")


def test_neighbouring_words_are_one_mark() -> None:
    assert marked("russische Soldaten", "Dort stehen russische Soldaten.") == ["russische Soldaten"]


def test_nothing_is_marked_without_a_match() -> None:
    assert marked("", "Ein Text.") == []
    assert marked("?", "Ein Text.") == []
    assert marked("Putin", "") == []


@given(
    st.text("aäßЛў عİ日本ไทยहि😀👩‍👧„“. \n", max_size=40),
    st.text("aäßЛў عİ日本ไทยहि😀👩‍👧„“. \n", max_size=80),
)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_marks_are_ordered_and_apart_in_any_script(question: str, text: str) -> None:
    found = found_in(question, text, 7)
    ends = [7]
    for one in found:
        assert text[one.start - 7 : one.end - 7] == one.text
        assert one.text.strip() == one.text != ""
        assert one.start >= ends[-1]
        ends.append(one.end)


def test_a_tiny_model_marks_its_own_words(tiny_model_dir: Path) -> None:
    tokens = StaticEncoder(tiny_model_dir)
    found = found_by(LateInteraction(tokens), tokens, "putin", "Wo ist putin?")
    assert [one.text for one in found] == ["putin"]

"""Signatures never rule out a text that holds the words, and follow what there is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.signatures import BLOCK, Signatures
from tests.texts import SCRIPTS, any_text

LONG = "".join(f"Satz {n} über Wasser und Brot. " for n in range(3000))


def of(texts: dict[str, str]) -> Signatures:
    made = Signatures()
    made.follow(texts, texts.__getitem__)
    return made


@given(any_text, st.data())
@settings(derandomize=True, max_examples=150, deadline=None)
def test_any_slice_is_held_by_its_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    quote = text[start : data.draw(st.integers(start, len(text)))]
    assert "a" in of({"a": text, "b": SCRIPTS[0]}).holding(quote)


def test_slices_of_every_length_across_blocks_are_held() -> None:
    made, rng = of({"long": LONG, "short": "Nur dies."}), random.Random(1)
    for _ in range(200):
        start = rng.randrange(len(LONG))
        assert made.holding(LONG[start : start + rng.randrange(1, 3 * BLOCK)]) == ["long"] or (
            len(LONG) - start < 8
        )


def test_the_nearest_block_is_where_the_words_are() -> None:
    made = of({"long": LONG, "short": "Nur dies."})
    at = LONG.index("Satz 2500 ")
    best = made.nearest(LONG[at : at + 300].replace("Wasser", "Wein"), 3)[0]
    assert best.sha256 == "long"
    assert best.start <= at < best.end
    assert made.nearest("Nur dies", 5, among=["short"])[0].sha256 == "short"
    assert made.nearest("Nur dies", 5, among=[]) == []
    assert made.nearest("?!", 5) == []


def test_texts_come_and_go() -> None:
    texts = {"a": "Der Hafen ist offen.", "b": "Der Bahnhof ist offen."}
    made = of(texts)
    assert made.holding("ist offen") == ["a", "b"]
    made.follow(["b"], texts.__getitem__)
    assert made.holding("ist offen") == ["b"]
    with pytest.raises(KeyError):
        made.follow(["b", "c"], texts.__getitem__)
    assert made.holding("ist offen") == ["b"]
    made.follow([], texts.__getitem__)
    assert made.holding("ist offen") == made.holding("?") == []

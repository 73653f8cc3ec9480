"""Quotations are found by their marks, in one another too; apostrophes are none."""

from __future__ import annotations

import pytest

from qa.quotations import quotations


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Er sagte: „Es wird keine geben“ und ging.", ["Es wird keine geben"]),
        ('Er sagte: "Es wird keine geben" und ging.', ["Es wird keine geben"]),
        ('Er sagte: „Es wird keine geben" und ging.', ["Es wird keine geben"]),
        ("He said “there will be none” and left.", ["there will be none"]),
        ("He said ‘there won’t be any’ and left.", ["there won’t be any"]),
        ("Il dit : « il n’y en aura pas ».", [" il n’y en aura pas "]),
        ("Er sagte: »Es wird keine geben« und ging.", ["Es wird keine geben"]),
        ("彼は「派兵はしない」と述べた。", ["派兵はしない"]),
        (
            "„Er sagte: ‚Es wird keine geben‘, sagte sie.“",
            ["Er sagte: ‚Es wird keine geben‘, sagte sie.", "Es wird keine geben"],
        ),
        ("It's the boys' and the girls' own fault, isn't it?", []),
        ("It’s the boys’ and the girls’ own fault, isn’t it?", []),
        ('Ein 5" langer und ein 6" breiter Tisch aus Holz', []),
        ('Nie "geschlossen.\n\nEr sagte "das ist so gut" dazu.', ["das ist so gut"]),
        ("Nie „geschlossen.\n\nEr sagte „das ist so gut“ dazu.", ["das ist so gut"]),
        (
            "„Zwei lange\n\nAbsätze davon“ und „noch eins hier“",
            [
                "Zwei lange\n\nAbsätze davon",
                "noch eins hier",
            ],
        ),
        ("„eins zwei drei“ und „vier fünf sechs“", ["eins zwei drei", "vier fünf sechs"]),
        ('"eins zwei drei" und "vier fünf sechs"', ["eins zwei drei", "vier fünf sechs"]),
    ],
)
def test_quotations_by_hand(text: str, found: list[str]) -> None:
    made, _ = quotations(text)
    assert [one.quote for one in made] == found
    assert all(text[one.start : one.end] == one.quote for one in made)


def test_short_ones_are_counted() -> None:
    made, skipped = quotations("Die „Nascha Niwa“ nennt ihn „Diktator“; „das ist eine Lüge“.")
    assert [one.quote for one in made] == ["das ist eine Lüge"]
    assert skipped == 2

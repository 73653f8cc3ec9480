"""Names and loanwords that sound alike share their pieces, in whatever script they are written."""

from __future__ import annotations

import pytest

from qa.sounds import pieces, sound

LUKASHENKO = set(pieces("lukaschenko"))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("lukaschenko", "lukashenko"),
        ("лукашенко", "lukashenko"),
        ("łukaszenka", "lukashenka"),
        ("лукашэнка", "lukashenka"),
        ("ルカシェンコ", "rukashienko"),
        ("schewtschenko", "shevkhenko"),
        ("шевченко", "shevkhenko"),
        ("szewczenko", "shevkhenko"),
        ("putin", "putin"),
        ("путин", "putin"),
        ("straße", "strase"),
        ("20000", "20000"),
        ("", ""),
    ],
)
def test_one_spelling_for_one_sound(word: str, expected: str) -> None:
    assert sound(word) == expected


@pytest.mark.parametrize(
    "name", ["лукашенко", "lukashenko", "łukaszenka", "лукашэнка", "лукашенка"]
)
def test_a_name_shares_most_of_its_pieces_with_its_other_spellings(name: str) -> None:
    assert len(LUKASHENKO & set(pieces(name))) >= 0.6 * len(LUKASHENKO)


@pytest.mark.parametrize("name", ["selenskyj", "putin", "lettland", "минск"])
def test_other_names_share_nothing(name: str) -> None:
    assert not LUKASHENKO & set(pieces(name))


def test_pieces_mark_the_ends_of_words_and_keep_short_words_whole() -> None:
    assert pieces("minsk") == ("_min", "mins", "insk", "nsk_")
    assert pieces("eu") == ("_eu_",)
    assert pieces("5") == ("_5_",)
    assert pieces("—") == ()

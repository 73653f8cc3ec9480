"""Text to terms: what must meet, what must not."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import analysis
from qa.analysis import folded, question_words, stemmed
from tests.terms import plain_terms


def words(text: str, language: str | None = None) -> list[str]:
    return list(plain_terms(text, language).words)


def meets(question: str, passage: str) -> bool:
    """Whether some form of a word of the question is a word of the passage."""
    found = set(words(passage))
    return any(form in found for word in question_words(question) for form in word.forms)


@pytest.mark.parametrize(
    "number",
    ["20.000", "20,000", "20 000", "20\u00a0000", "20\u202f000", "20'000", "20’000", "٢٠٬٠٠٠"],
)
def test_thousands_are_the_same_however_they_are_written(number: str) -> None:
    assert "20000" in words(f"Rund {number} Soldaten.")
    assert [word.forms for word in question_words(number)] == [("20000",)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1,5", ["1.5"]),
        ("1.5", ["1.5"]),
        ("1٫5", ["1.5"]),
        ("١٫٥", ["1.5"]),
        ("0,125", ["0.125"]),
        ("0.125", ["0.125"]),
        ("1.234,56", ["1234.56"]),
        ("1,234.56", ["1234.56"]),
        ("1.234.567", ["1234567"]),
        ("24.02.2022", ["24", "02", "2022"]),
        ("2022-02-24", ["2022", "02", "24"]),
        ("10.0.0.1", ["10", "0", "0", "1"]),
        ("2022 300", ["2022", "300"]),
        ("24 300", ["24300", "24", "300"]),
        ("10:30", ["10", "30"]),
        ("７", ["7"]),
        ("५", ["5"]),
        ("1.5M", ["1.5", "m"]),
        ("F16", ["f16"]),
        ("2022.", ["2022"]),
    ],
)
def test_numbers(written: str, expected: list[str]) -> None:
    assert words(written) == expected
    assert words(f"({written})") == expected


def test_different_numbers_do_not_meet() -> None:
    for one, other in [("1,5", "15"), ("20.000", "20"), ("1.500", "1,50"), ("0,125", "125")]:
        assert not meets(one, other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Die Straße", ["die", "strasse"]),
        ("STRASSE", ["strasse"]),
        ("„Häuser“", ["häuser", "hauser"]),
        ("Ha\u0308user", ["häuser", "hauser"]),
        ("İstanbul", ["istanbul"]),
        ("Sol\u00addaten", ["soldaten"]),
        ("l’Ukraine", ["l", "ukraine"]),
        ("п’ять", ["пять", "pyat"]),
        ("п'ять", ["пять", "pyat"]),
        ("Covid-19 😀 ok", ["covid", "19", "ok"]),
        ("ﬁn", ["fin"]),
        ("a\x00b \ud800c", ["a", "b", "c"]),
        ("", []),
        ("?! … „“", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_combining_marks_stay_with_their_letters() -> None:
    assert words("हिन्दी में")[0] == "हिन्दी"
    assert words("में", None)[0] == "में"


def test_unspaced_scripts_become_pairs_and_single_characters() -> None:
    assert words("白俄罗斯") == ["白", "俄", "罗", "斯", "白俄", "俄罗", "罗斯"]
    assert words("東京タワー")[5:] == ["東京", "京タ", "タワ", "ワー"]
    # Thai vowels and tones above and below stay with their consonant.
    assert words("ที่นี่") == ["ที่", "นี่", "ที่นี่"]
    assert words("2022年3月") == ["2022", "年", "3", "月"]
    assert words("NATO加盟") == ["nato", "加", "盟", "加盟"]


def test_a_question_of_one_character_is_that_character_and_a_longer_one_is_its_pairs() -> None:
    assert [word.forms for word in question_words("白")] == [("白",)]
    assert {word.forms for word in question_words("白俄罗")} == {("白俄",), ("俄罗",)}


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("Łukaszenka", "łukaszenka"),
        ("Lukashenko", "Заявил Лукашенко в Минске."),
        ("Лукашенко", "Lukashenko said so."),
        ("Zelensky", "ZELENSKY"),
        ("Lukasenka", "Łukašenka"),
        ("Muller", "Herr Müller"),
        ("Αθηνα", "Αθήνα"),
    ],
)
def test_names_meet_across_scripts_and_accents(question: str, passage: str) -> None:
    assert meets(question, passage)


def test_stems_meet_within_a_language_and_never_across_languages() -> None:
    assert stemmed("soldaten", "de") == stemmed("soldat", "de") == "de:soldat"
    assert stemmed("солдаты", "ru") == stemmed("солдатами", "ru")
    assert plain_terms("Soldaten", "de").stems == ("de:soldat",)
    assert plain_terms("soldiers", "en").stems == ("en:soldier",)
    assert not set(plain_terms("die Gift", "de").stems) & set(plain_terms("die gift", "en").stems)


def test_a_language_without_a_stemmer_has_words_only() -> None:
    for language in (None, "uk", "be", "zh", "xx"):
        assert plain_terms("солдати 5", language).stems == ()
        assert stemmed("солдати", language) is None


def test_numbers_and_pairs_are_not_stemmed() -> None:
    assert plain_terms("20.000 白俄 1,5", "de").stems == ()


def test_a_question_does_not_depend_on_order_or_repetition() -> None:
    text = "Wird Belarus 20.000 Soldaten in die Ukraine schicken 白俄罗斯 Лукашенко"
    expected = question_words(text)
    parts = text.split() * 2
    random.Random(3).shuffle(parts)
    assert question_words(" ".join(parts)) == expected
    assert len(expected) == len(set(expected)) == 12


def test_terms_hold_no_space_and_are_never_empty() -> None:
    text = "a\u2003b\u00a0c 1 000 000 ½ x² \u3000日本 ﷺ ㍿ …" + "".join(
        map(chr, range(0x20, 0x2FFF))
    )
    for term in (*plain_terms(text, "de").words, *plain_terms(text, "de").stems):
        assert term
        assert not any(c.isspace() for c in term)
        term.encode()


def test_a_term_of_encoded_data_is_cut() -> None:
    assert max(map(len, words("x" * 100_000 + " ok " + "9" * 5000 + "ж" * 900))) == 64


def test_folding_is_stable() -> None:
    for text in ("İSTANBUL", "Straße", "ǅ", "ﬃ", "Ὀδυσσεύς", "ΣΊΣΥΦΟΣ", "ｶﾞ", "각"):
        assert folded(folded(text)) == folded(text)


def test_threads_stem_alike() -> None:
    wanted = [plain_terms("Soldaten marschierten durch Häuser", "de")] * 4
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(plain_terms("Soldaten marschierten durch Häuser", "de"))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted
    assert wanted[0].stems == ("de:soldat", "de:marschiert", "de:durch", "de:haus")


PARTS = [*" 1234560.,'-(\u00a0", "ab", "Äß", "Жу", "日本", "ร", "។", "\u0301", "120", "x5"]


@given(st.lists(st.sampled_from(PARTS)))
@settings(max_examples=300, derandomize=True, deadline=None)
def test_runs_hold_every_piece_of_the_text(parts: list[str]) -> None:
    def told(match: Any) -> tuple[str, str]:  # noqa: ANN401
        return match.lastgroup, match.group()

    text = "".join(parts)
    found = [told(match) for run in analysis.runs(text) for match in analysis.matches_in(run)]
    assert found == [told(match) for match in analysis.matches(text)]


@given(st.lists(st.sampled_from([*PARTS, "ا", "क", "ー", "한", "ß", "İ", "ﬁ"]), max_size=4))
@settings(max_examples=300, derandomize=True, deadline=None)
def test_what_is_seen_to_be_a_word_is_one(parts: list[str]) -> None:
    for run in analysis.runs("".join(parts)):
        if analysis.is_word(run):
            (match,) = analysis.matches_in(run)
            assert (match.lastgroup, match.group()) == ("word", run)

"""Differences by hand-worked examples: what changed, where, and of what kind."""

from __future__ import annotations

import pytest

from qa.differences import differences


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        ("Es waren 5 Prozent.", "Es waren 6 Prozent.", [("replace", "5", "6", "number")]),
        ("zwei Männer gingen", "drei Männer gingen", [("replace", "zwei", "drei", "number")]),
        ("es sind 5 Grad", "es sind −5 Grad", [("replace", "5", "−5", "number")]),
        ("an 20.000 Mann", "an 20 000 Mann", [("replace", "20.000", "20 000", "number")]),
        ("ส่งทหารไป", "ไม่ส่งทหารไป", [("insert", "", "ไม่", "negation")]),
        ("派兵する", "派兵しない", [("replace", "する", "しない", "negation")]),
        ("20.000 Mann", "20,000 Mann", [("replace", "20.000", "20,000", "number")]),
        ("auf 10 m2 Land", "auf 10 m² Land", [("replace", "m2", "m²", "words")]),
        ("am 24. Februar", "am 25. Februar", [("replace", "24", "25", "date")]),
        ("im Jahr 2020", "im Jahr 2021", [("replace", "2020", "2021", "date")]),
        ("am 24.02.2022", "am 25.02.2022", [("replace", "24.02.2022", "25.02.2022", "date")]),
        ("im März", "im April", [("replace", "März", "April", "date")]),
        ("5 Prozent davon", "5 Promille davon", [("replace", "Prozent", "Promille", "unit")]),
        ("5 km weit", "5 Meilen weit", [("replace", "km", "Meilen", "unit")]),
        ("sagte Putin", "sagte Lukaschenko", [("replace", "Putin", "Lukaschenko", "name")]),
        ("сказал Путин", "сказал Лукашенко", [("replace", "Путин", "Лукашенко", "name")]),
        ("Er kommt", "Er kommt nicht", [("insert", "", "nicht", "negation")]),
        ("wir haben keine Zeit", "wir haben eine Zeit", [("replace", "keine", "eine", "negation")]),
        ("they do go", "they don't go", [("replace", "do", "don't", "negation")]),
        ("он не будет", "он будет", [("delete", "не", "", "negation")]),
        ("він не буде", "він буде", [("delete", "не", "", "negation")]),
        ("il ne vient pas", "il vient", [
            ("delete", "ne", "", "negation"), ("delete", "pas", "", "negation"),
        ]),
        ("das gute Ende", "das schlechte Ende", [("replace", "gute", "schlechte", "words")]),
        ("Die Maße sind", "Die Masse sind", [("replace", "Maße", "Masse", "name")]),
        ("same WORDS here", "Same words – here", [("insert", "", "–", "words")]),
        ("„Nein“, sagt er", '"Nein", sagt er', []),
    ],
)  # fmt: skip
def test_changes_by_hand(expected: str, found: str, told: list[tuple[str, str, str, str]]) -> None:
    made = differences(expected, found)
    assert [(d.op, d.expected, d.found, d.kind) for d in made] == told


def test_offsets_count_in_the_quote_and_in_the_document() -> None:
    quote, document = "x „Es waren 5 Prozent“", "Davor. Es waren 6 Prozent."
    (one,) = differences(quote[3:-1], document[7:-1], expected_at=3, found_at=7)
    assert quote[one.expected_start : one.expected_end] == one.expected == "5"
    assert document[one.found_start : one.found_end] == one.found == "6"


def test_an_insertion_is_an_empty_place_in_the_quote() -> None:
    (one,) = differences("Er kommt heute", "Er kommt nicht heute")
    assert (one.expected_start, one.expected_end) == (8, 8)
    assert (one.found_start, one.found_end) == (9, 14)


def test_a_sentence_start_makes_no_name() -> None:
    (one,) = differences("Ende. Vielleicht geht er", "Ende. geht er")
    assert (one.op, one.kind) == ("delete", "words")

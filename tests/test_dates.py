"""Dates as given, their bounds, and the markers that texts begin with."""

from __future__ import annotations

import pytest

from qa import dates
from qa.errors import InvalidDate


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("2022", (20220101, 20221231)),
        ("2022-09", (20220901, 20220930)),
        ("2022-12", (20221201, 20221231)),
        ("2024-02", (20240201, 20240229)),
        ("2023-02", (20230201, 20230228)),
        ("1900-02", (19000201, 19000228)),
        ("2022-09-14", (20220914, 20220914)),
    ],
)
def test_bounds_are_the_first_and_last_day(published: str, expected: tuple[int, int]) -> None:
    assert dates.bounds(published) == expected
    assert dates.validate(published) == published


@pytest.mark.parametrize(
    "published",
    ["2022-13", "2022-00", "2023-02-29", "2022-09-00", "2022-09-31", "0000", "22", "2022-9",
     "2022-09-14T12:00", "14.09.2022", "", " 2022", "2022-", "２０２２", "2022-09\n"],
)  # fmt: skip
def test_what_is_no_date_is_refused_by_name(published: str) -> None:
    with pytest.raises(InvalidDate) as error:
        dates.validate(published)
    assert repr(published) in str(error.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2022", "2022"),
        ("2022-09", "2022-09"),
        (" 2022-09-14 ", "2022-09-14"),
        ("2022-09-14T23:59:00+02:00", "2022-09-14"),
        ("2022-09-14 10:00", "2022-09-14"),
        ("D:20220914120000+02'00'", "2022-09-14"),
        ("20220914", "2022-09-14"),
        ("14.09.2022", "2022-09-14"),
        ("1. 9. 2022", "2022-09-01"),
        ("31.02.2022", None),
        ("09/14/2022", None),
        ("yesterday", None),
        ("2022-13-01", None),
        ("2022-09-14-15", None),
        ("", None),
    ],
)
def test_dates_of_metadata_are_read_without_guessing(value: str, expected: str | None) -> None:
    assert dates.normalised(value) == expected


@pytest.mark.parametrize(
    ("text", "published", "rest"),
    [
        (" date 2022-09 Auch von Belarus", "2022-09", "Auch von Belarus"),
        ("date 2022-09-14\nText", "2022-09-14", "Text"),
        ("\r\n\r\nDate: 2022-09-14\r\n\r\nText", "2022-09-14", "Text"),
        ("Datum: 14.09.2022\nText", "2022-09-14", "Text"),
        ("Stand: 2022-09 Text", "2022-09", "Text"),
        ("Published: 2022\nText", "2022", "Text"),
        ("Дата: 14.09.2022\nТекст", "2022-09-14", "Текст"),
        ("日期：2022-09-14\n正文", "2022-09-14", "正文"),
        ("\ufeffdate 2022-09 Text", "2022-09", "Text"),
    ],
)
def test_a_leading_marker_is_found(text: str, published: str, rest: str) -> None:
    marker = dates.from_text_start(text)
    assert marker is not None
    assert (marker.published, text[marker.end :]) == (published, rest)


@pytest.mark.parametrize(
    "text",
    [
        "Stand 2022 war alles anders.",
        "Date 2022 was a good year.",
        "Datum: 31.02.2022\nText",
        "date 2022-13 Text",
        "date 2022-09",
        "Am 14.09.2022 kam er.",
        "Text date 2022-09 Text",
        "date 2022-09: Text",
        "",
    ],
)
def test_prose_is_no_marker(text: str) -> None:
    assert dates.from_text_start(text) is None

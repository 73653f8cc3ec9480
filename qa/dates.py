"""Dates of publication: ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``. Knows no documents and no clock.

A date is kept as precise as it was given, never more. ``2022-09`` means all of September.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass

from qa.errors import InvalidDate

_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_ISO_AT_START = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2})(?=$|[T\s]))?(?=$|[T\s])", re.ASCII)
_COMPACT = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:$|[\dTZ+-])", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)

# What a person or a program writes before the date of a text. With a colon any of them counts;
# without one only "date", and only before an ISO date, because prose has "Stand 2022" in it.
_LABELS = (
    "date|published|published on|updated|datum|stand|veröffentlicht|veröffentlicht am|"
    "publié le|fecha|publicado|data|pubblicato|дата|опубликовано|опубліковано|апублікавана|"
    "tarih|日期|日付|تاريخ"
)
_LEADING = re.compile(
    rf"\s*(?:date\s(?P<bare>\d{{4}}-\d\d(?:-\d\d)?)"
    rf"|(?:{_LABELS})[ \t]?[:：][ \t]*"
    rf"(?P<labelled>\d{{4}}(?:-\d\d(?:-\d\d)?)?|\d{{1,2}}\.[ ]?\d{{1,2}}\.[ ]?\d{{4}}))"
    rf"(?=\s|\Z)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LeadingDate:
    """A date written before the text proper.

    Attributes:
        published: ``YYYY[-MM[-DD]]``.
        end: offset at which the text proper begins.
    """

    published: str
    end: int


def validate(published: str) -> str:
    """The date itself when it is well formed and exists; raises InvalidDate otherwise."""
    bounds(published)
    return published


def bounds(published: str) -> tuple[int, int]:
    """First and last day that a date can mean, as ``yyyymmdd`` numbers that compare.

    Raises:
        InvalidDate: not ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, or there is no such day.
    """
    match = _ISO.fullmatch(published)
    if match is None:
        raise InvalidDate(
            f"expected a date as YYYY, YYYY-MM or YYYY-MM-DD, found {published!r}; "
            "write it like 2022-09 or 2022-09-14"
        )
    year, month, day = (int(part) if part else 0 for part in match.groups())
    if year == 0 or (match[2] and not 1 <= month <= 12):
        raise InvalidDate(f"there is no month {published!r}; months run from 01 to 12")
    if not month:
        return year * 10000 + 101, year * 10000 + 1231
    first = year * 10000 + month * 100
    last_day = calendar.monthrange(year, month)[1]
    if match[3] is None:
        return first + 1, first + last_day
    if not 1 <= day <= last_day:
        raise InvalidDate(f"there is no day {published!r}; that month has {last_day} days")
    return first + day, first + day


def normalised(value: str) -> str | None:
    """A date found in a file's metadata, or None when it cannot be read without guessing.

    Understands ISO dates and date-times, the compact forms of PDF (``D:20220914…``) and the
    German ``14.09.2022``. ``09/14/2022`` is not read: 10/11/2022 is two different days.
    """
    value = value.strip()
    if _ISO.fullmatch(value):
        return _existing(value)
    if match := _ISO_AT_START.match(value) or _COMPACT.match(value):
        return _existing("-".join(part for part in match.groups() if part))
    if match := _DOTTED.fullmatch(value):
        return _existing(f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}")
    return None


def from_text_start(text: str) -> LeadingDate | None:
    """The date marker that a text begins with, such as `` date 2022-09 `` or ``Datum: 14.09.2022``.

    Only the very start is looked at, and only a marker that something follows is one.
    """
    match = _LEADING.match(text, 1 if text.startswith("\ufeff") else 0)
    if match is None or match.end() == len(text):
        return None
    published = normalised(match["bare"] or match["labelled"])
    return LeadingDate(published, match.end()) if published else None


def _existing(published: str) -> str | None:
    try:
        return validate(published)
    except InvalidDate:
        return None

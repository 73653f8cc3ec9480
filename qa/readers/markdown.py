"""Reads Markdown: the text stays the source, so that offsets hold; only metadata is taken from it.

Understands the front matter that static site generators use, but only plain ``key: value`` lines
of it, which needs no YAML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from qa import dates
from qa.readers.content import Content
from qa.readers.text import decode

_FRONT_MATTER = re.compile(
    r"\ufeff?(?P<rule>---|\+\+\+)[ \t]*\r?\n(?P<body>(?:.*\r?\n){0,200}?)"
    r"(?P=rule)[ \t]*(?:\r?\n|\Z)"
)
_PAIR = re.compile(r"(?P<key>[A-Za-z][\w-]*)[ \t]*[:=][ \t]*(?P<value>.*?)[ \t]*\r?$", re.MULTILINE)
_HEADING = re.compile(r" {0,3}#[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Metadata before the text: what it says, and the offset at which the text begins."""

    values: Mapping[str, str]
    end: int


def front_matter(text: str) -> FrontMatter | None:
    """The front matter that a text begins with, keys in lower case, or None without any."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return None
    values = {
        pair["key"].lower(): pair["value"].strip("\"'") for pair in _PAIR.finditer(match["body"])
    }
    # Two rules with prose between them are not metadata, nor is a file with nothing below.
    if not values or not text[match.end() :].strip():
        return None
    return FrontMatter(values, match.end())


def read(data: bytes) -> Content:
    """Markdown as it is written, with title, date and language where it states them."""
    decoded = decode(data)
    matter = front_matter(decoded.text)
    values = dict(matter.values) if matter else {}
    return Content(
        text=decoded.text,
        title=values.get("title") or _first_heading(decoded.text, matter.end if matter else 0),
        published=dates.normalised(values.get("date") or values.get("published") or ""),
        language=_language(values.get("lang") or values.get("language") or ""),
        metadata=decoded.metadata,
    )


def _first_heading(text: str, start: int) -> str | None:
    lines = text[start:].splitlines()
    fenced = False
    for line, below in zip_longest(lines, lines[1:], fillvalue=""):
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            continue
        elif match := _HEADING.fullmatch(line):
            return match[1]
        elif line.strip() and re.fullmatch(r" {0,3}=+[ \t]*", below):
            return line.strip()
    return None


def _language(value: str) -> str | None:
    code = value.strip().lower().replace("_", "-").split("-")[0]
    return code if re.fullmatch(r"[a-z]{2}", code) else None

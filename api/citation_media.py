"""Which format of a citation a request wants. Knows ``Accept`` (RFC 9110, 12.5.1) and no citations.

JSON is what a request gets that does not name another format: programs that accept anything, and
browsers, get what they always got.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Format = Literal["json", "jsonld", "csl", "bibtex", "markdown", "text"]

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "csl": "application/vnd.citationstyles.csl+json",
    "bibtex": "application/x-bibtex",
    "text": "text/plain",
    "markdown": "text/markdown",
}
"""In order of preference, where a request likes several as much."""

CONTENT_TYPES: dict[Format, str] = {
    **MEDIA_TYPES,
    "jsonld": 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
    "bibtex": "application/x-bibtex; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8; variant=CommonMark",
}
"""What a response says it is. JSON is UTF-8 without saying so."""

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PARAMETER = re.compile(r';\s*([^\s;=]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)')
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def chosen(accept: str, wanted: Format | None = None) -> Format:
    """The format to answer in: the one wanted, or the one that ``Accept`` likes best.

    Among formats liked as much, one that is named goes before one that a wildcard allows.
    """
    if wanted is not None:
        return wanted
    ranges = list(_ranges(accept))
    best: Format = "json"
    liked = (0.0, -1)
    for name, media_type in MEDIA_TYPES.items():
        quality, specificity = _liking(media_type, ranges)
        if quality > 0 and (quality, specificity) > liked:
            best, liked = name, (quality, specificity)
    return best


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Media ranges with their qualities; what is malformed is left out."""
    for element in _ELEMENT.findall(accept):
        media_range, _, _ = element.partition(";")
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(element)}
        quality = parameters.get("q", "1")
        if _QUALITY.fullmatch(quality):
            yield media_range.strip().lower(), float(quality)


def _liking(media_type: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """Quality of a media type by the most specific range that it is in, and how specific that is.

    Parameters such as ``profile`` do not matter: there is one variant of each type.
    """
    matching = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    found = [
        (matching.index(media_range), quality)
        for media_range, quality in ranges
        if media_range in matching
    ]
    if not found:
        return 0.0, -1
    specificity, quality = max(found)
    return quality, specificity

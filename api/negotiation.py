"""Reads what a request says it accepts (RFC 9110, 12.5.1). Knows no routes and no formats."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PARAMETER = re.compile(r';\s*([^\s;=]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)')
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_NAMED = 2  # how specific a range is that names the media type itself


def prefers_html(accept: str) -> bool:
    """Whether an Accept header asks for HTML, and not less than for plain text.

    Browsers name ``text/html``; programs that send nothing or ``*/*`` get the text.
    """
    ranges = list(media_ranges(accept))
    pages = [liking(name, ranges) for name in ("text/html", "application/xhtml+xml")]
    html = max((quality for quality, specificity in pages if specificity == _NAMED), default=0.0)
    return html > 0 and html >= liking("text/plain", ranges)[0]


def media_ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Media ranges with their qualities; what is malformed is left out."""
    for element in _ELEMENT.findall(accept):
        media_range, _, _ = element.partition(";")
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(element)}
        quality = parameters.get("q", "1")
        if _QUALITY.fullmatch(quality):
            yield media_range.strip().lower(), float(quality)


def liking(media_type: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
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

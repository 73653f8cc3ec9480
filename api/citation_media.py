"""Which format of a citation a request wants. Knows the formats' media types and no citations.

JSON is what a request gets that does not name another format: programs that accept anything, and
browsers, get what they always got.
"""

from __future__ import annotations

from typing import Literal

from api.negotiation import liking, media_ranges

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


def chosen(accept: str, wanted: Format | None = None) -> Format:
    """The format to answer in: the one wanted, or the one that ``Accept`` likes best.

    Among formats liked as much, one that is named goes before one that a wildcard allows.
    """
    if wanted is not None:
        return wanted
    ranges = list(media_ranges(accept))
    best: Format = "json"
    liked = (0.0, -1)
    for name, media_type in MEDIA_TYPES.items():
        quality, specificity = liking(media_type, ranges)
        if quality > 0 and (quality, specificity) > liked:
            best, liked = name, (quality, specificity)
    return best

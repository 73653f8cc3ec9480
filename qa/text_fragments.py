"""Links that open a page of the web at a quote. Knows the text fragments of URLs, and no citations.

A browser finds the words of ``#:~:text=`` by itself (WICG, "URL Fragment Text Directives"). Words
named as a whole must stand in one block of the page; a start and an end may be paragraphs apart.
"""

from __future__ import annotations

import re
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

WHOLE_CHARACTERS = 120
"""A longer quote, or one of several paragraphs, is named by its start and its end."""

_END_CHARACTERS = 48
_DIRECTIVE = ":~:"
_PARAGRAPH_END = re.compile(r"(?>\r\n|\n|\r)[^\S\r\n]*(?:\r\n|\n|\r)|\f")
_NOT_IN_URLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def link(source: str, quote: str) -> str | None:
    """The link to a quote in its source, or None where the source is not an http(s) URL.

    A fragment that the URL has already is kept in front of the directive.
    """
    if not _is_web(source):
        return None
    address, _, fragment = source.partition("#")
    kept = fragment.partition(_DIRECTIVE)[0]
    named = directive(quote)
    if not named:
        return source
    return f"{address}#{kept}{_DIRECTIVE}{named}"


def directive(quote: str) -> str:
    """``text=…`` for a quote, or an empty string where it has no visible text."""
    blocks = [" ".join(block.split()) for block in _PARAGRAPH_END.split(quote)]
    blocks = [block for block in blocks if block]
    if not blocks:
        return ""
    if len(blocks) == 1 and len(blocks[0]) <= WHOLE_CHARACTERS:
        return f"text={_encoded(blocks[0])}"
    return f"text={_encoded(_opening(blocks[0]))},{_encoded(_closing(blocks[-1]))}"


def _is_web(source: str) -> bool:
    if _NOT_IN_URLS.search(source):
        return False
    try:
        parts = urlsplit(source)
    except ValueError:  # brackets that hold no IPv6 address
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _encoded(words: str) -> str:
    """The syntax of the directive uses ``-``, ``,`` and ``&`` itself."""
    return percent_encoded(words, safe="", errors="replace").replace("-", "%2D")


def _opening(block: str) -> str:
    """The first words; where there are no spaces, as in Chinese, the first characters."""
    if len(block) <= _END_CHARACTERS:
        return block
    cut = block.rfind(" ", 0, _END_CHARACTERS + 1)
    return block[: cut if cut > 0 else _END_CHARACTERS]


def _closing(block: str) -> str:
    if len(block) <= _END_CHARACTERS:
        return block
    first = len(block) - _END_CHARACTERS
    cut = block.find(" ", first - 1)
    return block[cut + 1 if cut >= 0 else first :]

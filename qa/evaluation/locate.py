"""Finds a quotation in a text. Knows no documents and no questions."""

from __future__ import annotations

import re

from qa.errors import InvalidInput
from qa.types import Span


def locate(text: str, quote: str, occurrence: int | None = None) -> Span:
    """Where ``quote`` is in ``text``, in code points of ``text``.

    Every character must agree, but white space may run differently, since quotations are copied
    from pages with other line breaks. ``occurrence`` (1, 2, …) chooses among several.

    Raises:
        InvalidInput: not found, or found several times and none was chosen.
    """
    words = quote.split()
    if not words:
        raise InvalidInput("the quote is empty.")
    pattern = r"\s+".join(map(re.escape, words))
    found = [Span(m.start(), m.end()) for m in re.finditer(pattern, text)]
    short = " ".join(words)[:80]
    if not found:
        raise InvalidInput(
            f"the quote {short!r} is not in the document{_nearest(text, words)}. "
            "Copy it from the document, letter by letter."
        )
    if occurrence is None and len(found) > 1:
        raise InvalidInput(
            f"the quote {short!r} is in the document {len(found)} times. Quote more of it, or say "
            f"which by 'occurrence' (1 to {len(found)})."
        )
    number = 1 if occurrence is None else occurrence
    if not 1 <= number <= len(found):
        raise InvalidInput(
            f"occurrence {number} of the quote {short!r} was asked for; there are {len(found)}."
        )
    return found[number - 1]


def _nearest(text: str, words: list[str]) -> str:
    """How far the quote agrees, so that the letter that differs can be found."""
    for count in range(len(words) - 1, 0, -1):
        match = re.search(r"\s+".join(map(re.escape, words[:count])), text)
        if match is not None:
            after = text[match.end() : match.end() + 30].strip()
            begun = " ".join(words[:count])[-40:]
            return f": after {begun!r} it goes on {after!r}"
    return ""

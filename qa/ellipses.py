"""Quotes that leave something out: ``[…]``, ``(...)``, ``…``. Knows no documents.

Parts must stand in a text in their order, with at most ``GAP`` characters left out at a time, and
no part may begin or end inside a word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import regex

from qa.matching import core
from qa.types import Span

GAP = 2000
_MARK = regex.compile(r"\[\s*(?:…|\.{3,})\s*\]|\(\s*(?:…|\.{3,})\s*\)|…|\.{3,}")


def parts_of(quote: str) -> tuple[Span, ...]:
    """The parts between the ellipses; empty when there is no ellipsis."""
    marks = [match.span() for match in _MARK.finditer(quote)]
    if not marks:
        return ()
    ends = [*(start for start, _ in marks), len(quote)]
    starts = [0, *(end for _, end in marks)]
    spans: list[Span] = []
    for start, end in zip(starts, ends, strict=True):
        inner = core(quote[start:end])
        # What stands between two ellipses may be only a comma.
        if any(c.isalnum() for c in quote[start:end]):
            spans.append(Span(start + inner.start, start + inner.end))
    return tuple(spans)


def is_ellipsis(text: str) -> bool:
    """Whether there is nothing but ellipses."""
    return _MARK.sub("", text).strip(" []()") == "" and _MARK.search(text) is not None


def chains(places: Sequence[Sequence[Span]]) -> list[tuple[Span, ...]]:
    """Every way to meet all parts in order, one for each place of the last part, shortest first.

    Args:
        places: for each part, where it stands in the text, in order.
    """
    by_last: dict[Span, tuple[Span, ...]] = {}
    for first in places[0] if places else ():
        chain = [first]
        for some in places[1:]:
            at = bisect_left(some, chain[-1].end, key=lambda span: span.start)
            if at == len(some) or some[at].start - chain[-1].end > GAP:
                break
            chain.append(some[at])
        if len(chain) == len(places):
            by_last[chain[-1]] = tuple(chain)  # a later first part makes it shorter
    return sorted(
        by_last.values(), key=lambda found: (found[-1].end - found[0].start, found[0].start)
    )

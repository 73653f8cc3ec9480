"""Finds what became of cited words that are no longer in their text. Knows no store.

First where the words and their surroundings went, then anywhere in the new text.
"""

from __future__ import annotations

from qa.alignment import Quote, best_alignment
from qa.citations import Place
from qa.differences import Difference, differences, matching_runs
from qa.types import Span
from qa.words import tokens

_SURROUNDINGS = 200
_REACH = 200_000
"""Characters on either side of where the words could be that are searched."""


def altered_place(old: str, span: Span, new: str) -> tuple[Place | None, tuple[Difference, ...]]:
    """Where the cited words were altered to others, and how; None when they were cut.

    Args:
        old: the text that was cited.
        span: of the cited words in it.
        new: the text now, which does not hold them, or only where others were.
    """
    words = old[span.start : span.end]
    moved = len(new) - len(old)
    low = max(0, min(span.start, span.start + moved) - _REACH)
    reach = Span(low, min(len(new), max(span.end, span.end + moved) + _REACH))
    found = _near_its_surroundings(old, span, new, reach) or _anywhere(old, words, new, reach)
    if found is None:
        return None, ()
    now = new[found.start : found.end]
    return Place(found.start, found.end, now), differences(words, now, found_at=found.start)


def _near_its_surroundings(old: str, span: Span, new: str, reach: Span) -> Span | None:
    words = old[span.start : span.end]
    around = Span(max(0, span.start - _SURROUNDINGS), min(len(old), span.end + _SURROUNDINGS))
    there = best_alignment(Quote.of(old[around.start : around.end]), new, reach)
    if there is None:
        return None
    best = _similar(words, new, _mapped(old, around, span, new, there.span))
    return None if best is None or new[best.start : best.end] == words else best


def _mapped(old: str, around: Span, span: Span, new: str, there: Span) -> Span:
    """Where the span went when its surroundings went there, by the words that stayed."""
    before, now = tokens(old, around.start, around.end), tokens(new, there.start, there.end)
    inside = [n for n, token in enumerate(before) if token.end > span.start]
    first = inside[0] if inside else 0
    last = max((n for n, token in enumerate(before) if token.start < span.end), default=first)
    start, end = there.start, there.end
    for run in matching_runs(before, now):
        if run.old_end <= first:
            start = now[run.new_end - 1].end
        elif run.old_start <= first:
            start = now[run.new_start + first - run.old_start].start
        if run.old_start <= last < run.old_end:
            end = now[run.new_start + last - run.old_start].end
        elif run.old_start > last:
            end = min(end, now[run.new_start].start)
    return Span(start, max(start, end))


def _anywhere(old: str, words: str, new: str, reach: Span) -> Span | None:
    """Not where the old text said the same: that was never what was cited."""
    best = _similar(words, new, reach)
    return None if best is None or new[best.start : best.end] in old else best


def _similar(words: str, text: str, window: Span) -> Span | None:
    quote = Quote.of(words)
    best = best_alignment(quote, text, window)
    return best.span if best is not None and best.similarity >= quote.similar else None

"""What differs between two texts, word by word. Knows no documents.

``expected`` is what was cited or pasted, ``found`` what the document says. Words that fold alike
(``qa.folding``) are the same; everything else is a difference of some kind (``qa.kinds``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rapidfuzz.distance import Indel

from qa.kinds import kind_of
from qa.words import Token, tokens


@dataclass(frozen=True, slots=True)
class Difference:
    """One change between the words cited and the words now there.

    Attributes:
        op: ``replace``, ``insert`` (the document has more) or ``delete`` (it has less).
        expected: the words cited or pasted; empty for ``insert``.
        found: the words of the document; empty for ``delete``.
        kind: ``number``, ``date``, ``unit``, ``name``, ``negation`` or ``words``.
        expected_start: where ``expected`` starts in the text that was cited or pasted.
        expected_end: where it ends.
        found_start: where ``found`` starts in the document.
        found_end: where it ends.
    """

    op: str
    expected: str
    found: str
    kind: str
    expected_start: int
    expected_end: int
    found_start: int
    found_end: int


@dataclass(slots=True)
class _Run:
    """Token ranges that differ: ``[a, b)`` of the expected, ``[c, d)`` of the found."""

    a: int
    b: int
    c: int
    d: int


def differences(
    expected: str, found: str, *, expected_at: int = 0, found_at: int = 0
) -> tuple[Difference, ...]:
    """All differences, in order.

    Args:
        expected: what was cited or pasted.
        found: what the document says.
        expected_at: where ``expected`` starts in all that was pasted.
        found_at: where ``found`` starts in the document.
    """
    old, new = tokens(expected), tokens(found)
    made = [_difference(expected, old, found, new, run) for run in _runs(old, new)]
    return tuple(
        replace(
            each,
            expected_start=each.expected_start + expected_at,
            expected_end=each.expected_end + expected_at,
            found_start=each.found_start + found_at,
            found_end=each.found_end + found_at,
        )
        for each in made
    )


def whole_difference(expected: str, found: str, found_at: int) -> Difference:
    """All of it for all of it."""
    end = found_at + len(found)
    return Difference("replace", expected, found, "words", 0, len(expected), found_at, end)


@dataclass(frozen=True, slots=True)
class Kept:
    """Tokens ``[old_start, old_end)`` that are ``[new_start, new_end)`` in the other text."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def matching_runs(old: Sequence[Token], new: Sequence[Token]) -> list[Kept]:
    """What stayed the same, in order."""
    codes = Indel.opcodes([t.key for t in old], [t.key for t in new])
    return [
        Kept(code.src_start, code.src_end, code.dest_start, code.dest_end)
        for code in codes
        if code.tag == "equal"
    ]


def _runs(old: Sequence[Token], new: Sequence[Token]) -> list[_Run]:
    """Deletions and insertions at one place are one run."""
    runs: list[_Run] = []
    for code in Indel.opcodes([t.key for t in old], [t.key for t in new]):
        if code.tag == "equal":
            continue
        a, b, c, d = code.src_start, code.src_end, code.dest_start, code.dest_end
        if runs and runs[-1].b == a and runs[-1].d == c:
            runs[-1].b, runs[-1].d = b, d
        else:
            runs.append(_Run(a, b, c, d))
    return [part for run in runs for part in _single(run)]


def _single(run: _Run) -> list[_Run]:
    """As many words for as many: each pair is a change of its own."""
    if (count := run.b - run.a) != run.d - run.c:
        return [run]
    return [_Run(run.a + n, run.a + n + 1, run.c + n, run.c + n + 1) for n in range(count)]


def _difference(
    expected: str, old: Sequence[Token], found: str, new: Sequence[Token], run: _Run
) -> Difference:
    start, end = _span(old, run.a, run.b)
    found_start, found_end = _span(new, run.c, run.d)
    changed = [*old[run.a : run.b], *new[run.c : run.d]]
    after = [*new[run.d : run.d + 2], *old[run.b : run.b + 2]][:2]
    before = [t for some, at in ((old, run.a), (new, run.c)) for t in some[max(0, at - 1) : at]]
    return Difference(
        op="insert" if run.a == run.b else "delete" if run.c == run.d else "replace",
        expected=expected[start:end],
        found=found[found_start:found_end],
        kind=kind_of(_without_repeats(changed), after, before),
        expected_start=start,
        expected_end=end,
        found_start=found_start,
        found_end=found_end,
    )


def _without_repeats(changed: Sequence[Token]) -> list[Token]:
    return [next(group) for _, group in groupby(changed, key=lambda token: token.key)]


def _span(some: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    """Characters of the tokens ``[first, last)``; an empty span where there are none."""
    if first < last:
        return some[first].start, some[last - 1].end
    at = some[first - 1].end if first else 0
    return at, at

"""Judges verdicts on quotes, class by class. Knows no edits and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from qa.evaluation.report import Table, mean, shown
from qa.evaluation.verification_cases import PASSING, Case
from qa.verification import Verification

ALL = "all"


class Verifying(Protocol):
    """A collection, as far as it is needed here."""

    def verify(self, quote: str, document_id: str | None = None) -> Verification:
        """What the documents say to a quote."""
        ...


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """A case and what was said of it.

    Attributes:
        right: the verdict is a right one, and the first match is where the words are from.
        passed: the documents were said to hold words that they do not.
    """

    case: Case
    verification: Verification
    right: bool
    passed: bool


def judged(collection: Verifying, cases: Sequence[Case]) -> Iterator[JudgedCase]:
    """Verify each."""
    for case in cases:
        found = collection.verify(case.quote, case.within)
        right = found.verdict in case.verdicts and _placed(case, found)
        wrongly = found.verdict in PASSING and not case.verdicts & PASSING
        yield JudgedCase(case, found, right, wrongly)


def cases_table(title: str, every: Sequence[JudgedCase]) -> tuple[Table, dict[str, Any]]:
    """One row a class: how many are right, and how many passed that must not."""
    kinds = list(dict.fromkeys(one.case.kind for one in every))
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for kind in [*kinds, ALL]:
        some = [one for one in every if kind in (ALL, one.case.kind)]
        passed = sum(one.passed for one in some)
        right = mean(one.right for one in some)
        rows.append((kind, str(len(some)), shown(right), str(passed)))
        data[kind] = {"quotes": len(some), "right": right, "passed wrongly": passed}
    return Table(title, ("edit", "n", "right", "passed wrongly"), tuple(rows)), data


def _placed(case: Case, found: Verification) -> bool:
    if case.source is None or found.verdict == "not_found":
        return True
    first, source = found.matches[0], case.source
    end = source.start + len(source.text)
    return (
        first.document_id == source.document_id and first.start < end and first.end > source.start
    )

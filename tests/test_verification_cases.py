"""Verification by classes of edits over the seeds: nothing altered passes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qa import seeds
from qa.collection import Collection
from qa.evaluation.verification import JudgedCase, cases_table, judged
from qa.evaluation.verification_cases import PASSING, Case, cases
from qa.verification import Verification


@pytest.fixture(scope="module")
def every(collection: Collection) -> Sequence[JudgedCase]:
    return list(judged(collection, cases(seeds.documents())))


def test_there_are_enough_of_every_class_and_always_the_same() -> None:
    made = cases(seeds.documents())
    assert made == cases(seeds.documents())
    assert len(made) >= 300
    assert len({case.kind for case in made}) >= 20
    assert len({case.quote for case in made}) > 0.9 * len(made)


def test_nothing_that_was_altered_passes(every: Sequence[JudgedCase]) -> None:
    must_not = [one for one in every if not one.case.verdicts & PASSING]
    assert len(must_not) >= 200
    assert [one.case.quote for one in must_not if one.passed] == []


def test_nearly_all_verdicts_and_places_are_right(every: Sequence[JudgedCase]) -> None:
    wrong = [(one.case.kind, one.case.quote) for one in every if not one.right]
    assert len(wrong) <= 0.02 * len(every), wrong


@pytest.mark.parametrize(
    ("edit", "kinds"),
    [
        ("one digit changed", {"number", "date"}),
        ("negation dropped", {"negation"}),
        ("negation added", {"negation"}),
        ("unit changed", {"unit"}),
        ("name swapped", {"name"}),
    ],
)
def test_the_kind_of_change_is_told(
    every: Sequence[JudgedCase], edit: str, kinds: set[str]
) -> None:
    some = [one for one in every if one.case.kind == edit]
    told = [{d.kind for d in one.verification.differences} & kinds for one in some]
    assert sum(map(bool, told)) >= 0.9 * len(some) > 0


def test_the_table_counts_by_hand() -> None:
    right = frozenset({"altered"})
    some = [
        JudgedCase(Case("a", "x", right), Verification("altered", "x"), True, False),
        JudgedCase(Case("a", "y", right), Verification("exact", "y"), False, True),
        JudgedCase(Case("b", "z", right), Verification("not_found", "z"), False, False),
    ]
    table, data = cases_table("T", some)
    assert table.rows == (
        ("a", "2", "50.0", "1"),
        ("b", "1", "0.0", "0"),
        ("all", "3", "33.3", "1"),
    )
    assert data["a"] == {"quotes": 2, "right": 0.5, "passed wrongly": 1}

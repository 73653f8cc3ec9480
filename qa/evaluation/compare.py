"""Compares two configurations on the same questions: ``python -m qa.evaluation.compare A B``.

``A`` and ``B`` are files that ``python -m qa.evaluation --scores FILE`` wrote, or
``python -m qa.evaluation.peers --scores FOLDER``: a JSON object with the value of every question,
by its id, in its task, in its group. Differences are paired, question by question, because two
configurations fail at much the same questions, and their difference is known better than either.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from qa import console
from qa.errors import FundstelleError, InvalidInput
from qa.evaluation.bootstrap import Comparison, compare
from qa.evaluation.report import ALL, Report, Scores, Table, mean, shown
from qa.evaluation.show import show


class Pair(NamedTuple):
    """One task that both configurations did; ``ALL`` stands for every task of its group."""

    group: str
    task: str
    a: list[float]
    b: list[float]


def main(arguments: list[str] | None = None) -> int:
    """Compare and print; exit status 1 with one line when something cannot be compared."""
    parser = argparse.ArgumentParser(prog="python -m qa.evaluation.compare", description=__doc__)
    parser.add_argument("a", type=Path, metavar="A", help="scores of one configuration")
    parser.add_argument("b", type=Path, metavar="B", help="scores of the other")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    try:
        report = differences(read_scores(given.a), read_scores(given.b), *_names(given.a, given.b))
    except FundstelleError as failure:
        console.error(str(failure))
        return 1
    show(report, as_json=given.json)
    return 0


def differences(a: Scores, b: Scores, name_a: str = "A", name_b: str = "B") -> Report:
    """One row a task, and one for all of its group: ``a`` minus ``b``, with 95% intervals.

    Raises:
        InvalidInput: they have no task in common, or other questions in one.
    """
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for pair in pairs(a, b):
        found = compare(pair.a, pair.b)
        data.setdefault(pair.group, {})[pair.task] = asdict(found)
        means = (shown(mean(pair.a)), shown(mean(pair.b)))
        counts = (str(found.better), str(found.worse))
        rows.append((f"{pair.group} {pair.task}", str(found.n), *means, difference(found), *counts))
    if not rows:
        raise InvalidInput(
            f"{name_a} and {name_b} have no task in common: measure the same parts for both."
        )
    better = (f"{name_a} better", f"{name_b} better")
    columns = ("task", "n", name_a, name_b, "difference", *better)
    report = Report([Table(f"{name_a} minus {name_b}", columns, tuple(rows))], data)
    alone = sorted(_tasks(a) ^ _tasks(b))
    if alone:
        names = ", ".join(f"{group} {task}" for group, task in alone)
        report.notes.append(f"Measured for one of them only, and left out: {names}.")
    return report


def pairs(a: Scores, b: Scores) -> Iterator[Pair]:
    """Every task of both, and each group of several tasks as a whole.

    Raises:
        InvalidInput: a task has other questions in ``a`` than in ``b``.
    """
    for group, tasks in a.items():
        common = [_pair(group, task, a, b) for task in tasks if task in b.get(group, {})]
        yield from common
        if len(common) > 1:
            yield Pair(
                group,
                ALL,
                [value for pair in common for value in pair.a],
                [value for pair in common for value in pair.b],
            )


def difference(found: Comparison) -> str:
    """A difference of shares in points of per cent, its interval and how likely it is chance."""
    low, high = (f"{100 * end:+.1f}" for end in (found.low, found.high))
    chance = "p < 0.001" if found.p < 0.001 else f"p = {found.p:.3f}"
    return f"{100 * found.difference:+.1f} [{low}, {high}] {chance}"


def write_scores(path: Path, scores: Scores) -> None:
    """Keep scores in a file.

    Raises:
        InvalidInput: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(scores, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from error


def read_scores(path: Path) -> Scores:
    """Scores from a file.

    Raises:
        InvalidInput: the file cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"{path} is no JSON: {error}. {_REPAIR}") from error
    if not _are_scores(content, depth=3):
        raise InvalidInput(f"{path} holds no values of questions by task and group. {_REPAIR}")
    scores: Scores = content
    return scores


_REPAIR = "Write it by python -m qa.evaluation --scores FILE."


def _are_scores(content: object, depth: int) -> bool:
    if depth == 0:
        return isinstance(content, int | float)
    return isinstance(content, dict) and all(_are_scores(v, depth - 1) for v in content.values())


def _names(a: Path, b: Path) -> tuple[str, str]:
    return (a.stem, b.stem) if a.stem != b.stem else (str(a), str(b))


def _pair(group: str, task: str, a: Scores, b: Scores) -> Pair:
    values_a, values_b = a[group][task], b[group][task]
    if values_a.keys() != values_b.keys():
        raise InvalidInput(
            f"{group} {task} has {len(values_a)} questions in the one and {len(values_b)} in the "
            "other, or not the same ones: measure both on the same data with the same --sample."
        )
    return Pair(group, task, list(values_a.values()), [values_b[key] for key in values_a])


def _tasks(scores: Mapping[str, Mapping[str, object]]) -> set[tuple[str, str]]:
    return {(group, task) for group, tasks in scores.items() for task in tasks}


if __name__ == "__main__":
    sys.exit(main())

"""Tables of several systems on the same tasks. Knows no search and prints nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from qa.evaluation.bootstrap import compare
from qa.evaluation.compare import difference, pairs
from qa.evaluation.report import ALL, Report, Scores, Table, mean, shown

_FEW = 4
"""Groups of more tasks than these are shown by their mean only."""


def peers_report(scores: Mapping[str, Scores], ours: Sequence[str]) -> Report:
    """The means of all systems, then each of ours against every other that is not before it."""
    report = Report()
    table, report.data["means"] = means_table(scores)
    report.tables.append(table)
    for place, name in enumerate(ours, start=1):
        others = [other for other in scores if other not in ours[:place]]
        table, report.data[f"{name} minus"] = differences_table(name, others, scores)
        report.tables.append(table)
    return report


def means_table(scores: Mapping[str, Scores]) -> tuple[Table, dict[str, Any]]:
    """One row a task, or a group where it has many, and one column a system."""
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for group, tasks in next(iter(scores.values())).items():
        of_task = {
            task: {name: mean(own[group][task].values()) for name, own in scores.items()}
            for task in tasks
        }
        # Every task counts the same, however many questions it has.
        every = {name: mean(row[name] or 0.0 for row in of_task.values()) for name in scores}
        data[group] = {**of_task, ALL: every}
        counts = {task: len(values) for task, values in tasks.items()}
        counts[ALL] = sum(counts.values())
        rows += [
            (f"{group} {task}", str(counts[task]), *map(shown, data[group][task].values()))
            for task in _shown(list(tasks))
        ]
    return Table("Beside peers", ("task", "n", *scores), tuple(rows)), data


def differences_table(
    name: str, others: Sequence[str], scores: Mapping[str, Scores]
) -> tuple[Table, dict[str, Any]]:
    """One system minus each of the others, paired, in the rows of ``means_table``."""
    rows: dict[str, list[str]] = {}
    data: dict[str, dict[str, Any]] = {other: {} for other in others}
    for other in others:
        for pair in pairs(scores[name], scores[other]):
            if pair.task in _shown(list(scores[name][pair.group])):
                row, found = f"{pair.group} {pair.task}", compare(pair.a, pair.b)
                rows.setdefault(row, []).append(difference(found))
                data[other][row] = asdict(found)
    finished = tuple((row, *found) for row, found in rows.items())
    return Table(f"{name} minus", ("task", *others), finished), data


def _shown(tasks: Sequence[str]) -> Sequence[str]:
    return tasks if len(tasks) <= _FEW else [ALL]

"""Tables with one row a language and their mean below. Knows no search and prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from qa.evaluation import refusal
from qa.evaluation.bootstrap import Interval, interval
from qa.evaluation.report import FALSE_REFUSALS, Table, mean, shown, with_interval
from qa.evaluation.run import Asked

MEAN = "mean"
"""The row below the languages: every language counts the same, however many questions it has."""


@dataclass(frozen=True, slots=True)
class Refusable:
    """The questions of one language that can be answered and those that cannot, as asked."""

    answerable: Sequence[Asked]
    unanswerable: Sequence[Asked]


def shares_table(
    title: str, languages: Mapping[str, Mapping[str, Sequence[float]]], note: str = ""
) -> tuple[Table, dict[str, Any]]:
    """One row a language: the mean of each measure's values, one value a question.

    Args:
        title: above the table.
        languages: values by measure by language; every language has the same measures, and each
            measure a value for every question.
        note: below the table.
    """
    measures = list(next(iter(languages.values())))
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for language, values in languages.items():
        measured = {name: interval(values[name]) for name in measures}
        data[language] = {name: asdict(i) for name, i in measured.items()}
        count = len(values[measures[0]])
        rows.append((language, str(count), *(with_interval(i) for i in measured.values())))
    means = {name: mean(row[name]["mean"] for row in data.values()) for name in measures}
    data[MEAN] = means
    rows.append((MEAN, "", *(shown(means[name]) for name in measures)))
    return Table(title, ("language", "n", *measures), tuple(rows), note), data


def refusable_table(
    title: str, languages: Mapping[str, Refusable], note: str = ""
) -> tuple[Table, dict[str, Any]]:
    """One row a language: what is refused where 5% of the answerable are, and what as shipped."""
    data: dict[str, Any] = {name: _refusals(asked) for name, asked in languages.items()}
    rows: list[tuple[str, ...]] = []
    for language, row in data.items():
        threshold, counts = row["threshold at 5%"], (row["answerable"], row["unanswerable"])
        rows.append(
            (
                language,
                *map(str, counts),
                _cell(row["refused at 5%"]),
                "-" if threshold is None else f"{threshold:.3f}",
                _cell(row["false refusals"]),
                _cell(row["refused"]),
            )
        )
    means = {
        name: mean(row[name]["mean"] for row in data.values() if row[name] is not None)
        for name in ("refused at 5%", "false refusals", "refused")
    }
    data[MEAN] = means
    at_5, lost, refused = map(shown, means.values())
    rows.append((MEAN, "", "", at_5, "", lost, refused))
    columns = (
        "language",
        "answerable",
        "unanswerable",
        "unanswerable refused at 5% false refusals",
        "score there",
        "answerable refused",
        "unanswerable refused",
    )
    return Table(title, columns, tuple(rows), note), data


def _refusals(asked: Refusable) -> dict[str, Any]:
    known, unknown = ([a.score for a in some] for some in (asked.answerable, asked.unanswerable))
    threshold = refusal.threshold_for(known, FALSE_REFUSALS) if known else None
    return {
        "answerable": len(known),
        "unanswerable": len(unknown),
        "threshold at 5%": threshold,
        "refused at 5%": None if threshold is None else _share(s < threshold for s in unknown),
        "false refusals": _share(not a.answerable for a in asked.answerable),
        "refused": _share(not a.answerable for a in asked.unanswerable),
    }


def _share(values: Iterable[bool]) -> dict[str, Any] | None:
    """The mean with its interval, or None when there are no values."""
    listed = [float(value) for value in values]
    return asdict(interval(listed)) if listed else None


def _cell(share: dict[str, Any] | None) -> str:
    return "-" if share is None else with_interval(Interval(**share))

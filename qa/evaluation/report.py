"""Turns judged questions into tables and JSON. Knows no search and prints nothing.

Shares are printed in per cent, with a 95% bootstrap interval in brackets where one is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from qa.evaluation import refusal
from qa.evaluation.bootstrap import Interval, compare, interval
from qa.evaluation.run import EVIDENCE, FUSED, METRICS, Asked, Judged

NAMES = {
    "fused": "all",
    "lexical": "BM25",
    "sound": "sound",
    "dense": "dense",
    "interaction": "interaction",
}
FALSE_REFUSALS = 0.05
ALL = "all"

Scores = dict[str, dict[str, dict[str, float]]]
"""The value of every question by its id, by task, by group of tasks: what can be paired."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of finished strings; ``note`` is a line below it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(slots=True)
class Report:
    """Tables for people, the same numbers for programs, and the values they are means of."""

    tables: list[Table] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    scores: Scores = field(default_factory=dict)

    def extend(self, other: Report, name: str) -> None:
        """Add another report; its data goes under a name, its scores have their own."""
        self.tables += other.tables
        self.notes += other.notes
        self.data[name] = other.data
        self.scores |= other.scores


def questions_report(title: str, judged: Sequence[Judged], asked: Sequence[Asked]) -> Report:
    """Questions over documents: ranking by language and by evidence, and refusals."""
    report = Report()
    if judged:
        _add(report, "languages", languages_table(title, judged, asked))
        _add(report, "evidence", evidence_table(f"{title}: by evidence", judged))
        report.scores = {f"{title} nDCG@10": {ALL: values_by_id(judged, "nDCG@10")}}
    _add(report, "refusals", refusals_table(f"{title}: refusals", asked))
    if judged:
        _add(report, "reliability", reliability_table(f"{title}: reliability", asked))
    return report


def languages_table(
    title: str, judged: Sequence[Judged], asked: Sequence[Asked]
) -> tuple[Table, dict[str, Any]]:
    """One row a language: how good the ranking is, and what is refused."""
    kinds = [by for by in EVIDENCE if by in judged[0].gains]
    columns = ("language", "n", "hit@1", "hit@5", *(f"{NAMES[by]} nDCG@10" for by in kinds))
    columns += ("whole span hit@5", "sentence", "refused", "unanswerable", "refused")
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for language, some, answers in _by_language(judged, asked):
        known = [a for a in answers if a.question.answerable]
        unknown = [a for a in answers if not a.question.answerable]
        values = {
            "questions": len(some),
            "hit@1": mean(j.value("hit@1") for j in some),
            "hit@5": mean(j.value("hit@5") for j in some),
            **{f"{by} nDCG@10": mean(j.value("nDCG@10", by) for j in some) for by in kinds},
            "whole span hit@5": mean(
                METRICS["hit@5"](j.strict, ()) for j in some if j.question.spans
            ),
            "sentence": mean(a.sentence_right for a in known if a.question.spans),
            "false refusals": mean(not a.answerable for a in known),
            "unanswerable": len(unknown),
            "refused": mean(not a.answerable for a in unknown),
        }
        data[language] = values
        counts = ("questions", "unanswerable")
        rows.append((language, *(shown(v, k in counts) for k, v in values.items())))
    return Table(title, columns, tuple(rows)), data


def evidence_table(title: str, judged: Sequence[Judged]) -> tuple[Table, dict[str, Any]]:
    """One row for each kind of evidence, and how the served ranking compares with it."""
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    served = [j.value("nDCG@10") for j in judged]
    for by in (by for by in EVIDENCE if by in judged[0].gains):
        measured = {m: interval([j.value(m, by) for j in judged]) for m in METRICS}
        data[by] = {m: asdict(i) for m, i in measured.items()}
        row = [NAMES[by], *(with_interval(i) for i in measured.values())]
        if by == FUSED:
            row.append("")
        else:
            against = compare(served, [j.value("nDCG@10", by) for j in judged])
            data[by]["served minus this"] = asdict(against)
            chance = "p < 0.001" if against.p < 0.001 else f"p = {against.p:.3f}"
            row.append(f"{100 * against.difference:+.1f} ({chance})")
        rows.append(tuple(row))
    return Table(title, ("ranked by", *METRICS, "all minus this"), tuple(rows)), data


def refusals_table(title: str, asked: Sequence[Asked]) -> tuple[Table, dict[str, Any]]:
    """How many questions of each kind are refused, at the default threshold and at 5% lost."""
    known = [a for a in asked if a.question.answerable]
    unknown = [a for a in asked if not a.question.answerable]
    at = refusal.threshold_for([a.score for a in known], FALSE_REFUSALS) if known else None
    kinds = {"answerable": known, "unanswerable": unknown}
    for kind in sorted({a.question.kind for a in unknown if a.question.kind}):
        kinds[kind.replace("_", " ")] = [a for a in unknown if a.question.kind == kind]
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for name, some in kinds.items():
        if not some:
            continue
        values = {
            "questions": len(some),
            "refused": mean(not a.answerable for a in some),
            "refused at 5%": None if at is None else mean(a.score < at for a in some),
        }
        data[name] = values
        rows.append((name, *(shown(v, k == "questions") for k, v in values.items())))
    columns = ("questions", "n", "refused", "refused at 5% false refusals")
    note = ""
    if known:
        right = [a.right for a in asked]
        data["aurc"] = refusal.aurc([a.score for a in asked], right)
        data["threshold at 5%"] = at
        note = f"Area under risk-coverage {data['aurc']:.3f}; 5% are lost at a score of {at:.3f}."
    return Table(title, columns, tuple(rows), note), data


def reliability_table(title: str, asked: Sequence[Asked]) -> tuple[Table, dict[str, Any]]:
    """Predicted against observed: how often the best passage answers, by its score."""
    bins = refusal.reliability([a.score for a in asked], [a.right for a in asked])
    error = refusal.calibration_error(bins)
    rows = tuple(
        (f"{b.low:.1f}-{b.high:.1f}", str(b.count), shown(b.predicted), shown(b.observed))
        for b in bins
    )
    table = Table(
        title, ("score", "n", "predicted", "observed"), rows, f"Mean distance {error:.3f}."
    )
    return table, {"bins": [asdict(b) for b in bins], "calibration error": error}


def directions_table(
    title: str, directions: Mapping[tuple[str, str], Sequence[Judged]]
) -> tuple[Table, dict[str, Any]]:
    """One row for each pair of languages: nDCG@10 by each kind of evidence."""
    rows: list[tuple[str, ...]] = []
    data: dict[str, Any] = {}
    for (asked_in, answered_in), judged in directions.items():
        name = f"{asked_in}→{answered_in}"
        kinds = {by: interval([j.value("nDCG@10", by) for j in judged]) for by in EVIDENCE}
        more = {m: mean(j.value(m) for j in judged) for m in METRICS if m != "nDCG@10"}
        data[name] = {"nDCG@10": {by: asdict(i) for by, i in kinds.items()}, **more}
        cells = [with_interval(i) for i in kinds.values()] + [shown(v) for v in more.values()]
        rows.append((name, str(len(judged)), *cells))
    columns = ("question→text", "n", *(f"{NAMES[by]} nDCG@10" for by in EVIDENCE))
    return Table(title, columns + tuple(m for m in METRICS if m != "nDCG@10"), tuple(rows)), data


def values_by_id(judged: Sequence[Judged], metric: str) -> dict[str, float]:
    """What the served ranking is worth for each question, by its id."""
    return {j.question.id: j.value(metric) for j in judged}


def _add(report: Report, name: str, made: tuple[Table, dict[str, Any]]) -> None:
    report.tables.append(made[0])
    report.data[name] = made[1]


def _by_language(
    judged: Sequence[Judged], asked: Sequence[Asked]
) -> Iterator[tuple[str, list[Judged], list[Asked]]]:
    for language in [*sorted({j.question.language or "?" for j in judged}), ALL]:
        yield (
            language,
            [j for j in judged if language in (ALL, j.question.language or "?")],
            [a for a in asked if language in (ALL, a.question.language or "?")],
        )


def mean(values: Iterable[float]) -> float | None:
    """None when there are no values."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else None


def shown(value: float | None, count: bool = False) -> str:
    """A share in per cent, or a count; "-" where there is none."""
    if value is None:
        return "-"
    return f"{value:.0f}" if count else f"{100 * value:.1f}"


def with_interval(i: Interval) -> str:
    """A share in per cent with its interval."""
    return f"{100 * i.mean:.1f} [{100 * i.low:.1f}, {100 * i.high:.1f}]"

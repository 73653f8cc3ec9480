"""Judges scores as statements: when to refuse, and whether a probability means what it says.

Knows no ranking; it is given scores and what came of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """Answering the most confident ``coverage`` of the questions is wrong in ``risk`` of them."""

    threshold: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class RefusalRates:
    """What a threshold does: a question is refused when its best score is below it.

    Attributes:
        threshold: the score from which questions are answered.
        refused: share of the unanswerable questions that are refused; 1.0 is best.
        false_refusals: share of the answerable questions that are refused; 0.0 is best.
    """

    threshold: float
    refused: float
    false_refusals: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions whose predicted probability is in ``low <= p < high`` (the last includes 1)."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def risk_coverage(scores: Sequence[float], correct: Sequence[bool]) -> list[CoveragePoint]:
    """One point per distinct score, most confident first; ends at coverage 1.

    Questions of equal score cannot be told apart by a threshold and join together.
    """
    values, right = _pairs(scores, correct)
    order = np.argsort(-values, kind="stable")
    wrong = np.cumsum(~right[order])
    last = np.flatnonzero(np.append(np.diff(values[order]) != 0.0, True))
    return [
        CoveragePoint(
            float(values[order][i]), float((i + 1) / len(values)), float(wrong[i] / (i + 1))
        )
        for i in last
    ]


def aurc(scores: Sequence[float], correct: Sequence[bool]) -> float:
    """Area under the risk-coverage curve: the mean risk over all coverages (Geifman 2019).

    Among questions of equal score every order is as likely, so each counts as wrong by the share
    of them that is. Lower is better; 0.0 is no error at all.
    """
    values, right = _pairs(scores, correct)
    distinct, group = np.unique(-values, return_inverse=True)
    errors = np.bincount(group, weights=~right, minlength=len(distinct)) / np.bincount(group)
    expected = np.cumsum(errors[np.sort(group)])
    return float((expected / np.arange(1, len(values) + 1)).mean())


def refusal_rates(
    answerable: Sequence[float], unanswerable: Sequence[float], threshold: float
) -> RefusalRates:
    """Rates at a threshold, from each question's best score."""
    return RefusalRates(
        threshold,
        refused=float((_scores(unanswerable, "unanswerable") < threshold).mean()),
        false_refusals=float((_scores(answerable, "answerable") < threshold).mean()),
    )


def threshold_for(answerable: Sequence[float], false_refusals: float) -> float:
    """The highest threshold that refuses at most this share of the answerable questions."""
    if not 0.0 <= false_refusals < 1.0:
        raise ValueError(f"False refusals of {false_refusals} were asked for; 0 up to 1 can be.")
    values = np.sort(_scores(answerable, "answerable"))
    # 1e-9: a share such as 0.05 of 20 is 1, whatever the last bit of the product says.
    return float(values[int(len(values) * false_refusals + 1e-9)])


def reliability(predicted: Sequence[float], observed: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Predicted against observed in bins of equal width; empty bins are left out."""
    values, right = _pairs(predicted, observed)
    if values.min() < 0.0 or values.max() > 1.0:
        raise ValueError("A predicted probability is outside 0..1.")
    number = np.minimum((values * bins).astype(np.int64), bins - 1)
    table = []
    for i in np.unique(number):
        chosen = number == i
        table.append(
            Bin(
                low=float(i / bins),
                high=float((i + 1) / bins),
                count=int(chosen.sum()),
                predicted=float(values[chosen].mean()),
                observed=float(right[chosen].mean()),
            )
        )
    return table


def calibration_error(table: Sequence[Bin]) -> float:
    """Mean distance of predicted and observed, weighted by count (Naeini 2015); 0.0 is best."""
    total = sum(b.count for b in table)
    return sum(b.count * abs(b.predicted - b.observed) for b in table) / total


def _scores(values: Sequence[float], kind: str) -> NDArray[np.float64]:
    scores = np.asarray(values, dtype=np.float64)
    if scores.size == 0:
        raise ValueError(f"There are no scores of {kind} questions.")
    return scores


def _pairs(
    values: Sequence[float], outcomes: Sequence[bool]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if len(values) != len(outcomes):
        raise ValueError(f"{len(values)} scores but {len(outcomes)} outcomes.")
    return _scores(values, "any"), np.asarray(outcomes, dtype=np.bool_)

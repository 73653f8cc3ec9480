"""Scores one ranking by its gains. Knows no documents, no questions and no statistics.

A ranking is the list of its gains, best place first: 0.0 for a result that is not relevant, the
grade of the judgement (1.0 when judgements are binary) for one that is. ``ideal`` holds the gains
of everything that was judged relevant, found or not, in any order. All values are in 0..1 and
higher is better. Nothing found scores 0.0; it does not vanish.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def dcg(gains: Sequence[float], k: int) -> float:
    """Discounted cumulative gain of the first ``k`` places: gain / log2(1 + place).

    The linear form, as in trec_eval and BEIR (Järvelin and Kekäläinen 2002).
    """
    return sum(g / math.log2(place + 1) for place, g in enumerate(gains[:k], start=1))


def ndcg(gains: Sequence[float], ideal: Sequence[float], k: int) -> float:
    """DCG at ``k`` as a share of the best DCG that any ranking could have."""
    _check(ideal, k)
    return dcg(gains, k) / dcg(sorted(ideal, reverse=True), k)


def recall(gains: Sequence[float], ideal: Sequence[float], k: int) -> float:
    """Share of what is relevant that is among the first ``k``."""
    _check(ideal, k)
    return sum(g > 0.0 for g in gains[:k]) / sum(g > 0.0 for g in ideal)


def mrr(gains: Sequence[float], k: int) -> float:
    """One over the place of the first relevant result; 0.0 when it is beyond ``k``.

    The reciprocal rank of one ranking; its mean over questions is the MRR.
    """
    _check_depth(k)
    return next((1.0 / place for place, g in enumerate(gains[:k], start=1) if g > 0.0), 0.0)


def hit(gains: Sequence[float], k: int) -> float:
    """1.0 when something relevant is among the first ``k``, else 0.0."""
    _check_depth(k)
    return float(any(g > 0.0 for g in gains[:k]))


def gains_of(ranking: Sequence[str], judged: Mapping[str, float]) -> list[float]:
    """Gains of a ranking of ids. An id that comes a second time gains nothing."""
    seen: set[str] = set()
    gains = []
    for item in ranking:
        gains.append(0.0 if item in seen else max(0.0, judged.get(item, 0.0)))
        seen.add(item)
    return gains


def _check(ideal: Sequence[float], k: int) -> None:
    _check_depth(k)
    if not any(g > 0.0 for g in ideal):
        raise ValueError("Nothing is judged relevant, so there is no share of it to measure.")


def _check_depth(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}; it counts places and is 1 or more.")

"""Says how far a mean over questions can be trusted. Knows nothing of what was measured.

Percentile bootstrap over questions (Efron 1979; for retrieval, Sakai 2006). The seed is fixed:
the same values always give the same interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20
_CELLS = 4_000_000
"""Most resampled values held at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over ``n`` questions and where it lies with the asked confidence."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean of ``a - b`` over the same questions.

    Attributes:
        difference: its mean; above zero when ``a`` is better.
        low: lower end of its interval.
        high: upper end.
        p: two-sided bootstrap p-value of "there is no difference".
        better: questions on which ``a`` is better.
        worse: questions on which ``b`` is better.
        n: questions compared.
    """

    difference: float
    low: float
    high: float
    p: float
    better: int
    worse: int
    n: int


def interval(
    values: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """The mean of one value per question, with its percentile interval."""
    sample = _sample(values)
    low, high = _ends(_means(sample, resamples, seed), confidence)
    return Interval(float(sample.mean()), low, high, len(sample))


def compare(
    a: Sequence[float],
    b: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Comparison:
    """Compare two configurations on the same questions, in the same order.

    The p-value centres the differences on zero and counts resampled means at least as far out as
    the one observed.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values against {len(b)}: a pair needs the same questions.")
    differences = _sample(a) - _sample(b)
    means = _means(differences, resamples, seed)
    observed = float(differences.mean())
    low, high = _ends(means, confidence)
    # A tolerance, because a sum's last bit depends on the order of its terms.
    extreme = int((np.abs(means - observed) >= abs(observed) - 1e-12).sum())
    return Comparison(
        difference=observed,
        low=low,
        high=high,
        p=(extreme + 1) / (resamples + 1),
        better=int((differences > 0.0).sum()),
        worse=int((differences < 0.0).sum()),
        n=len(differences),
    )


def _sample(values: Sequence[float]) -> NDArray[np.float64]:
    sample = np.asarray(values, dtype=np.float64)
    if sample.size == 0:
        raise ValueError("There are no values, so they have no mean.")
    return sample


def _means(sample: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """(resamples,) means of samples drawn with replacement."""
    generator = np.random.default_rng(seed)
    return np.concatenate(
        [
            sample[generator.integers(0, len(sample), size=(rows, len(sample)))].mean(axis=1)
            for rows in _chunks(resamples, max(1, _CELLS // len(sample)))
        ]
    )


def _chunks(total: int, size: int) -> Iterator[int]:
    while total > 0:
        yield min(total, size)
        total -= size


def _ends(means: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)

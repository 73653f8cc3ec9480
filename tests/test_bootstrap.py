"""Bootstrap intervals and comparisons: known cases and agreement with theory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qa.evaluation.bootstrap import compare, interval


def test_equal_values_have_an_interval_of_no_width() -> None:
    measured = interval([0.25] * 40)
    assert (measured.mean, measured.low, measured.high, measured.n) == (0.25, 0.25, 0.25, 40)


def test_interval_of_hits_is_as_wide_as_the_normal_approximation() -> None:
    values = [1.0] * 300 + [0.0] * 100
    measured = interval(values)
    half = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert measured.mean == 0.75
    assert measured.low == pytest.approx(0.75 - half, abs=0.006)
    assert measured.high == pytest.approx(0.75 + half, abs=0.006)


def test_the_same_values_give_the_same_interval() -> None:
    values = list(np.random.default_rng(7).random(50))
    assert interval(values) == interval(values)
    assert interval(values) != interval(values, seed=21)


def test_more_confidence_is_a_wider_interval() -> None:
    values = [0.0, 1.0] * 50
    narrow, wide = interval(values, confidence=0.8), interval(values, confidence=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_memory_is_bounded_by_chunks_without_changing_the_mean() -> None:
    values = [0.0, 1.0] * 5000
    assert interval(values, resamples=1000).mean == 0.5


def test_comparison_of_a_run_with_itself_finds_nothing() -> None:
    values = [0.1, 0.9, 0.4, 0.4]
    same = compare(values, values)
    assert (same.difference, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    assert (same.better, same.worse, same.n) == (0, 0, 4)


def test_a_steady_small_gain_is_found_though_the_values_scatter() -> None:
    generator = np.random.default_rng(3)
    base = generator.random(200)
    gain = compare(list(base + 0.05 + 0.01 * generator.standard_normal(200)), list(base))
    assert gain.difference == pytest.approx(0.05, abs=0.003)
    assert 0.045 < gain.low < gain.high < 0.055
    assert gain.p < 0.001
    assert gain.better == 200


def test_a_difference_of_chance_is_not_significant() -> None:
    a = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    b = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    found = compare(a, b)
    assert found.difference == -0.125
    assert found.low < 0 < found.high
    assert found.p > 0.5
    assert (found.better, found.worse) == (2, 3)


def test_runs_over_different_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values against 1"):
        compare([1.0, 0.0], [1.0])
    with pytest.raises(ValueError, match="no values"):
        interval([])

"""Risk and coverage, refusal rates and reliability, worked out by hand."""

from __future__ import annotations

import pytest

from qa.evaluation.refusal import (
    aurc,
    calibration_error,
    refusal_rates,
    reliability,
    risk_coverage,
    threshold_for,
)


def test_risk_coverage_by_hand() -> None:
    curve = risk_coverage([0.9, 0.2, 0.8, 0.4], [True, False, False, True])
    assert [(p.threshold, p.coverage, p.risk) for p in curve] == [
        (0.9, 0.25, 0.0),
        (0.8, 0.5, 0.5),
        (0.4, 0.75, pytest.approx(1 / 3)),
        (0.2, 1.0, 0.5),
    ]


def test_equal_scores_join_together() -> None:
    curve = risk_coverage([0.5, 0.5, 0.1], [True, False, True])
    assert [(p.threshold, p.coverage, p.risk) for p in curve] == [
        (0.5, pytest.approx(2 / 3), 0.5),
        (0.1, 1.0, pytest.approx(1 / 3)),
    ]


def test_aurc_is_the_mean_risk() -> None:
    # Risks at coverage 1/4..1: 0, 1/2, 1/3, 1/2.
    measured = aurc([0.9, 0.2, 0.8, 0.4], [True, False, False, True])
    assert measured == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_aurc_orders_the_best_and_the_worst() -> None:
    outcomes = [True, True, False, False]
    assert aurc([0.9, 0.8, 0.2, 0.1], outcomes) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert aurc([0.1, 0.2, 0.8, 0.9], outcomes) == pytest.approx((1 + 1 + 2 / 3 + 1 / 2) / 4)


def test_aurc_of_scores_that_say_nothing_is_the_error_rate_in_any_order() -> None:
    assert aurc([0.5] * 4, [True, False, False, False]) == pytest.approx(0.75)
    assert aurc([0.5] * 4, [False, False, True, False]) == pytest.approx(0.75)


def test_refusal_rates_at_a_threshold() -> None:
    rates = refusal_rates([0.9, 0.5, 0.29, 0.3], [0.1, 0.3, 0.6], 0.3)
    assert rates.refused == pytest.approx(1 / 3)
    assert rates.false_refusals == 0.25


@pytest.mark.parametrize(("share", "lost"), [(0.0, 0), (0.05, 1), (0.1, 2), (0.12, 2)])
def test_threshold_for_a_share_of_false_refusals(share: float, lost: int) -> None:
    scores = [n / 20 for n in range(20)]
    threshold = threshold_for(scores, share)
    assert sum(s < threshold for s in scores) == lost


def test_threshold_for_equal_scores_refuses_none_rather_than_all() -> None:
    assert threshold_for([0.4] * 10, 0.5) == 0.4
    assert refusal_rates([0.4] * 10, [0.0], 0.4).false_refusals == 0.0


def test_reliability_table_by_hand() -> None:
    predicted = [0.05, 0.15, 0.12, 1.0, 0.95, 0.91, 0.93]
    observed = [False, False, True, True, True, True, False]
    table = reliability(predicted, observed)
    assert [(b.low, b.high, b.count) for b in table] == [
        (0.0, 0.1, 1),
        (0.1, 0.2, 2),
        (0.9, 1.0, 4),
    ]
    assert [b.predicted for b in table] == pytest.approx([0.05, 0.135, 0.9475])
    assert [b.observed for b in table] == [0.0, 0.5, 0.75]
    assert calibration_error(table) == pytest.approx(
        (1 * 0.05 + 2 * (0.5 - 0.135) + 4 * (0.9475 - 0.75)) / 7
    )


def test_calibrated_scores_have_no_error() -> None:
    predicted = [0.25] * 4 + [0.75] * 4
    observed = [True, False, False, False, True, True, True, False]
    assert calibration_error(reliability(predicted, observed)) == 0.0


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="is outside"):
        reliability([1.2], [True])
    with pytest.raises(ValueError, match="2 scores but 1 outcomes"):
        aurc([0.1, 0.2], [True])
    with pytest.raises(ValueError, match="no scores of unanswerable"):
        refusal_rates([0.5], [], 0.5)
    with pytest.raises(ValueError, match="False refusals of 1"):
        threshold_for([0.5], 1.0)

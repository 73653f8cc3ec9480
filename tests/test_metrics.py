"""Ranking metrics against values worked out by hand."""

from __future__ import annotations

import pytest

from qa.evaluation.metrics import dcg, gains_of, hit, mrr, ndcg, recall

# 1/log2(2) = 1, 1/log2(3) = 0.63093, 1/log2(4) = 0.5, 1/log2(5) = 0.43068, 1/log2(6) = 0.38685


def test_dcg_sums_discounted_gains_up_to_the_depth() -> None:
    gains = [3.0, 2.0, 0.0, 0.0, 1.0]
    assert dcg(gains, 5) == pytest.approx(3 + 2 * 0.6309298 + 0.3868528)
    assert dcg(gains, 2) == pytest.approx(3 + 2 * 0.6309298)


def test_ndcg_of_one_relevant_result_is_its_discount() -> None:
    assert ndcg([1.0, 0.0], [1.0], 10) == 1.0
    assert ndcg([0.0, 1.0], [1.0], 10) == pytest.approx(0.6309298)
    assert ndcg([0.0, 0.0, 1.0], [1.0], 10) == 0.5
    assert ndcg([0.0] * 10 + [1.0], [1.0], 10) == 0.0


def test_ndcg_with_grades_by_hand() -> None:
    # Found: 1, 3, 0, 2; the best order of what is judged would be 3, 2, 1, 1.
    found = 1 + 3 * 0.6309298 + 0 + 2 * 0.4306766
    best = 3 + 2 * 0.6309298 + 1 * 0.5 + 1 * 0.4306766
    assert ndcg([1.0, 3.0, 0.0, 2.0], [1.0, 2.0, 3.0, 1.0], 10) == pytest.approx(found / best)


def test_ndcg_at_a_depth_compares_with_the_best_of_that_depth() -> None:
    # Two places, three relevant: both places filled is perfect.
    assert ndcg([1.0, 1.0, 0.0], [1.0, 1.0, 1.0], 2) == pytest.approx(1.0)


def test_ndcg_of_the_ideal_order_is_one() -> None:
    grades = [0.0, 2.0, 1.0, 3.0, 3.0]
    assert ndcg(sorted(grades, reverse=True), grades, 10) == pytest.approx(1.0)


def test_recall_counts_the_relevant_that_were_never_found() -> None:
    assert recall([1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0], 10) == 0.5
    assert recall([1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0], 2) == 0.25
    assert recall([], [1.0], 10) == 0.0


def test_mrr_is_one_over_the_first_relevant_place() -> None:
    assert mrr([0.0, 0.0, 1.0, 1.0], 10) == pytest.approx(1 / 3)
    assert mrr([0.0, 0.0, 1.0], 2) == 0.0
    assert mrr([2.0], 10) == 1.0


def test_hit_is_whether_anything_is_there() -> None:
    assert hit([0.0, 0.5], 1) == 0.0
    assert hit([0.0, 0.5], 2) == 1.0
    assert hit([], 5) == 0.0


def test_gains_of_a_ranking_of_ids() -> None:
    judged = {"a": 2.0, "c": 1.0, "d": -1.0}
    assert gains_of(["b", "a", "d", "c"], judged) == [0.0, 2.0, 0.0, 1.0]


def test_an_id_found_twice_gains_once() -> None:
    assert gains_of(["a", "a", "c"], {"a": 2.0, "c": 1.0}) == [2.0, 0.0, 1.0]


def test_a_question_without_judgements_is_refused() -> None:
    with pytest.raises(ValueError, match="Nothing is judged relevant"):
        ndcg([1.0], [], 10)
    with pytest.raises(ValueError, match="Nothing is judged relevant"):
        recall([1.0], [0.0], 10)


def test_depth_must_be_a_place() -> None:
    with pytest.raises(ValueError, match="k is 0"):
        hit([1.0], 0)

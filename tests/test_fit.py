"""Fitting the ranking: small made-up questions of which the right weights are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from qa.evaluation import fit
from qa.ranking import FEATURES, Model, linear, probabilities

RNG = np.random.default_rng(3)
ACROSS = FEATURES.index("window")  # what tells across languages, in these questions


def group(*, held: bool = True, same: bool = True, telling: int = 0) -> fit.Group:
    """Ten candidates; the right one, if any, is high in one feature and all else is noise."""
    features = RNG.normal(size=(10, len(FEATURES)))
    right = np.zeros(10, dtype=bool)
    features[:, telling] = RNG.normal(0.0, 0.1, size=10)
    if held:
        right[4] = True
        features[4, telling] += 1.0
    return fit.Group(features, np.full(10, same), right, "made up", held)


@pytest.fixture(scope="module")
def groups() -> list[fit.Group]:
    groups = [group() for _ in range(150)]
    groups += [group(same=False, telling=ACROSS) for _ in range(150)]
    return groups + [group(held=False) for _ in range(100)]


@pytest.fixture(scope="module")
def model(groups: list[fit.Group]) -> Model:
    return fit.fit(groups)


def test_each_case_finds_its_telling_feature(model: Model) -> None:
    same, cross = model.order
    assert int(np.argmax(same.values)) == 0
    assert int(np.argmax(cross.values)) == ACROSS


def test_the_right_candidate_comes_first(model: Model, groups: list[fit.Group]) -> None:
    held = [g for g in groups if g.held]
    first = [int(linear(model.order, g.features, g.same).argmax()) == 4 for g in held]
    assert np.mean(first) > 0.97


def test_what_is_held_is_likelier_than_what_is_not(model: Model, groups: list[fit.Group]) -> None:
    best = {
        held: [probabilities(model, g.features, g.same).max() for g in groups if g.held is held]
        for held in (True, False)
    }
    assert np.mean(best[True]) > 0.9
    assert np.mean(best[False]) < 0.3
    refused = np.mean(np.array(best[True]) < model.threshold)
    assert refused == pytest.approx(fit.FALSE_REFUSALS, abs=0.04)


def test_a_question_stands_for_itself_and_for_a_collection_without_its_answer() -> None:
    order = fit.fit_order([group() for _ in range(50)])
    one = group()
    as_it_is, without = fit.best_candidates(one, order)
    assert (bool(as_it_is.right[0]), as_it_is.held) == (True, True)
    assert (bool(without.right[0]), without.held) == (False, False)
    assert [t.held for t in fit.best_candidates(group(held=False), order)] == [False]


def test_the_file_is_what_the_ranking_reads(model: Model) -> None:
    data = json.loads(fit._to_json(model))
    assert tuple(data["features"]) == FEATURES
    assert len(data["order"]["cross"]["weights"]) == len(FEATURES)
    assert data["threshold"] == model.threshold

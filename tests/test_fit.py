"""Fitting the ranking: small made-up questions of which the right weights are known."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from qa import ranking_model
from qa.evaluation import fit, fit_models
from qa.evaluation import fit_second_look as fit_second
from qa.evaluation.fit_descent import listwise
from qa.evaluation.fit_models import best_candidates, fit_order
from qa.evaluation.fit_second_look import fit_second_look, in_the_end
from qa.evaluation.fit_sources import Group
from qa.evaluation.halves import to_fit, to_measure
from qa.evaluation.questions import Question
from qa.ranking_model import (
    FEATURES,
    Model,
    Order,
    absolute,
    load_order,
    load_ranking,
    load_second_look,
    ordered,
    probabilities,
)
from qa.second_look import SecondLook, Tokens

RNG = np.random.default_rng(3)
ACROSS = FEATURES.index("window")  # what tells across languages, in these questions
EPOCHS = 60  # these questions are few


def group(*, held: bool = True, same: bool = True, telling: int = 0, high: bool = True) -> Group:
    """Ten candidates; the right one, if any, stands out in one feature and all else is noise."""
    features = RNG.normal(size=(10, len(FEATURES)))
    answers = np.zeros(10, dtype=np.intp)
    features[:, telling] = RNG.normal(0.0, 0.1, size=10)
    if held:
        answers[4] = 1
        features[4, telling] += 1.0 if high else -1.0
    return Group(features, np.full(10, same), answers, "made up", held)


@pytest.fixture(scope="module")
def groups() -> list[Group]:
    groups = [group() for _ in range(150)]
    groups += [group(same=False, telling=ACROSS) for _ in range(150)]
    return groups + [group(held=False) for _ in range(100)]


@pytest.fixture(scope="module")
def model(groups: list[Group]) -> Model:
    return fit_models.fit(groups, EPOCHS)


def ordering(model: Model) -> tuple[Order, SecondLook]:
    return model.order, model.second_look


def found_first(model: Model, groups: list[Group]) -> float:
    """Share of the questions whose right candidate comes first."""
    return float(
        np.mean([g.right[ordered(model.order, g.features, g.same).argmax()] for g in groups])
    )


def test_each_case_finds_its_telling_feature(model: Model) -> None:
    new = [group() for _ in range(50)], [group(same=False, telling=ACROSS) for _ in range(50)]
    assert all(found_first(model, some) > 0.9 for some in new)
    # What tells in the one case does not in the other.
    assert found_first(model, [group(telling=ACROSS) for _ in range(50)]) < 0.7


def test_the_right_candidate_comes_first(model: Model, groups: list[Group]) -> None:
    assert found_first(model, [g for g in groups if g.held]) > 0.97


def test_ramps_learn_what_depends_on_something_else() -> None:
    # High is right where the question is one, and low where it is none: no weighted sum tells.
    asks = FEATURES.index("asks")
    several = []
    for number in range(400):
        one = group(high=number % 2 == 0)
        one.features[:, asks] = number % 2
        several.append(one)
    order = fit_order(several[:300], EPOCHS)
    right = [g.right[ordered(order, g.features, g.same).argmax()] for g in several[300:]]
    assert np.mean(right) > 0.9


def test_what_is_fitted_is_what_is_computed() -> None:
    some = [group() for _ in range(20)]
    every = np.vstack([g.features for g in some])
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    torch.manual_seed(1)
    network = fit_models._Network(len(FEATURES))
    with torch.no_grad():
        network.home.fill_(0.7)
        standard = torch.from_numpy((every - mean) / deviation).float()
        same = torch.arange(len(every)) % 2 == 0
        expected = network(standard, same.float()[:, None]).numpy()
    found = ordered(network.order(mean, deviation), every, same.numpy())
    # Up to what is the same for all.
    assert np.ptp(found - expected) < 0.01


def met_group(*, near: bool = True) -> Group:
    """A question of five tokens and ten candidates, whose evidence says nothing.

    The right one meets the tokens in a row, or all of the first window, and no other does.
    """
    one = group(held=False)
    met = RNG.uniform(0.2, 0.8, size=(10, 9, 5))
    one.answers[4] = 1
    met[4, MET.index("pair" if near else "window")] = 0.9
    rare = np.full(5, 0.2)
    tokens = Tokens(rare, np.full(5, 0.1), np.zeros((6, 5), np.float32))
    return replace(one, held=True, tokens=tokens, met=met.astype(np.float16))


MET = ("whole", "window", "clause", "second", "half a clause", "wide", "pair", "place", "size")


@pytest.mark.parametrize("near", [True, False])
def test_a_second_look_sees_how_tokens_are_met(near: bool) -> None:
    some = [met_group(near=near) for _ in range(300)]
    order = fit_order([group() for _ in range(50)], 5)
    look = fit_second_look(some, order, EPOCHS)
    new = [met_group(near=near) for _ in range(50)]
    assert np.mean([g.right[in_the_end(g, order, look).argmax()] for g in new]) > 0.9
    assert np.mean([g.right[ordered(order, g.features, g.same).argmax()] for g in new]) < 0.4


def test_the_second_look_that_is_fitted_is_what_is_computed() -> None:
    some = [replace(met_group(), same=RNG.random(10) < 0.5) for _ in range(8)]
    some[3].tokens.rare[2] = 0.0  # type: ignore[union-attr]
    order = fit_order([group() for _ in range(50)], 5)
    seen = [one for g in some if (one := fit_second._Seen.of(g, order)) is not None]
    assert len(seen) == 8
    mean, deviation = RNG.normal(size=(2, len(FEATURES))) ** 2 + 0.1
    torch.manual_seed(2)
    network = fit_second._Network()
    with torch.no_grad():
        network.heights.weight.normal_()
        network.kept.fill_(0.8)
        expected = network(fit_second._Batch.of(seen, mean, deviation)).numpy()
    look = network.second_look(mean, deviation)
    for g, places in zip(some, expected, strict=True):
        before = ordered(order, g.features, g.same)
        found = in_the_end(g, order, look)[np.argsort(-before, kind="stable")]
        # Up to what is the same for all, and to what the file and float16 round away.
        assert np.ptp(found - places) < 0.05


def test_without_a_second_look_the_order_stays() -> None:
    order = fit_order([group() for _ in range(50)], 5)
    look = fit_second_look([group() for _ in range(5)], order)
    one = met_group()
    assert np.array_equal(in_the_end(one, order, look), ordered(order, one.features, one.same))


def test_each_answer_is_to_come_before_what_is_wrong_and_no_other_answer() -> None:
    places = torch.log(torch.tensor([[3.0, 1.0, 2.0, 2.0, 9.0]]))
    # The first two are passages of one answer, the third is of another, the last is no candidate.
    answers = torch.tensor([[1, 1, 2, 0, -1]])
    expected = (math.log(6 / 4) + math.log(4 / 2)) / 2
    assert float(listwise(places, answers)) == pytest.approx(expected)
    # A question without a second answer is judged by its first alone.
    both = torch.cat([places, places]), torch.cat([answers, torch.tensor([[1, 1, 0, 0, -1]])])
    assert float(listwise(*both)) == pytest.approx((expected + math.log(8 / 4)) / 2)


def test_what_is_held_is_likelier_than_what_is_not(model: Model, groups: list[Group]) -> None:
    best = {
        held: [
            probabilities(model, in_the_end(g, *ordering(model)), g.features, g.same).max()
            for g in groups
            if g.held is held
        ]
        for held in (True, False)
    }
    assert np.mean(best[True]) > 0.9
    assert np.mean(best[False]) < 0.3
    refused = np.mean(np.array(best[True]) < model.threshold)
    assert refused == pytest.approx(fit_models.FALSE_REFUSALS, abs=0.04)


def test_a_question_stands_for_itself_and_for_a_collection_without_its_answer() -> None:
    one, by = group(), np.zeros(10)
    by[[4, 7]] = 2.0, 1.0  # the fifth is right
    as_it_is, without = best_candidates(one, by)
    assert (bool(as_it_is.right[0]), as_it_is.held) == (True, True)
    assert (bool(without.right[0]), without.held) == (False, False)
    assert without.features.tolist() == [absolute(one.features)[7].tolist()]
    assert [t.held for t in best_candidates(group(held=False), by)] == [False]


def test_the_same_comes_out_again() -> None:
    some = [group() for _ in range(30)]
    first, again = (fit_order(some, 5) for _ in range(2))
    assert first.straight == again.straight
    assert np.array_equal(first.ramps.weights, again.ramps.weights)


@pytest.fixture
def other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Weights are read from there, not from where those that ship are."""
    path = tmp_path / "ranking.json"
    for module in (ranking_model, fit):
        monkeypatch.setattr(module, "FITTED", path)
    load_ranking.cache_clear()
    yield path
    load_ranking.cache_clear()


def test_the_file_is_what_the_ranking_reads(
    model: Model, groups: list[Group], other_file: Path
) -> None:
    other_file.write_text(fit.to_json(model), encoding="utf-8")
    read = load_ranking()
    assert (read.answer, read.spread, read.threshold) == (
        model.answer,
        model.spread,
        model.threshold,
    )
    for g in (*groups[::20], met_group()):
        assert np.array_equal(in_the_end(g, *ordering(read)), in_the_end(g, *ordering(model)))


def test_fitting_begins_even_when_the_file_is_for_other_evidence(other_file: Path) -> None:
    other_file.write_text(json.dumps({"features": ["hearsay"], "absolute": []}), encoding="utf-8")
    with pytest.raises(ValueError, match="hearsay"):
        load_ranking()
    fit._make_readable()
    order = load_ranking().order
    one = group()
    assert ordered(order, one.features, one.same).tolist() == pytest.approx(
        one.features.sum(axis=1).tolist()
    )


def test_the_probability_alone_is_fitted_to_an_order_that_is_kept(
    model: Model, groups: list[Group], other_file: Path
) -> None:
    written = json.loads(fit.to_json(model))
    written["absolute"] = ["hearsay"]  # the probability was made for something else
    other_file.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(ValueError, match="hearsay"):
        load_ranking()
    order, look = load_order(), load_second_look()
    kept = fit_models.fit(groups, EPOCHS, order, look)
    assert kept.order is order
    assert kept.second_look is look
    assert fit.to_json(kept) == fit.to_json(model)


def test_what_each_evidence_is_worth_is_told(model: Model, groups: list[Group]) -> None:
    lines = dict(line.split(":") for line in fit.worth(model.order, groups))
    assert list(lines) == [f"without {name}" for name in FEATURES]
    lost = {name.split()[1]: float(told.split()[0]) for name, told in lines.items()}
    # Half of the questions go by the one, half by the other, and nothing else tells.
    assert lost.pop("dense") < -30
    assert lost.pop("window") < -30
    assert all(abs(value) < 15 for value in lost.values())


def test_a_question_is_in_one_half_and_its_translation_in_the_same() -> None:
    every = [
        Question(name, "?", language)
        for n in range(200)
        for name, language in ((f"mkqa-{n}-de", "de"), (f"ja-{n}", "ja"), (str(n), None))
    ]
    fitted, measured = to_fit(every), to_measure(every)
    assert sorted(map(id, fitted + measured)) == sorted(map(id, every))
    assert 0.4 < len(fitted) / len(every) < 0.6
    number = {q.id.split("-")[-1] for q in fitted if q.language == "ja"}
    assert number == {q.id for q in fitted if q.language is None}

"""The fitted model of the ranking: its order and its probabilities by hand, and its file."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from qa import ranking_model
from qa.evaluation.fit_second_look import none
from qa.ranking_model import (
    ABSOLUTE,
    FEATURES,
    FITTED,
    Model,
    Order,
    Ramps,
    Weights,
    absolute,
    load_ranking,
    ordered,
    probabilities,
)
from qa.second_look import INPUTS

ZERO = (0.0,) * len(FEATURES)
ONE = (1.0, *ZERO[1:])
NOTHING = (0.0,) * (len(ABSOLUTE) - 1)
NO_RAMPS = Ramps(np.zeros((len(FEATURES), 1)), np.zeros((2, 1)), np.zeros(1))


def features(*firsts: float) -> ranking_model.Floats:
    """Candidates of whom only the first evidence is not 0."""
    found = np.zeros((len(firsts), len(FEATURES)))
    found[:, 0] = firsts
    return found


def test_probabilities_by_hand() -> None:
    model = Model(
        order=Order((Weights(ONE, 1.0), Weights(ONE, 0.0)), NO_RAMPS),
        second_look=none(),
        answer=(Weights((1.0, *NOTHING), 0.5), Weights((0.0, *NOTHING), -1.0)),
        spread=2.0,
        threshold=0.5,
    )
    same = np.array([True, False, True])
    # In order: 1.2, 0.9 and 1.1; the best is the first, with the logit 0.2 + 0.5.
    logits = [0.7, 0.7 - 2 * 0.3, 0.7 - 2 * 0.1]
    expected = [1 / (1 + math.exp(-x)) for x in logits]
    evidence = features(0.2, 0.9, 0.1)
    found = probabilities(model, ordered(model.order, evidence, same), evidence, same)
    assert found.tolist() == pytest.approx(expected)


def test_a_ramp_counts_from_where_it_rises() -> None:
    weights = np.zeros((len(FEATURES), 2))
    weights[0] = (2.0, -1.0)
    # The first rises from 0.5 on in another language and from 0.25 on in the question's; the
    # second falls until 1.0 in both.
    ramps = Ramps(weights, np.array([[-1.0, 1.0], [-0.5, 1.0]]), np.array([10.0, -1.0]))
    order = Order((Weights(ZERO, 0.0), Weights(ZERO, 3.0)), ramps)
    values = features(0.0, 0.25, 0.5, 1.0, 2.0)
    across = ordered(order, values, np.zeros(5, dtype=bool))
    assert across.tolist() == pytest.approx([3 - 1.0, 3 - 0.75, 3 - 0.5, 3 + 10, 3 + 30])
    within = ordered(order, values, np.ones(5, dtype=bool))
    assert within.tolist() == pytest.approx([-1.0, -0.75, 5 - 0.5, 15.0, 35.0])


def test_absolute_evidence_is_picked_by_name() -> None:
    every = np.arange(2.0 * len(FEATURES)).reshape(2, -1)
    places = [FEATURES.index(name) for name in ABSOLUTE]
    assert absolute(every).tolist() == [
        [float(p) for p in places],
        [len(FEATURES) + float(p) for p in places],
    ]


def test_the_file_that_ships_fits_the_evidence() -> None:
    model = load_ranking()
    order = model.order
    assert all(len(w.values) == len(FEATURES) for w in order.straight)
    size = len(order.ramps.heights)
    assert order.ramps.weights.shape == (len(FEATURES), size)
    assert order.ramps.biases.shape == (2, size)
    assert all(len(w.values) == len(ABSOLUTE) for w in model.answer)
    look, tokens = model.second_look, model.second_look.tokens
    told, judged = len(tokens.telling_bias), len(look.heights)
    assert tokens.reading.shape == (len(INPUTS), len(tokens.counting))
    assert tokens.telling.shape == (len(tokens.counting), told)
    # Beside evidence and means, it reads the place before and whether the language is the same.
    assert look.judging.shape == (judged, len(FEATURES) + 2 * told + 2)
    assert 0.0 < model.threshold < 1.0
    assert model.spread > 0.0


@pytest.mark.parametrize("of", ["features", "inputs"])
def test_a_file_for_other_evidence_is_refused(
    of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = json.loads(FITTED.read_text(encoding="utf-8"))
    part = data[of] if of == "features" else data["second look"][of]
    part[0] = "hearsay"
    other = tmp_path / "ranking.json"
    other.write_text(json.dumps(data), encoding="utf-8")
    monkeypatch.setattr(ranking_model, "FITTED", other)
    load_ranking.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"hearsay.*run `make fit`"):
            load_ranking()
    finally:
        load_ranking.cache_clear()

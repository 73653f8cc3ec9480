"""The second look: what it reads of a token and a candidate, and what becomes of the order."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.bundled import BUNDLED
from embeddings.interaction import LateInteraction
from embeddings.static import StaticEncoder
from qa.evaluation.fit_second_look import none
from qa.interrogatives import asking_tokens
from qa.ranking_model import FEATURES
from qa.second_look import INPUTS, LOOKED, Floats, Tokens, following, inputs, traits
from qa.types import Span

M = 4


def tokens(rare: tuple[float, ...] = (0.4, 0.0, 0.4, 0.2)) -> Tokens:
    kinds = np.arange(6.0 * M).reshape(6, M).astype(np.float32)
    return Tokens(np.array(rare), np.array([0.5, 1.0, 0.01, 0.0]), kinds)


def row(read: Floats, name: str) -> Floats:
    found: Floats = read[..., INPUTS.index(name)]
    return found


def test_the_next_token_is_the_next_that_counts() -> None:
    assert following(np.array([0.4, 0.0, 0.4, 0.2, 0.0])).tolist() == [2, 1, 3, 3, 4]
    assert following(np.zeros(2)).tolist() == [0, 1]
    assert following(np.zeros(0)).tolist() == []


def test_traits_of_the_tokens_of_a_question() -> None:
    question = "Wann war Kiew 1943 frei?"
    encoder = StaticEncoder(BUNDLED)
    asked = LateInteraction(encoder).prepare(question)
    found = traits(question, asked, asking_tokens(asked, [Span(0, 4)]))
    asks, weight, capital, digit, length, place = found
    written = [question[start:end] for start, end in asked.offsets.tolist()]
    assert written[:4] == ["Wann", "war", "Kiew", "1943"]
    assert asks.tolist() == [1.0] + [0.0] * (len(written) - 1)
    assert capital.tolist() == [float(w[0].isupper()) for w in written]
    assert digit.tolist() == [float(w == "1943") for w in written]
    assert length[:4].tolist() == pytest.approx([4 / 6 - 1, 3 / 6 - 1, 4 / 6 - 1, 4 / 6 - 1])
    assert place.tolist() == pytest.approx([s / 24 for s in asked.offsets[:, 0].tolist()])
    heavy = asked.weights / asked.weights.mean()
    assert weight.tolist() == pytest.approx((np.log(heavy + 1e-3) / 2).tolist(), abs=1e-5)


def test_what_is_read_of_candidates_and_tokens() -> None:
    met = np.random.default_rng(1).random((2, 9, M)).astype(np.float32)
    met[1, 0, 2] = 1.0
    read = inputs(met, tokens(), np.array([True, False]))
    assert read.shape == (2, M, len(INPUTS))
    whole, window, clause, pair = met[:, 0], met[:, 1], met[:, 2], met[:, 6]
    np.testing.assert_allclose(row(read, "whole"), whole)
    np.testing.assert_allclose(
        row(read, "whole above mean")[0], (whole[0] - whole[1]) / 2, atol=1e-6
    )
    below = np.maximum(window[1] - window[0], 0)
    np.testing.assert_allclose(row(read, "window below best")[0], below, atol=1e-6)
    np.testing.assert_allclose(row(read, "best above mean")[0], row(read, "best above mean")[1])
    assert row(read, "exact").tolist() == [[0.0] * 4, [0.0, 0.0, 1.0, 0.0]]
    assert row(read, "next in clause")[1].tolist() == [*clause[1, 1:].tolist(), 0.0]
    assert row(read, "last in clause")[1].tolist() == [0.0, *clause[1, :-1].tolist()]
    assert row(read, "last pair")[0].tolist() == [0.0, *pair[0, :-1].tolist()]
    assert row(read, "same language").tolist() == [[1.0] * 4, [0.0] * 4]
    # As a share of what each of the three that count would have by even shares.
    expected = np.log(np.array([1.2, 0.0, 1.2, 0.6]) + 1e-3)
    assert row(read, "rarity")[0].tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    assert row(read, "weight")[0].tolist() == [4.0, 5.0, 6.0, 7.0]
    assert row(read, "place in question")[1].tolist() == [20.0, 21.0, 22.0, 23.0]


def test_none_leaves_the_order_as_it_is() -> None:
    before = np.random.default_rng(2).normal(size=40)

    def met(chosen: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
        return np.ones((len(chosen), 9, M), np.float32)

    features, same = np.zeros((40, len(FEATURES))), np.ones(40, dtype=bool)
    found = none().places(before, met, tokens(), features, same)
    assert found.tolist() == pytest.approx(before.tolist())


def test_only_the_best_are_looked_at_and_stay_before_all_others() -> None:
    # By place: the deeper in the passage the best match, the better.
    look = none()
    look.tokens.reading[INPUTS.index("place"), 0] = 1.0
    look.tokens.telling[0, 0] = 1.0
    look.judging[0, len(FEATURES)] = 1.0
    look.heights[0] = 100.0
    before = np.arange(40.0)[::-1].copy()
    seen: list[int] = []

    def met(chosen: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
        seen.extend(chosen.tolist())
        found = np.zeros((len(chosen), 9, M), np.float32)
        found[:, 7] = chosen[:, None] / 40
        return found

    features, same = np.zeros((40, len(FEATURES))), np.ones(40, dtype=bool)
    found = look.places(before, met, tokens(), features, same)
    assert seen == list(range(LOOKED))
    expected = [*reversed(range(LOOKED)), *range(LOOKED, 40)]
    assert np.argsort(-found, kind="stable").tolist() == expected
    # Those that are not looked at are as far apart as they were.
    assert np.diff(found[LOOKED:]).tolist() == pytest.approx([-1.0] * (39 - LOOKED))
    # A question in which nothing counts, and one without candidates, stay as they are.
    assert look.places(before, met, tokens((0.0,) * M), features, same) is before
    assert len(look.places(before[:0], met, tokens(), features[:0], same[:0])) == 0

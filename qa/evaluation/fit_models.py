"""Fits the models of the ranking on questions with their candidates. Knows no files.

The order is fitted by gradient descent: each answer's share of the softmax over itself and all
that is wrong (listwise, Cao et al. 2007), so that of several answers each is to come before what
is wrong, and none before another. The probability is fitted by logistic regression on the best
candidate of each question, once as it is and once with the right candidates taken away, as if the
collection did not hold them, and on the questions that none answers. What is known not to answer
counts by a third: people ask mostly what their documents can answer. The threshold is the one that
refuses 2.5% of the questions that the best candidate answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from qa.evaluation.fit_descent import SEED, descend, listwise
from qa.evaluation.fit_second_look import fit_second_look, in_the_end
from qa.evaluation.fit_sources import Group
from qa.ranking_model import (
    FEATURES,
    Flags,
    Floats,
    Model,
    Order,
    Ramps,
    Weights,
    absolute,
    linear,
    sigmoid,
)
from qa.second_look import SecondLook

RAMPS = 64
EPOCHS = 24
BATCH = 64  # questions a step
RATE = 0.006
DECAY = 0.1
FALSE_REFUSALS = 0.025
UNANSWERABLE_SHARE = 1 / 3


def fit(
    groups: Sequence[Group],
    epochs: int = EPOCHS,
    order: Order | None = None,
    look: SecondLook | None = None,
) -> Model:
    """Fit everything that is not given."""
    order = order or fit_order(groups, epochs)
    look = look or fit_second_look(groups, order)
    ranked = [(g, in_the_end(g, order, look)) for g in groups]
    tops = [top for g, by in ranked for top in best_candidates(g, by)]
    answer = fit_answer(tops)
    right = [t for t in tops if t.right[0]]
    logits = [float(linear(answer, t.features, t.same)[0]) for t in right]
    spread = fit_spread(ranked, answer)
    threshold = float(sigmoid(np.quantile(np.array(logits), FALSE_REFUSALS)))
    return Model(order, look, answer, spread, round(threshold, 3))


# --- the order ---


def fit_order(groups: Sequence[Group], epochs: int = EPOCHS) -> Order:
    """Fit it on the questions that have right candidates and wrong ones.

    The same numbers come out wherever torch computes alike. Another kind of processor, or another
    order of candidates, gives other numbers that rank as well.
    """
    telling = [g for g in groups if g.right.any() and not g.right.all()]
    every = np.vstack([g.features for g in telling])
    mean, deviation = every.mean(axis=0), every.std(axis=0) + 1e-6
    torch.manual_seed(SEED)
    network = _Network(len(FEATURES))
    questions = _Questions.of(telling, mean, deviation)

    def loss_of(numbers: Tensor) -> Tensor:
        some = questions.those(numbers)
        return listwise(network(some.features, some.same), some.answers)

    count = len(telling)
    descend(network, loss_of, count, epochs=epochs, batch=BATCH, rate=RATE, decay=DECAY)
    return network.order(mean, deviation)


@dataclass(frozen=True, slots=True)
class _Questions:
    """Questions with their candidates, as many rows each as the longest has.

    ``features`` (q, n, f) are standardised; ``same`` (q, n, 1) is 1.0 or 0.0; ``answers`` (q, n)
    is -1 where there is no candidate.
    """

    features: Tensor
    same: Tensor
    answers: Tensor

    @classmethod
    def of(cls, groups: Sequence[Group], mean: Floats, deviation: Floats) -> _Questions:
        shape = (len(groups), max(len(g.same) for g in groups))
        features = torch.zeros(*shape, len(mean))
        same, answers = torch.zeros(*shape, 1), torch.full(shape, -1)
        for n, g in enumerate(groups):
            size = len(g.same)
            features[n, :size] = torch.from_numpy((g.features - mean) / deviation)
            same[n, :size, 0] = torch.from_numpy(g.same)
            answers[n, :size] = torch.from_numpy(g.answers)
        return cls(features, same, answers)

    def those(self, numbers: Tensor) -> _Questions:
        """Some of them."""
        return _Questions(self.features[numbers], self.same[numbers], self.answers[numbers])


class _Network(torch.nn.Module):  # type: ignore[misc]  # torch's types are not read
    """What ``qa.ranking_model.Order`` computes, of standardised evidence."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.straight = torch.nn.Linear(2 * width, 1, bias=False)
        self.rising = torch.nn.Linear(width + 1, RAMPS)
        self.heights = torch.nn.Linear(RAMPS, 1, bias=False)
        self.home = torch.nn.Parameter(torch.zeros(()))  # for being in the question's language

    def forward(self, features: Tensor, same: Tensor) -> Tensor:
        """(q, n) from (q, n, f) and (q, n, 1)."""
        by_case = torch.cat([features * same, features * (1.0 - same)], dim=-1)
        risen = torch.relu(self.rising(torch.cat([features, same], dim=-1)))
        places = self.straight(by_case) + self.heights(risen) + self.home * same
        return places[..., 0]

    def order(self, mean: Floats, deviation: Floats) -> Order:
        """The same of evidence as it is, rounded."""
        straight, rising, bias, heights, home = (
            parameter.detach().numpy().astype(np.float64)
            for parameter in (
                self.straight.weight[0],
                self.rising.weight,
                self.rising.bias,
                self.heights.weight[0],
                self.home,
            )
        )
        same, cross = (half / deviation for half in np.split(straight, 2))
        weights = rising[:, :-1] / deviation
        elsewhere = bias - weights @ mean
        biases = np.array([elsewhere, elsewhere + rising[:, -1]])
        # Only the difference between the two cases matters.
        between = float(home - mean @ same + mean @ cross)
        return Order(
            (_rounded(same, between), _rounded(cross, 0.0)),
            Ramps(weights.T.round(4), biases.round(4), heights.round(4)),
        )


def _rounded(values: Floats, bias: float) -> Weights:
    return Weights(tuple(round(float(v), 4) for v in values), round(bias, 4))


# --- the probability ---


def best_candidates(group: Group, places: Floats) -> Iterator[Group]:
    """The best candidate as it is, and the best of those that do not answer; absolute evidence.

    ``places`` (n,) are what the candidates are ordered by.
    """
    cases = [(np.ones(len(places), dtype=bool), group.held)]
    if group.held:
        cases.append((~group.right, False))
    for among, held in cases:
        if among.any():
            best = int(np.where(among, places, -np.inf).argmax())
            one = slice(best, best + 1)
            features = absolute(group.features[one])
            yield Group(features, group.same[one], group.answers[one], group.source, held)


def fit_answer(tops: Sequence[Group]) -> tuple[Weights, Weights]:
    """Logistic regression on single candidates."""
    features = np.vstack([t.features for t in tops])
    same = np.concatenate([t.same for t in tops])
    right = np.concatenate([t.right for t in tops])
    flat = np.hstack([_by_case(features, same), same[:, None], np.ones((len(tops), 1))])
    share = np.array([1.0 if t.held else UNANSWERABLE_SHARE for t in tops])
    share /= share.sum()

    def loss(w: Floats) -> tuple[float, Floats]:
        logits = flat @ w
        value = float(np.logaddexp(0.0, np.where(right, -logits, logits)) @ share)
        gradient = flat.T @ ((sigmoid(logits) - right) * share)
        return value + 1e-4 * float(w @ w), gradient + 2e-4 * w

    w = _minimised(loss, flat.shape[1])
    width = features.shape[1]
    home, shared = float(w[-2]), float(w[-1])
    return _rounded(w[:width], home + shared), _rounded(w[width : 2 * width], shared)


def fit_spread(ranked: Sequence[tuple[Group, Floats]], answer: tuple[Weights, Weights]) -> float:
    """The one number by which the ten best candidates' probabilities are likeliest."""
    parts: list[tuple[float, Floats, Flags]] = []
    for group, places in ranked:
        best = np.argsort(-places)[:10]
        first = next(best_candidates(group, places))
        top = float(linear(answer, first.features, first.same)[0])
        parts.append((top, places[best] - places[best[0]], group.right[best]))

    def loss(spread: float) -> float:
        return sum(
            float(np.logaddexp(0.0, np.where(right, -1, 1) * (top + spread * behind)).sum())
            for top, behind, right in parts
        )

    return min((round(0.05 * n, 2) for n in range(1, 61)), key=loss)


def _by_case(features: Floats, same: Flags) -> Floats:
    return np.hstack([features * same[:, None], features * ~same[:, None]])


def _minimised(loss: Callable[[Floats], tuple[float, Floats]], size: int) -> Floats:
    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(found.x, dtype=np.float64)

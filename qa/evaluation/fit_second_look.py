"""Fits the second look (``qa.second_look``) on questions with their candidates. Knows no files.

Each question's best candidates, by the order that is fitted already, are put into a better one: the
loss is that of the order, the share of each answer among itself and what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.kernels import TokenLayers
from qa.evaluation.fit_descent import SEED, descend, listwise
from qa.evaluation.fit_sources import Group
from qa.ranking_model import FEATURES, Flags, Floats, Order, ordered
from qa.second_look import INPUTS, SecondLook, inputs, worth_it

HIDDEN, TOLD, JUDGED = 32, 16, 32
EPOCHS = 10
BATCH = 32  # questions a step
RATE = 0.003
DECAY = 0.1
STEEPEST = 1.0


def fit_second_look(groups: Sequence[Group], order: Order, epochs: int = EPOCHS) -> SecondLook:
    """Fit it on the questions with right and wrong among the best; without any, it is none."""
    seen = [one for g in groups if (one := _Seen.of(g, order)) is not None]
    if not seen:
        return none()
    every = np.vstack([one.features for one in seen])
    mean, deviation = every.mean(axis=0), every.std(axis=0) + 1e-6
    torch.manual_seed(SEED)
    network = _Network()

    def loss_of(numbers: Tensor) -> Tensor:
        some = _Batch.of([seen[n] for n in numbers.tolist()], mean, deviation)
        return listwise(network(some), some.answers)

    descend(
        network,
        loss_of,
        len(seen),
        epochs=epochs,
        batch=BATCH,
        rate=RATE,
        decay=DECAY,
        steepest=STEEPEST,
    )
    return network.second_look(mean, deviation)


def none() -> SecondLook:
    """One that leaves the order as it is."""
    network = _Network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.kept.fill_(1.0)
    return network.second_look(np.zeros(len(FEATURES)), np.ones(len(FEATURES)))


def in_the_end(group: Group, order: Order, look: SecondLook) -> Floats:
    """(n,) what a question's candidates are ordered by in the end."""
    before = ordered(order, group.features, group.same)
    met, tokens = group.met, group.tokens
    if met is None or tokens is None:
        return before

    def read(chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        return met[chosen].astype(np.float32)

    return look.places(before, read, tokens, group.features, group.same)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A question's k best candidates, as the network sees them, and which are right.

    ``read`` is (k, m, len(INPUTS)), ``counts`` (m,), ``features`` (k, f), all others (k,).
    """

    read: NDArray[np.float16]
    counts: Flags
    features: NDArray[np.float32]
    same: Flags
    before: Floats
    answers: NDArray[np.intp]

    @classmethod
    def of(cls, group: Group, order: Order) -> _Seen | None:
        """Of a question that tells something."""
        if group.met is None or group.tokens is None or not group.tokens.rare.any():
            return None
        before = ordered(order, group.features, group.same)
        best = worth_it(before)
        answers, same = group.answers[best], group.same[best]
        if not (answers > 0).any() or (answers > 0).all():
            return None
        return cls(
            inputs(group.met[best].astype(np.float32), group.tokens, same).astype(np.float16),
            group.tokens.rare > 0,
            group.features[best].astype(np.float32),
            same,
            before[best] - before[best[0]],
            answers,
        )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Several of them, as many candidates and tokens each as the largest has.

    ``read`` is (q, k, m, len(INPUTS)), ``counts`` (q, 1, m), ``features`` (q, k, f), standardised;
    ``same`` and ``before`` are (q, k), and so is ``answers``, -1 where there is no candidate.
    """

    read: Tensor
    counts: Tensor
    features: Tensor
    same: Tensor
    before: Tensor
    answers: Tensor

    @classmethod
    def of(cls, seen: Sequence[_Seen], mean: Floats, deviation: Floats) -> _Batch:
        k = max(len(one.same) for one in seen)
        m = max(len(one.counts) for one in seen)
        read = torch.zeros(len(seen), k, m, len(INPUTS))
        counts = torch.zeros(len(seen), 1, m, dtype=torch.bool)
        features = torch.zeros(len(seen), k, len(mean))
        same, before = torch.zeros(2, len(seen), k)
        answers = torch.full((len(seen), k), -1)
        for q, one in enumerate(seen):
            n, t, _ = one.read.shape
            read[q, :n, :t] = torch.from_numpy(one.read)
            counts[q, 0, :t] = torch.from_numpy(one.counts)
            features[q, :n] = torch.from_numpy((one.features - mean) / deviation)
            same[q, :n] = torch.from_numpy(one.same)
            before[q, :n] = torch.from_numpy(one.before)
            answers[q, :n] = torch.from_numpy(one.answers)
        return cls(read, counts, features, same, before, answers)


class _Network(torch.nn.Module):  # type: ignore[misc]  # torch's types are not read
    """What ``SecondLook`` computes, of standardised evidence; at first it changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = torch.nn.Linear(len(INPUTS), HIDDEN)
        self.telling = torch.nn.Linear(HIDDEN, TOLD)
        self.counting = torch.nn.Linear(HIDDEN, 1, bias=False)
        self.judging = torch.nn.Linear(len(FEATURES) + 2 * TOLD + 2, JUDGED)
        self.heights = torch.nn.Linear(JUDGED, 1, bias=False)
        torch.nn.init.zeros_(self.heights.weight)
        self.kept = torch.nn.Parameter(torch.ones(()))

    def forward(self, some: _Batch) -> Tensor:
        """(q, k) of some questions."""
        hidden = torch.relu(self.reading(some.read))
        weights = self.counting(hidden)[..., 0] + some.read[..., INPUTS.index("rarity")]
        weights = torch.softmax(torch.where(some.counts, weights, torch.tensor(-1e9)), dim=-1)
        told = self.telling(hidden)
        each = some.counts / some.counts.sum(dim=-1, keepdim=True)
        known = torch.cat(
            [
                some.features,
                (told * weights[..., None]).sum(dim=-2),
                (told * each[..., None]).sum(dim=-2),
                some.before.clamp(min=-20.0)[..., None] / 4,
                some.same[..., None],
            ],
            dim=-1,
        )
        judged = self.heights(torch.relu(self.judging(known)))[..., 0]
        return self.kept * some.before + judged

    def second_look(self, mean: Floats, deviation: Floats) -> SecondLook:
        """The same of evidence as it is, rounded."""
        width = len(FEATURES)
        judging = self.judging.weight.detach().numpy().astype(np.float64)
        judging[:, :width] /= deviation
        bias = self.judging.bias.detach().numpy() - judging[:, :width] @ mean
        tokens = TokenLayers(
            reading=_rounded(self.reading.weight.T),
            reading_bias=_rounded(self.reading.bias),
            telling=_rounded(self.telling.weight.T),
            telling_bias=_rounded(self.telling.bias),
            counting=_rounded(self.counting.weight[0]),
            weight=INPUTS.index("rarity"),
        )
        heights = _rounded(self.heights.weight[0])
        kept = round(self.kept.item(), 4)
        return SecondLook(tokens, _rounded(judging), _rounded(bias), heights, kept)


def _rounded(values: Tensor | Floats) -> NDArray[np.float32]:
    some = values.detach().numpy() if isinstance(values, Tensor) else values
    return np.ascontiguousarray(some.astype(np.float64).round(4), dtype=np.float32)

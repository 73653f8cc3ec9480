"""How what orders candidates is fitted: gradient descent on a listwise loss. Knows no models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

SEED = 0


def descend(
    network: Any,  # noqa: ANN401  # torch's types are not read
    loss_of: Callable[[Tensor], Tensor],
    questions: int,
    *,
    epochs: int,
    batch: int,
    rate: float,
    decay: float,
    steepest: float | None = None,
) -> None:
    """Fit a network by AdamW, the rate rising and falling once (Smith and Topin 2019).

    Args:
        network: what is fitted.
        loss_of: the loss of some questions, by their numbers (q,).
        questions: how many there are; they are drawn with replacement.
        epochs: how often each is drawn in the mean.
        batch: questions a step.
        rate: the highest.
        decay: of weights, apart from the gradient (Loshchilov and Hutter 2019).
        steepest: length to which a longer gradient is cut, or None.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    steps = max(1, epochs * questions // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1)
    drawn = torch.Generator().manual_seed(SEED)
    for _ in range(steps):
        loss = loss_of(torch.randint(questions, (batch,), generator=drawn))
        optimiser.zero_grad()
        loss.backward()
        if steepest is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), steepest)
        optimiser.step()
        schedule.step()


def listwise(places: Tensor, answers: Tensor) -> Tensor:
    """Mean over questions, and of a question over its answers, of -log of the answer's share.

    An answer is all candidates of the same number; its share is of the softmax over them and the
    wrong ones (0). Both (q, n).
    """
    no = torch.tensor(-1e9)
    wrong = torch.logsumexp(torch.where(answers == 0, places, no), dim=1)
    total, count = torch.zeros(len(places)), torch.zeros(len(places))
    for number in range(1, int(answers.max()) + 1):
        of = answers == number
        right = torch.logsumexp(torch.where(of, places, no), dim=1)
        there = of.any(dim=1)
        total = total + torch.where(there, torch.logaddexp(right, wrong) - right, 0.0)
        count = count + there
    return (total / count).mean()

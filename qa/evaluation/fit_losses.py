"""What the order of candidates is fitted by. Knows no models."""

from __future__ import annotations

import torch
from torch import Tensor


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

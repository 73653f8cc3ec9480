"""The student: one token table, its three losses, and a row-wise optimiser for it.

Knows vectors. Knows nothing of texts, files or evaluation. Runs on the CPU, or the GPU given a
device. Only rows that a batch touches are read, differentiated and updated.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor

DENSE_TEMPERATURE = 0.05
LATE_TEMPERATURE = 0.04
SETTLED = 40  # updates after which a row moves more slowly
GROUP = 1024  # texts contrasted with each other


@dataclass(frozen=True, slots=True)
class Texts:
    """A batch: ``ids`` (tokens,) index the batch's own rows, ``starts`` (texts,) index ``ids``."""

    ids: Tensor
    starts: Tensor

    @property
    def owner(self) -> Tensor:
        """(tokens,) the text that each token belongs to."""
        ends = torch.cat([self.starts[1:], self.starts.new_tensor([len(self.ids)])])
        return torch.repeat_interleave(
            torch.arange(len(self.starts), device=self.ids.device), ends - self.starts
        )


def means(texts: Texts, rows: Tensor) -> Tensor:
    """(texts, dim) unit mean vectors."""
    return functional.normalize(
        functional.embedding_bag(texts.ids, rows, texts.starts, mode="mean"), dim=1
    )


def distillation(vectors: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Mean 1 - cosine to the teacher's unit vectors where they are known; 0 where none is."""
    apart = 1 - (vectors * targets).sum(dim=1)
    return (apart * known).sum() / known.sum().clamp(min=1)


def contrast(
    left: Tensor, right: Tensor, names: Tensor, temperature: float = DENSE_TEMPERATURE
) -> Tensor:
    """Symmetric in-batch cross-entropy; pairs of one name (n,) are not each other's negatives."""
    losses = []
    for begin in range(0, len(left), GROUP):
        part = slice(begin, begin + GROUP)
        same = names[part, None] == names[None, part]
        same.fill_diagonal_(False)
        scores = (left[part] @ right[part].T / temperature).masked_fill(same, -1e4)
        gold = torch.arange(len(scores), device=left.device)
        losses.append(
            functional.cross_entropy(scores, gold) + functional.cross_entropy(scores.T, gold)
        )
    return torch.stack(losses).mean() / 2


def late_interaction(questions: Texts, passages: Texts, rows: Tensor) -> Tensor:
    """(questions, passages): norm-weighted mean over question tokens of the best passage cosine.

    The best passage token is found without gradients, then only its cosine is differentiated.
    """
    asked, question_ids = torch.unique(questions.ids, return_inverse=True)
    read, passage_ids = torch.unique(passages.ids, return_inverse=True)
    cosines = functional.normalize(rows[asked], dim=1) @ functional.normalize(rows[read], dim=1).T
    with torch.no_grad():
        owner = passages.owner
        within = torch.arange(len(owner), device=owner.device) - passages.starts[owner]
        padded = torch.full(
            (len(passages.starts), int(within.max()) + 1), -1, dtype=torch.long, device=owner.device
        )
        padded[owner, within] = passage_ids
        filled = torch.where(padded < 0, padded[:, :1], padded)  # repeats the first token
        best = cosines[:, filled.reshape(-1)].view(len(asked), *filled.shape).argmax(dim=2)
        column = filled.gather(1, best.T).T  # (asked, passages)
    found = cosines.gather(1, column)
    weights = rows.norm(dim=1)[questions.ids]
    summed = functional.embedding_bag(
        question_ids, found, questions.starts, mode="sum", per_sample_weights=weights
    )
    total = functional.embedding_bag(
        torch.zeros_like(question_ids),
        found.new_ones(1, 1),
        questions.starts,
        mode="sum",
        per_sample_weights=weights,
    )
    return summed / total.clamp(min=1e-6)


class Table:
    """The table (tokens, dim) with a second moment for each row (RMSProp over rows, no momentum).

    One number a row, not one a component: the first update of a rare token then keeps the direction
    of its gradient instead of becoming a vector of signs.
    """

    def __init__(self, rows: Tensor, decay: float = 0.98) -> None:
        """Takes over ``rows``; ``decay`` is that of the second moment."""
        self.rows = rows
        self.decay = decay
        self.moment = torch.zeros(len(rows), device=rows.device)
        self.seen = torch.zeros(len(rows), device=rows.device)

    def take(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """The rows that ``ids`` name, as a leaf to differentiate, and their numbers."""
        used = torch.unique(ids)
        return self.rows[used].requires_grad_(), used

    def step(self, leaf: Tensor, used: Tensor, rate: float) -> None:
        """Moves the used rows against the gradient, a component by about ``rate`` each.

        A step sideways lengthens a vector; that is undone, so that lengths, which are the tokens'
        weights, grow only by their own gradient and not by how often a token was updated.
        Frequent rows slow down as they are updated: they have seen enough, and only jitter.
        """
        gradient = leaf.grad
        if gradient is None:
            raise RuntimeError("step() before backward()")
        with torch.no_grad():
            self.seen[used] += 1
            self.moment[used] = self.decay * self.moment[used] + (
                1 - self.decay
            ) * gradient.square().mean(dim=1)
            unbiased = self.moment[used] / (1 - self.decay ** self.seen[used])
            slower = rate / (1 + self.seen[used] / SETTLED).sqrt()
            change = (slower / (unbiased.sqrt() + 1e-9))[:, None] * gradient
            length = leaf.norm(dim=1)
            wanted = length - (change * leaf).sum(dim=1) / length.clamp(min=1e-6)
            moved = leaf - change
            self.rows[used] = moved * (wanted.clamp(min=0.05) / moved.norm(dim=1))[:, None]

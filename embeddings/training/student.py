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


@dataclass(frozen=True, slots=True)
class Matching:
    """What late interaction looks up.

    Attributes:
        asked: (n,) the distinct rows of the questions' tokens.
        ids: (tokens,) of the questions, indexing ``asked``.
        read: (m,) the distinct rows of the passages' tokens.
        padded: (passages, longest) indexing ``read``; the first token fills what is left.
    """

    asked: Tensor
    ids: Tensor
    read: Tensor
    padded: Tensor


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


def late_interaction(questions: Texts, matching: Matching, rows: Tensor) -> Tensor:
    """(questions, passages): norm-weighted mean over question tokens of the best passage cosine.

    The best passage token is found without gradients, then only its cosine is differentiated.
    """
    asked, padded = matching.asked, matching.padded
    cosines = (
        functional.normalize(rows.index_select(0, asked), dim=1)
        @ functional.normalize(rows.index_select(0, matching.read), dim=1).T
    )
    with torch.no_grad():
        best = cosines[:, padded.reshape(-1)].view(len(asked), *padded.shape).argmax(dim=2)
        column = padded.gather(1, best.T).T  # (asked, passages)
    found = cosines.gather(1, column)
    weights = rows.norm(dim=1).index_select(0, questions.ids)
    summed = functional.embedding_bag(
        matching.ids, found, questions.starts, mode="sum", per_sample_weights=weights
    )
    total = functional.embedding_bag(
        torch.zeros_like(matching.ids),
        found.new_ones(1, 1),
        questions.starts,
        mode="sum",
        per_sample_weights=weights,
    )
    return summed / total.clamp(min=1e-6)


class RowMoments:
    """Rows with a second moment each (RMSProp over rows, no momentum).

    One number a row, not one a component: the first update of a rare token then keeps the direction
    of its gradient instead of becoming a vector of signs.
    """

    def __init__(self, rows: Tensor, decay: float = 0.98) -> None:
        """Takes over ``rows``; ``decay`` is that of the second moment."""
        self.rows = rows
        self.decay = decay
        self.moment = torch.zeros(len(rows), device=rows.device)
        self.seen = torch.zeros(len(rows), device=rows.device)

    def change(self, used: Tensor, gradient: Tensor, rate: float) -> Tensor:
        """How the used rows (distinct) move, a component by about ``rate`` each; notes the update.

        Frequent rows slow down as they are updated: they have seen enough, and only jitter.
        """
        self.seen[used] += 1
        self.moment[used] = self.decay * self.moment[used] + (
            1 - self.decay
        ) * gradient.square().mean(dim=1)
        unbiased = self.moment[used] / (1 - self.decay ** self.seen[used])
        slower = rate / (1 + self.seen[used] / SETTLED).sqrt()
        return (slower / (unbiased.sqrt() + 1e-9))[:, None] * gradient

    def state(self) -> dict[str, Tensor]:
        """What changes in training."""
        return {"rows": self.rows, "moment": self.moment, "seen": self.seen}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continues from a state."""
        self.rows, self.moment, self.seen = state["rows"], state["moment"], state["seen"]


class Table(RowMoments):
    """The table (tokens, dim), a row for each token."""

    def take(self, used: Tensor) -> Tensor:
        """The rows of the distinct tokens ``used``, as a leaf to differentiate."""
        return self.rows[used].requires_grad_()

    def step(self, leaf: Tensor, used: Tensor, rate: float) -> None:
        """Moves the used rows (distinct) against the gradient; see ``change``.

        A step sideways lengthens a vector; that is undone, so that lengths, which are the tokens'
        weights, grow only by their own gradient and not by how often a token was updated.
        """
        gradient = leaf.grad
        if gradient is None:
            raise RuntimeError("step() before backward()")
        with torch.no_grad():
            change = self.change(used, gradient, rate)
            length = leaf.norm(dim=1)
            wanted = length - (change * leaf).sum(dim=1) / length.clamp(min=1e-6)
            moved = leaf - change
            self.rows[used] = moved * (wanted.clamp(min=0.05) / moved.norm(dim=1))[:, None]

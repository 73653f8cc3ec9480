"""A table whose tokens share rows, to be trained on: rows settle where all their tokens want them.

Knows vectors. Knows nothing of how rows came to be shared, of batches or of files.

When tokens begin to share a row, it is their mean. Nobody has asked yet where it serves them best.
The rows alone are trained, as unit vectors; the tokens' lengths, their weights, stay as they are.
"""

import torch
from torch import Tensor
from torch.nn import functional

from embeddings.training.sharing import Floats, Shared
from embeddings.training.student import SETTLED


class SharedTable:
    """Rows with a second moment each, as ``student.Table``; a token's gradient moves its row."""

    def __init__(self, shared: Shared, device: torch.device, decay: float = 0.98) -> None:
        """Copies ``shared`` to a device; ``decay`` is that of the second moment."""
        self.rows = torch.from_numpy(shared.rows.copy()).to(device)
        self.mapping = torch.from_numpy(shared.mapping).to(device)
        self.lengths = torch.from_numpy(shared.lengths).to(device)
        self.decay = decay
        self.moment = torch.zeros(len(self.rows), device=device)
        self.seen = torch.zeros(len(self.rows), device=device)

    def take(self, used: Tensor) -> Tensor:
        """The vectors of the distinct tokens ``used``, as a leaf to differentiate."""
        return (self.rows[self.mapping[used]] * self.lengths[used][:, None]).requires_grad_()

    def step(self, leaf: Tensor, used: Tensor, rate: float) -> None:
        """Moves the rows of the used tokens against the sum of their gradients, and back to unit.

        As in ``student.Table``, frequent rows slow down as they are updated.
        """
        if leaf.grad is None:
            raise RuntimeError("step() before backward()")
        with torch.no_grad():
            own, place = torch.unique(self.mapping[used], return_inverse=True)
            each = leaf.grad * self.lengths[used][:, None]
            gradient = each.new_zeros(len(own), each.shape[1]).index_add_(0, place, each)
            self.seen[own] += 1
            self.moment[own] = self.decay * self.moment[own] + (
                1 - self.decay
            ) * gradient.square().mean(dim=1)
            unbiased = self.moment[own] / (1 - self.decay ** self.seen[own])
            slower = rate / (1 + self.seen[own] / SETTLED).sqrt()
            change = (slower / (unbiased.sqrt() + 1e-9))[:, None] * gradient
            self.rows[own] = functional.normalize(self.rows[own] - change, dim=1)

    def state(self) -> dict[str, Tensor]:
        """What changes in training."""
        return {"rows": self.rows, "moment": self.moment, "seen": self.seen}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continues from a state."""
        self.rows, self.moment, self.seen = state["rows"], state["moment"], state["seen"]

    def shared(self) -> Shared:
        """The table as it is now."""
        rows: Floats = self.rows.cpu().numpy()
        return Shared(rows, self.mapping.cpu().numpy(), self.lengths.cpu().numpy())

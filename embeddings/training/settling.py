"""A table whose tokens share rows, to be trained on: rows settle where all their tokens want them.

Knows vectors. Knows nothing of how rows came to be shared, of batches or of files.

When tokens begin to share a row, it is their mean. Nobody has asked yet where it serves them best.
The rows alone are trained, as unit vectors; the tokens' lengths, their weights, stay as they are.
"""

import torch
from torch import Tensor
from torch.nn import functional

from embeddings.training.sharing import Floats, Shared
from embeddings.training.student import RowMoments


class SharedTable(RowMoments):
    """Unit rows that tokens share; a token's gradient moves its row."""

    def __init__(self, shared: Shared, device: torch.device, decay: float = 0.98) -> None:
        """Copies ``shared`` to a device; ``decay`` is that of the second moment."""
        super().__init__(torch.from_numpy(shared.rows.copy()).to(device), decay)
        self.mapping = torch.from_numpy(shared.mapping).to(device)
        self.lengths = torch.from_numpy(shared.lengths).to(device)

    def take(self, used: Tensor) -> Tensor:
        """The vectors of the distinct tokens ``used``, as a leaf to differentiate."""
        return (self.rows[self.mapping[used]] * self.lengths[used][:, None]).requires_grad_()

    def step(self, leaf: Tensor, used: Tensor, rate: float) -> None:
        """Moves the used tokens' rows against the sum of their gradients, and back to unit."""
        if leaf.grad is None:
            raise RuntimeError("step() before backward()")
        with torch.no_grad():
            own, place = torch.unique(self.mapping[used], return_inverse=True)
            each = leaf.grad * self.lengths[used][:, None]
            gradient = each.new_zeros(len(own), each.shape[1]).index_add_(0, place, each)
            change = self.change(own, gradient, rate)
            self.rows[own] = functional.normalize(self.rows[own] - change, dim=1)

    def shared(self) -> Shared:
        """The table as it is now."""
        rows: Floats = self.rows.cpu().numpy()
        return Shared(rows, self.mapping.cpu().numpy(), self.lengths.cpu().numpy())

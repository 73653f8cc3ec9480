"""Many arrays of different lengths as one. Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels


@dataclass(frozen=True)
class Ragged:
    """n arrays, one after the other.

    Attributes:
        values: (total,) all of them.
        lengths: (n,) of each.
    """

    values: NDArray[Any]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, arrays: Sequence[NDArray[Any]]) -> Ragged:
        """From the arrays; without any, its values are uint32."""
        lengths = np.array([len(array) for array in arrays], dtype=np.int64)
        values = np.concatenate(arrays) if arrays else np.empty(0, np.uint32)
        return cls(values, lengths)

    @classmethod
    def gathered(
        cls, source: NDArray[Any], starts: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> Ragged:
        """Copies of ``source[start : start + length]`` for each of (n,) starts and lengths."""
        return cls(kernels.gather(source, starts, lengths), lengths)

    def __len__(self) -> int:
        """How many arrays."""
        return len(self.lengths)

    def __getitem__(self, number: int) -> NDArray[Any]:
        """One of them; a view."""
        start = int(self.starts[number])
        return self.values[start : start + int(self.lengths[number])]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(n,) where each begins."""
        found: NDArray[np.int64] = np.cumsum(self.lengths) - self.lengths
        return found

    @property
    def owners(self) -> NDArray[np.int64]:
        """(total,) which array each value is in."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def followed_by(self, other: Ragged) -> Ragged:
        """These arrays and then the others."""
        return Ragged(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.lengths, other.lengths]),
        )

"""Many arrays of different lengths within one. Knows nothing of what they mean."""

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
    """n arrays: ``source[start : start + length]`` for each. Nothing is copied to have them.

    Attributes:
        source: what they lie in, anywhere and in any order.
        starts: (n,) where each begins.
        lengths: (n,) of each.
    """

    source: NDArray[Any]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, arrays: Sequence[NDArray[Any]]) -> Ragged:
        """From the arrays; without any, its values are uint32."""
        source = np.concatenate(arrays) if arrays else np.empty(0, np.uint32)
        return cls.consecutive(source, np.array([len(array) for array in arrays], dtype=np.int64))

    @classmethod
    def consecutive(cls, source: NDArray[Any], lengths: NDArray[np.int64]) -> Ragged:
        """Arrays that follow each other in ``source``, from its beginning on."""
        return cls(source, np.cumsum(lengths) - lengths, lengths)

    def __len__(self) -> int:
        """How many arrays."""
        return len(self.lengths)

    def __getitem__(self, number: int) -> NDArray[Any]:
        """One of them; a view."""
        start = int(self.starts[number])
        return self.source[start : start + int(self.lengths[number])]

    def taking(self, numbers: NDArray[np.int64]) -> Ragged:
        """Some of the arrays (k,), where they lie."""
        return Ragged(self.source, self.starts[numbers], self.lengths[numbers])

    @cached_property
    def values(self) -> NDArray[Any]:
        """(total,) all of them, one after the other; IndexError if one is not in ``source``."""
        return kernels.gather(self.source, self.starts, self.lengths)

    @property
    def owners(self) -> NDArray[np.int64]:
        """(total,) which array each of ``values`` is in."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def followed_by(self, other: Ragged) -> Ragged:
        """These arrays and then the others."""
        lengths = np.concatenate([self.lengths, other.lengths])
        if self.source is other.source:
            return Ragged(self.source, np.concatenate([self.starts, other.starts]), lengths)
        return Ragged.consecutive(np.concatenate([self.values, other.values]), lengths)

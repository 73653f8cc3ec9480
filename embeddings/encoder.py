"""The one seam behind which every embedding model stands. Knows nothing of any particular model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""(n, dim), unit rows: the inner product of two rows is their cosine. Higher is better."""


class Encoder(Protocol):
    """Turns questions and passages into unit vectors of one space.

    Questions and passages are encoded by different methods because many models want different
    prompts for them; the prompts live inside, and callers never add any.
    """

    @property
    def name(self) -> str:
        """For display: ``bundled``, a folder, a hub name, or protocol and model of a server."""
        ...

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get a different vector."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows. A text with no known token is a zero row."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows. A text with no known token is a zero row."""
        ...

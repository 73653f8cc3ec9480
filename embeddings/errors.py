"""What can go wrong between a string and its vector.

EmbeddingError
├── ModelError          a model is missing, damaged, of an unknown kind, or answers wrongly
│   └── ModelUnavailable  a model server does not answer now; the same call may succeed later
└── VectorIndexError    a vector index on disk is damaged or does not fit
"""

from __future__ import annotations


class EmbeddingError(Exception):
    """Base of all errors raised by ``embeddings``."""


class ModelError(EmbeddingError):
    """A model cannot be loaded or used. The message names it and the mend."""


class ModelUnavailable(ModelError):
    """A model server does not answer, or not now. ``retry_after`` is how many seconds to wait."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        """What happened, and when trying again makes sense."""
        super().__init__(message)
        self.retry_after = retry_after


class VectorIndexError(EmbeddingError):
    """A vector index file is damaged or was built from something else."""


class KernelError(EmbeddingError):
    """The compiled part is missing, or is not of these sources. Installing again mends it."""

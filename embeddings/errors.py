"""What can go wrong between a string and its vector.

EmbeddingError
├── ModelError        a model folder is missing, damaged or of an unknown kind
└── VectorIndexError  a vector index on disk is damaged or does not fit
"""

from __future__ import annotations


class EmbeddingError(Exception):
    """Base of all errors raised by ``embeddings``."""


class ModelError(EmbeddingError):
    """A model cannot be loaded. The message names the folder and the mend."""


class VectorIndexError(EmbeddingError):
    """A vector index file is damaged or was built from something else."""

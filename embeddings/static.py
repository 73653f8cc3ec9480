"""Encodes texts as the mean of token vectors from a table. Knows tokens, not documents.

Reads a sentence-transformers ``StaticEmbedding`` folder, either with a float table
(``embedding.weight``) or in the model2vec layout: ``embeddings`` (rows, dim), often int8, with
``weights`` (tokens,) and ``mapping`` (tokens,), so that token ``t`` is
``embeddings[mapping[t]] * weights[t]``. Needs tokenizers and numpy; never imports torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings import centroids, hubness
from embeddings.encoder import Vectors
from embeddings.errors import ModelError
from embeddings.kernels import Table
from embeddings.spans import Placed, TokenIds
from embeddings.tensors import TensorFile, map_tensors
from embeddings.tokenizing import tokenizer_at

BATCH = 1024  # texts tokenised at a time: bounds the memory held by encodings


class StaticEncoder:
    """A token table and its tokenizer; an ``Encoder``. Safe to share between threads."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        """Open a model folder.

        Args:
            folder: holds ``tokenizer.json`` and ``model.safetensors``.
            name: for display; the folder when None.

        Raises:
            ModelError: a file is missing or damaged, or the two do not fit together.
        """
        self.name = name or str(folder)
        self._file = _read_tensors(folder / "model.safetensors")
        definition, self._tokenizer = tokenizer_at(folder / "tokenizer.json")
        self._definition_sha256 = hashlib.sha256(definition).digest()
        self._rows, self._weights, self._mapping = _table(self._file.tensors, folder)
        tokens = len(self._weights)
        if self._tokenizer.vocabulary > tokens:
            raise ModelError(
                f"{folder}: tokenizer.json has {self._tokenizer.vocabulary} tokens, "
                f"model.safetensors {tokens}; both must come from one training run"
            )
        if self._tokenizer.unknown is not None:
            self._weights[self._tokenizer.unknown] = 0.0  # two unknown words have nothing in common
        self.table = Table(self._rows, self._mapping, self._weights)
        self._hubness = hubness.read(folder)
        self.centroids = centroids.read(folder, self._rows, self._mapping)

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self._rows.shape[1])

    @property
    def vocabulary(self) -> int:
        """Number of token ids; every id is below it."""
        return len(self._weights)

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 over all files, computed on first use (some 50 ms for 50 MB)."""
        digest = hashlib.sha256(self._definition_sha256)
        digest.update(self._file.data)
        if self._hubness is not None:
            digest.update(self._hubness[1].data)
        return f"static-{digest.hexdigest()[:32]}"

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows; zero rows for texts without a known token."""
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows; zero rows for texts without a known token.

        A text's vector does not depend on the texts beside it, to the last bit.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for first in range(0, len(texts), BATCH):
            some = self.tokenize(texts[first : first + BATCH])
            vectors[first : first + BATCH] = self.encode_tokens(some)
        return vectors

    def encode_tokens(self, texts: Sequence[TokenIds]) -> Vectors:
        """As ``encode_passages``, of texts that are tokenised already."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, ids in enumerate(texts):
            vectors[row] = self.table.sum(ids)
        norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        norms[norms == 0.0] = 1.0
        vectors /= norms[:, None]
        return vectors

    def tokenize(self, texts: Sequence[str]) -> list[TokenIds]:
        """Token ids of each text, in order; no special tokens."""
        return self._tokenizer.ids(texts)

    def tokenize_with_offsets(self, text: str) -> Placed:
        """Token ids (n,) of a text and where they stand in it (n, 2); see ``Placed``."""
        return self._tokenizer.placed([text])[0]

    def tokenize_all_with_offsets(self, texts: Sequence[str]) -> list[Placed]:
        """As ``tokenize_with_offsets``, for many at once."""
        return self._tokenizer.placed(texts)

    @cached_property
    def numbers(self) -> NDArray[np.bool_]:
        """(vocabulary,) whether each token begins with a decimal digit."""
        found = np.zeros(self.vocabulary, dtype=np.bool_)
        told = self._tokenizer.numbers()
        found[: len(told)] = told
        return found

    def hubness(self, vectors: Vectors) -> NDArray[np.float32]:
        """(n,) of the table's unit vectors (n, dim), about 0 in the mean; 0 without references."""
        if self._hubness is None:
            return np.zeros(len(vectors), dtype=np.float32)
        return self._hubness[0].of(vectors)

    def token_rows(self, ids: NDArray[Any]) -> tuple[Vectors, NDArray[np.float32]]:
        """Table rows (n, dim) and weights (n,); a token's vector is their product.

        The norm of that vector says how much the token matters. Rows are not normalised.
        """
        places = ids if self._mapping is None else self._mapping[ids]
        return self._rows[places].astype(np.float32), self._weights[ids]


def _read_tensors(path: Path) -> TensorFile:
    try:
        return map_tensors(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not a readable model: {error}; restore the folder") from error


def _table(
    tensors: Mapping[str, NDArray[Any]], folder: Path
) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[Any] | None]:
    """Rows (rows, dim), weights (tokens,) and mapping (tokens,) or None when it is the identity."""
    rows = tensors.get("embeddings", tensors.get("embedding.weight"))
    if rows is None or rows.ndim != 2:
        raise ModelError(
            f"{folder}/model.safetensors holds {', '.join(tensors) or 'nothing'}; expected a table "
            "named embeddings or embedding.weight. Other models open as transformers"
        )
    mapping = tensors.get("mapping")
    tokens = len(rows) if mapping is None else len(mapping)
    weights = np.ones(tokens) if "weights" not in tensors else tensors["weights"]
    if weights.shape != (tokens,) or not _within(mapping, len(rows)):
        raise ModelError(
            f"{folder}/model.safetensors: {tokens} tokens, weights of shape {weights.shape} and "
            f"{len(rows)} rows do not fit together; restore the folder"
        )
    return rows, weights.astype(np.float32), mapping


def _within(mapping: NDArray[Any] | None, rows: int) -> bool:
    """Whether every token has a row."""
    return mapping is None or bool(mapping.min(initial=0) >= 0 and mapping.max(initial=0) < rows)

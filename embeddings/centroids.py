"""Late interaction in passing: the tokens of a passage stand for the centroids they are near to.

To compare a question with every token of a passage, the rows of those tokens have to be read from
all over the table. Here the question's tokens are compared once with some thousand centroids of
the table, and each with the rows around its own; a token of a passage is then one look into what
was found. That is centroid interaction (Santhanam et al. 2022, PLAID), on a table instead of what a
network makes of each text. It says well which of many passages are worth a comparison.

Knows token ids and rows, no documents.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.errors import ModelError
from embeddings.kernels import MARKS, Others, Table
from embeddings.ragged import Ragged
from embeddings.tensors import map_tensors

FILE = "centroids.safetensors"
"""``centroids`` int8 (k, d), in the first d dimensions of the table, and ``nearest`` uint16
(rows,), which of them is nearest to each row."""

_NEAR = 0.6
_MOST = 1 << 16


class Centroids:
    """Centroids of a table's rows, and which of them each row is nearest to."""

    def __init__(
        self,
        centroids: NDArray[Any],
        nearest: NDArray[Any],
        rows: NDArray[Any],
        mapping: NDArray[Any] | None,
    ) -> None:
        """Use int8 (k, d), (rows,), (rows, dim) and, of tokens, their rows (tokens,) or None.

        Raises:
            ValueError: they do not fit together.
        """
        k, self._width = centroids.shape
        sizes = np.bincount(nearest, minlength=k)
        if len(sizes) != k or len(nearest) != len(rows) or self._width > rows.shape[1]:
            raise ValueError(
                f"{k} centroids of length {self._width} are not those of {len(nearest)} of "
                f"{len(rows)} rows of length {rows.shape[1]}"
            )
        if rows.dtype != np.int8 or max(k, sizes.max()) > _MOST:
            raise ValueError(
                f"expected rows of bytes, {_MOST} centroids and rows of each, or fewer"
            )
        self._rows = rows
        self._centroids = Table(centroids, None, np.ones(k, np.float32))
        self._ids = np.arange(k, dtype=np.uint32)
        self._begins = np.concatenate(([0], np.cumsum(sizes)))
        self._members = np.argsort(nearest, kind="stable").astype(np.uint32)
        numbers = np.empty(len(rows), np.uint16)
        numbers[self._members] = np.arange(len(rows)) - self._begins[nearest[self._members]]
        self._nearest, self._numbers = nearest, numbers
        if mapping is not None:
            self._nearest, self._numbers = nearest[mapping], numbers[mapping]

    def scores(
        self, others: Others, weights: NDArray[np.float32], passages: Ragged
    ) -> NDArray[np.float64]:
        """(n,) about what late interaction makes of passages for a question, in 0..1.

        A token of the question counts by its weight and by how few of these passages have one near
        it. Of many, those MARKS count that weigh most.

        Args:
            others: the question's tokens (m,), as ``Table.comparable`` makes them of the table's
                own dimensions.
            weights: (m,) how much each counts, 0 for nothing.
            passages: token ids of each.
        """
        chosen = np.argsort(-weights, kind="stable")[: min(np.count_nonzero(weights), MARKS)]
        counts = np.zeros(MARKS)
        counts[: len(chosen)] = weights[chosen]
        none = np.full(len(chosen), len(self._ids), np.uint32)  # no centroid is a token
        cut = others.vectors[chosen, : self._width]
        squares = np.einsum("ij,ij->i", cut, cut, dtype=np.float64)
        units = 1 / np.sqrt(np.maximum(squares, 1))  # whole numbers; nothing of a token may be left
        some = Others(none, cut, units.astype(np.float32))
        counting = np.ones(len(none), np.bool_)
        coarse = self._centroids.compare(self._ids, some, counting, 1.0).similar
        own = self._nearest[others.ids[chosen]].astype(np.uint32)
        marks, homes = kernels.question_marks(
            self._rows, coarse, some, own, self._begins, self._members
        )
        return kernels.rough_scores(
            passages, self._nearest, self._numbers, homes, marks, counts, _NEAR
        )


def read(folder: Path, rows: NDArray[Any], mapping: NDArray[Any] | None) -> Centroids | None:
    """The centroids of a model folder, or None where it has none.

    Args:
        folder: of the model.
        rows: (rows, dim) of its table.
        mapping: (tokens,) the row of each token, or None when it is its own.

    Raises:
        ModelError: the file is damaged, or of another table.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        tensors = map_tensors(path).tensors
        centroids, nearest = tensors["centroids"], tensors["nearest"]
        if centroids.dtype != np.int8 or nearest.dtype != np.uint16:
            raise ValueError(f"they are {centroids.dtype} and {nearest.dtype}")
        return Centroids(centroids, nearest, rows, mapping)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path} is not readable: {error}; restore the folder") from error

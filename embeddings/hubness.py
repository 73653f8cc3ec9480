"""How near vectors are to everything: a hub is among the nearest of many that do not mean it.

Radovanović et al. 2010 found hubs in spaces of many dimensions; Conneau et al. 2018 (CSLS) take the
mean cosine of a vector with its nearest neighbours off its similarities. The neighbours here are
not the questions that happen to be asked, but references that come with the model and stand for all
that can be said: so what is found does not depend on what else is asked or kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.errors import ModelError
from embeddings.kernels import Table
from embeddings.tensors import TensorFile, map_tensors

NEAREST = 3
"""References whose cosines are averaged."""

FILE = "references.safetensors"
"""``references`` int8 (n, dim), and ``usual`` float32 (1,), the mean hubness of texts."""

_CHUNK = 64


class Hubness:
    """References, and what vectors have of them."""

    def __init__(self, references: NDArray[Any], usual: float) -> None:
        """Use (n, dim) int8 directions; ``usual`` is what counts as none."""
        self._usual = usual
        self._table = Table(references, None, np.ones(len(references), np.float32))
        self._ids = np.arange(len(references), dtype=np.uint32)

    def of(self, vectors: Vectors) -> NDArray[np.float32]:
        """(n,) mean cosine of unit vectors (n, dim) with the nearest references, less the usual.

        Each depends on its own vector alone, to the last bit. A vector of zeros has none.
        """
        found = np.zeros(len(vectors), dtype=np.float32)
        for first in range(0, len(vectors), _CHUNK):
            some = vectors[first : first + _CHUNK]
            none = np.full(len(some), len(self._ids), dtype=np.uint32)  # no reference is a vector
            others = self._table.comparable(none, some)
            cosines = self._table.compare(
                self._ids, others, np.ones(len(some), dtype=np.bool_), 1.0
            ).similar
            nearest = np.sort(np.partition(cosines, -NEAREST, axis=0)[-NEAREST:], axis=0)
            found[first : first + _CHUNK] = nearest.mean(axis=0) - np.float32(self._usual)
        found[~vectors.any(axis=1)] = 0.0
        return found


def read(folder: Path) -> tuple[Hubness, TensorFile] | None:
    """The references of a model folder and their file, or None where it has none.

    Raises:
        ModelError: the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        file = map_tensors(path)
        references, usual = file.tensors["references"], file.tensors["usual"]
        if references.dtype != np.int8 or len(references) < NEAREST:
            raise ValueError(f"{references.shape} of {references.dtype} are no references")
        return Hubness(references, float(usual[0])), file
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise ModelError(f"{path} is not readable: {error}; restore the folder") from error

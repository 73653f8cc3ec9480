"""A passage as two sparse vectors, by which the inner product with a question's is its BM25.

Knows terms, and nothing of Milvus. What BM25 makes of a term's frequency in a passage is in the
passage's vector, what it makes of its rarity in the question's. The average length must be a
constant here, since what is stored cannot follow it; so the order differs a little from the true
one, which is counted from the passages' own terms for all that are found (``qa.bm25``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.ragged import Ragged
from qa import bm25

AVERAGE_WORDS = 140.0
"""Words and stems of a passage of usual length, and pieces of its sounds."""
AVERAGE_PIECES = 310.0

_LARGEST = 2**32 - 3
_NOTHING = 2**32 - 2
"""A vector must not be empty; this place is in no question."""
_MARK = bm25.piece_id("____") & 63

Sparse = dict[int, float]
Ids = NDArray[np.uint32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pieces:
    """Distinct pieces of the sounds of passages: which, in which passage, and how often."""

    ids: NDArray[np.uint32]
    owners: NDArray[np.int64]
    counts: NDArray[np.int64]


def pieces(sounds: Ragged) -> Pieces:
    """All pieces that ``bm25.pieces_of`` finds in each, by passage and id."""
    letters = sounds.values
    if len(letters) < 4:
        return Pieces(np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, np.int64))
    first, second, third = (letters[n : len(letters) - 3 + n] for n in range(3))
    owners = sounds.owners
    inside = owners[:-3] == owners[3:]
    inside &= (second != _MARK) & ((third != _MARK) | (first == _MARK))
    ids = bm25.piece_ids(letters)[inside]
    both, counts = np.unique(owners[:-3][inside] << 24 | ids, return_counts=True)
    return Pieces((both & 0xFFFFFF).astype(np.uint32), both >> 24, counts)


def term_vector(ids: NDArray[np.uint32], counts: NDArray[np.uint8], length: int) -> Sparse:
    """Of words and stems."""
    return _vector(ids, counts.astype(np.float64), length / AVERAGE_WORDS)


def piece_vector(ids: NDArray[np.uint32], counts: NDArray[np.int64], length: int) -> Sparse:
    """Of pieces of sounds."""
    return _vector(ids, counts.astype(np.float64), length / AVERAGE_PIECES)


def question_vector(ids: NDArray[np.uint32], idf: NDArray[np.float64]) -> Sparse:
    """Of a question's terms, or of its pieces."""
    return dict(zip(_places(ids), idf.tolist(), strict=True))


def _vector(ids: NDArray[np.uint32], often: NDArray[np.float64], length: float) -> Sparse:
    worth = bm25.saturated(often, np.float64(length))
    found = dict(zip(_places(ids), worth.tolist(), strict=True))
    return found or {_NOTHING: 1.0}


def _places(ids: NDArray[np.uint32]) -> list[int]:
    return [int(number) for number in np.minimum(ids, np.uint32(_LARGEST)).tolist()]

"""Drops words that their parts say as well, so that the tokenizer loads faster.

Knows pieces and vectors. Knows nothing of files.

What loading a tokenizer takes grows with its pieces. Training on many is worth it: each word learns
what it means, and so do the stem and the ending that it is read as at times. Afterwards the words
are dropped that lose least by falling into those for good.
"""

import numpy as np
from numpy.typing import NDArray

from embeddings.training import vocabulary

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def kept(
    pieces: list[str],
    table: Floats,
    usage: NDArray[np.float64],
    words: range,
    most: int,
) -> Ints:
    """(n,) rows of the pieces to keep, ascending: at most so many, or all that are no words.

    Args:
        pieces: one for each row.
        table: (pieces, dim) their vectors.
        usage: (pieces,) how often each is used, see ``batches.usage``.
        words: rows of those that may be dropped.
        most: how many to keep.
    """
    parts = vocabulary.smaller_pieces(pieces)
    candidates = [row for row in words if parts[row] != [row]]
    spelt = np.stack([table[parts[row]].sum(axis=0) for row in candidates])
    own = table[candidates]
    lengths = np.linalg.norm(own, axis=1)
    cosines = np.einsum("ij,ij->i", spelt, own) / np.maximum(
        np.linalg.norm(spelt, axis=1) * lengths, 1e-9
    )
    loss = np.sqrt(usage[candidates] + 1.0) * lengths * (1 - cosines)
    dropped, needed = np.zeros(len(pieces), dtype=np.bool_), np.zeros(len(pieces), dtype=np.bool_)
    left = len(pieces) - most
    for place in np.argsort(loss, kind="stable").tolist():
        if left <= 0:
            break
        row = candidates[place]
        if needed[row] or dropped[parts[row]].any():
            continue
        dropped[row] = True
        needed[parts[row]] = True
        left -= 1
    return np.flatnonzero(~dropped)

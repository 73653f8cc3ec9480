"""Starts the table by regression: token vectors whose sums come nearest to the teacher's vectors.

Knows token ids, spellings and targets. Knows nothing of files or of the steps that follow.

A text's vector is the sum of its tokens' vectors over the square root of their number, and should
be the teacher's vector of the text's English side: a linear least-squares problem with a ridge
(Hoerl and Kennard 1970), solved by conjugate gradients (Hestenes and Stiefel 1952) with a diagonal
preconditioner. A token's vector is its own part and the sum of the parts of its character n-grams
(Bojanowski et al. 2017, fastText), spelled in Latin letters: rare forms lean on their relatives, in
other languages and scripts as well. The parts are added up in the end: only the table remains.
"""

import logging
import re
from collections import Counter
from copy import copy

import numpy as np
import torch
from anyascii import anyascii
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from embeddings.training.batches import Corpus, Ints, Sampler

OWN_RIDGE, SHARED_RIDGE = 0.5, 0.5  # of a token's own part, and of an n-gram's
SPLIT, SPLIT_WEIGHT = 0.3, 0.3  # share of tokens read as smaller pieces in a second copy of a text
SHORTEST, LONGEST = 3, 5  # characters of an n-gram
RAREST = 2  # pieces that an n-gram must be in
ITERATIONS = 18
# Their Latin spelling is a reading, by which unrelated words meet.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")

Floats = NDArray[np.float32]
logger = logging.getLogger(__name__)


class Sparse:
    """A sparse matrix, kept by rows and by columns so that both products run on all cores."""

    def __init__(self, rows: Ints, columns: Ints, values: Floats, shape: tuple[int, int]) -> None:
        """Takes entries in any order; those of one place are added."""
        self.shape = shape
        self._by_row = _bags(rows, columns, values, shape[0])
        self._by_column = _bags(columns, rows, values, shape[1])
        self.entries = (torch.from_numpy(rows), torch.from_numpy(columns), torch.from_numpy(values))

    def to(self, device: torch.device) -> "Sparse":
        """The same matrix on a device."""
        moved = copy(self)
        moved._by_row = _moved(self._by_row, device)
        moved._by_column = _moved(self._by_column, device)
        moved.entries = _moved(self.entries, device)
        return moved

    def times(self, dense: Tensor) -> Tensor:
        """(columns, dim) to (rows, dim)."""
        return _summed(self._by_row, dense)

    def transposed_times(self, dense: Tensor) -> Tensor:
        """(rows, dim) to (columns, dim)."""
        return _summed(self._by_column, dense)

    def squares(self, of_rows: Tensor | None = None) -> Tensor:
        """(columns,) sum of squared entries, each weighed by its row's number."""
        rows, columns, values = self.entries
        weighed = values.square() if of_rows is None else values.square() * of_rows[rows]
        return weighed.new_zeros(self.shape[1]).index_add_(0, columns, weighed)


Bags = tuple[Tensor, Tensor, Tensor]


def _moved(bags: Bags, device: torch.device) -> Bags:
    first, second, third = bags
    return first.to(device), second.to(device), third.to(device)


def _bags(owner: Ints, member: Ints, values: Floats, count: int) -> Bags:
    order = np.argsort(owner, kind="stable")
    starts = np.cumsum(np.bincount(owner, minlength=count))[:-1]
    return (
        torch.from_numpy(member[order]),
        torch.from_numpy(np.concatenate([[0], starts])),
        torch.from_numpy(values[order]),
    )


def _summed(bags: Bags, dense: Tensor) -> Tensor:
    member, starts, values = bags
    return functional.embedding_bag(member, dense, starts, mode="sum", per_sample_weights=values)


def texts_and_targets(corpus: Corpus) -> tuple[Ints, Ints]:
    """Every text whose English side the teacher knows, with the teacher's row, once each."""
    pairs = np.concatenate([corpus.sentences, corpus.entries])
    pairs = pairs[corpus.target[corpus.english[pairs]] >= 0]
    english = np.unique(corpus.english[pairs])
    texts = np.concatenate([corpus.text[pairs], english])
    rows = np.concatenate([corpus.target[corpus.english[pairs]], corpus.target[english]])
    _, first = np.unique(texts * (1 + rows.max()) + rows, return_index=True)
    return texts[first], rows[first]


def design(corpus: Corpus, seed: int) -> tuple[Sparse, Ints, Floats]:
    """Texts as rows over tokens, the teacher's row of each, and their weights.

    Each text comes twice: as it is, and, where that differs, with some of its tokens read as
    smaller pieces, so that the pieces learn what words they are parts of.
    """
    texts, targets = texts_and_targets(corpus)
    tokens, owner = corpus.flatten(texts)
    pieces, piece_owner = Sampler(corpus, seed).split(tokens, owner, SPLIT)
    counts = np.bincount(owner, minlength=len(texts))
    differs = np.bincount(piece_owner, minlength=len(texts)) != counts
    kept = differs[piece_owner]
    number = len(texts) + np.cumsum(differs) - 1
    rows = np.concatenate([owner, number[piece_owner[kept]]])
    columns = np.concatenate([tokens, pieces[kept]])
    weights = np.concatenate([np.ones(len(texts)), np.full(int(differs.sum()), SPLIT_WEIGHT)])
    values = np.sqrt(weights / np.maximum(np.bincount(rows, minlength=len(weights)), 1))[rows]
    matrix = Sparse(rows, columns, values.astype(np.float32), (len(weights), len(corpus.smaller)))
    return matrix, np.concatenate([targets, targets[differs]]), weights.astype(np.float32)


def spellings(pieces: list[str]) -> Sparse:
    """(pieces, n-grams): which n-grams of Latin letters a piece has; unit rows, or zero."""
    grams = [sorted(_grams(piece)) for piece in pieces]
    counts = Counter(gram for some in grams for gram in some)
    place = {gram: n for n, gram in enumerate(g for g, c in counts.items() if c >= RAREST)}
    kept = [[place[gram] for gram in some if gram in place] for some in grams]
    lengths = np.array([len(some) for some in kept])
    rows = np.repeat(np.arange(len(pieces)), lengths)
    columns = np.array([column for some in kept for column in some], dtype=np.int64)
    values = (1 / np.sqrt(np.maximum(lengths, 1)))[rows].astype(np.float32)
    return Sparse(rows, columns, values, (len(pieces), max(len(place), 1)))


def _grams(piece: str) -> set[str]:
    if len(piece) < SHORTEST or piece.isdecimal() or _UNSPACED.search(piece):
        return set()
    spelled = f"<{anyascii(piece).lower()}>"
    return {
        spelled[begin : begin + length]
        for length in range(SHORTEST, LONGEST + 1)
        for begin in range(len(spelled) - length + 1)
    }


def solve(texts: Sparse, wanted: Tensor, shared: Sparse, iterations: int = ITERATIONS) -> Tensor:
    """(tokens, dim) vectors by which ``texts`` comes nearest to ``wanted``, (texts, dim).

    Args:
        texts: (texts, tokens).
        wanted: their vectors, weighed as the rows of ``texts`` are.
        shared: (tokens, n-grams).
        iterations: of conjugate gradients; stopping early is a ridge as well.
    """
    tokens = texts.shape[1]
    ridge = wanted.new_full((tokens + shared.shape[1], 1), OWN_RIDGE)
    ridge[tokens:] = SHARED_RIDGE

    def folded(parts: Tensor) -> Tensor:
        return parts[:tokens] + shared.times(parts[tokens:])

    def unfolded(rows: Tensor) -> Tensor:
        return torch.cat([rows, shared.transposed_times(rows)])

    squares = texts.squares()
    scale = torch.cat([squares, shared.squares(squares)])[:, None] + ridge
    found = wanted.new_zeros(len(ridge), wanted.shape[1])
    rest = unfolded(texts.transposed_times(wanted))
    towards = rest / scale
    length = (rest * towards).sum(dim=0)
    for number in range(iterations):
        image = unfolded(texts.transposed_times(texts.times(folded(towards)))) + ridge * towards
        step = length / (towards * image).sum(dim=0).clamp(min=1e-12)
        found += step * towards
        rest -= step * image
        before, length = length, (rest * (rest / scale)).sum(dim=0)
        towards = rest / scale + (length / before.clamp(min=1e-12)) * towards
        logger.info("regression %d of %d: %.3g left", number + 1, iterations, float(length.sum()))
    return folded(found)


def start(
    corpus: Corpus, targets: Floats, pieces: list[str], seed: int, device: torch.device
) -> Tensor:
    """The table to start with, (tokens, dim), computed on a device and returned on the CPU."""
    matrix, rows, weights = design(corpus, seed)
    wanted = torch.from_numpy(targets[rows] * np.sqrt(weights)[:, None]).to(device)
    return solve(matrix.to(device), wanted, spellings(pieces).to(device)).cpu()

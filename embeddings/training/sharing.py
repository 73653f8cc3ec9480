"""Lets tokens that mean the same share a row of the table, so that more tokens fit into its bytes.

Knows vectors and how often tokens are used. Knows nothing of spelling or files.

Many directions are nearly the same: forms of a word, spellings, translations. A token gives up its
row for that of a neighbour that is used more often, those first that lose least by it, and keeps
its own length, which is its weight. A neighbour that others have joined keeps its row, so that no
token drifts further than one step.
"""

from dataclasses import dataclass

import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.training import evaluate

NEIGHBOURS = 12  # of a token, whose row it may take
LISTS, PROBES, SAMPLE = 1024, 16, 60_000  # of the search for them
SEED = 20
CHUNK = 4096  # rows whose cosines to all are held at once on a GPU

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shared:
    """A table in parts: a token's vector is ``rows[mapping[token]] * lengths[token]``.

    Attributes:
        rows: (rows, dim) unit vectors.
        mapping: (tokens,) the row of each.
        lengths: (tokens,) of its vector.
    """

    rows: Floats
    mapping: Ints
    lengths: Floats


def share(table: Floats, usage: NDArray[np.float64], alone: NDArray[np.bool_], rows: int) -> Shared:
    """Has tokens share rows until so many are left, or nothing is left that may.

    Args:
        table: (tokens, dim) vectors.
        usage: (tokens,) how often each is used, see ``batches.usage``.
        alone: (tokens,) which neither join others nor are joined.
        rows: how many to keep.
    """
    lengths = np.linalg.norm(table, axis=1)
    units = evaluate.unit(table)
    worth = np.sqrt(usage + 1.0) * lengths
    host = _hosts(units, worth, alone, len(table) - rows)
    kept, mapping = np.unique(host, return_inverse=True)
    summed = np.zeros((len(kept), table.shape[1]), dtype=np.float32)
    np.add.at(summed, mapping, units * worth[:, None].astype(np.float32))
    return Shared(evaluate.unit(summed), mapping.astype(np.int64), lengths.astype(np.float32))


def _hosts(units: Floats, worth: Floats, alone: NDArray[np.bool_], wanted: int) -> Ints:
    """(tokens,) whose row each takes, itself for all but at most ``wanted``."""
    host = np.arange(len(units))
    if wanted <= 0:
        return host
    near, cosines = _neighbours(units)
    token = np.repeat(host, near.shape[1])
    other, cosine = near.ravel(), cosines.ravel()
    lesser = (worth[token] < worth[other]) | ((worth[token] == worth[other]) & (token > other))
    allowed = (other >= 0) & lesser & ~alone[token] & ~alone[other] & (cosine > 0)
    token, other = token[allowed], other[allowed]
    loss = worth[token] * (1 - cosine[allowed])
    joined, joins = np.zeros(len(host), dtype=np.bool_), np.zeros(len(host), dtype=np.bool_)
    for edge in np.argsort(loss, kind="stable").tolist():
        one, to = token[edge], other[edge]
        if joins[one] or joined[one] or joins[to]:
            continue
        host[one], joins[one], joined[to] = to, True, True
        wanted -= 1
        if not wanted:
            break
    return host


def _neighbours(units: Floats) -> tuple[Ints, Floats]:
    """(tokens, NEIGHBOURS + 1) tokens near each, itself among them, -1 for none; and cosines."""
    return _exact(units) if torch.cuda.is_available() else _approximate(units)


def _exact(units: Floats, device: str = "cuda") -> tuple[Ints, Floats]:
    every = torch.from_numpy(units).to(device)
    found = [
        torch.topk(part @ every.T, min(NEIGHBOURS + 1, len(units)), dim=1)
        for part in every.split(CHUNK)
    ]
    near, cosines = (torch.cat([part[side] for part in found]).cpu().numpy() for side in (1, 0))
    return near, cosines


def _approximate(units: Floats) -> tuple[Ints, Floats]:
    dimension = units.shape[1]
    lists = min(LISTS, max(1, len(units) // 40))
    sample = np.random.default_rng(SEED).permutation(len(units))[:SAMPLE]
    centres = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFFlat(centres, dimension, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = SEED
    index.train(units[sample])
    index.add(units)
    index.nprobe = PROBES
    cosines, near = index.search(units, NEIGHBOURS + 1)
    return near, cosines

"""Finds near vectors among many without looking at each. Knows rows, no ids.

An inverted file of product-quantised vectors, four bits for every two dimensions, scanned by
lookups in registers (Jégou et al. 2011; André et al. 2015, "fast scan"). It proposes several times
as many rows as are wanted; the caller scores them exactly. Up to ``BUDGET`` rows are one list, so
that what is lost is lost by the quantisation alone; of more, as many lists are looked at as hold
about so many rows.
"""

from __future__ import annotations

import threading
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors

PROPOSED = 6  # times as many rows as are wanted
PROPOSED_OF_MANY = 12  # the same of more rows than are looked at
LEAST = 300  # rows proposed, however few are wanted
BUDGET = 400_000  # rows looked at; about a millisecond, more where they are not in the cache
LISTS = 1.5  # times the square root of the rows, beyond BUDGET
SAMPLE, LIST_SAMPLE = 20_000, 64  # rows learnt from, at least, and for each list
_thread = threading.local()
_parameters: Any = faiss.SearchParametersIVF
GROWTH = 4  # times as many rows as it was learnt from, after which it is learnt anew


def _alone() -> None:
    """Let FAISS work in this thread alone, from now on.

    Others have the other cores: threads that answer, processes that prepare documents. OpenMP's
    spin while they wait, and beside other work two of them took four times the processor time.
    """
    if not getattr(_thread, "alone", False):  # OpenMP keeps it for each thread
        faiss.omp_set_num_threads(1)
        _thread.alone = True


class Selection:
    """Rows of an index that may be proposed, ready to be searched any number of times.

    FAISS lets go of Python's lock whenever one of its objects is made. While other threads hold it,
    getting it back takes longer than the search, so these are made once.
    """

    def __init__(self, bits: NDArray[np.uint8], among: int, lists: int) -> None:
        """Use ``ApproximateIndex.select``."""
        self.among = among
        self.lists = lists
        self._bits = bits  # FAISS does not copy them
        self._selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        self.probes = min(lists, -(-lists * BUDGET // max(among, 1)))
        self.parameters = self.looking_at(self.probes)

    def looking_at(self, probes: int) -> Any:  # noqa: ANN401
        """How to search so many lists."""
        return _parameters(sel=self._selector, nprobe=probes)


class ApproximateIndex:
    """Near rows of a matrix. Searching is safe in any thread; ``grown`` makes another index."""

    def __init__(self, index: Any, trained: int) -> None:  # noqa: ANN401
        """Use ``train`` or ``from_bytes``; ``trained`` is how many rows it was learnt from."""
        self._index = index
        self.trained = trained

    @classmethod
    def train(cls, vectors: Vectors) -> ApproximateIndex:
        """An index without rows, for rows like these (n, dim).

        Odd dimensions are quantised to eight bits each instead.
        """
        _alone()
        rows, dimension = vectors.shape
        lists = 1 if rows <= BUDGET else int(LISTS * rows**0.5)
        kind = f"PQ{dimension // 2}x4fs" if dimension % 2 == 0 else "SQ8"
        index: Any = faiss.index_factory(
            dimension, f"IVF{lists},{kind}", faiss.METRIC_INNER_PRODUCT
        )
        index.cp.min_points_per_centroid = 1  # few rows are no reason to warn
        chosen = np.random.default_rng(0).permutation(rows)[: max(SAMPLE, LIST_SAMPLE * lists)]
        index.train(np.ascontiguousarray(vectors[np.sort(chosen)], dtype=np.float32))
        return cls(index, rows)

    @classmethod
    def from_bytes(cls, data: NDArray[np.uint8], trained: int) -> ApproximateIndex:
        """From ``to_bytes``."""
        return cls(faiss.deserialize_index(data), trained)

    def to_bytes(self) -> NDArray[np.uint8]:
        """(n,) all of it."""
        data: NDArray[np.uint8] = faiss.serialize_index(self._index)
        return data

    def __len__(self) -> int:
        """How many rows."""
        return int(self._index.ntotal)

    def grown(self) -> ApproximateIndex:
        """A copy that rows can be added to while this one is searched."""
        return ApproximateIndex(faiss.clone_index(self._index), self.trained)

    def add(self, vectors: Vectors) -> None:
        """Add rows (n, dim) at the end. Not while another thread searches."""
        _alone()
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def select(self, bits: NDArray[np.uint8], among: int) -> Selection:
        """Rows to choose among, by (rows / 8,) ``bits``, little-endian; ``among`` of them."""
        return Selection(bits, among, self._index.nlist)

    def propose(
        self, vector: NDArray[np.float32], k: int, selection: Selection
    ) -> NDArray[np.int64]:
        """Rows that are near to ``vector`` (dim,), at least k of them where there are so many.

        Args:
            vector: what to be near to.
            k: how many rows are wanted in the end.
            selection: which rows to choose among.
        """
        _alone()
        times = PROPOSED if selection.among <= BUDGET else PROPOSED_OF_MANY
        proposed = min(max(times * k, LEAST), selection.among)
        found = self._search(vector, proposed, selection.parameters)
        if len(found) < min(k, selection.among) and selection.probes < selection.lists:
            found = self._search(vector, proposed, selection.looking_at(selection.lists))
        return found

    def _search(
        self,
        vector: NDArray[np.float32],
        proposed: int,
        parameters: Any,  # noqa: ANN401
    ) -> NDArray[np.int64]:
        _, rows = self._index.search(vector[None], proposed, params=parameters)
        found: NDArray[np.int64] = rows[0][rows[0] >= 0]
        return found

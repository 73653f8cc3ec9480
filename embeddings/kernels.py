"""The inner loops of a question, compiled. Knows arrays, and nothing of what they mean.

``kernels.c`` is compiled when the project is installed (``hatch_build.py``). Arrays are passed by
address, so each function here first sees to their types. All may be called in several threads;
none holds Python's lock while it works.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import KernelError

VERSION = 4
LIBRARY = Path(__file__).with_name("kernels.dll" if sys.platform == "win32" else "libkernels.so")

LARGEST = 32_000
"""To which numbers of 16 bits are stretched: less where sums would leave 32 bits."""

Floats = NDArray[np.float32]
Ids = NDArray[np.uint32]
Ints = NDArray[np.int64]
Integers = NDArray[np.int32]


def library(path: Path = LIBRARY) -> ctypes.CDLL:
    """The compiled library, or KernelError when it is missing or of another version."""
    mend = "compile it by installing the project again: `make`, or `pip install -e .`"
    try:
        found = ctypes.CDLL(str(path))
    except OSError as error:
        raise KernelError(f"the compiled part is missing ({error}); {mend}") from error
    if found.kernels_version() != VERSION:
        raise KernelError(f"{path} was compiled from another version of kernels.c; {mend}")
    return found


def _function(name: str, kinds: str, returns: Any = None) -> Callable[..., Any]:  # noqa: ANN401
    """A function of the library; ``p`` is an address, ``i``, ``l`` and ``f`` are numbers."""
    found = getattr(_LIBRARY, name)
    types = {"p": ctypes.c_void_p, "i": ctypes.c_int32, "l": ctypes.c_int64, "f": ctypes.c_float}
    found.argtypes = [types[kind] for kind in kinds]
    found.restype = returns
    return found  # type: ignore[no-any-return]


_LIBRARY = library()
_gather = _function("gather", "pllpplp", ctypes.c_int64)
_half_rows = _function("half_rows", "pllplp", ctypes.c_int64)
_matches = _function("matches", "plpipipp", ctypes.c_int64)
_piece_matches = _function("piece_matches", "plpipipp", ctypes.c_int64)
_spell_pieces = _function("spell_pieces", "plipp", ctypes.c_int64)
_distinct = _function("distinct", "plplpp", ctypes.c_int64)
_compare = _function("compare", "pilppplpppplfpppp")
_weighted_sum = _function("weighted_sum", "pilppplp")
_pool = _function("pool", "plppllpp")
_weighted_means = _function("weighted_means", "pppplp")
_near_counts = _function("near_counts", "plplplfp")
_walk = _function("walk", "ppplplpp", ctypes.c_int64)
_add_logs = _function("add_logs", "plplpp")
_scratch = threading.local()


def gather(source: NDArray[Any], starts: Ints, lengths: Ints) -> NDArray[Any]:
    """Copies of ``source[start : start + length]``, one after the other.

    Raises:
        IndexError: one of them is not within ``source``.
    """
    source, starts, lengths = _ready(source), _ints(starts), _ints(lengths)
    out = np.empty(max(0, int(lengths.sum())), dtype=source.dtype)
    copied = _gather(
        source.ctypes.data,
        len(source),
        min(len(starts), len(lengths)),
        starts.ctypes.data,
        lengths.ctypes.data,
        source.itemsize,
        out.ctypes.data,
    )
    _all(copied, lengths)
    return out


def half_rows(source: NDArray[np.float16], starts: Ints, dim: int) -> Floats:
    """(n, dim) float32 of finite float16 numbers: ``source[start : start + dim]`` for each start.

    Raises:
        IndexError: one of them is not within ``source``.
    """
    source, starts = _ready(source), _ints(starts)
    out = np.empty((len(starts), dim), dtype=np.float32)
    copied = _half_rows(
        source.ctypes.data, source.size, len(starts), starts.ctypes.data, dim, out.ctypes.data
    )
    _all(copied, starts)
    return out


def matches(values: Ids, ids: Ids) -> tuple[Ints, Ints]:
    """Where the values are one of the (m,) distinct ids, ascending, and which."""
    return _found(_matches, _ready(values, np.uint32), ids)


def piece_matches(letters: NDArray[np.uint8], ids: Ids) -> tuple[Ints, Ints]:
    """Where four letters in a row, six bits each, are one of the (m,) distinct ids, and which."""
    return _found(_piece_matches, _ready(letters, np.uint8), ids)


def spell_pieces(letters: NDArray[np.uint8], mark: int, alphabet: bytes) -> str:
    """The pieces of four letters of words, parted by spaces.

    Args:
        letters: codes; a ``mark`` before and after each word, two after one of a single letter.
        mark: its code.
        alphabet: a byte of ASCII for each of 256 codes.
    """
    letters = _ready(letters, np.uint8)
    out = np.empty(5 * len(letters), dtype=np.uint8)
    size = _spell_pieces(letters.ctypes.data, len(letters), mark, alphabet, out.ctypes.data)
    return out[: max(0, size - 1)].tobytes().decode("ascii")


def distinct(values: Ids, limit: int) -> tuple[Ids, Integers]:
    """(u,) distinct values in order of first occurrence, and which of them each value is.

    Raises:
        IndexError: a value is not below ``limit``.
    """
    values = _ready(values, np.uint32)
    ids, places = np.empty(len(values), np.uint32), np.empty(len(values), np.int32)
    column = getattr(_scratch, "column", None)
    if column is None or len(column) < limit:
        column = _scratch.column = np.full(limit, -1, dtype=np.int32)
    count = _distinct(
        values.ctypes.data,
        len(values),
        column.ctypes.data,
        limit,
        ids.ctypes.data,
        places.ctypes.data,
    )
    if count < 0:
        raise IndexError(f"{values.max()} is not below {limit}")
    return ids[:count], places


@dataclass(frozen=True, slots=True)
class Compared:
    """How u tokens compare with m others.

    Attributes:
        similar: (u, m) cosines.
        lengths: (u,) of the tokens' vectors.
        top: (u,) highest cosine with any of the others that count; 0 if none is above.
    """

    similar: Floats
    lengths: Floats
    top: Floats


class Table:
    """Rows of a table: token t is ``rows[mapping[t]] * weights[t]``."""

    def __init__(
        self, rows: NDArray[Any], mapping: NDArray[Any] | None, weights: NDArray[np.float32]
    ) -> None:
        """Use (rows, dim) int8 or what can be read as float32, (tokens,) and (tokens,)."""
        self._bytes = rows.dtype == np.int8
        self._rows = _ready(rows, np.int8 if self._bytes else np.float32)
        self._largest = min(LARGEST, np.iinfo(np.int32).max // (128 * self._rows.shape[1]))
        self._mapping = None if mapping is None else _ready(mapping, np.int32)
        self._weights = _ready(weights, np.float32)
        self._address = (
            self._rows.ctypes.data,
            int(self._bytes),
            self._rows.shape[1],
            None if self._mapping is None else self._mapping.ctypes.data,
            self._weights.ctypes.data,
        )

    def compare(
        self, ids: Ids, vectors: Floats, others: Ids, counting: NDArray[np.bool_], most: float
    ) -> Compared:
        """Cosines of tokens with others.

        Args:
            ids: (u,) tokens.
            vectors: (m, dim) unit vectors of the others.
            others: (m,) their ids.
            counting: (m,) which of them count for the highest.
            most: as high as a cosine with any other than itself can be.
        """
        ids, m = self._known(ids), len(vectors)
        vectors, units = self._comparable(vectors)
        others, counting = _ready(others, np.uint32), _ready(counting, np.float32)
        row = np.empty(self._rows.shape[1], np.int16)
        found = Compared(
            np.empty((len(ids), m), np.float32),
            np.empty(len(ids), np.float32),
            np.empty(len(ids), np.float32),
        )
        _compare(
            *self._address,
            ids.ctypes.data,
            len(ids),
            vectors.ctypes.data,
            units.ctypes.data,
            others.ctypes.data,
            counting.ctypes.data,
            m,
            most,
            row.ctypes.data,
            found.similar.ctypes.data,
            found.lengths.ctypes.data,
            found.top.ctypes.data,
        )
        return found

    def sum(self, ids: Ids) -> Floats:
        """(dim,) sum of the vectors of tokens (n,)."""
        ids = self._known(ids)
        out = np.empty(self._rows.shape[1], np.float32)
        _weighted_sum(*self._address, ids.ctypes.data, len(ids), out.ctypes.data)
        return out

    def _comparable(self, vectors: Floats) -> tuple[NDArray[Any], Floats]:
        """The vectors in numbers that multiply with the rows, and what these count in.

        Bytes are multiplied with 16-bit numbers: exactly, so that a score is the same on every
        machine, and in a third of the time. Each vector is spread over all of their range, which
        moves a cosine by a hundred-thousandth or two.
        """
        if not self._bytes:
            return _ready(vectors, np.float32), np.ones(len(vectors), np.float32)
        units = np.abs(vectors).max(axis=1, initial=1e-9) / self._largest
        return np.rint(vectors / units[:, None]).astype(np.int16), _ready(units, np.float32)

    def _known(self, ids: NDArray[Any]) -> Ids:
        ids = _ready(ids, np.uint32)
        if ids.max(initial=0) >= len(self._weights):
            raise IndexError(f"there is no token {ids.max()} among {len(self._weights)}")
        return ids


def pool(similar: Floats, places: Integers, lengths: Ints, step: int) -> tuple[Floats, Floats]:
    """Highest cosines of passages: (w, m) in windows, and (n, m) in the whole.

    Args:
        similar: (u, m) of distinct tokens, as ``Table.compare`` finds them.
        places: (total,) which of them each token of the passages is, see ``distinct``.
        lengths: (n,) tokens of each passage. One without any has no window, and 0 in the whole.
        step: tokens from one window to the next; a window holds twice as many.
    """
    lengths = _ints(lengths)
    m = similar.shape[1]
    windows = np.empty((int((-(-lengths // step)).sum()), m), dtype=np.float32)
    best = np.empty((len(lengths), m), dtype=np.float32)
    _pool(
        similar.ctypes.data,
        m,
        places.ctypes.data,
        lengths.ctypes.data,
        len(lengths),
        step,
        windows.ctypes.data,
        best.ctypes.data,
    )
    return windows, best


def weighted_means(values: Floats, weights: Floats, places: Integers, lengths: Ints) -> Floats:
    """(n,) weighted mean of the values (u,) of each passage's tokens; 0 without any weight."""
    lengths = _ints(lengths)
    out = np.empty(len(lengths), dtype=np.float32)
    _weighted_means(
        values.ctypes.data,
        weights.ctypes.data,
        places.ctypes.data,
        lengths.ctypes.data,
        len(lengths),
        out.ctypes.data,
    )
    return out


def near_counts(
    similar: Floats, ids: Ids, counts: NDArray[np.uint32], least: float
) -> NDArray[np.float64]:
    """(m,) sum of the counts of those of the tokens (u,) that are at least so similar."""
    out = np.empty(similar.shape[1], dtype=np.float64)
    counts = _ready(counts, np.uint32)
    _near_counts(
        similar.ctypes.data,
        similar.shape[1],
        ids.ctypes.data,
        len(ids),
        counts.ctypes.data,
        len(counts),
        least,
        out.ctypes.data,
    )
    return out


class Automaton:
    """Scores texts by what an automaton meets in their bytes (naive Bayes, multinomial)."""

    def __init__(
        self,
        following: NDArray[np.uint32],
        rows: NDArray[np.uint16],
        outputs: NDArray[np.int32],
        weights: NDArray[np.float16],
        bias: NDArray[np.float32],
    ) -> None:
        """Use the automaton and a table of weights.

        Args:
            following: (rows, 256) or flat, the next state for each byte.
            rows: (states,) which row is each state's.
            outputs: (states,) what is met in each, or -1.
            weights: (outputs, m) of each for m labels.
            bias: (m,) where the scores begin.
        """
        self._following = _ready(following, np.uint32)
        self._rows, self._outputs = _ready(rows, np.uint16), _ready(outputs, np.int32)
        self._weights, self._bias = _ready(weights, np.float16), _ready(bias, np.float32)
        states, last = len(self._outputs), int(self._rows.max(initial=0))
        if self._outputs.max(initial=-1) >= len(weights) or weights.shape[1] != len(bias):
            raise ValueError("the automaton meets what has no weights")
        if not states or len(self._rows) != states or 256 * (last + 1) > self._following.size:
            raise ValueError("the automaton has states without a row")
        self._counts = threading.local()

    def scores(self, text: bytes) -> Floats:
        """(m,) bias + sum over all that is met of log(1 + how often) * its weights, or all 0."""
        counts = getattr(self._counts, "array", None)
        if counts is None:
            counts = self._counts.array = np.zeros(len(self._weights), dtype=np.int32)
        met, out = np.empty(len(text), np.int32), self._bias.copy()
        found = _walk(
            self._following.ctypes.data,
            self._rows.ctypes.data,
            self._outputs.ctypes.data,
            len(self._outputs),
            text,
            len(text),
            counts.ctypes.data,
            met.ctypes.data,
        )
        if not found:
            return np.zeros_like(self._bias)
        _add_logs(
            self._weights.ctypes.data,
            len(out),
            met.ctypes.data,
            found,
            counts.ctypes.data,
            out.ctypes.data,
        )
        return out


def _found(function: Callable[..., Any], values: NDArray[Any], ids: Ids) -> tuple[Ints, Ints]:
    ids = _ready(ids, np.uint32)
    bits = max(4, (4 * len(ids)).bit_length())
    table = np.full(1 << bits, -1, dtype=np.int32)
    at, place = np.empty(len(values), np.int64), np.empty(len(values), np.int64)
    count = function(
        values.ctypes.data,
        len(values),
        ids.ctypes.data,
        len(ids),
        table.ctypes.data,
        bits,
        at.ctypes.data,
        place.ctypes.data,
    )
    return at[:count], place[:count]


def _ready(array: NDArray[Any], dtype: Any = None) -> NDArray[Any]:  # noqa: ANN401
    """The array as the library reads it: in one piece, and of this type."""
    return np.ascontiguousarray(array, dtype=dtype)


def _ints(array: NDArray[Any]) -> Ints:
    return _ready(array, np.int64)


def _all(copied: int, parts: Ints) -> None:
    if copied != len(parts):
        raise IndexError(f"part {copied} of {len(parts)} is not within the source")

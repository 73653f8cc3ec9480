"""The inner loops of a question, compiled. Knows arrays, and nothing of what they mean.

``kernels.c`` is compiled when the project is installed (``hatch_build.py``). Arrays are passed by
address, so each function here first sees to their types. All may be called in several threads;
none holds Python's lock while it works.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import KernelError

VERSION = 11
LIBRARY = Path(__file__).with_name("kernels.dll" if sys.platform == "win32" else "libkernels.so")

MARKS, BEST = 16, 255
"""Of how many tokens of a question there are marks, and the mark of a cosine of 1."""

LARGEST = 32_000
"""To which numbers of 16 bits are stretched: less where sums would leave 32 bits."""

WORTH_HALVES = 1500
"""Tokens from which on two threads compare them sooner than one: some 0.1 ms of work for each."""

Floats = NDArray[np.float32]
Ids = NDArray[np.uint32]
Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]
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


def function(name: str, kinds: str, returns: Any = None) -> Callable[..., Any]:  # noqa: ANN401
    """A function of the library; ``p`` is an address, ``i``, ``l``, ``f`` and ``d`` are numbers."""
    found = getattr(_LIBRARY, name)
    types = {
        **{"p": ctypes.c_void_p, "i": ctypes.c_int32, "l": ctypes.c_int64},
        **{"f": ctypes.c_float, "d": ctypes.c_double},
    }
    found.argtypes = [types[kind] for kind in kinds]
    found.restype = returns
    return found  # type: ignore[no-any-return]


def address(array: NDArray[Any]) -> int:
    """Where an array that lies in one piece begins, for as long as it is there.

    What numpy offers for it takes ten times as long, and a question asks for a hundred.
    """
    return _data(id(array) + _HEAD).value or 0


_HEAD = object.__basicsize__
"""Bytes of every object before what is its own, which of an array begins with its address: so has
every extension that was compiled with numpy read it."""
_data = ctypes.c_void_p.from_address
_LIBRARY = library()
_gather = function("gather", "pllpplp", ctypes.c_int64)
_read_parts = function("read_parts", "pppplppl", ctypes.c_int64)
_half_rows = function("half_rows", "pllplp", ctypes.c_int64)
_half_products = function("half_products", "pllpplp", ctypes.c_int64)
_records = function("records", "pplllpppp", ctypes.c_int64)
_term_scores = function("term_scores", "plppplplpipipppdpplpp", ctypes.c_int64)
_piece_scores = function("piece_scores", "plpplpipippdpp", ctypes.c_int64)
_spell_pieces = function("spell_pieces", "plipp", ctypes.c_int64)
_character_ids = function("character_ids", "plpp", ctypes.c_int64)
_tally = function("tally", "pliipppppp", ctypes.c_int64)
_distinct = function("distinct", "plpplplpp", ctypes.c_int64)
_count_once = function("count_once", "plpplplip", ctypes.c_int64)
_compare = function("compare", "pilppplpppplfpppp")
_weighted_sum = function("weighted_sum", "pilppplp")
_highest = function("highest", "plpplp")
_question_marks = function("question_marks", "pllplplpppppp", ctypes.c_int64)
_rough_scores = function("rough_scores", "plpplpplplplpipp", ctypes.c_int64)
_weigh = function("weigh", "ppplppllppfffpp")
_met = function("met", "pplppplpllppfpp")
_look_inputs = function("look_inputs", "ppplllffpp")
_look_means = function("look_means", "plllplpplpplppp")
_near_counts = function("near_counts", "pplplplfp")
_walk = function("walk", "ppplplpp", ctypes.c_int64)
_add_logs = function("add_logs", "plplpp")
_scratch = threading.local()
_CHECKSUMS = np.array(
    [zlib.crc32(bytes([255 - byte])) ^ 0xFF000000 for byte in range(256)], dtype=np.uint32
)
"""(256,) by which CRC-32 goes on from one byte to the next."""


class Parts(Protocol):
    """n arrays that lie anywhere in one: ``source[start : start + length]`` for each."""

    @property
    def source(self) -> NDArray[Any]:
        """In one piece."""
        ...

    @property
    def starts(self) -> Ints:
        """(n,) where each begins."""
        ...

    @property
    def lengths(self) -> Ints:
        """(n,) of each."""
        ...


def gather(source: NDArray[Any], starts: Ints, lengths: Ints) -> NDArray[Any]:
    """Copies of ``source[start : start + length]``, one after the other.

    Raises:
        IndexError: one of them is not within ``source``.
    """
    source, starts, lengths = _ready(source), _ints(starts), _ints(lengths)
    out = np.empty(max(0, int(lengths.sum())), dtype=source.dtype)
    copied = _gather(
        address(source),
        len(source),
        min(len(starts), len(lengths)),
        address(starts),
        address(lengths),
        source.itemsize,
        address(out),
    )
    _all(copied, lengths)
    return out


def read_parts(
    handles: Integers,
    addresses: Ints,
    starts: Ints,
    lengths: Ints,
    out: NDArray[np.uint8],
    begins: Ints,
) -> None:
    """Copy n parts of open files into an array.

    Args:
        handles: (n,) of the system's.
        addresses: (n,) where in memory the whole of each file is mapped, or 0.
        starts: (n,) where in its file each begins.
        lengths: (n,) in bytes.
        out: what they are read into.
        begins: (n,) where in that each begins.

    Raises:
        OSError: one of them cannot be read, or not all of it, or is not within ``out``.
    """
    handles, addresses, starts = _ready(handles, np.int32), _ints(addresses), _ints(starts)
    lengths, begins, n = _ints(lengths), _ints(begins), len(lengths)
    read = _read_parts(
        *(address(handles), address(addresses), address(starts), address(lengths), n),
        *(address(begins), address(out), len(out)),
    )
    if read != n:
        raise OSError(f"{lengths[read]} bytes at {starts[read]} of a file cannot be read")


def half_rows(source: NDArray[np.float16], starts: Ints, dim: int) -> Floats:
    """(n, dim) float32 of finite float16 numbers: ``source[start : start + dim]`` for each start.

    Raises:
        IndexError: one of them is not within ``source``.
    """
    source, starts = _ready(source), _ints(starts)
    out = np.empty((len(starts), dim), dtype=np.float32)
    copied = _half_rows(
        address(source), source.size, len(starts), address(starts), dim, address(out)
    )
    _all(copied, starts)
    return out


def half_products(source: NDArray[np.float16], starts: Ints, vector: Floats) -> Floats:
    """(n,) inner products of ``vector`` (dim,) with ``source[start : start + dim]`` for each start.

    Each depends on its own numbers alone, to the last bit.

    Raises:
        IndexError: one of them is not within ``source``.
    """
    source, starts, vector = _ready(source), _ints(starts), _ready(vector, np.float32)
    out = np.empty(len(starts), dtype=np.float32)
    read = _half_products(
        *(address(source), source.size, len(starts), address(starts)),
        *(address(vector), len(vector), address(out)),
    )
    _all(read, starts)
    return out


def records(
    words: Ids, sizes: Ints, fields: int, parts: Sequence[tuple[int, int]]
) -> tuple[Ints, Ints]:
    """(fields, n) numbers at the heads of n records, and (parts, n) words where parts begin.

    Args:
        words: the records, one after the other.
        sizes: (n,) of each, in words; together all.
        fields: how many words the head of each has.
        parts: of each record, in order: which field says how many items it has, and how many bytes
            an item. Each begins at a whole word.

    Raises:
        ValueError: a record is not as long as its head says.
    """
    words, sizes, n = _ready(words, np.uint32), _ints(sizes), len(sizes)
    counted, widths = _by_kind(tuple(parts))
    header, starts = np.empty((fields, n), np.int64), np.empty((len(parts), n), np.int64)
    if len(words) != sizes.sum() or (counted >= fields).any():
        raise ValueError(f"{len(words)} words are not {n} records")
    read = _records(
        *(address(words), address(sizes), n, fields, len(parts)),
        *(address(counted), address(widths), address(header), address(starts)),
    )
    if read != n:
        raise ValueError(f"record {read} of {n} is not as long as its head says")
    return header, starts


def term_scores(
    terms: Parts,
    counts: Parts,
    ids: Ids,
    idf: Doubles,
    fields: Ints,
    norms: Doubles,
    k1: float,
    words: Sequence[Sequence[int]],
) -> Doubles:
    """(n,) BM25 of passages, in which each word of a question counts by the best of its terms.

    Args:
        terms: uint32 terms of each passage, each once.
        counts: uint8, how often each stands there.
        ids: (m,) distinct terms of the question.
        idf: (m,) of each.
        fields: (m,) of each, which row of ``norms`` is for it.
        norms: (fields, n) what is added to a count below the line.
        k1: by how much more than once a term can count.
        words: places in ``ids`` of the terms of each word.

    Raises:
        IndexError: a part is not within its source.
    """
    source, starts, lengths = _parts(terms, np.uint32)
    counted, counts_at, _ = _parts(counts, np.uint8)
    ids, table, bits = _indexed(ids)
    n, m = min(len(lengths), len(counts_at)), len(ids)
    idf, fields, norms = _ready(idf, np.float64), _ints(fields), _ready(norms, np.float64)
    places = np.array([place for word in words for place in word], dtype=np.int64)
    ends = np.cumsum([len(word) for word in words], dtype=np.int64)
    _within(places, m, "term")
    _within(fields, len(norms), "field")
    if min(len(idf), len(fields)) < m or norms.shape[1] < n:
        raise IndexError(f"there are not {m} terms and {n} passages")
    worth, out = np.empty(m), np.empty(n)
    read = _term_scores(
        *(address(source), len(source), address(starts), address(lengths)),
        *(address(counted), len(counted), address(counts_at), n),
        *(address(ids), m, address(table), bits, address(idf), address(fields)),
        *(address(norms), k1, address(places), address(ends), len(ends)),
        *(address(worth), address(out)),
    )
    _all(read, out)
    return out


def piece_scores(letters: Parts, ids: Ids, idf: Doubles, norms: Doubles, k1: float) -> Doubles:
    """(n,) BM25 of passages over pieces of four letters in a row, six bits each.

    Args:
        letters: uint8 of each passage.
        ids: (m,) distinct pieces of the question.
        idf: (m,) of each.
        norms: (n,) what is added to a count below the line.
        k1: by how much more than once a piece can count.

    Raises:
        IndexError: a part is not within its source.
    """
    source, starts, lengths = _parts(letters, np.uint8)
    ids, table, bits = _indexed(ids)
    idf, norms = _ready(idf, np.float64), _ready(norms, np.float64)
    n, m = len(lengths), len(ids)
    if len(idf) < m or len(norms) < n:
        raise IndexError(f"there are not {m} pieces and {n} passages")
    often, out = np.empty(m, np.int32), np.empty(n)
    read = _piece_scores(
        *(address(source), len(source), address(starts), address(lengths), n),
        *(address(ids), m, address(table), bits, address(idf), address(norms), k1),
        *(address(often), address(out)),
    )
    _all(read, out)
    return out


def spell_pieces(letters: NDArray[np.uint8], mark: int, alphabet: bytes) -> str:
    """The pieces of four letters of words, parted by spaces.

    Args:
        letters: codes; a ``mark`` before and after each word, two after one of a single letter.
        mark: its code.
        alphabet: a byte of ASCII for each of 256 codes.
    """
    letters = _ready(letters, np.uint8)
    out = np.empty(5 * len(letters), dtype=np.uint8)
    size = _spell_pieces(address(letters), len(letters), mark, alphabet, address(out))
    return out[: max(0, size - 1)].tobytes().decode("ascii")


def character_ids(text: bytes) -> bytes:
    """CRC-32 of each character of a text in UTF-8, then of each pair of neighbours.

    Four bytes each, in the order of this machine.
    """
    out = np.empty(2 * len(text), np.uint32)
    count = _character_ids(text, len(text), address(_CHECKSUMS), address(out))
    return out[:count].tobytes()


def tally(
    records: bytes, mark: int, most: int
) -> tuple[Ids, NDArray[np.uint8], NDArray[np.uint8], Ids]:
    """What records of terms say together.

    The distinct ids ascending; how often each comes, ``most`` at most; the letters of all, behind a
    ``mark`` if there are any; and (3,) sums of the lengths.

    Args:
        records: one after the other, each of whole words of four bytes: three lengths, of which the
            first two are together the number of its ids; the number of its letters; its ids; and
            its letters, a byte each, filled up with anything.
        mark: code of a letter.
        most: 255 at most.

    Raises:
        IndexError: a record is longer than what there is.
    """
    size = len(records) // 4
    room, ids, lengths = (
        np.empty(size, np.uint32),
        np.empty(size, np.uint32),
        np.zeros(3, np.uint32),
    )
    counts, letters = np.empty(size, np.uint8), np.empty(len(records), np.uint8)
    spelt = ctypes.c_int64()
    count = _tally(
        *(records, size, mark, most, address(room), address(ids), address(counts)),
        *(address(letters), address(lengths), ctypes.byref(spelt)),
    )
    if count < 0:
        raise IndexError("a record is longer than what there is")
    return ids[:count], counts[:count], letters[: spelt.value], lengths


def distinct(parts: Parts, limit: int) -> tuple[Ids, Integers]:
    """(u,) distinct values in order of first occurrence, and which of them each value is.

    Args:
        parts: uint32.
        limit: no value is as large.

    Raises:
        IndexError: a part is not within its source, or a value is not below ``limit``.
    """
    source, starts, lengths = _parts(parts, np.uint32)
    total = max(0, int(lengths.sum()))
    ids, places = np.empty(total, np.uint32), np.empty(total, np.int32)
    column = getattr(_scratch, "column", None)
    if column is None or len(column) < limit:
        column = _scratch.column = np.full(limit, -1, dtype=np.int32)
    count = _distinct(
        *(address(source), len(source), address(starts), address(lengths), len(lengths)),
        *(address(column), limit, address(ids), address(places)),
    )
    if count < 0:
        raise IndexError(
            "a part is not within its source" if count == -1 else f"a value is not below {limit}"
        )
    return ids[:count], places


def count_once(parts: Parts, counts: Ids, step: int) -> None:
    """Add ``step`` to the count of each value, once for each part that holds it.

    Args:
        parts: uint32.
        counts: (limit,) changed in place; values that are not below ``limit`` are left out.
        step: 1, or -1 to take them away again.

    Raises:
        IndexError: a part is not within its source.
    """
    source, starts, lengths = _parts(parts, np.uint32)
    last = np.full(len(counts), -1, dtype=np.int32)
    wrong = _count_once(
        *(address(source), len(source), address(starts), address(lengths), len(lengths)),
        *(address(last), len(counts), step, address(counts)),
    )
    if wrong:
        raise IndexError("a part is not within its source")


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


@dataclass(frozen=True, slots=True)
class Others:
    """What the tokens of a table are compared with; see ``Table.comparable``.

    Attributes:
        ids: (m,) tokens.
        vectors: (m, dim) of the kind that multiplies with the table's rows.
        units: (m,) what these numbers count in: a vector times its unit is of length 1.
    """

    ids: Ids
    vectors: NDArray[Any]
    units: Floats


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
            address(self._rows),
            int(self._bytes),
            self._rows.shape[1],
            None if self._mapping is None else address(self._mapping),
            address(self._weights),
        )

    def comparable(self, ids: Ids, vectors: Floats) -> Others:
        """Tokens (m,) of these unit vectors (m, dim), as ``compare`` takes them.

        Bytes are multiplied with 16-bit numbers: exactly, so that a score is the same on every
        machine, and in a third of the time. Each vector is spread over all of their range, which
        moves a cosine by a hundred-thousandth or two.
        """
        ids = _ready(ids, np.uint32)
        if not self._bytes:
            return Others(ids, _ready(vectors, np.float32), np.ones(len(vectors), np.float32))
        units = np.abs(vectors).max(axis=1, initial=1e-9) / self._largest
        spread = np.rint(vectors / units[:, None]).astype(np.int16)
        return Others(ids, spread, _ready(units, np.float32))

    def compare(
        self,
        ids: Ids,
        others: Others,
        counting: NDArray[np.bool_],
        most: float,
        beside: Executor | None = None,
    ) -> Compared:
        """Cosines of tokens with others.

        Args:
            ids: (u,) tokens.
            others: m others.
            counting: (m,) which of them count for the highest.
            most: as high as a cosine with any other than itself can be.
            beside: compares one half of many, if there is one.
        """
        ids, m = self._known(ids), len(others.ids)
        counting = _ready(counting, np.float32)
        found = Compared(
            np.empty((len(ids), m), np.float32),
            np.empty(len(ids), np.float32),
            np.empty(len(ids), np.float32),
        )

        def part(of: slice) -> None:
            some, wide = ids[of], np.empty((2, self._rows.shape[1]), np.int16)
            _compare(
                *self._address,
                *(address(some), len(some), address(others.vectors), address(others.units)),
                *(address(others.ids), address(counting), m, most, address(wide)),
                *map(address, (found.similar[of], found.lengths[of], found.top[of])),
            )

        if beside is None or len(ids) < WORTH_HALVES:
            part(slice(None))
        else:
            half = len(ids) // 4 * 2  # they are compared two by two
            other = beside.submit(part, slice(half, None))
            part(slice(half))
            other.result()
        return found

    def sum(self, ids: Ids) -> Floats:
        """(dim,) sum of the vectors of tokens (n,)."""
        ids = self._known(ids)
        out = np.empty(self._rows.shape[1], np.float32)
        _weighted_sum(*self._address, address(ids), len(ids), address(out))
        return out

    def _known(self, ids: NDArray[Any]) -> Ids:
        ids = _ready(ids, np.uint32)
        if ids.max(initial=0) >= len(self._weights):
            raise IndexError(f"there is no token {ids.max()} among {len(self._weights)}")
        return ids


def question_marks(
    rows: NDArray[np.int8],
    coarse: Floats,
    others: Others,
    own: Ids,
    begins: Ints,
    members: Ids,
) -> tuple[NDArray[np.uint8], Integers]:
    """How well centroids, and the rows around some of them, meet the m tokens of a question.

    Marks (n, MARKS) are cosines in steps of 1/BEST, 0 below 0. First those of the centroids; then,
    of each that is a token's own, those of the rows nearest to it: the same, but that of the token
    itself is the row's. And (k,) where these begin for each centroid; -1 where there are none.

    Args:
        rows: (rows, dim).
        coarse: (k, m) cosines of the centroids with the tokens.
        others: the tokens, as a table of these rows compares them.
        own: (m,) the centroid nearest to each.
        begins: (k + 1,) where in ``members`` the rows nearest to each begin, and the last ones end.
        members: (rows,) rows in order of their nearest centroid.

    Raises:
        IndexError: there are more than MARKS tokens, or arrays that do not fit together.
    """
    rows, coarse, members = _ready(rows, np.int8), _ready(coarse, np.float32), _ids(members)
    vectors, units = _ready(others.vectors, np.int16), _ready(others.units, np.float32)
    own, begins, (k, m) = _ids(own), _ints(begins), coarse.shape
    width = vectors.shape[1]
    if m > MARKS or width > rows.shape[1] or not m == len(vectors) == len(own) == len(units):
        raise IndexError(f"expected {MARKS} tokens or fewer of the rows' length, found {m}")
    if own.max(initial=0) >= k or len(begins) != k + 1 or begins[-1] != len(members):
        raise IndexError(f"a centroid is not one of {k}, or not all of them have members")
    homes = np.full(k, -1, np.int32)
    room = k + int((begins[own.astype(np.int64) + 1] - begins[own]).sum())
    out = np.empty((room, MARKS), np.uint8)
    count = _question_marks(
        *(address(coarse), k, m, address(rows), rows.shape[1], address(vectors), width),
        *(
            address(units),
            address(own),
            address(begins),
            address(members),
            address(homes),
            address(out),
        ),
    )
    return out[:count], homes


def rough_scores(
    passages: Parts,
    nearest: NDArray[np.uint16],
    numbers: NDArray[np.uint16],
    homes: Integers,
    marks: NDArray[np.uint8],
    weights: Doubles,
    near: float,
) -> Doubles:
    """(n,) late interaction of passages with a question, of whose tokens there are marks.

    A token of the question weighs more the fewer of these passages have one near it.

    Args:
        passages: token ids of each.
        nearest: (tokens,) the centroid of each token.
        numbers: (tokens,) which it is of those of that centroid.
        homes: (k,) of each centroid the row of ``marks`` where those of its own tokens begin, or
            -1: then all of them have the row of the centroid's own number.
        marks: (rows, MARKS); see ``question_marks``.
        weights: (MARKS,) of the question's tokens; 0 where there are none.
        near: cosine from which on a token is near another.

    Raises:
        IndexError: a passage is not within its source, or has a token without marks.
    """
    source, starts, lengths = _parts(passages, np.uint32)
    nearest, numbers = _ready(nearest, np.uint16), _ready(numbers, np.uint16)
    homes = _ready(homes, np.int32)
    if len(nearest) != len(numbers):
        raise IndexError(f"{len(nearest)} tokens have a centroid, {len(numbers)} a number")
    marks, weights = _ready(marks, np.uint8), _ready(weights, np.float64)
    best, out = np.empty((len(starts), MARKS), np.uint8), np.empty(len(starts), np.float64)
    read = _rough_scores(
        *(address(source), len(source), address(starts), address(lengths), len(starts)),
        *(address(nearest), address(numbers), len(nearest)),
        *(address(homes), len(homes), address(marks), len(marks)),
        *(address(weights), round(near * BEST), address(best), address(out)),
    )
    if read != len(starts):
        raise IndexError(f"passage {read} is not within its source, or has a token without marks")
    return out


def highest(similar: Floats, places: Integers, lengths: Ints) -> Floats:
    """(n, m) highest cosines in passages; 0 in one without tokens.

    Args:
        similar: (u, m) of distinct tokens, as ``Table.compare`` finds them.
        places: (total,) which of them each token of the passages is, see ``distinct``.
        lengths: (n,) tokens of each passage.
    """
    lengths, m = _ints(lengths), similar.shape[1]
    out = np.empty((len(lengths), m), dtype=np.float32)
    _highest(
        *(address(similar), m, address(places), address(lengths), len(lengths)),
        address(out),
    )
    return out


@dataclass(frozen=True, slots=True)
class Weighing:
    """What tells a match from none, see ``weigh``.

    Attributes:
        step: tokens from one window to the next; a window holds twice as many.
        same: cosine from which on a token is the very same.
        covered: cosine from which on it says as much.
        around: how much counts what only the surroundings have.
    """

    step: int
    same: float
    covered: float
    around: float


def weigh(
    compared: Compared,
    places: Integers,
    lengths: Ints,
    shares: Doubles,
    rare: Doubles,
    how: Weighing,
) -> Doubles:
    """(9, n) how well n passages, each with its surroundings, meet the m tokens of a question.

    The rows: the weighted sum of the best cosines, by ``shares``; by ``rare``; the highest such
    sum in a window of the passage, by ``rare``; the share of the question that the passage has
    literally; the share that it or its surroundings cover; the mean of ``compared.top`` over the
    passage's tokens, each weighed by its length; the highest sum in half a window, by ``rare``; and
    the sums of the second and of the fourth powers of the passage's own best cosines above 0, by
    ``rare``. Without tokens, all that is its own is 0.

    Args:
        compared: how u distinct tokens compare with the question's.
        places: (total,) which of them each token is: of all passages, then of what is around each.
        lengths: (2 * n,) tokens of each passage, then of what is around each.
        shares: (m,) weights.
        rare: (m,) other weights.
        how: what counts.
    """
    lengths, m = _ints(lengths), compared.similar.shape[1]
    shares, rare = _ready(shares, np.float64), _ready(rare, np.float64)
    out, room = np.empty((9, len(lengths) // 2)), np.empty((4, m), np.float32)
    _weigh(
        *(address(compared.similar), address(compared.lengths), address(compared.top), m),
        *(address(places), address(lengths), out.shape[1], how.step),
        *(address(shares), address(rare), how.same, how.covered, how.around),
        *(address(room), address(out)),
    )
    return out


def met(
    compared: Compared,
    places: Integers,
    lengths: Ints,
    chosen: Ints,
    rare: Doubles,
    following: Ints,
    how: Weighing,
) -> Floats:
    """(k, 9, m) how each of the m tokens of a question is met by k of n passages.

    The rows: its best cosine, what only the surroundings have counting by ``how.around``; its best
    cosine in that window of two steps where the sum by ``rare`` is highest, and in the best of one
    step; the second highest cosine in the passage; the best in the best window of half a step, and
    of four; the highest cosine of which the token ``following`` it has one as high, one or two
    tokens later; where in the passage its best match stands, from 0 to below 1; and the length of
    that match's vector, 1 without tokens. All but the first are of the passage alone, and 0 where
    it has too few tokens.

    Args:
        compared: how u distinct tokens compare with the question's.
        places: (total,) which of them each token is: of all passages, then of what is around each.
        lengths: (2 * n,) tokens of each passage, then of what is around each.
        chosen: (k,) which of the passages.
        rare: (m,) weights.
        following: (m,) the token of the question that comes after each, or the token itself.
        how: what counts.
    """
    lengths, m = _ints(lengths), compared.similar.shape[1]
    chosen, following = _ints(chosen), _ints(following)
    rare, starts = _ready(rare, np.float64), np.cumsum(lengths) - lengths
    blocks = int(lengths.max(initial=0)) // max(how.step // 2, 1) + 1
    out = np.empty((len(chosen), 9, m), np.float32)
    room = np.empty((blocks + 2, m), np.float32)
    _met(
        *(address(compared.similar), address(compared.lengths), m, address(places)),
        *(address(starts), address(lengths), len(lengths) // 2, address(chosen), len(chosen)),
        *(how.step, address(rare), address(following), how.around, address(room), address(out)),
    )
    return out


def look_inputs(
    met: Floats, own: Floats, same: NDArray[np.bool_], exact: float, small: float
) -> Floats:
    """(k, m, 20 + o) what a second look reads of k candidates and m tokens.

    See ``qa.second_look.inputs``, which names and explains them.

    Args:
        met: (k, 9, m), of ``met``.
        own: (o, m) what is known of the tokens alone; these come last.
        same: (k,) is read as 1 or 0.
        exact: cosine from which on a token is the very same.
        small: keeps the logarithm of no weight within reason.
    """
    met, own, same = (_ready(some, np.float32) for some in (met, own, same))
    k, _, m = met.shape
    out, room = np.empty((k, m, 20 + len(own)), np.float32), np.empty((4, m), np.float32)
    _look_inputs(
        *(address(met), address(own), address(same), k, m, len(own), exact, small),
        *(address(room), address(out)),
    )
    return out


@dataclass(frozen=True, slots=True)
class TokenLayers:
    """Two layers that read tokens; see ``look_means``.

    Attributes:
        reading: (inputs, h), reading_bias: (h,).
        telling: (h, t), telling_bias: (t,).
        counting: (h,).
        weight: which of the inputs is the logarithm of a token's weight.
    """

    reading: Floats
    reading_bias: Floats
    telling: Floats
    telling_bias: Floats
    counting: Floats
    weight: int


def look_means(read: Floats, counts: NDArray[np.bool_], layers: TokenLayers) -> Floats:
    """(k, 2, t) means over m tokens of what each tells, for k candidates; 0 where none counts.

    A token tells ``telling`` of ``max(0, reading of what is read of it)``. The first mean weighs it
    by e to the power of ``counting`` of the same plus the input ``weight``, the second evenly.

    Args:
        read: (k, m, inputs).
        counts: (m,) which tokens do.
        layers: the layers, all of float32 and in one piece.
    """
    read, counts = _ready(read, np.float32), _ready(counts, np.uint8)
    k, m, inputs = read.shape
    hidden, told = layers.telling.shape
    out = np.empty((k, 2, told), np.float32)
    room = np.empty(hidden + m * (told + 1), np.float32)
    _look_means(
        *(address(read), k, m, inputs, address(counts), layers.weight),
        *(address(layers.reading), address(layers.reading_bias), hidden),
        *(address(layers.telling), address(layers.telling_bias), told),
        *(address(layers.counting), address(room), address(out)),
    )
    return out


def near_counts(compared: Compared, ids: Ids, counts: NDArray[np.uint32], least: float) -> Doubles:
    """(m,) sum of the counts of those of the tokens (u,) that are at least so similar.

    Only for those of the others that count; see ``Table.compare``.
    """
    m = compared.similar.shape[1]
    out, counts = np.empty(m, dtype=np.float64), _ready(counts, np.uint32)
    _near_counts(
        *(address(compared.similar), address(compared.top), m, address(ids), len(ids)),
        *(address(counts), len(counts), least, address(out)),
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
            address(self._following),
            address(self._rows),
            address(self._outputs),
            len(self._outputs),
            text,
            len(text),
            address(counts),
            address(met),
        )
        if not found:
            return np.zeros_like(self._bias)
        _add_logs(
            address(self._weights),
            len(out),
            address(met),
            found,
            address(counts),
            address(out),
        )
        return out


def _indexed(ids: Ids) -> tuple[Ids, Integers, int]:
    """The ids, room for where to find them, and how many bits tell its places apart."""
    ids = _ready(ids, np.uint32)
    bits = max(4, (4 * len(ids)).bit_length())
    return ids, np.full(1 << bits, -1, dtype=np.int32), bits


def _parts(of: Parts, kind: Any) -> tuple[NDArray[Any], Ints, Ints]:  # noqa: ANN401
    starts, lengths = _ints(of.starts), _ints(of.lengths)
    if len(starts) != len(lengths):
        raise IndexError(f"{len(starts)} parts begin and {len(lengths)} have a length")
    return _ready(of.source, kind), starts, lengths


def _within(places: Ints, size: int, what: str) -> None:
    if len(places) and not 0 <= places.min() <= places.max() < size:
        raise IndexError(f"a {what} is not one of {size}")


def _ready(array: NDArray[Any], dtype: Any = None) -> NDArray[Any]:  # noqa: ANN401
    """The array as the library reads it: in one piece, and of this type."""
    return np.ascontiguousarray(array, dtype=dtype)


@lru_cache
def _by_kind(parts: tuple[tuple[int, int], ...]) -> Ints:
    """(2, parts) the first and the second number of each; the same array for the same parts."""
    return np.array(parts, dtype=np.int64).reshape(-1, 2).T.copy()


def _ids(array: NDArray[Any]) -> Ids:
    return _ready(array, np.uint32)


def _ints(array: NDArray[Any]) -> Ints:
    return _ready(array, np.int64)


def _all(read: int, parts: NDArray[Any]) -> None:
    if read != len(parts):
        raise IndexError(f"part {read} of {len(parts)} is not within the source")

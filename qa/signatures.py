"""Which texts can hold given words: a signature of each piece of each text. Knows no store.

Every text is reduced to its letters and digits, character by character and without regard to what
is around them, so that the reduction of any slice is a slice of the reduction, and texts that fold
alike (``qa.folding``) reduce alike. The reduction is cut into overlapping blocks, and each block
keeps a set of its runs of four characters, hashed into a bitmap (a Bloom filter of one hash:
Bloom 1970). A block without one of a quote's runs cannot hold the quote: nothing is ever missed,
and what is found by chance is ruled out by reading.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa.types import Span

RUN = 4
BITS = 8192
BLOCK = 4096
OVERLAP = 512
"""Characters of the reduction. The first ``OVERLAP`` of any quote are whole in some block."""
_FIRST = 24
_COUNTED = 128
_STEP = 256


class _Reduction(dict[int, str]):
    """A table for ``str.translate`` that fills itself."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code).casefold()).casefold()
        reduced = "".join(c for c in parts if unicodedata.category(c)[0] in "LN")
        self[code] = reduced
        return reduced


_REDUCTION = _Reduction()


def reduced(text: str) -> str:
    """Letters and digits alone, case folded and without accents."""
    return text.translate(_REDUCTION)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece ``[start, end)`` of a text (roughly), and which share of a quote's runs it has."""

    sha256: str
    start: int
    end: int
    share: float

    def within(self, span: Span) -> bool:
        """Whether all of it lies in a span of its text."""
        return span.start <= self.start and self.end <= span.end


class Signatures:
    """Signatures of texts by their hash. Not safe to change from two threads at once."""

    def __init__(self) -> None:
        """Of no text."""
        self._rows = np.zeros((0, BITS // 8), dtype=np.uint8)
        self._owners: list[tuple[str, int, int]] = []
        self._known: set[str] = set()

    def follow(self, sha256s: Iterable[str], load: Callable[[str], str]) -> None:
        """Hold exactly these texts; those that are new are loaded and read once."""
        wanted = set(sha256s)
        rows: list[NDArray[np.uint8]] = []
        owners: list[tuple[str, int, int]] = []
        for sha256 in sorted(wanted - self._known):
            for start, end, row in _signed(load(sha256)):
                rows.append(row)
                owners.append((sha256, start, end))
        # Only now, so that a text that cannot be loaded leaves everything as it was.
        left = [n for n, owner in enumerate(self._owners) if owner[0] in wanted]
        if rows or len(left) < len(self._owners):
            self._rows = np.vstack([self._rows[left], *rows])
            self._owners = [*(self._owners[n] for n in left), *owners]
        self._known = wanted

    def holding(self, quote: str) -> list[str]:
        """Hashes of all texts that can hold the quote; some of them may not."""
        bits = _runs(reduced(quote)[:OVERLAP])
        if not len(bits):
            return sorted(self._known)
        rows = np.arange(len(self._rows))
        for some in (_spread(bits, _FIRST), bits):
            rows = rows[self._has(rows, some).all(axis=1)]
        return sorted({self._owners[n][0] for n in rows})

    def nearest(self, quote: str, limit: int, among: Sequence[str] | None = None) -> list[Block]:
        """Blocks that share most of the quote's runs, best first."""
        bits = _spread(_runs(reduced(quote)), _COUNTED)
        rows = np.arange(len(self._rows))
        if among is not None:
            wanted = set(among)
            rows = rows[[owner[0] in wanted for owner in self._owners]]
        if not len(bits) or not len(rows):
            return []
        shares = self._has(rows, bits).mean(axis=1)
        best = np.argsort(-shares, kind="stable")[:limit]
        owners = [(self._owners[int(rows[n])], float(shares[n])) for n in best]
        return [Block(owner[0], owner[1], owner[2], share) for owner, share in owners]

    def _has(self, rows: NDArray[np.int64], bits: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """(rows, bits) which rows have which bits."""
        masks = (128 >> (bits & 7)).astype(np.uint8)
        some = self._rows if len(rows) == len(self._rows) else self._rows[rows]
        has: NDArray[np.bool_] = (some[:, bits >> 3] & masks) != 0
        return has


def _signed(text: str) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Start and end in the text (rounded outwards) and the bitmap of each block."""
    pieces = [reduced(text[at : at + _STEP]) for at in range(0, len(text), _STEP)]
    reach = np.cumsum([0, *map(len, pieces)])
    hashes, length = _hashes("".join(pieces)), int(reach[-1])
    for first in range(0, max(1, length - OVERLAP), BLOCK - OVERLAP):
        flags = np.zeros(BITS, dtype=bool)
        flags[hashes[first : first + BLOCK - RUN + 1]] = True
        start = max(0, int(np.searchsorted(reach, first, "right")) - 1) * _STEP
        end = int(np.searchsorted(reach, min(first + BLOCK, length), "left")) * _STEP
        yield start, min(len(text), end), np.packbits(flags)


def _hashes(text: str) -> NDArray[np.uint32]:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    if len(codes) < RUN:
        return np.zeros(0, dtype=np.uint32)
    mixed = codes[: len(codes) - RUN + 1].astype(np.uint32)
    for n in range(1, RUN):
        mixed = mixed * np.uint32(0x9E3779B1) + codes[n : len(codes) - RUN + 1 + n]
    return ((mixed * np.uint32(0x85EBCA6B)) >> np.uint32(19)).astype(np.uint32)


def _runs(text: str) -> NDArray[np.uint32]:
    found: NDArray[np.uint32] = np.unique(_hashes(text))
    return found


def _spread(bits: NDArray[np.uint32], most: int) -> NDArray[np.uint32]:
    if len(bits) <= most:
        return bits
    some: NDArray[np.uint32] = bits[np.linspace(0, len(bits) - 1, most).astype(int)]
    return some

"""What the tokenizer's rules make of each code point: a table, made by the library itself.

Knows Unicode. Knows no pieces and no vectors. ``python -m embeddings.training.spelling`` writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

CODES, PAGE = 0x110000, 256
PATH = Path(__file__).with_name("spelling.npz")


class Kind(IntFlag):
    """What is known of a code point; ``wordpiece.c`` has the same numbers.

    The first five are of what rules leave, the others of what they are given.
    """

    LETTER = 1
    """A letter or a mark."""
    NUMBER = 2
    UNSPACED = 4
    """Of a script that puts no spaces between words."""
    ARABIC = 8
    SIGN = 16
    """Stands alone."""
    HARD = 32
    """May compose with what is before it."""
    NUKTA = 64
    """Does so with three letters only."""
    TAKES_NUKTA = 128
    APOSTROPHE = 256
    """Dropped between Cyrillic letters."""
    CYRILLIC_FIRST = 512
    CYRILLIC_LAST = 1024
    UNORDERED = 2048
    """A mark that is dropped, so that its order means nothing."""
    COMBINING = 4096


@dataclass(frozen=True, slots=True)
class Spelling:
    """The table.

    Attributes:
        rules: JSON of the tokenizer it is for, without pieces.
        pages: (0x1100,) which page is for each 256 code points.
        entries: (pages, 256) a ``Kind``, and from bit 16 on the number of the sequence that the
            code point becomes; 0 where it stays.
        classes: (pages, 256, 2) canonical combining classes of the first and the last of its
            compatibility decomposition.
        starts: (sequences + 1,) where each sequence begins in ``letters``.
        letters: code points of the sequences, one after the other.
    """

    rules: str
    pages: NDArray[np.uint16]
    entries: NDArray[np.uint32]
    classes: NDArray[np.uint8]
    starts: NDArray[np.uint32]
    letters: NDArray[np.uint32]

    def write(self, file: Path | IO[bytes]) -> None:
        """Write it, the same bytes each time."""
        rules = np.frombuffer(self.rules.encode(), dtype=np.uint8)
        np.savez_compressed(
            file,
            rules=rules,
            pages=self.pages,
            entries=self.entries,
            classes=self.classes,
            starts=self.starts,
            letters=self.letters,
        )

    def is_for(self, definition: dict[str, object]) -> bool:
        """Whether it says what a tokenizer without pieces does, ``definition`` being its JSON."""
        return bool(json.loads(self.rules) == definition)


@cache
def spelling() -> Spelling:
    """The table that was written."""
    with np.load(PATH) as saved:
        arrays = {name: np.ascontiguousarray(saved[name]) for name in saved.files}
    return Spelling(arrays.pop("rules").tobytes().decode(), **arrays)

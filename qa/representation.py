"""What a passage is scored by, as bytes and, for many passages at once, as columns.

Knows no storage: every engine keeps the bytes as they are, and reads them for each candidate of a
question. So they are made for reading many together: one header of numbers, then the parts one
after the other, each from a multiple of four bytes on, all little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.ragged import Ragged
from qa.types import PassageTerms, PreparedPassage

FORMAT = 2
_HEADER = (
    *("format", "start", "end", "words", "stems", "sounds"),
    *("dimension", "tokens", "context", "terms", "letters", "language", "document"),
)
"""All uint32: the format and the hubness, the passage's place, its lengths in the fields of BM25,
and how many items each part has: float16 of the vector; uint32 tokens, followed by uint16 starts
and ends of as many; uint32 context tokens; uint32 terms, followed by as many uint8 counts; uint8
letters of sounds; UTF-8 of the language and of the document's id."""
_FIELD = {name: number for number, name in enumerate(_HEADER)}
_PARTS = (
    *(("dimension", 2), ("tokens", 4), ("tokens", 4), ("context", 4), ("terms", 4), ("terms", 1)),
    *(("letters", 1), ("language", 1), ("document", 1)),
)
"""What says how many items each part has, and their bytes."""
_COUNTED = tuple((_FIELD[name], width) for name, width in _PARTS)
_WORD = 4
_PADDING = (b"", b"\0" * 3, b"\0" * 2, b"\0")
"""What a part that is so much longer than whole words lacks to the next."""
_PACKED_HEADER = struct.Struct(f"<{len(_HEADER)}I")
_PER_WORD = np.array([[_WORD // width] for _, width in _PARTS])
"""Items of each part to four bytes."""
_HALF = 16
"""Bits of the first number that say the format; above them is the hubness, from format 2 on."""
_NONE, _FINE = 1 << 15, (1 << 15) - 1
"""What stands there for a hubness of 0, and how many steps 1 has."""
_LONGEST = (1 << 16) - 1


@dataclass(frozen=True)
class Columns:
    """n passages, in columns, which lie in what was read of them.

    Attributes:
        ids: (n,) the engine's own numbers.
        starts: (n,) first code points.
        ends: (n,) one past the last.
        lengths: (n, 3) number of words, stems and pieces of sounds.
        hubness: (n,) how near each is to everything; 0 where it is not known.
        dimension: length of the vectors.
        coded: float16 vectors.
        tokens: token ids of each, in order.
        places: where each of its tokens stands in a passage; see ``spans``.
        context: distinct token ids of what is around each.
        terms: ids of words and stems of each.
        counts: uint8, how often each of these stands there.
        sounds: letters of the words of each as they sound.
        language_names: UTF-8 of each one's, or nothing.
        document_names: UTF-8 of each one's document's id.
    """

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lengths: NDArray[np.int64]
    hubness: NDArray[np.float64]
    dimension: int
    coded: Ragged
    tokens: Ragged
    places: Ragged
    context: Ragged
    terms: Ragged
    counts: Ragged
    sounds: Ragged
    language_names: Ragged
    document_names: Ragged

    def taking(self, numbers: NDArray[np.int64]) -> Columns:
        """Those of some of the passages (k,)."""
        return Columns(
            self.ids[numbers],
            self.starts[numbers],
            self.ends[numbers],
            self.lengths[numbers],
            self.hubness[numbers],
            self.dimension,
            self.coded.taking(numbers),
            self.tokens.taking(numbers),
            self.places.taking(numbers),
            self.context.taking(numbers),
            self.terms.taking(numbers),
            self.counts.taking(numbers),
            self.sounds.taking(numbers),
            self.language_names.taking(numbers),
            self.document_names.taking(numbers),
        )

    def __len__(self) -> int:
        """How many passages."""
        return len(self.ids)

    @cached_property
    def languages(self) -> list[str | None]:
        """(n,) of the passages."""
        return [code or None for code in _strings(self.language_names)]

    def in_language(self, code: str | None) -> NDArray[np.bool_]:
        """(n,) whether each is in this one; None is that of those of which none is known."""
        name, names = (code or "").encode("utf-8", "surrogatepass"), self.language_names
        found: NDArray[np.bool_] = names.lengths == len(name)
        for place, byte in enumerate(name):
            found[found] = names.source[names.starts[found] + place] == byte
        return found

    def language(self, number: int) -> str | None:
        """That of one of them."""
        return _string(self.language_names[number].tobytes()) or None

    @cached_property
    def documents(self) -> list[str]:
        """(n,) ids."""
        return _strings(self.document_names)

    def document(self, number: int) -> str:
        """The id of the document of one of them."""
        return _string(self.document_names[number].tobytes())

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """(n, dimension) of the passages."""
        return kernels.half_rows(self.coded.source, self.coded.starts, self.dimension)

    def products(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) inner products of the passages' vectors with one (dimension,)."""
        if len(vector) != self.dimension:
            raise ValueError(f"expected {self.dimension} numbers, found {len(vector)}")
        return kernels.half_products(self.coded.source, self.coded.starts, vector)

    def spans(self, number: int) -> NDArray[np.int64]:
        """(n, 2) where the tokens of one of them stand, from its first code point on."""
        return self.places[number].view("<u2").reshape(-1, 2).astype(np.int64)


def to_bytes(document_id: str, one: PreparedPassage) -> bytes:
    """A passage's representation."""
    passage, terms = one.passage, one.terms
    language = (passage.language or "").encode("utf-8", "surrogatepass")
    document = document_id.encode("utf-8", "surrogatepass")
    if one.spans.max(initial=0) > _LONGEST or len(one.spans) != len(one.tokens):
        raise ValueError(f"expected {len(one.tokens)} spans within {_LONGEST} characters")
    first = FORMAT | _hub(one.hubness) << _HALF
    header = _PACKED_HEADER.pack(
        *(first, passage.start, passage.end, *terms.lengths.tolist()),
        *(len(one.vector), len(one.tokens), len(one.context_tokens), len(terms.ids)),
        *(len(terms.sound), len(language), len(document)),
    )
    parts = (
        header,
        one.vector.astype("<f2").tobytes(),
        one.tokens.astype("<u4", copy=False).tobytes(),
        one.spans.astype("<u2").tobytes(),
        one.context_tokens.astype("<u4", copy=False).tobytes(),
        terms.ids.astype("<u4", copy=False).tobytes(),
        terms.counts.tobytes(),
        terms.sound.tobytes(),
        language,
        document,
    )
    return b"".join([part + _PADDING[len(part) % _WORD] for part in parts])


def columns(
    ids: Sequence[int] | NDArray[np.int64], stored: Sequence[bytes], dimension: int
) -> Columns:
    """Columns of n passages from their representations.

    Args:
        ids: (n,) the engine's own numbers.
        stored: (n,) as ``to_bytes`` made them.
        dimension: length of the vectors.

    Raises:
        ValueError: one of them is damaged or of another format.
    """
    sizes = np.fromiter(map(len, stored), dtype=np.int64, count=len(stored))
    joined = np.frombuffer(b"".join(stored), dtype=np.uint8)
    return laid_out(np.asarray(ids, np.int64), joined, sizes, dimension)


def laid_out(
    ids: NDArray[np.int64], joined: NDArray[np.uint8], sizes: NDArray[np.int64], dimension: int
) -> Columns:
    """The same of representations that lie one after the other, as long as ``sizes`` (n,) say."""
    if (sizes % _WORD).any() or sizes.min(initial=_WORD * len(_HEADER)) < _WORD * len(_HEADER):
        raise ValueError("a representation is cut off")
    words = joined.view("<u4")
    try:
        header, starts = kernels.records(words, sizes // _WORD, len(_HEADER), _COUNTED)
    except ValueError as error:
        raise ValueError("a representation is damaged or of another format") from error
    first = header[_FIELD["format"]]
    written, hubs = first & ((1 << _HALF) - 1), first >> _HALF
    if not 0 < written.min(initial=FORMAT) <= written.max(initial=FORMAT) <= FORMAT:
        raise ValueError("a representation is damaged or of another format")
    if (header[_FIELD["dimension"]] != dimension).any():
        raise ValueError(f"a representation has no vector of length {dimension}")
    sources = {1: joined, 2: joined.view("<f2"), 4: words}
    starts *= _PER_WORD
    parts = (
        Ragged(sources[width], start, header[field])
        for start, (field, width) in zip(starts, _COUNTED, strict=True)
    )
    start, end = header[_FIELD["start"]], header[_FIELD["end"]]
    lengths = header[_FIELD["words"] : _FIELD["sounds"] + 1].T
    hubness = np.where(hubs > 0, (hubs - _NONE) / _FINE, 0.0)
    return Columns(ids, start, end, lengths, hubness, dimension, *parts)


def _hub(hubness: float) -> int:
    if not -1.0 <= hubness <= 1.0:
        raise ValueError(f"expected a hubness of -1 to 1, found {hubness}")
    return _NONE + round(hubness * _FINE)


def terms_of(of: Columns, number: int) -> PassageTerms:
    """The terms of one of the passages."""
    return PassageTerms(of.terms[number], of.counts[number], of.sounds[number], of.lengths[number])


def _strings(names: Ragged) -> list[str]:
    data, ends = names.values.tobytes(), np.cumsum(names.lengths).tolist()
    begins = [0, *ends]
    if data.isascii():  # as ids and codes are, as far as this program makes them
        text = data.decode("ascii")
        return [text[begin:end] for begin, end in zip(begins, ends, strict=False)]
    return [_string(data[begin:end]) for begin, end in zip(begins, ends, strict=False)]


def _string(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")

"""What a passage is scored by, as bytes and, for many passages at once, as columns.

Knows no storage: every engine keeps the bytes as they are, and reads them for each candidate of a
question. So they are made for reading many together: one header of numbers, then the parts one
after the other, each from a multiple of four bytes on, all little-endian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.ragged import Ragged
from qa.types import PassageTerms, PreparedPassage

FORMAT = 1
_HEADER = (
    *("format", "start", "end", "words", "stems", "sounds"),
    *("dimension", "tokens", "context", "terms", "letters", "language", "document"),
)
"""All uint32: the format, the passage's place, its lengths in the fields of BM25, and how many
items each part has: float16 of the vector; uint32 tokens, followed by uint16 starts and ends of as
many; uint32 context tokens; uint32 terms, followed by as many uint8 counts; uint8 letters of
sounds; UTF-8 of the language and of the document's id."""
_WORD = 4
_SPAN_BITS = 16
_LONGEST = (1 << _SPAN_BITS) - 1


@dataclass(frozen=True, slots=True)
class Columns:
    """n passages, in columns.

    Attributes:
        ids: (n,) int64, the engine's own numbers.
        documents: (n,) ids.
        languages: (n,) of the passages.
        starts: (n,) int64 first code points.
        ends: (n,) int64, one past the last.
        vectors: (n, dim) float32.
        tokens: token ids of each, in order.
        places: where each of ``tokens.values`` stands in its passage; see ``spans``.
        context: distinct token ids of what is around each.
        terms: ids of words and stems of each.
        counts: uint8, how often each of ``terms.values`` stands there.
        sounds: letters of the words of each as they sound.
        lengths: (n, 3) number of words, stems and pieces of sounds.
    """

    ids: NDArray[np.int64]
    documents: list[str]
    languages: list[str | None]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    vectors: NDArray[np.float32]
    tokens: Ragged
    places: NDArray[np.uint32]
    context: Ragged
    terms: Ragged
    counts: NDArray[np.uint8]
    sounds: Ragged
    lengths: NDArray[np.uint32]

    def __len__(self) -> int:
        """How many passages."""
        return len(self.ids)

    def spans(self, number: int) -> NDArray[np.int64]:
        """(n, 2) where the tokens of one of them stand, from its first code point on."""
        begin = int(self.tokens.starts[number])
        packed = self.places[begin : begin + int(self.tokens.lengths[number])]
        return np.stack([packed & _LONGEST, packed >> _SPAN_BITS], axis=1).astype(np.int64)


def to_bytes(document_id: str, one: PreparedPassage) -> bytes:
    """A passage's representation."""
    passage, terms = one.passage, one.terms
    language = (passage.language or "").encode("utf-8", "surrogatepass")
    document = document_id.encode("utf-8", "surrogatepass")
    if one.spans.max(initial=0) > _LONGEST or len(one.spans) != len(one.tokens):
        raise ValueError(f"expected {len(one.tokens)} spans within {_LONGEST} characters")
    header = np.array(
        [
            *(FORMAT, passage.start, passage.end, *terms.lengths.tolist()),
            *(len(one.vector), len(one.tokens), len(one.context_tokens), len(terms.ids)),
            *(len(terms.sound), len(language), len(document)),
        ],
        dtype="<u4",
    )
    parts = (
        header.tobytes(),
        one.vector.astype("<f2").tobytes(),
        one.tokens.astype("<u4").tobytes(),
        _packed(one.spans).tobytes(),
        one.context_tokens.astype("<u4").tobytes(),
        terms.ids.astype("<u4").tobytes(),
        terms.counts.tobytes(),
        terms.sound.tobytes(),
        language,
        document,
    )
    return b"".join(part.ljust(-(-len(part) // _WORD) * _WORD, b"\0") for part in parts)


def columns(ids: Sequence[int], stored: Sequence[bytes], dimension: int) -> Columns:
    """Columns of n passages from their representations.

    Args:
        ids: (n,) the engine's own numbers.
        stored: (n,) as ``to_bytes`` made them.
        dimension: length of the vectors.

    Raises:
        ValueError: one of them is damaged or of another format.
    """
    joined = np.frombuffer(b"".join(stored), dtype=np.uint8)
    sizes = np.fromiter(map(len, stored), dtype=np.int64, count=len(stored))
    if (sizes % _WORD).any() or (sizes < _WORD * len(_HEADER)).any():
        raise ValueError("a representation is cut off")
    words = joined.view("<u4")
    at = (np.cumsum(sizes) - sizes) // _WORD
    header = words[at[:, None] + np.arange(len(_HEADER))].astype(np.int64)
    known = dict(zip(_HEADER, header.T, strict=True))
    counts = [known[name] for name in _HEADER[6:]]
    widths = (2, 4, 4, 4, 1, 1, 1)
    used = [-(-width * n // _WORD) for width, n in zip(widths, counts, strict=True)]
    used.insert(4, -(-known["terms"] // _WORD))  # the counts of terms
    used.insert(2, known["tokens"])  # where they stand
    starts = at + len(_HEADER) + np.cumsum([np.zeros_like(at), *used], axis=0)
    if (known["format"] != FORMAT).any() or (starts[-1] != at + sizes // _WORD).any():
        raise ValueError("a representation is damaged or of another format")
    if (known["dimension"] != dimension).any():
        raise ValueError(f"a representation has no vector of length {dimension}")
    bytes_at = starts * _WORD
    return Columns(
        ids=np.array(ids, dtype=np.int64),
        documents=_strings(joined, bytes_at[8], known["document"]),
        languages=[code or None for code in _strings(joined, bytes_at[7], known["language"])],
        starts=known["start"],
        ends=known["end"],
        vectors=kernels.half_rows(joined.view("<f2"), 2 * starts[0], dimension),
        tokens=Ragged.gathered(words, starts[1], known["tokens"]),
        places=kernels.gather(words, starts[2], known["tokens"]),
        context=Ragged.gathered(words, starts[3], known["context"]),
        terms=Ragged.gathered(words, starts[4], known["terms"]),
        counts=kernels.gather(joined, bytes_at[5], known["terms"]),
        sounds=Ragged.gathered(joined, bytes_at[6], known["letters"]),
        lengths=header[:, 3:6].astype(np.uint32),
    )


def terms_of(of: Columns, number: int) -> PassageTerms:
    """The terms of one of the passages."""
    begin = int(of.terms.starts[number])
    return PassageTerms(
        of.terms[number],
        of.counts[begin : begin + int(of.terms.lengths[number])],
        of.sounds[number],
        of.lengths[number],
    )


def _packed(spans: NDArray[np.int64]) -> NDArray[np.uint32]:
    found: NDArray[np.uint32] = (spans[:, 0] | spans[:, 1] << _SPAN_BITS).astype("<u4")
    return found


def _strings(
    source: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> list[str]:
    data = kernels.gather(source, starts, lengths).tobytes()
    ends = np.cumsum(lengths).tolist()
    if data.isascii():  # as ids and codes are, as far as this program makes them
        text, begins = data.decode("ascii"), [0, *ends]
        return [text[begin:end] for begin, end in zip(begins, ends, strict=False)]
    return [
        data[end - length : end].decode("utf-8", "surrogatepass")
        for end, length in zip(ends, lengths.tolist(), strict=True)
    ]

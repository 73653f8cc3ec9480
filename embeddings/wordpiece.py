"""The bundled model's tokenizer, compiled: the library's tokens in a fraction of its time.

Greedy WordPiece (Schuster and Nakajima 2012) without marks for the insides of words, after the
rules of ``embeddings/training/vocabulary.py``. Knows texts and pieces, and no vectors. Texts in
which marks would change places or compose with letters are spelled by the library, and cut here.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from tokenizers import PreTokenizedString, Token, Tokenizer

from embeddings.kernels import address, function
from embeddings.spans import Placed, TokenIds, valid_unicode, visible
from embeddings.spelling import Spelling, spelling

CHUNK = 64  # texts cut in one call
SPARE = 16  # more tokens than code points that a text may have: signs that stand for words
WIDER, ROOM = 4, 64  # letters that a text may become: so many for a code point, and so many more
RUN = 60  # letters of a word
_BEGIN, _END = b'"vocab":{', b"}"

_index_pieces = function("index_pieces", "plllpppl", ctypes.c_int64)
_cut_word = function("cut_word", "pplpp", ctypes.c_int64)
_cut_texts = function("cut_texts", "pppplllpppppp")


def _pointers(*names: str) -> list[tuple[str, type[ctypes.c_void_p]]]:
    return [(name, ctypes.c_void_p) for name in names]


class _Spelling(ctypes.Structure):
    _fields_ = _pointers("pages", "entries", "classes", "starts", "letters")


class _Pieces(ctypes.Structure):
    _fields_ = [
        *_pointers("bytes", "starts", "lengths", "table"),
        *((name, ctypes.c_int64) for name in ("bits", "longest", "unknown")),
    ]


class WordPiece:
    """The pieces of a ``tokenizer.json``. Safe to share between threads."""

    def __init__(self, definition: bytes, begin: int, end: int, table: Spelling) -> None:
        """Index the pieces that ``definition[begin:end]`` lists, spelled by ``table``.

        Raises:
            ValueError: they are not written as ``vocabulary.save`` writes them.
        """
        self.vocabulary = definition.count(b'":', begin, end)
        bits = (2 * self.vocabulary).bit_length()
        written = np.frombuffer(definition, dtype=np.uint8)
        starts = np.zeros(self.vocabulary, dtype=np.uint32)
        lengths = np.zeros(self.vocabulary, dtype=np.uint8)
        places = np.zeros(1 << bits, dtype=np.uint64)
        read = _index_pieces(
            *(address(written), begin, end, self.vocabulary),
            *(address(starts), address(lengths), address(places), bits),
        )
        if read != self.vocabulary:
            raise ValueError("the pieces are written in another way")
        arrays = (written, starts, lengths, places)
        rows = (table.pages, table.entries, table.classes, table.starts, table.letters)
        self._held = (*arrays, *rows)  # what the addresses below are of
        self._spelling = _Spelling(*(address(array) for array in rows))
        longest = int(lengths.max(initial=1))
        self._pieces = _Pieces(*(address(array) for array in arrays), bits, longest, read)
        self._rules = table.rules
        self.unknown = self._number(json.loads(table.rules)["model"]["unk_token"])
        self._pieces.unknown = self.unknown

    @classmethod
    def of(cls, definition: bytes) -> WordPiece | None:
        """The tokenizer that a ``tokenizer.json`` defines, or None where it has other rules."""
        begin = definition.find(_BEGIN) + len(_BEGIN)
        end = definition.find(_END, begin)
        if begin < len(_BEGIN) or end < 0:
            return None
        try:
            without = json.loads(definition[:begin] + definition[end:])
            return cls(definition, begin, end, spelling()) if spelling().is_for(without) else None
        except ValueError:
            return None

    def ids(self, texts: Sequence[str]) -> list[TokenIds]:
        """Tokens of each text, in order."""
        return [cut.ids for cut in self._cut(texts, spans=False)]

    def placed(self, texts: Sequence[str]) -> list[Placed]:
        """Tokens of each text and where they stand."""
        return list(self._cut(texts, spans=True))

    def numbers(self) -> NDArray[np.bool_]:
        """(vocabulary,) whether each token begins with a decimal digit of any script."""
        letters = self._first_letters()
        decimal = np.zeros(int(letters.max(initial=0)) + 1, dtype=np.bool_)
        for letter in np.flatnonzero(np.bincount(letters)).tolist():
            decimal[letter] = chr(letter).isdecimal()
        found: NDArray[np.bool_] = decimal[letters]
        return found

    def _first_letters(self) -> NDArray[np.int64]:
        """(vocabulary,) code points, out of UTF-8."""
        written, starts = self._held[:2]
        lead, *rest = (written[starts + n].astype(np.int64) for n in range(4))
        more = (lead >= 0xC0).astype(np.int64) + (lead >= 0xE0) + (lead >= 0xF0)
        found = np.where(more > 0, lead & (0x3F >> more), lead)
        for number, byte in enumerate(rest):
            found = np.where(more > number, found << 6 | byte & 0x3F, found)
        return found

    def _cut(self, texts: Sequence[str], *, spans: bool) -> Iterator[Placed]:
        for first in range(0, len(texts), CHUNK):
            yield from self._cut_some(texts[first : first + CHUNK], spans)

    def _cut_some(self, texts: Sequence[str], spans: bool) -> Iterator[Placed]:
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        sizes = np.array([len(text) for text in texts], dtype=np.int64)
        most, room = len(codes) + SPARE * len(texts), WIDER * int(sizes.max()) + ROOM
        letters, kinds = np.empty(room, np.uint32), np.empty(room, np.uint8)
        origins = np.empty(room, np.int32)
        ids, counts = np.empty(most, np.uint32), np.empty(len(texts), np.int64)
        places = np.empty((most if spans else 0, 2), np.int64)
        _cut_texts(
            *(ctypes.addressof(self._spelling), ctypes.addressof(self._pieces)),
            *(address(codes), address(sizes), len(texts), SPARE, room),
            *(address(letters), address(kinds), address(origins)),
            *(address(ids), address(places) if spans else None, address(counts)),
        )
        at = 0
        for text, count in zip(texts, counts.tolist(), strict=True):
            if count < 0:
                yield self._cut_by_library(text)
                continue
            # Copies: a view would keep the room of all.
            yield Placed(ids[at : at + count].copy(), places[at : at + count].copy())
            at += count

    def _cut_by_library(self, text: str) -> Placed:
        spelled = PreTokenizedString(valid_unicode(text))
        spelled.normalize(self._library.normalizer.normalize)
        self._library.pre_tokenizer.pre_tokenize(spelled)
        spelled.tokenize(self._tokens)
        encoding = spelled.to_encoding()
        return Placed(np.array(encoding.ids, dtype=np.uint32), visible(text, encoding.offsets))

    @cached_property
    def _library(self) -> Tokenizer:
        rules = json.loads(self._rules)
        rules["model"]["vocab"] = {rules["model"]["unk_token"]: 0}
        return Tokenizer.from_str(json.dumps(rules))

    def _tokens(self, word: str) -> list[Token]:
        """The library counts their places in bytes."""
        ids, cuts = self._word(word)
        bounds = [len(word[:cut].encode()) for cut in [0, *cuts]]
        return [Token(number, "", (bounds[n], bounds[n + 1])) for n, number in enumerate(ids)]

    def _number(self, piece: str) -> int:
        ids, _ = self._word(piece)
        if len(ids) != 1 or ids[0] >= self.vocabulary:
            raise ValueError(f"{piece} is not among the pieces")
        return ids[0]

    def _word(self, word: str) -> tuple[list[int], list[int]]:
        letters = np.frombuffer(word.encode("utf-32-le"), dtype="<u4")
        ids, cuts = np.empty(RUN, np.uint32), np.empty(RUN, np.int32)
        count = _cut_word(
            *(ctypes.addressof(self._pieces), address(letters), len(letters)),
            *(address(ids), address(cuts)),
        )
        return ids[:count].tolist(), cuts[:count].tolist()

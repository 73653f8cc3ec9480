"""BM25 of candidate passages, from what each of them stores. Knows no index and no storage.

An index finds the passages that have a question's terms; how much each of them is worth is counted
here, from the passages' own terms, in the same way for every engine, for every candidate, whatever
found it (Robertson and Zaragoza 2009, with Lucene's idf, which is never negative):

    score(q, p) = sum over terms t of q of
                  idf(t) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * l / a)),
    idf(t) = log(1 + (N - df(t) + 1/2) / (df(t) + 1/2)),

where tf is how often t stands in p, l the passage's length and a the average, in the field of t.
A word of the question counts once, by the best of its forms and stems.

Terms are kept as numbers: words and stems as 32-bit hashes, pieces of sounds as four letters of six
bits each. A passage's sounds are kept as a string of such letters, the ends of each word marked, of
which the pieces are made when they are asked for: a fifth of the room that the pieces would take.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.ragged import Ragged
from qa import analysis, sounds
from qa.types import PassageTerms

K1, B = 1.2, 0.75

WORDS, STEMS, SOUNDS = range(3)
"""The fields: each has its own lengths."""

MOST = 255
"""A term that stands more often in one passage counts as so often: BM25 is flat long before."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"
_CODES = str.maketrans({letter: chr(code) for code, letter in enumerate(_LETTERS, start=1)})
_SPELT = bytes([0, *_LETTERS.encode("ascii"), *bytes(255 - len(_LETTERS))])
_MARK = len(_LETTERS)
_REMEMBERED = 400_000
"""Runs of characters, of all languages together: some 110 MB."""
_LOOKED_AFTER = 256
"""New ones of a language after which all are counted."""
_REMEMBERED_LENGTH = 40
"""Characters; longer runs, as of scripts without spaces, do not come again."""
_LETTER_BITS = 6

Ids = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """What BM25 looks for.

    Attributes:
        ids: (n,) distinct ids of words and stems, ascending.
        fields: (n,) WORDS or STEMS.
        words: for each word of the question, places in ``ids`` of what it can match by.
        pieces: (m,) distinct ids of pieces of sounds, ascending.
    """

    ids: Ids
    fields: NDArray[np.int64]
    words: tuple[tuple[int, ...], ...]
    pieces: Ids


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 needs to know of the whole collection.

    Attributes:
        passages: N.
        average: (3,) average length in each field.
        terms: (n,) number of passages with each of (n,) words and stems.
        pieces: (m,) number of passages with each of (m,) pieces of sounds.
    """

    passages: int
    average: NDArray[np.float64]
    terms: Callable[[Ids], NDArray[np.int64]]
    pieces: Callable[[Ids], NDArray[np.int64]]


def passage_terms(text: str, language: str | None) -> PassageTerms:
    """Analyse a passage."""
    known = _known.get(language)
    if known is None:
        known = _known[language] = _Known(language)
    held = b"".join([known[run] for run in analysis.runs(text)])
    return PassageTerms(*kernels.tally(held, _MARK, MOST))


def _held(run: str, language: str | None) -> bytes:
    """What a run of characters adds to a passage's terms, as ``kernels.tally`` reads it."""
    if analysis.is_word(run):  # as most are, and need not be looked for
        word = run[: analysis.LONGEST]
        latin = sounds.romanised(word)
        ids = [word_id(form) for form in analysis.forms(word, latin)]
        forms, stem = len(ids), analysis.stemmed(word, language)
        if stem is not None:
            ids.append(stem_id(stem))
        return _record(ids, forms, [_marked(sounds.spelt(latin))])
    words, stems, sounding = array("I"), array("I"), []
    for match in analysis.matches_in(run):
        if match.lastgroup == "unspaced":
            words.frombytes(_unspaced_ids(match.group()))
        else:
            found = list(analysis.words_in(match, single_characters=True))
            words.extend([word_id(form) for word in found for form in word.forms])
            stemmed = (analysis.stemmed(w.forms[0], language) for w in found if w.stemmable)
            stems.extend([stem_id(stem) for stem in stemmed if stem is not None])
        sounding.append(_marked(analysis.sound_of(match)))
    return _record(words + stems, len(words), sounding)


def _unspaced_ids(piece: str) -> bytes:
    """Ids of its characters and of pairs of neighbours."""
    if analysis.has_marks(piece):
        forms = analysis.unspaced_forms(piece, single_characters=True)
        return array("I", map(word_id, forms)).tobytes()
    return kernels.character_ids(piece.encode("utf-8", "surrogatepass"))


def _record(ids: Sequence[int], words: int, sounding: list[str]) -> bytes:
    """See ``kernels.tally``.

    Args:
        ids: of words, then of their stems.
        words: how many of them are words.
        sounding: the letters of each word, marked; nothing where it has no sound.
    """
    letters = "".join(sounding).translate(_CODES).encode("ascii")
    # Of four letters, the mark before a word among them: two fewer than it has letters and marks.
    pieces = len(letters) - 2 * (len(sounding) - sounding.count(""))
    header = (words, len(ids) - words, pieces, len(letters))
    return array("I", (*header, *ids)).tobytes() + letters + bytes(-len(letters) % 4)


class _Known(dict[str, bytes]):
    """What runs of characters of one language hold: most words come again and again."""

    def __init__(self, language: str | None) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, run: str) -> bytes:
        found = _held(run, self._language)
        if len(run) <= _REMEMBERED_LENGTH:
            if len(self) % _LOOKED_AFTER == 0:
                _make_room()
            self[run] = found
        return found


def _make_room() -> None:
    """Forget what came last in the language of which most is remembered, if that is too much.

    What is frequent came first.
    """
    every = list(_known.values())  # to which another thread may be adding a language
    if sum(map(len, every)) < _REMEMBERED:
        return
    most = max(every, key=len)
    for run in list(most)[len(most) // 2 :]:
        most.pop(run, None)  # which another thread may have done


_known: dict[str | None, _Known] = {}


def question_terms(
    text: str, languages: Iterable[str], asked_in: str | None = None
) -> QuestionTerms:
    """Analyse a question.

    Args:
        text: the question.
        languages: of the passages. Its words may meet stems of any of them; but where it is
            known to be in one of them, only of that: in a collection of many languages, the
            stems by all the others would be most of what is looked for.
        asked_in: language of the question, or None.
    """
    known = list(languages)
    spoken = [asked_in] if asked_in is not None and asked_in in known else known
    field: dict[int, int] = {}
    words: list[list[int]] = []
    for word in analysis.question_words(text):
        ids = [word_id(form) for form in word.forms]
        field.update((number, WORDS) for number in ids)
        if word.stemmable:
            found = (analysis.stemmed(word.forms[0], language) for language in spoken)
            stems = [stem_id(stem) for stem in found if stem is not None]
            field.update((number, STEMS) for number in stems)
            ids += stems
        words.append(ids)
    place = {number: at for at, number in enumerate(sorted(field))}
    return QuestionTerms(
        np.array(list(place), dtype=np.uint32),
        np.array([field[number] for number in place], dtype=np.int64),
        tuple(tuple(place[number] for number in ids) for ids in words),
        np.array(sorted(map(piece_id, analysis.question_sounds(text))), dtype=np.uint32),
    )


def word_id(word: str) -> int:
    """Id of a word or another form of it."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def stem_id(stem: str) -> int:
    """Id of a stem, which is never that of the same letters as a word."""
    return zlib.crc32(stem.encode("utf-8", "surrogatepass"), 1)


@lru_cache(maxsize=100_000)
def piece_id(piece: str) -> int:
    """Id of a piece of a sound: four letters, or three that are a whole word with its ends."""
    number = 0
    for letter in _padded(piece).translate(_CODES):
        number = number << _LETTER_BITS | ord(letter)
    return number


def piece_ids(letters: NDArray[np.uint8]) -> Ids:
    """(n - 3,) what would be the piece's id that begins at each of (n,) letters; n is 4 or more."""
    pairs = letters[:-1].astype(np.uint32) << _LETTER_BITS | letters[1:]
    return (pairs[:-2] << 2 * _LETTER_BITS | pairs[2:]).astype(np.uint32, copy=False)


def pieces_of(sound: NDArray[np.uint8]) -> list[str]:
    """The pieces of a passage's sounds, as an index stores them."""
    return pieces_text(sound).split()


def pieces_text(sound: NDArray[np.uint8]) -> str:
    """The same, parted by spaces."""
    return kernels.spell_pieces(sound, _MARK, _SPELT)


@lru_cache(maxsize=100_000)
def piece_text(number: int) -> str:
    """A piece as an index stores it."""
    codes = (number >> _LETTER_BITS * place & 63 for place in (3, 2, 1, 0))
    return "".join(_LETTERS[code - 1] for code in codes)


def inverse_frequency(passages: int, frequency: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) idf of terms that so many passages have."""
    lacking = np.maximum(passages - frequency, 0)
    found: NDArray[np.float64] = np.log1p((lacking + 0.5) / (frequency + 0.5))
    return found


def term_scores(
    asked: QuestionTerms, terms: Ragged, counts: Ragged, lengths: NDArray[Any], of: Statistics
) -> NDArray[np.float64]:
    """(n,) BM25 over words and stems.

    Args:
        asked: the question.
        terms: ids of words and stems of n passages.
        counts: how often each of these stands there.
        lengths: (n, 3) of the passages in the three fields.
        of: statistics of the collection.
    """
    idf = inverse_frequency(of.passages, of.terms(asked.ids))
    norms = _norms(lengths.T / np.maximum(of.average, 1e-9)[:, None])  # 0 where none has words
    return kernels.term_scores(terms, counts, asked.ids, idf, asked.fields, norms, K1, asked.words)


def sound_scores(
    asked: QuestionTerms, sounds: Ragged, lengths: NDArray[Any], of: Statistics
) -> NDArray[np.float64]:
    """(n,) BM25 over pieces of sounds; arguments as for ``term_scores``."""
    # Pieces that would cross from word to word have the mark of a word's end where no piece of a
    # question has it.
    idf = inverse_frequency(of.passages, of.pieces(asked.pieces))
    norms = _norms(lengths[:, SOUNDS] / max(of.average[SOUNDS], 1e-9))
    return kernels.piece_scores(sounds, asked.pieces, idf, norms, K1)


def saturated(
    count: NDArray[np.float64], length: NDArray[np.float64] | np.float64
) -> NDArray[np.float64]:
    """Term frequencies as BM25 counts them; lengths are in averages."""
    found: NDArray[np.float64] = count * (K1 + 1) / (count + _norms(length))
    return found


def _norms(length: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """What a passage's length adds below the line; lengths are in averages."""
    found: NDArray[np.float64] = K1 * (1 - B + B * np.asarray(length))
    return found


def _marked(sound: str) -> str:
    """A word's sound followed by a mark, or by two where it is one letter."""
    return sound and (f"{sound}_" if len(sound) > 1 else f"{sound}__")


def _padded(piece: str) -> str:
    return piece if len(piece) == 4 else f"{piece}_"

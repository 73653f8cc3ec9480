"""Text to terms for the lexical index, the same for passages and questions. Knows no index.

A text becomes *words*: case folded, in one Unicode form, combining marks kept. Each word has
*forms* that are the same in every language (the word itself; its transliteration to Latin
letters) and, by the passage's language, a *stem*. Stems carry their language, so that a German
stem never meets a French one. Apart from these, each word has a *sound* (``qa.sounds``), by the
pieces of which names and loanwords meet across languages and scripts.

* Scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and Korean, whose
  endings no stemmer here knows: pairs of neighbouring characters, and single characters.
* Numbers: groups of exactly three digits after one kind of separator are thousands, so
  ``20.000``, ``20,000``, ``20 000`` and ``20'000`` are ``20000``; any other single comma or point
  is a decimal one, so ``1,5`` is ``1.5`` (and ``0,125`` too, because no thousands begin with 0).
  More separators, as in ``24.02.2022``, ``2022-02-24`` or ``10.0.0.1``, part whole numbers.
  A space is the weakest sign ("am 24 300 Soldaten"): there the parts are kept as well.
* An apostrophe parts words (l'Ukraine, Putin's) except between Cyrillic letters (п'ять).

There are no stop lists: a word that every passage has weighs nothing in BM25.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

import regex
import Stemmer

from qa.sounds import pieces, romanised, sound

VERSION = "3"
"""Changes whenever a text could get different terms; passages are then prepared again."""

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german",
    "el": "greek", "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian",
    "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

LONGEST = 64
"""Characters kept of one term. Longer ones are encoded data, not words."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
_GROUPED = r"\d{1,3}(?:(?P<by>[.,'’٬ ])\d{3})(?:(?P=by)\d{3})*"
_LETTER = rf"[\p{{L}}--[{_UNSPACED}]]"
_LETTER_OR_DIGIT = rf"[\p{{L}}\p{{N}}\p{{M}}--[{_UNSPACED}]]"
# Words first: they are the most, and the pattern is tried at every one of them.
_PIECE = regex.compile(
    rf"(?P<word>{_LETTER}{_LETTER_OR_DIGIT}*+)"
    rf"|(?P<thousands>(?<![\p{{L}}\p{{M}}\p{{N}}][.,'’٬]?){_GROUPED}(?P<rest>[.,٫]\d+)?"
    rf"(?![.,'’٬]?\d))"
    rf"|(?P<decimal>(?<!\d[.,]?)\d+[.,٫]\d+(?![.,'’٬]?\d))"
    rf"|(?P<unspaced>(?:[{_UNSPACED}]\p{{M}}*+)++)"
    rf"|(?P<number>\p{{N}}{_LETTER_OR_DIGIT}*+)",
    regex.V1,
)
_UNSPACED_LETTER = regex.compile(f"[{_UNSPACED}]")
_SPACED_NUMBER = regex.compile(r"\d \d{3}")
_RUN = regex.compile(r"(?:\S|(?<=\d) (?=\d{3}))+")
_AROUND = ".,;:!?…\"'„“”‚‘’«»‹›()[]{}<>-–—/|*•·。、，！？：；（）「」『』《》"
"""What no piece begins or ends with, as far as it is common."""
_CLUSTER = regex.compile(r"\P{M}\p{M}*")
_MARK = regex.compile(r"\p{M}")
_INVISIBLE = regex.compile(r"\p{Cf}+")
_CYRILLIC_APOSTROPHE = regex.compile(r"(?<=\p{Cyrillic})['’ʼ](?=\p{Cyrillic})")

_local = threading.local()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes:
        forms: the word as it is found in the index, the plainest form first.
        stemmable: whether it is a word of letters that a stemmer can shorten.
    """

    forms: tuple[str, ...]
    stemmable: bool


@lru_cache(maxsize=256)  # asked for when a question is read, and again when it is searched for
def question_words(text: str) -> tuple[Word, ...]:
    """The distinct words of a question, in an order that does not depend on the question's."""
    found = {w for match in _matches(text) for w in words_in(match, single_characters=False)}
    return tuple(sorted(found, key=lambda word: word.forms))


@lru_cache(maxsize=256)
def question_sounds(text: str) -> tuple[str, ...]:
    """The distinct pieces of the sounds of a question's words, sorted."""
    sounding = (m.group()[:LONGEST] for m in _matches(text) if sound_of(m))
    return tuple(sorted({piece for word in sounding for piece in pieces(word)}))


@lru_cache(maxsize=16)  # asked for by both of the above
def _matches(text: str) -> tuple[regex.Match[str], ...]:
    return tuple(matches(text))


def stemmed(word: str, language: str | None) -> str | None:
    """The stem of a folded word, marked with its language; None where there is no stemmer."""
    stem = _stemmer(language)
    return None if stem is None else f"{language}:{stem(word)}"


def folded(text: str) -> str:
    """One form for all spellings of the same characters: NFKC, case folded, nothing invisible."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    # Turkish İ folds to i with a dot above; without this it would never meet i.
    text = unicodedata.normalize("NFKC", text.casefold()).replace("i̇", "i")
    return str(_CYRILLIC_APOSTROPHE.sub("", text))


def _stemmer(language: str | None) -> Callable[[str], str] | None:
    algorithm = _STEMMERS.get(language or "")
    if algorithm is None:
        return None
    # A Stemmer may not be used by two threads at once.
    stemmers: dict[str, Callable[[str], str]] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        # Its own cache takes longer than stemming does; whoever stems many words has a better one.
        stemmers[algorithm] = Stemmer.Stemmer(algorithm, 0).stemWord
    return stemmers[algorithm]


def matches(text: str) -> Iterator[regex.Match[str]]:
    """The pieces of a text: words and numbers, and runs of characters without spaces."""
    return matches_in(folded(text))


def matches_in(text: str) -> Iterator[regex.Match[str]]:
    """The pieces of what is folded already."""
    yield from _PIECE.finditer(text)


def runs(text: str) -> list[str]:
    """The folded text, cut at white space, without what is around words.

    ``matches_in`` these are together those of the text. No piece has white space in it but a number
    whose thousands it parts.
    """
    text = folded(text)
    whole = _RUN.findall(text) if _SPACED_NUMBER.search(text) else text.split()
    found = [run if run.isalnum() else run.strip(_AROUND) for run in whole]
    return [run for run in found if run]


def words_in(match: regex.Match[str], *, single_characters: bool) -> Iterator[Word]:
    """The words of one of ``matches``; of a passage's, characters without spaces also singly."""
    kind, piece = match.lastgroup, match.group()
    if kind == "word":
        yield word_of(piece)
    elif kind == "unspaced":
        for form in unspaced_forms(piece, single_characters=single_characters):
            yield Word((form,), False)
    elif kind == "decimal":
        yield Word((_digits(piece).replace(",", ".").replace("٫", "."),), False)
    elif kind == "number":
        yield Word((_digits(piece)[:LONGEST],), False)
    else:
        yield from _grouped(match, parts=single_characters)


def sound_of(match: regex.Match[str]) -> str:
    """What one of ``matches`` sounds like; numbers have no sound."""
    if match.lastgroup not in ("word", "unspaced"):
        return ""
    return sound(match.group()[:LONGEST])


@lru_cache(maxsize=50_000)
def word_of(piece: str) -> Word:
    """A piece that is a word of letters."""
    word = piece[:LONGEST]
    return Word(forms(word, romanised(word)), True)


def forms(word: str, latin: str) -> tuple[str, ...]:
    """Those of a word of letters, at most ``LONGEST`` of them, given how it is romanised."""
    # In Latin letters without accents names have a form in common across scripts.
    latin = "" if word.isascii() else latin[:LONGEST]
    return (word, latin) if latin and latin != word else (word,)


def is_word(run: str) -> bool:
    """Whether a folded text is one word of letters, as is seen without looking for its pieces."""
    return run.isalpha() and (run.isascii() or not _UNSPACED_LETTER.search(run))


def _grouped(match: regex.Match[str], *, parts: bool) -> Iterator[Word]:
    whole, rest = match["thousands"], match["rest"] or ""
    groups = whole[: len(whole) - len(rest)].split(match["by"])
    if groups[0].startswith("0") and len(groups) == 2 and not rest:
        yield Word((f"{_digits(groups[0])}.{_digits(groups[1])}",), False)
        return
    fraction = f".{_digits(rest[1:])}" if rest else ""
    yield Word((_digits("".join(groups)) + fraction,), False)
    if parts and match["by"] == " ":
        for group in groups:
            yield Word((_digits(group),), False)


def _digits(piece: str) -> str:
    """Digits of any script as ASCII digits; everything else as it is."""
    if piece.isascii():
        return piece
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in piece)


def has_marks(piece: str) -> bool:
    """Whether it has combining marks, which belong to the characters before them."""
    return _MARK.search(piece) is not None


def unspaced_forms(piece: str, *, single_characters: bool) -> list[str]:
    """The words of characters without spaces: all pairs of neighbours; of one, itself."""
    characters: Sequence[str] = _CLUSTER.findall(piece) if has_marks(piece) else piece
    pairs = list(map(add, characters, characters[1:]))
    return [*characters, *pairs] if single_characters or not pairs else pairs

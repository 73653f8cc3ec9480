"""Folds a text for comparison and leads back to its characters. Knows no documents, no words.

Two texts fold alike when they differ only in

* the shape of quotation marks (an apostrophe after a digit is a sign of its own, but for
  ``1990's``);
* the shape of dashes and hyphens (a minus stays where it is: ``-5`` is never ``5``);
* white space: how much and of what kind, and whether there is any beside a mark (``5 %`` and
  ``5%``), or between Chinese or Japanese characters, but never between a sign and its number
  or between two words or digits;
* case (``İ`` is the capital of ``i`` too, ``SS`` that of ``ß``);
* Unicode form: composed or not, ligatures of letters, soft hyphens, characters of no width.

Superscripts, fractions and the grouping of digits are kept: ``m²`` is not ``m2``.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import regex
from numpy.typing import NDArray

IGNORED = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Soft hyphen, zero-width and directional characters, as a regex class."""
QUOTES = "\"'`´«»‘’‚‛“”„‟‹›「」『』〝〞〟＂＇"
DASHES = "\\-‐‑‒–—―−﹘﹣－"
_LIGATURES = ((0x132, 0x133), (0xFB00, 0xFB17), (0xFB50, 0xFDFB), (0xFE70, 0xFEFC))
_IDEOGRAPH = r"[\p{Han}\p{Hiragana}\p{Katakana}ー--\p{nt=Numeric}]"
_BEFORE_NUMBER = rf"[{DASHES}+.,±]?\d"

_PIECE = regex.compile(
    rf"(?P<plain>[A-Za-z0-9]++(?!\p{{M}}))"
    rf"|(?P<ignored>[{IGNORED}])"
    rf"|(?P<space>\s(?:\s|[{IGNORED}])*+)"
    rf"|(?P<prime>(?<=\d)['’](?!\p{{L}}{{2}}|s\b))"
    rf"|(?P<quote>,,(?!\d)|''|``|[{QUOTES}])"
    rf"|(?P<dash>[{DASHES}](?:[{DASHES}]+(?!\d))?)"
    rf"|(?P<cluster>[\u1100-\u11ff]++|\P{{M}}\p{{M}}*+|\p{{M}}++)",
    regex.V1,
)
_TIGHT = regex.compile(
    rf"(?<=[\p{{Sc}}§#№]) (?=\d)|(?<=\d [:/]) (?=\d)|(?<={_IDEOGRAPH}) (?={_IDEOGRAPH})"
    rf"|(?<=[^\w\s]) (?!{_BEFORE_NUMBER})|(?<=[\"(\[]) | (?=[^\w\s])(?!{_BEFORE_NUMBER})",
    regex.V1,
)
"""A space beside a mark, but for one before a number that is not in quotation marks; it does go
between a sign of currency or section and its number, in ``3 : 1``, and where no spaces are written.
"""
_WORD = regex.compile(r"[\p{L}\p{M}]+")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, and for each of its characters where it starts and ends in the original."""

    text: str
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of a non-empty span of the folded text."""
        return int(self.starts[start]), int(self.ends[end - 1])


def folded(text: str) -> Folded:
    """Fold a text, with the way back."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _PIECE.finditer(text):
        start, end = match.span()
        if match.lastgroup == "plain":
            pieces.append(match.group().lower())
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        piece = _folded_piece(match.lastgroup or "", match.group())
        pieces.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))
    return _tightened("".join(pieces), starts, ends)


def fold(text: str) -> str:
    """Only the folded text."""
    return folded(text).text


def bare(folded_text: str) -> tuple[int, int]:
    """The span of a folded text without quotation marks and white space at its ends."""
    start = len(folded_text) - len(folded_text.lstrip(' "'))
    return start, max(start, len(folded_text.rstrip(' "')))


def same_letters(left: str, right: str) -> bool:
    """Whether texts that fold alike spell alike: ``Maße`` is ``MASSE``, but never ``Masse``."""
    if ("ß" in left or "ẞ" in left) == ("ß" in right or "ẞ" in right) and "ß" not in left:
        return True
    pairs = zip(_spelt(left), _spelt(right), strict=False)
    return all(a.lower() == b.lower() or a.isupper() or b.isupper() for a, b in pairs)


def _spelt(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", regex.sub(f"[{IGNORED}]", "", text))
    return [str(word) for word in _WORD.findall(text.replace("ẞ", "ß"))]


@lru_cache(maxsize=50_000)
def _folded_piece(kind: str, piece: str) -> str:
    if kind == "ignored":
        return ""
    if kind == "space":
        return " "
    if kind in ("quote", "dash", "prime"):
        return {"quote": '"', "dash": "-", "prime": "'"}[kind]
    letters = "".join(_unligated(c) for c in unicodedata.normalize("NFC", piece))
    cased = unicodedata.normalize("NFD", letters).casefold()
    return unicodedata.normalize("NFC", cased).replace("i\u0307", "i")


def _unligated(character: str) -> str:
    if not any(first <= ord(character) <= last for first, last in _LIGATURES):
        return character
    parts = unicodedata.normalize("NFKC", character)
    return parts if all(unicodedata.category(c)[0] in "LM" for c in parts) else character


def _tightened(text: str, starts: list[int], ends: list[int]) -> Folded:
    """Without the spaces that do not matter."""
    # Ignored characters may have parted white space in two.
    gone = [m.start() for m in _TIGHT.finditer(text)]
    kept = np.ones(len(text), dtype=bool)
    kept[gone] = False
    if gone:
        text = "".join(_left(text, gone))
    return Folded(
        text, np.array(starts, dtype=np.int32)[kept], np.array(ends, dtype=np.int32)[kept]
    )


def _left(text: str, gone: list[int]) -> list[str]:
    bounds = [-1, *gone, len(text)]
    return [text[a + 1 : b] for a, b in pairwise(bounds)]

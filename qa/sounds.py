"""Words as they roughly sound, cut into pieces, so that names and loanwords meet across languages.

Knows no index and no meaning. Лукашенко, Lukaschenko, Łukaszenka, Loukachenko and Лукашэнка become
nearly one string of Latin letters, and share most of its pieces of four letters; so do
*mobilisation*, *Mobilisierung* and *мобилизация*. BM25 over such pieces finds a passage in another
language about twice as often as BM25 over words (``embeddings/training/LOG.md``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

PIECE = 4
_RULES = (
    ("tsch", "ch"),
    ("shch", "sh"),
    ("sch", "sh"),
    ("tch", "ch"),
    ("sz", "sh"),
    ("cz", "ch"),
    ("ph", "f"),
    ("th", "t"),
    ("kh", "h"),
    ("ck", "k"),
    ("qu", "kv"),
    ("x", "ks"),
    ("ou", "u"),
    ("w", "v"),
    ("y", "i"),
    ("j", "i"),
    ("c", "k"),
    ("z", "s"),
)
"""Spellings of one sound in different orthographies; the order matters."""
_DOUBLED = re.compile(r"([a-z])\1+")
_LETTERS = re.compile(r"[a-z0-9]+")


class _Ascii(dict[int, str]):
    """Single characters as anyascii spells them, which looks at no others."""

    def __missing__(self, code: int) -> str:
        found = self[code] = anyascii(chr(code))
        return found


_ASCII = _Ascii()


def romanised(word: str) -> str:
    """A word of any script in small Latin letters without accents, and in digits."""
    latin = (word if word.isascii() else word.translate(_ASCII)).lower()
    return latin if latin.isalnum() else "".join(_LETTERS.findall(latin))


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """A case-folded word of any script in Latin letters, spelt by one set of rules."""
    return spelt(romanised(word))


def spelt(latin: str) -> str:
    """The same of a word that is in Latin letters already."""
    if latin.isdigit():
        return latin
    for spelling, common in _RULES:
        latin = latin.replace(spelling, common)
    return _DOUBLED.sub(r"\1", latin)


@lru_cache(maxsize=100_000)
def pieces(word: str) -> tuple[str, ...]:
    """The overlapping pieces of a word's sound, its ends marked; a short word is one piece."""
    marked = f"_{sound(word)}_"
    if len(marked) <= PIECE:
        return (marked,) if len(marked) > 2 else ()
    return tuple(marked[i : i + PIECE] for i in range(len(marked) - PIECE + 1))

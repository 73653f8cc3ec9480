"""Parts a text into words, numbers and marks for comparing. Knows no documents, no meaning.

Finer than the lexical index and of one kind for all languages: a number with its sign, separators
and superscripts is one token, and so is an ellipsis; scripts without spaces give one token for each
character; each mark is a token. ``key`` is what two tokens that say the same have in common
(``qa.folding``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex

from qa.folding import IGNORED, fold
from qa.units import is_cased_unit

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
_LETTER = rf"[\p{{L}}--[{_UNSPACED}]]"
_MORE = rf"[\p{{L}}\p{{M}}\p{{N}}{IGNORED}_--[{_UNSPACED}]]"
_TOKEN = regex.compile(
    rf"(?P<number>(?:(?<![\p{{L}}\p{{M}}\p{{N}}])[-−+])?"
    r"(?:\p{Nd}{1,3}+(?:[ \u00a0\u202f\u2009]\p{Nd}{3})+(?!\p{N})|\p{N}+(?:[.,'’٫٬]\p{N}+)*+))"
    rf"|(?P<word>{_LETTER}{_MORE}*+(?:['’]{_LETTER}{_MORE}*+)*)"
    r"|(?P<ellipsis>\[\s*(?:…|\.{3,})\s*\]|\(\s*(?:…|\.{3,})\s*\)|…|\.{3,})"
    rf"|(?P<other>[^\s{IGNORED}]\p{{M}}*+)",
    regex.V1,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or mark and where it is."""

    text: str
    start: int
    end: int
    key: str
    kind: str

    @property
    def spoken(self) -> bool:
        """Whether it is a word or a number rather than a mark."""
        return self.kind in ("word", "number") or self.text[0].isalnum()


def tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """All tokens of ``text[start:end]``, in order."""
    made: list[Token] = []
    number = False
    for m in _TOKEN.finditer(text, start, len(text) if end is None else end):
        word = m.group()
        key = _key_after_number(text, m.start(), word) if number else _key(word)
        made.append(Token(word, m.start(), m.end(), key, m.lastgroup or "other"))
        number = m.lastgroup == "number"
    return made


def _key_after_number(text: str, start: int, word: str) -> str:
    """There the case of a unit counts, and 6' are not 6"."""
    if is_cased_unit(word):
        return word
    if word in "'’" and fold(text[start - 1 : start + 3])[1:2] == "'":
        return "'"
    return _key(word)


@lru_cache(maxsize=100_000)
def _key(token: str) -> str:
    key = fold(token)
    # The capital of ß is SS, but Masse is not Maße.
    sharp = ("ß" in token or "ẞ" in token) and not token.isupper()
    return key.replace("ss", "ß") if sharp else key

"""Where a text may be cut without breaking a character as people see it. Knows no words.

The rules are those of Unicode's UAX #29 that matter when cutting: marks stay with their base,
emoji sequences and flags stay whole, CR stays with LF.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_VIRAMA = 9  # its canonical combining class


def is_boundary(text: str, index: int) -> bool:
    """Whether a cut before ``text[index]`` leaves every visible character whole."""
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if after.isascii() and before.isascii():
        return not (before == "\r" and after == "\n")
    if before.isspace():
        return True
    if unicodedata.combining(before) == _VIRAMA and after.isalpha():
        return False  # an Indic conjunct
    if before == _JOINER or _extends(after) or _is_low_surrogate(after):
        return False
    if _is_flag_letter(after) and _is_flag_letter(before):
        return _flag_letters_before(text, index) % 2 == 0
    return not _jamo_continues(before, after)


def boundary_before(text: str, index: int, low: int) -> int:
    """The last boundary in ``(low, index]``, or ``index`` itself when there is none."""
    for candidate in range(index, low, -1):
        if is_boundary(text, candidate):
            return candidate
    return index


def _extends(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character in (_JOINER, "\u200c", "\u0e33", "\u0eb3")
        or 0x1F3FB <= code <= 0x1F3FF  # skin tones
        or 0xE0020 <= code <= 0xE007F  # tags, as in the flag of Scotland
    )


def _is_low_surrogate(character: str) -> bool:
    return "\udc00" <= character <= "\udfff"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, index: int) -> int:
    first = index
    while first > 0 and _is_flag_letter(text[first - 1]):
        first -= 1
    return index - first


def _jamo_continues(before: str, after: str) -> bool:
    """Whether two Hangul letters belong to one syllable."""
    if "\u1160" <= after <= "\u11ff":
        return "\u1100" <= before <= "\u11ff" or "가" <= before <= "힣"
    return "\u1100" <= after <= "\u115f" and "\u1100" <= before <= "\u115f"

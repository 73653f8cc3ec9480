"""Which writing system a text is in. Knows letters, not words.

Some scripts are used by one language only and decide it; the others narrow the choice down.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import lru_cache

LATIN, CYRILLIC, ARABIC, HAN, KANA, DEVANAGARI = "latin cyrillic arabic han kana devanagari".split()

# First and last code point of the letters of each script. A two-letter name is a language that
# has the script practically to itself.
_RANGES: tuple[tuple[int, int, str], ...] = tuple(
    sorted(
        (
            (0x0041, 0x024F, LATIN),
            (0x1E00, 0x1EFF, LATIN),
            (0xFF21, 0xFF5A, LATIN),
            (0x0370, 0x03FF, "el"),
            (0x1F00, 0x1FFF, "el"),
            (0x0400, 0x052F, CYRILLIC),
            (0x0530, 0x058F, "hy"),
            (0x0590, 0x05FF, "he"),
            (0x0600, 0x077F, ARABIC),
            (0x08A0, 0x08FF, ARABIC),
            (0xFB50, 0xFDFF, ARABIC),
            (0xFE70, 0xFEFC, ARABIC),
            (0x0900, 0x097F, DEVANAGARI),
            (0x0980, 0x09FF, "bn"),
            (0x0A00, 0x0A7F, "pa"),
            (0x0A80, 0x0AFF, "gu"),
            (0x0B80, 0x0BFF, "ta"),
            (0x0C00, 0x0C7F, "te"),
            (0x0C80, 0x0CFF, "kn"),
            (0x0D00, 0x0D7F, "ml"),
            (0x0D80, 0x0DFF, "si"),
            (0x0E00, 0x0E7F, "th"),
            (0x0E80, 0x0EFF, "lo"),
            (0x1000, 0x109F, "my"),
            (0x10A0, 0x10FF, "ka"),
            (0x1100, 0x11FF, "ko"),
            (0x3130, 0x318F, "ko"),
            (0xAC00, 0xD7AF, "ko"),
            (0x1200, 0x137F, "am"),
            (0x1780, 0x17FF, "km"),
            (0x3041, 0x30FF, KANA),
            (0x31F0, 0x31FF, KANA),
            (0xFF66, 0xFF9D, KANA),
            (0x3400, 0x4DBF, HAN),
            (0x4E00, 0x9FFF, HAN),
            (0xF900, 0xFAFF, HAN),
            (0x20000, 0x3134F, HAN),
        )
    )
)
_STARTS = [first for first, _, _ in _RANGES]

_REMEMBERED = 50_000
# A Chinese or Japanese character carries about as much as half a word written with letters.
_WEIGHT = {HAN: 3, KANA: 2, "ko": 2}


@lru_cache(maxsize=8192)
def script_of(letter: str) -> str | None:
    """Script of one letter, or None for a letter of a script not told apart here."""
    code = ord(letter)
    first, last, script = _RANGES[bisect_right(_STARTS, code) - 1]
    return script if first <= code <= last else None


def weights(text: str) -> Counter[str]:
    """How much of a text is in each script, in letters; digits and signs count for none."""
    counts: Counter[str] = Counter()
    for letter, count in Counter(text).items():
        if script := _LETTERS[letter]:
            counts[script] += count * _WEIGHT.get(script, 1)
    return counts


class _Letters(dict[str, str | None]):
    """Scripts of characters that are letters."""

    def __missing__(self, character: str) -> str | None:
        found = script_of(character) if character.isalpha() else None
        if len(self) < _REMEMBERED:
            self[character] = found
        return found


_LETTERS = _Letters()


def alphabetic(text: str) -> bool:
    """Whether most of it is in letters that stand for single sounds, vowels included."""
    counts = weights(text)
    return not counts or max(counts, key=lambda s: counts[s]) in (LATIN, CYRILLIC, "el", "hy", "ka")

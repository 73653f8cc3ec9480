"""Unit symbols whose case says what they are: ``mW`` is not ``MW``. Knows no texts.

Only where both spellings are symbols of the SI or of data: ``Kg`` is none, and so ``kg``.
"""

from __future__ import annotations

import regex

from qa.folding import IGNORED

_PREFIXES = ("", *"pnµμmcdhkMGTP")
_BASES = "m g W Wh V A Ah Hz Pa J N B b bit t l F Ω K eV Bq Sv T H".split()
_MORE = "M k G C DM ha min h kn mmHg pm ft".split()
_SYMBOLS = frozenset({prefix + base for prefix in _PREFIXES for base in _BASES} | set(_MORE))
_RIVALS = frozenset(
    symbol
    for symbol in _SYMBOLS
    if any(other != symbol and other.lower() == symbol.lower() for other in _SYMBOLS)
)
_AFTER_NUMBER = regex.compile(r"(?<=\p{N}\s*)[\p{L}µ]{1,4}(?!\p{L})")
_GONE = regex.compile(f"[{IGNORED}]")


def is_cased_unit(word: str) -> bool:
    """Whether the word is a symbol that in another case is another symbol."""
    return word in _RIVALS


def same_units(left: str, right: str) -> bool:
    """Whether two texts that fold alike have the same units after their numbers."""
    pairs = zip(_units(left), _units(right), strict=False)
    return all(a == b or not (is_cased_unit(a) and is_cased_unit(b)) for a, b in pairs)


def _units(text: str) -> list[str]:
    # L is another symbol for the litre, not another unit.
    text = _GONE.sub("", text)
    return [str(unit).replace("L", "l") for unit in _AFTER_NUMBER.findall(text)]

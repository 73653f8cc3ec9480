"""Ways to edit a sentence, with what a verifier must say of the result. Knows no verifier.

Plain string edits, deterministic for a given random generator.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

_NEGATIONS = r"nicht|nie|niemals|kein|keine|keinen|not|never|не|no|non|nunca|mai"
_DENIES = (
    rf"\b(?:{_NEGATIONS}|kein\w*|niemand\w*|nichts|weder|ohne|nor|nothing|none|neither|without|cannot"
    r"|nessun\w*|niente|senza|né|nulla|sin|nada|nadie|ning\w+|tampoco|jamás|ni)\b|n't\b"
)
_NAMES = ("Lukaschenko", "Putin", "Belarus", "Russland", "Ukraine", "Minsk", "Moskau", "Kiew")
_UNITS = {"Prozent": "Promille", "Millionen": "Milliarden", "Kilometer": "Meilen", "km": "Meilen",
          "Jahre": "Monate", "Jahren": "Monaten", "Euro": "Dollar", "Tage": "Wochen",
          "años": "meses", "anni": "mesi", "metros": "pies", "millones": "miles"}  # fmt: skip

Edit = Callable[[str, random.Random], str | None]
"""The edited sentence, or None where the edit cannot be made."""


def _digit(text: str, rng: random.Random) -> str | None:
    places = [m.start() for m in re.finditer(r"[0-9]", text)]
    if not places:
        return None
    at = rng.choice(places)
    new = rng.choice([d for d in "123456789" if d != text[at]])
    return text[:at] + new + text[at + 1 :]


def _without_negation(text: str, _: random.Random) -> str | None:
    edited = re.sub(rf" (?:{_NEGATIONS})(?= )", "", text, count=1)
    return edited if edited != text else None


def _with_negation(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    words.insert(rng.randrange(2, len(words) - 1), "nicht" if rng.random() < 0.7 else "не")
    return " ".join(words)


def _name(text: str, rng: random.Random) -> str | None:
    names = [name for name in _NAMES if re.search(rf"\b{name}\b", text)]
    others = [m.group() for m in re.finditer(r"(?<=[a-zà-ÿ,] )[A-Z][a-zà-ÿ]{3,}\b", text)]
    if not names and not others:
        return None
    old = rng.choice(names or others)
    new = rng.choice([name for name in (*_NAMES, "Bernasconi") if name not in text])
    return re.sub(rf"\b{old}\b", new, text, count=1)


def _reordered(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    first, second = sorted(rng.sample(range(1, len(words) - 1), 2))
    if words[first].casefold() == words[second].casefold():
        return None
    words[first], words[second] = words[second], words[first]
    return " ".join(words)


def _shuffled_halves(text: str, _: random.Random) -> str | None:
    words = text[:-1].split(" ")
    half = len(words) // 2
    return " ".join(words[half:] + words[:half])


def _cased(text: str, rng: random.Random) -> str | None:
    return rng.choice([text.upper(), text.lower(), text.title()])


def _ligature(text: str, _: random.Random) -> str | None:
    edited = text.replace("fi", "ﬁ").replace("fl", "ﬂ").replace("ff", "ﬀ")
    return edited if edited != text else None


def _soft_hyphen(text: str, rng: random.Random) -> str | None:
    words = [m.start() + 3 for m in re.finditer(r"[^\W\d]{7,}", text)]
    at = rng.choice(words) if words else 0
    return text[:at] + rng.choice("\u00ad\u200b") + text[at:] if at else None


def _other_marks(text: str, rng: random.Random) -> str | None:
    if text.count('"') != 2:
        return None
    before, inside, after = text.split('"')
    opening, closing = rng.choice(["„“", "“”", "»«", "‘’", ("« ", " »")])
    return f"{before}{opening}{inside}{closing}{after}"


def _in_marks(text: str, rng: random.Random) -> str | None:
    opening, closing = rng.choice(["„“", "“”", '""', "»«", ("« ", " »"), (" ", "\n")])
    return f"{opening}{text}{closing}"


def _dashes(text: str, rng: random.Random) -> str | None:
    edited = re.sub(r" [-–—] ", rng.choice([" – ", " — ", " -- ", " ‒ "]), text)
    edited = re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", "‑", edited)
    return edited if edited != text else None


def _decomposed(text: str, _: random.Random) -> str | None:
    edited = unicodedata.normalize("NFD", text)
    return edited if edited != text else None


def _spaced(text: str, rng: random.Random) -> str | None:
    return text.replace(" ", rng.choice(["\u00a0", "  ", "\n", "\r\n", "\u202f"]))


def _noisy(text: str, rng: random.Random) -> str | None:
    letters = [n for n, c in enumerate(text) if c.isalpha()]
    characters = list(text)
    for n in rng.sample(letters, max(2, len(letters) // 25)):
        characters[n] = rng.choice([c for c in "rnlict" if c != characters[n].casefold()])
    return "".join(characters)


def _ellipsis(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    denies = re.search(_DENIES, " ".join(words[3:-4]), re.IGNORECASE)
    mark = rng.choice(["[…]", "[...]", "(…)", "…", "..."])
    return None if denies else " ".join([*words[:3], mark, *words[-4:]])


def _ellipsis_denying(text: str, _: random.Random) -> str | None:
    words = text.split(" ")
    head = " ".join(words[:3])
    # Where the head comes twice, a shorter gap may hold no negation.
    denies = text.count(head) == 1 and re.search(rf"\b(?:{_NEGATIONS})\b", " ".join(words[3:-4]))
    return " ".join([head, "[…]", *words[-4:]]) if denies else None


def _ellipsis_turned(text: str, _: random.Random) -> str | None:
    words = text.split(" ")
    return " ".join([*words[-4:], "[…]", *words[:4]])


def _word(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    at = rng.randrange(1, len(words) - 1)
    words[at] = rng.choice(["vermutlich", "grün", "Kartoffeln", "however", "якобы"])
    return " ".join(words)


def _unit(text: str, _: random.Random) -> str | None:
    for old, new in _UNITS.items():
        if re.search(rf"\b{old}\b", text):
            return re.sub(rf"\b{old}\b", new, text, count=1)
    return None


def _cut_number(text: str, _: random.Random) -> str | None:
    match = re.search(r"(?<=\d)\d[^.]{25,}", text)
    return match.group() if match else None


EDITS: tuple[tuple[str, str, Edit], ...] = (
    ("verbatim", "exact", lambda text, _: text),
    ("one digit changed", "altered", _digit),
    ("a number cut", "altered", _cut_number),
    ("negation dropped", "altered", _without_negation),
    ("negation added", "altered", _with_negation),
    ("name swapped", "altered", _name),
    ("two words swapped", "altered", _reordered),
    ("halves swapped", "altered", _shuffled_halves),
    ("one word replaced", "altered", _word),
    ("unit changed", "altered", _unit),
    ("noise as of OCR", "altered", _noisy),
    ("ellipsis in wrong order", "altered not_found", _ellipsis_turned),
    ("case changed", "normalised", _cased),
    ("ligatures", "normalised", _ligature),
    ("soft hyphen", "normalised", _soft_hyphen),
    ("other quotation marks", "normalised", _other_marks),
    ("in quotation marks", "normalised", _in_marks),
    ("dashes", "normalised", _dashes),
    ("decomposed", "normalised", _decomposed),
    ("white space", "normalised", _spaced),
    ("ellipsis", "normalised", _ellipsis),
    ("ellipsis over a negation", "altered", _ellipsis_denying),
)
"""Name of the class, verdicts that are right, and the edit."""

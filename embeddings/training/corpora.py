"""Reads the training corpora: parallel sentences and dictionary entries, cleaned.

Knows the layout of the data folder (``parallel/<language>.tsv.gz`` with source, English, text;
``dictionary/<language>.tsv.gz`` with English gloss, word). Knows nothing of tokens or vectors.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = (
    "de",
    "ru",
    "uk",
    "be",
    "pl",
    "cs",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "tr",
    "ar",
    "zh",
    "ja",
    "hi",
)
DICTIONARY = "dictionary"
MAX_CHARACTERS = 500
MAX_GLOSS_WORDS = 9
SHORT_TEXT = 95  # characters
SHORT_GLOSS_WORDS = 3

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>")
_MARKUP = re.compile(r"'{2,}|[\"“”„«»\\|*=_{}\[\]<>]")
_UNINFORMATIVE = re.compile(
    r"\b(surnames?|given names?|diminutive|initialism|clipping|misspelling|synonym of|plural of"
    r"|form of|inflection|participle|letter of the|obsolete spelling|tense of)\b",
    re.IGNORECASE,
)
_READING = re.compile(r"\s*/\s*")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Pair:
    """One English text and its translation, with the language and the source it comes from."""

    language: str
    source: str
    english: str
    text: str


def _plain(text: str) -> str:
    """Drops what stands in brackets, wiki markup and doubled spaces."""
    previous = None
    while previous != text:
        previous, text = text, _BRACKETS.sub(" ", text)
    text = _MARKUP.sub(" ", text.replace("(", " ").replace(")", " "))
    return _SPACES.sub(" ", text).strip(" ,;:./-–—…")


def clean_gloss(gloss: str) -> str:
    """An English gloss as a short phrase, or "" when it does not say what the word means."""
    if gloss.startswith("#") or _UNINFORMATIVE.search(gloss):
        return ""
    parts = [re.sub(r"^to (?=\w)", "", p.strip()) for p in re.split(r"[;,]", _plain(gloss))]
    kept: list[str] = []
    for part in parts:
        if part and sum(len(p.split()) for p in [*kept, part]) <= MAX_GLOSS_WORDS:
            kept.append(part)
    return ", ".join(dict.fromkeys(kept))


def clean_words(word: str, language: str) -> list[str]:
    """The spellings of a dictionary entry: Japanese ones carry their reading after a slash."""
    spellings = (
        [_plain(w) for w in _READING.split(word)]
        if language in {"ja", "zh", "ar", "hi"}
        else [_plain(word)]
    )
    if language in {"ja", "zh", "ar", "hi", "ru", "uk", "be"}:  # romanised entries teach nothing
        spellings = [s for s in spellings if re.search(r"[^\x00-\u02af]", s)]
    return [s for s in spellings if s and len(s) <= 60]


def _lines(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def read_parallel(data: Path, language: str) -> list[Pair]:
    """The parallel sentences of one language, in file order, without duplicates."""
    seen: dict[tuple[str, str], Pair] = {}
    for source, english, text in _lines(data / "parallel" / f"{language}.tsv.gz"):
        english, text = english.strip(), text.strip()
        if english and text and max(len(english), len(text)) <= 4 * MAX_CHARACTERS:
            pair = Pair(language, source, english[:MAX_CHARACTERS], text[:MAX_CHARACTERS])
            seen.setdefault((pair.english, pair.text), pair)
    return list(seen.values())


def read_dictionary(data: Path, language: str) -> list[Pair]:
    """The dictionary entries of one language as pairs (gloss, word), without duplicates."""
    seen: dict[tuple[str, str], Pair] = {}
    for row in _lines(data / DICTIONARY / f"{language}.tsv.gz"):
        gloss = clean_gloss(row[0])
        if not gloss or len(row) < 2:
            continue
        for word in clean_words(row[1], language):
            seen.setdefault((gloss, word), Pair(language, DICTIONARY, gloss, word))
    return list(seen.values())


def read_all(data: Path) -> list[Pair]:
    """Every pair of every language, parallel sentences first."""
    parallel = [pair for language in LANGUAGES for pair in read_parallel(data, language)]
    return parallel + [pair for language in LANGUAGES for pair in read_dictionary(data, language)]


def english_by_priority(pairs: list[Pair]) -> list[str]:
    """Unique English texts, the most useful first, so that a partial encoding is a usable one.

    Short texts of the long sources, then short glosses, the rest of the long sources, Tatoeba
    sentences that exist outside its two largest languages, and what remains. Within a tier: by
    length, so that batches need no padding.
    """
    tier: dict[str, int] = {}
    for pair in pairs:
        tier[pair.english] = min(_tier(pair), tier.get(pair.english, 9))
    return sorted(tier, key=lambda text: (tier[text], len(text), text))


def _tier(pair: Pair) -> int:
    if pair.source == DICTIONARY:
        return 1 if pair.english.count(" ") < SHORT_GLOSS_WORDS else 4
    if pair.source.startswith("tatoeba"):
        return 4 if pair.language in {"de", "fr"} else 3
    return 0 if len(pair.english) <= SHORT_TEXT else 2

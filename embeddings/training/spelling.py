"""Writes down what the tokenizer's rules make of each code point, for the compiled tokenizer.

    python -m embeddings.training.spelling

Asks the library ``tokenizers`` about every code point by itself. What a text becomes is then what
its code points become, one after the other, but where marks change places or compose with what is
before them: those are told apart here. To be run again when the rules in ``vocabulary.py`` change.
"""

import argparse
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, pre_tokenizers
from tqdm import tqdm

from embeddings.spelling import CODES, PAGE, PATH, Kind, Spelling
from embeddings.training import vocabulary

SURROGATES = range(0xD800, 0xE000)
STRIPPED = range(0x300, 0x370)  # marks that are dropped after a Latin letter
APOSTROPHES = set("'’ʼ`")
NUKTA = "\u093c"
CLASSES = {
    Kind.LETTER: f"[{vocabulary.LETTERS}]",
    Kind.NUMBER: r"\p{N}",
    Kind.UNSPACED: f"[{vocabulary.UNSPACED}]",
    Kind.ARABIC: r"\p{Arabic}",
    Kind.SIGN: f"[{vocabulary.SIGNS}]",
}
CYRILLIC = r"\p{Cyrillic}"


def rules() -> str:
    """The tokenizer without its pieces, as JSON: what the table is for."""
    return json.dumps(json.loads(vocabulary.tokenizer_of([]).to_str()), sort_keys=True)


def table() -> Spelling:
    """Every code point, asked."""
    codes = [code for code in range(CODES) if code not in SURROGATES]
    every = [chr(code) for code in codes]
    normal, ordered = vocabulary.normalizer(), vocabulary.composed()
    finals = [normal.normalize_str(letter) for letter in tqdm(every, unit="code point")]
    before = [ordered.normalize_str(letter) for letter in every]  # what is dropped still there
    kinds = np.zeros(CODES, dtype=np.uint32)
    kinds[codes] = _kinds(every, before, finals)
    classes = np.zeros((CODES, 2), dtype=np.uint8)
    classes[codes] = [
        (unicodedata.combining(made[0]), unicodedata.combining(made[-1]))
        for made in (unicodedata.normalize("NFKD", letter) for letter in every)
    ]
    sequences: dict[str, int] = {"\0": 0}  # number 0 says: stays as it is
    for code, letter, final in zip(codes, every, finals, strict=True):
        if final != letter:
            kinds[code] |= np.uint32(sequences.setdefault(final, len(sequences)) << 16)
    both = np.concatenate([kinds[:, None].view(np.uint8), classes], axis=1).reshape(-1, PAGE * 6)
    distinct, pages = np.unique(both, axis=0, return_inverse=True)
    distinct = distinct.reshape(-1, PAGE, 6)
    lengths = [len(sequence) for sequence in sequences]
    return Spelling(
        rules(),
        pages.astype(np.uint16),
        np.ascontiguousarray(distinct[:, :, :4]).view(np.uint32)[:, :, 0],
        np.ascontiguousarray(distinct[:, :, 4:]),
        np.cumsum([0, *lengths], dtype=np.uint32),
        np.array([ord(letter) for sequence in sequences for letter in sequence], dtype=np.uint32),
    )


def _kinds(every: list[str], before: list[str], finals: list[str]) -> NDArray[np.uint32]:
    kinds = np.zeros(len(every), dtype=np.uint32)
    for kind, pattern in CLASSES.items():
        kinds |= np.where(_matching(pattern, every), np.uint32(kind), np.uint32(0))
    cyrillic = {c for c, is_one in zip(every, _matching(CYRILLIC, every), strict=True) if is_one}
    seconds, takers = _compositions(every)
    tests: dict[Kind, Callable[[str, str, str], bool]] = {
        Kind.HARD: lambda c, made, _: _hard(c, made, seconds),
        Kind.NUKTA: lambda c, _, __: c == NUKTA,
        Kind.TAKES_NUKTA: lambda _, made, __: made[-1:] in takers,
        Kind.APOSTROPHE: lambda _, made, __: made in APOSTROPHES,
        Kind.CYRILLIC_FIRST: lambda _, made, __: made[:1] in cyrillic,
        Kind.CYRILLIC_LAST: lambda _, made, __: made[-1:] in cyrillic,
        Kind.UNORDERED: lambda c, _, final: not final and unicodedata.combining(c) > 0,
        Kind.COMBINING: lambda c, _, __: unicodedata.combining(c) > 0,
    }
    for kind, test in tests.items():
        holds = [test(c, made, final) for c, made, final in zip(every, before, finals, strict=True)]
        kinds |= np.where(holds, np.uint32(kind), np.uint32(0))
    return kinds


def _matching(pattern: str, letters: list[str]) -> NDArray[np.bool_]:
    split = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    return np.array([bool(split.pre_tokenize_str(letter)) for letter in letters])


def _compositions(every: list[str]) -> tuple[set[str], set[str]]:
    """What composes with a letter before it; and the letters that a nukta composes with."""
    pairs = {
        unicodedata.normalize("NFD", c)[-2:]
        for c in every
        if len(unicodedata.normalize("NFD", c)) > 1 and unicodedata.is_normalized("NFC", c)
    }
    return {pair[1] for pair in pairs}, {pair[0] for pair in pairs if pair[1] == NUKTA}


def _hard(letter: str, made: str, seconds: set[str]) -> bool:
    """Whether what it becomes depends on what is before it, or this Unicode does not know it."""
    first = unicodedata.normalize("NFKD", letter)[0]
    if first == NUKTA:
        return letter != NUKTA
    return (
        not made
        or first in seconds
        or ord(first) in STRIPPED
        or unicodedata.category(letter) == "Cn"
    )


def main() -> None:
    """Write the table where the tokenizer looks for it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=PATH)
    table().write(parser.parse_args().output)


if __name__ == "__main__":
    main()

"""Reads sentences of seventeen languages for made-up documents. Knows no documents.

Sentences of a language stay in the order of their source, so that neighbours are about the same
subject: NoMIRACL has ten Wikipedia passages on each question. The SQuAD paragraphs are left out on
purpose: a made-up document that holds the sentence that answers a question would be right and yet
count as wrong.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from qa.evaluation.compressed import lines, rows

LONGER_SOURCES = frozenset("osg mlqe gnome sec101 sdg geneval tico www bible".split())
"""Sources of the parallel texts that have whole sentences; Tatoeba's are of seven words."""

UNSPACED = frozenset(("zh", "ja"))
_END = re.compile(r"(?<=[.!?।؟])\s+|(?<=[。！？])")
_LENGTHS = (30, 250)
_UNSPACED_LENGTHS = (12, 120)

Pools = Mapping[str, list[str]]
"""Sentences by language (ISO 639-1)."""


def told_present(data: Path) -> bool:
    """``present``; where they are not, says so."""
    if present(data):
        return True
    sys.stdout.write(f"Skipped: the texts are not in {data}; name them by --data.\n")
    return False


def present(data: Path) -> bool:
    """Whether the data that everything here is made of lies in this folder."""
    needed = ("dev/squad", "dev/nomiracl", "dev/flores", "dev/mkqa", "corpora/parallel")
    return all((data / one).is_dir() for one in needed)


def read_pools(data: Path, languages: Iterable[str]) -> dict[str, list[str]]:
    """Sentences of each language, each once."""
    return {one: list(dict.fromkeys(_fitting(_texts(data, one), one))) for one in languages}


def _fitting(texts: Iterable[str], language: str) -> Iterator[str]:
    shortest, longest = _UNSPACED_LENGTHS if language in UNSPACED else _LENGTHS
    for text in texts:
        for sentence in _END.split(text):
            stripped = " ".join(sentence.split())
            if shortest <= len(stripped) <= longest:
                yield stripped


def _texts(data: Path, language: str) -> Iterator[str]:
    wikipedia = data / "dev" / "nomiracl" / f"{language}.jsonl.gz"
    if wikipedia.is_file():
        for row in rows(wikipedia):
            for passage in row["passages"]:
                # A passage is written "title: text".
                yield passage["text"].partition(": ")[2] or passage["text"]
    news = data / "dev" / "flores" / f"{language}.txt.gz"
    if news.is_file():
        yield from lines(news)
    # English is the other side of every pair; the German file is the largest.
    name, column = ("de", 1) if language == "en" else (language, 2)
    pairs = data / "corpora" / "parallel" / f"{name}.tsv.gz"
    if pairs.is_file():
        for line in lines(pairs):
            if line.partition("\t")[0] in LONGER_SOURCES:
                yield line.split("\t")[column]

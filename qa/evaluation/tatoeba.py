"""Reads the Tatoeba sentence pairs and matches their vectors. Knows encoders and no collection.

The task of Artetxe and Schwenk (2019): for each sentence, is its translation the nearest of all
sentences on the other side? Every language has about a thousand pairs with English.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.encoder import Encoder
from qa.errors import InvalidInput
from qa.evaluation.compressed import lines
from qa.evaluation.questions import Question
from qa.types import Document

_SUFFIX = ".tsv.gz"


def languages(folder: Path) -> list[str]:
    """Languages with pairs in this folder; none when it is absent."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in folder.glob(f"*{_SUFFIX}"))


def pairs(folder: Path, language: str) -> list[tuple[str, str]]:
    """Sentences in English and in the other language.

    Raises:
        InvalidInput: a line is not two sentences with a tab between.
    """
    path = folder / f"{language}{_SUFFIX}"
    found = []
    for number, line in enumerate(lines(path), start=1):
        english, tab, other = line.partition("\t")
        if not tab or "\t" in other:
            raise InvalidInput(
                f"{path.name}, line {number}: expected two sentences with a tab between, found "
                f"{line[:80]!r}."
            )
        found.append((english, other))
    return found


def documents(sentences: Sequence[str]) -> list[Document]:
    """Every sentence of one side as a document of its own."""
    return [Document(_id(number), text, "tatoeba") for number, text in enumerate(sentences)]


def questions(sentences: Sequence[str]) -> list[Question]:
    """Every sentence of one side, judged by its counterpart, the other's of the same number."""
    return [
        Question(str(number), text, documents={_id(number): 1.0})
        for number, text in enumerate(sentences)
    ]


def nearest_is_right(encoder: Encoder, asked: list[str], answers: list[str]) -> list[float]:
    """1.0 for each sentence whose counterpart, the answer of the same number, is the nearest.

    Nearest is the highest cosine of the vectors; the first of equals counts, so that an encoder
    for which all sentences are alike is not always right.
    """
    cosines = encoder.encode_queries(asked) @ encoder.encode_passages(answers).T
    right: list[float] = (cosines.argmax(axis=1) == np.arange(len(asked))).astype(float).tolist()
    return right


def _id(number: int) -> str:
    return f"s{number}"

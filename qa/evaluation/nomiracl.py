"""Reads the NoMIRACL questions: native, with ten Wikipedia passages each. Knows no search.

Annotators looked through the ten passages (Thakur et al. 2024): a question is answerable when at
least one of them answers it. Which one is not in this data, so only refusals can be measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qa.evaluation.compressed import rows
from qa.evaluation.questions import Question
from qa.types import Document, Filters

_SUFFIX = ".jsonl.gz"


@dataclass(frozen=True, slots=True)
class Pool:
    """A question with its ten passages, each a document of its own.

    Attributes:
        question: without places, even where there is an answer: nobody knows which passage it is.
        documents: the passages.
        answerable: whether annotators found the answer in one of them.
    """

    question: Question
    documents: tuple[Document, ...]
    answerable: bool

    @property
    def filters(self) -> Filters:
        """The question is asked over its own passages only."""
        return Filters(document_ids=tuple(document.id for document in self.documents))


def languages(folder: Path) -> list[str]:
    """Languages with questions in this folder; none when it is absent."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in folder.glob(f"*{_SUFFIX}"))


def pools(folder: Path, language: str) -> list[Pool]:
    """Every question of a language."""
    return [
        Pool(
            Question(row["id"], row["question"], language),
            tuple(_document(passage["text"], language) for passage in row["passages"]),
            bool(row["answerable"]),
        )
        for row in rows(folder / f"{language}{_SUFFIX}")
    ]


def documents(of: Iterable[Pool]) -> list[Document]:
    """Every passage once; many are in the pools of several questions."""
    return list({document.id: document for pool in of for document in pool.documents}.values())


def _document(text: str, language: str) -> Document:
    # By text and not by the passage's own id: two versions of some passages share that.
    key = hashlib.sha256(text.encode("utf-8")).hexdigest()[:20]
    return Document(f"nomiracl-{language}-{key}", text, "nomiracl", language=language)

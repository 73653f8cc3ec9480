"""Reads the FLORES sentences: the same 1,012 in every language. Knows no search.

FLORES+ devtest (NLLB Team 2022). Sentences of other languages are questions; the German sentence
that says the same is what they ask for.
"""

from __future__ import annotations

from pathlib import Path

from qa.errors import InvalidInput
from qa.evaluation.compressed import lines
from qa.evaluation.questions import Question
from qa.types import Document

ANSWERED_IN = "de"
_SUFFIX = ".txt.gz"


def present(folder: Path) -> bool:
    """Whether the German sentences and those of another language are in this folder."""
    return _file(folder, ANSWERED_IN).is_file() and bool(languages(folder))


def languages(folder: Path) -> list[str]:
    """Languages that can be asked in."""
    found = {path.name.removesuffix(_SUFFIX) for path in folder.glob(f"*{_SUFFIX}")}
    return sorted(found - {ANSWERED_IN})


def documents(folder: Path) -> list[Document]:
    """Every German sentence as a document of its own."""
    return [
        Document(_id(number), text, "flores", language=ANSWERED_IN)
        for number, text in enumerate(lines(_file(folder, ANSWERED_IN)))
    ]


def questions(folder: Path, language: str) -> list[Question]:
    """Every sentence of a language, judged by its German counterpart.

    Raises:
        InvalidInput: there are more or fewer sentences than in German.
    """
    found = [
        Question(f"{language}-{number}", text, language, documents={_id(number): 1.0})
        for number, text in enumerate(lines(_file(folder, language)))
    ]
    expected = sum(1 for _ in lines(_file(folder, ANSWERED_IN)))
    if len(found) != expected:
        raise InvalidInput(
            f"{_file(folder, language)} has {len(found)} sentences and the German file {expected}; "
            "both must be the same sentences in the same order."
        )
    return found


def _file(folder: Path, language: str) -> Path:
    return folder / f"{language}{_SUFFIX}"


def _id(number: int) -> str:
    return f"flores-{number}"

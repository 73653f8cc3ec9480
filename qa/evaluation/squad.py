"""Reads the SQuAD paragraphs and questions in Italian and Spanish. Knows no search.

Questions exist in Italian (SQuAD-it, test) and most also in Spanish (TranslateAlignRetrieve), as
do the paragraphs, so that retrieval can be measured within a language and across two.
"""

from __future__ import annotations

from pathlib import Path

from qa.evaluation.compressed import rows
from qa.evaluation.questions import Question
from qa.types import Document

LANGUAGES = ("it", "es")
DIRECTIONS = (("it", "it"), ("es", "it"), ("es", "es"), ("it", "es"))
"""Language of the question, language of the paragraphs."""


def present(folder: Path) -> bool:
    """Whether the data is in this folder."""
    return (folder / "questions.jsonl.gz").is_file()


def documents(folder: Path, language: str) -> list[Document]:
    """Every paragraph of a language as a document of its own."""
    return [
        Document(_id(language, row["id"]), row["text"], "squad", language=language)
        for row in rows(folder / f"passages.{language}.jsonl.gz")
    ]


def questions(folder: Path, asked_in: str, answered_in: str) -> list[Question]:
    """Questions in one language, judged by the paragraph of the other that answers them."""
    key = f"passage_{answered_in}"
    return [
        Question(
            id=row["id"],
            text=row[asked_in],
            language=asked_in,
            documents={_id(answered_in, row[key]): 1.0},
        )
        for row in rows(folder / "questions.jsonl.gz")
        if row.get(asked_in) and row.get(key) is not None
    ]


def answers(folder: Path, language: str) -> dict[str, str]:
    """What the paragraph of a language says that answers a question, by its id, where known."""
    found = rows(folder / "questions.jsonl.gz")
    return {row["id"]: row[f"answer_{language}"] for row in found if row.get(f"answer_{language}")}


def unanswerable(folder: Path) -> list[Question]:
    """Spanish questions that their paragraph does not answer, though it looks as if it did."""
    return [
        Question(row["id"], row["es"], "es", kind="near_miss")
        for row in rows(folder / "unanswerable.es.jsonl.gz")
    ]


def _id(language: str, number: int) -> str:
    return f"squad-{language}-{number}"

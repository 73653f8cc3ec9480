"""Reads the SQuAD paragraphs and questions in Italian and Spanish. Knows no search.

Questions exist in Italian (SQuAD-it, test) and most also in Spanish (TranslateAlignRetrieve), as
do the paragraphs, so that retrieval can be measured within a language and across two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from qa.evaluation.compressed import rows
from qa.evaluation.questions import GoldSpan, Question
from qa.types import Document

LANGUAGES = ("it", "es")
DIRECTIONS = (("it", "it"), ("es", "it"), ("es", "es"), ("it", "es"))
"""Language of the question, language of the paragraphs."""
ARTICLE = 12
"""Neighbouring paragraphs that make a long document."""
_BETWEEN = "\n\n"


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


def articles(folder: Path, language: str) -> list[Document]:
    """The paragraphs of a language as long documents, each on a subject or two."""
    return [
        replace(few[0], id=_article_id(few), text=_BETWEEN.join(one.text for one in few))
        for few in _neighbours(folder, language)
    ]


def article_questions(folder: Path, asked_in: str, answered_in: str) -> list[Question]:
    """Questions over ``articles``, judged by the very words that answer.

    Those of which the answer is known and stands in its paragraph once.
    """
    known, places = answers(folder, answered_in), dict[str, tuple[str, int, str]]()
    for few in _neighbours(folder, answered_in):
        start = 0
        for one in few:
            places[one.id] = _article_id(few), start, one.text
            start += len(one.text) + len(_BETWEEN)
    found = []
    for question in questions(folder, asked_in, answered_in):
        (paragraph,) = question.documents
        article, start, text = places[paragraph]
        answer = known.get(question.id, "")
        if answer and text.count(answer) == 1:
            start += text.index(answer)
            span = GoldSpan(article, start, start + len(answer), answer)
            found.append(replace(question, documents={}, spans=(span,)))
    return found


def _neighbours(folder: Path, language: str) -> Iterator[list[Document]]:
    paragraphs = documents(folder, language)
    for first in range(0, len(paragraphs), ARTICLE):
        yield paragraphs[first : first + ARTICLE]


def _article_id(paragraphs: list[Document]) -> str:
    return f"{paragraphs[0].id}-article"


def unanswerable(folder: Path) -> list[Question]:
    """Spanish questions that their paragraph does not answer, though it looks as if it did."""
    return [
        Question(row["id"], row["es"], "es", kind="near_miss")
        for row in rows(folder / "unanswerable.es.jsonl.gz")
    ]


def _id(language: str, number: int) -> str:
    return f"squad-{language}-{number}"

"""Reads test sets in the format of BEIR, so that any of them can be measured. Knows no search.

A folder holds ``corpus.jsonl`` and ``queries.jsonl`` (``_id``, ``text``, and ``title`` of a
document; ``language``, if known), and ``qrels.tsv`` or ``qrels/test.tsv`` (query-id,
corpus-id and score with tabs between, under that header).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qa.errors import InvalidInput
from qa.evaluation.dataset import field, json_lines, read_utf8
from qa.evaluation.questions import Question
from qa.files import document_id_for
from qa.types import Document


@dataclass(frozen=True, slots=True)
class BeirSet:
    """Documents, and questions with the grades of the documents relevant to them."""

    documents: tuple[Document, ...]
    questions: tuple[Question, ...]


def load_beir(folder: Path) -> BeirSet:
    """A folder in the format of BEIR; questions without a judgement are left out, as there.

    Raises:
        InvalidInput: a file is missing or a line cannot be read; the message names it.
    """
    documents = []
    for line, row in json_lines(folder / "corpus.jsonl"):
        where = f"corpus.jsonl, line {line}"
        documents.append(
            Document(
                document_id_for(field(row, "_id", where)),
                field(row, "text", where),
                source="corpus.jsonl",
                title=row.get("title") or None,
                language=row.get("language") or None,
            )
        )
    judged = _qrels(folder)
    questions = []
    for line, row in json_lines(folder / "queries.jsonl"):
        where = f"queries.jsonl, line {line}"
        key = field(row, "_id", where)
        if key in judged:
            text = field(row, "text", where)
            questions.append(Question(key, text, row.get("language"), documents=judged[key]))
    return BeirSet(tuple(documents), tuple(questions))


def _qrels(folder: Path) -> dict[str, dict[str, float]]:
    paths = [p for p in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if p.is_file()]
    if not paths:
        raise InvalidInput(f"{folder} has no qrels.tsv (or qrels/test.tsv).")
    judged: dict[str, dict[str, float]] = {}
    for line, text in enumerate(read_utf8(paths[0]).splitlines(), start=1):
        if not text or text.lower().startswith("query-id"):
            continue
        try:
            query, document, value = text.split("\t")
            grade = float(value)
        except ValueError:
            raise InvalidInput(
                f"{paths[0].name}, line {line}: expected query-id, corpus-id and score with tabs "
                f"between, found {text[:80]!r}."
            ) from None
        if grade > 0.0:
            judged.setdefault(query, {})[document_id_for(document)] = grade
    return judged

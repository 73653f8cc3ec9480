"""Reads questions with the places that answer them. Knows no search.

A spans file is JSONL (one object a line) or CSV (with a header):

* ``question``: the only field that every row needs;
* ``document`` and ``quote``: the document's id (or its file's name) and the words in it that
  answer, verbatim; a row without them is a question that the documents do not answer;
* ``occurrence``: which one (1, 2, …) when the quote is in the document more than once;
* ``id``, ``language``, ``kind``: optional; an id is made from the line number;
* ``alternatives`` (JSONL only): a list of further ``{document, quote}`` that answer as well. In
  CSV, and in JSONL too, rows with the same ``id`` are one question with several places.

``start`` and ``end`` may be given; then ``text[start:end]`` must be the quote.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qa.errors import InvalidInput, NotFound
from qa.evaluation.locate import locate
from qa.evaluation.questions import GoldSpan, Question
from qa.files import document_id_for

TextOf = Callable[[str], str]
"""The text of a document by id; NotFound when there is none."""

TEMPLATES = {kind: Path(__file__).with_name(f"template.{kind}") for kind in ("csv", "jsonl")}
"""Examples of spans files over the documents that ship with the program."""


def load_questions(path: Path, text_of: TextOf) -> list[Question]:
    """Questions of a spans file, every quote found in its document.

    Raises:
        InvalidInput: a row cannot be read, or its quote is not in the document or is there more
            than once; the message names the file, the line and the mend.
    """
    questions: dict[str, Question] = {}
    for line, row in _rows(path):
        where = f"{path.name}, line {line}"
        read = _question(row, where, str(line), text_of)
        known = questions.get(read.id)
        questions[read.id] = read if known is None else _joined(known, read, where)
    if not questions:
        raise InvalidInput(f"{path.name} holds no questions; see the template.")
    return list(questions.values())


def _question(row: Mapping[str, Any], where: str, fallback: str, text_of: TextOf) -> Question:
    places = [] if not (row.get("document") or row.get("quote")) else [row]
    places += row.get("alternatives") or []
    return Question(
        id=str(row.get("id") or fallback),
        text=field(row, "question", where).strip(),
        language=row.get("language") or None,
        kind=row.get("kind") or None,
        spans=tuple(_span(place, where, text_of) for place in places),
    )


def _span(place: Mapping[str, Any], where: str, text_of: TextOf) -> GoldSpan:
    name, quote = field(place, "document", where), field(place, "quote", where)
    document = document_id_for(name.strip())
    try:
        text = text_of(document)
    except NotFound:
        raise InvalidInput(f"{where}: there is no document {name!r} in the collection.") from None
    start = _number(place, "start", where)
    if start is not None:
        end = _number(place, "end", where)
        if text[start:end] != quote:
            raise InvalidInput(
                f"{where}: {document}[{start}:{end}] is {text[start:end][:80]!r}, not the quote "
                f"{quote[:80]!r}. Leave start and end out to have the quote found."
            )
        return GoldSpan(document, start, start + len(quote), quote)
    try:
        span = locate(text, quote, _number(place, "occurrence", where))
    except InvalidInput as error:
        raise InvalidInput(f"{where}, document {document}: {error}") from None
    return GoldSpan(document, span.start, span.end, text[span.start : span.end])


def _number(place: Mapping[str, Any], name: str, where: str) -> int | None:
    value = place.get(name)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"{where}: {name!r} is {value!r}, not a whole number.") from None


def _joined(known: Question, further: Question, where: str) -> Question:
    if known.text != further.text or not (known.spans and further.spans):
        raise InvalidInput(
            f"{where}: the id {known.id!r} is already that of another question. Rows of one id "
            "are places that answer the same question."
        )
    return replace(known, spans=known.spans + further.spans)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if path.suffix.lower() == ".jsonl":
        return json_lines(path)
    if path.suffix.lower() == ".csv":
        return _csv_lines(path)
    raise InvalidInput(f"{path.name}: questions are read from .jsonl or .csv files.")


def _csv_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    text = read_utf8(path)
    head = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is the decimal sign.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if "question" not in (reader.fieldnames or []):
        raise InvalidInput(f"{path.name}: the first line must name a column 'question'.")
    for row in reader:
        if any(row.values()):
            yield reader.line_num, dict(row)


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects of a JSONL file with their line numbers; empty lines are passed over."""
    # Not splitlines(): JSON may hold U+2028 and its like unescaped.
    for line, text in enumerate(read_utf8(path).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidInput(f"{path.name}, line {line}: not JSON ({error}).") from None
        if not isinstance(row, dict):
            raise InvalidInput(f"{path.name}, line {line}: expected an object.")
        yield line, row


def read_utf8(path: Path) -> str:
    """A file's text, a byte order mark left out; InvalidInput when missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput(f"{path} does not exist.") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8 ({error}); save it as UTF-8.") from None


def field(row: Mapping[str, Any], name: str, where: str) -> str:
    """A field as a string; InvalidInput when it is missing or empty."""
    value = row.get(name)
    if value is None or not str(value).strip():
        raise InvalidInput(f"{where}: the field {name!r} is missing or empty.")
    return str(value)

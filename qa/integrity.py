"""Proves the store's invariants by reading all of it. Knows the tables; repairs nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qa import bm25, records, representation
from qa.dates import bounds
from qa.derived import Moment
from qa.errors import InvalidDate
from qa.token_counts import counted
from qa.types import text_sha256


def check(moment: Moment) -> Iterator[str]:
    """One sentence for each broken invariant of the store and its indexes."""
    connection = moment.connection
    for (finding,) in connection.execute("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"SQLite finds: {finding}."
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"Row {row} of {table} refers to a row of {parent} that does not exist."
    yield from _counts(connection, moment.state)
    yield from _texts(connection)
    yield from _documents(connection)
    yield from _versions(connection)
    yield from _passages(connection, moment.state.dimension)
    yield from _indexes(moment)


def _counts(connection: sqlite3.Connection, state: records.State) -> Iterator[str]:
    for table, expected in (("documents", state.documents), ("passages", state.passages)):
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        if found != expected:
            yield f"The store counts {expected} {table}, but holds {found}."


def _texts(connection: sqlite3.Connection) -> Iterator[str]:
    for sha256, characters, data in connection.execute(
        "SELECT sha256, characters, text FROM texts"
    ):
        text = records.decode(data)
        if text_sha256(text) != sha256:
            yield f"The text stored under {sha256} has the hash {text_sha256(text)}."
        if len(text) != characters:
            yield f"The text {sha256} has {len(text)} characters, stored as {characters}."


def _documents(connection: sqlite3.Connection) -> Iterator[str]:
    found = connection.execute(
        "SELECT d.id, d.published, d.published_first, d.published_last, d.passages, "
        "(SELECT count(*) FROM passages p WHERE p.document_id = d.id), "
        "EXISTS (SELECT 1 FROM versions v WHERE v.document_id = d.id AND v.sha256 = d.sha256) "
        "FROM documents d"
    )
    for document_id, published, first, last, expected, passages, has_version in found:
        if expected != passages:
            yield f"Document {document_id} says {expected} passages, but has {passages}."
        if not has_version:
            yield f"The current text of document {document_id} is not among its versions."
        try:
            days = (None, None) if published is None else bounds(published)
        except InvalidDate as error:
            yield f"Document {document_id}: {error}."
        else:
            if days != (first, last):
                yield f"Document {document_id} of {published} is filed under {first}..{last}."


def _versions(connection: sqlite3.Connection) -> Iterator[str]:
    for document_id, sha256, ended, current, dropped in connection.execute(
        "SELECT v.document_id, v.sha256, v.ended, "
        "EXISTS (SELECT 1 FROM documents d WHERE d.id = v.document_id AND d.sha256 = v.sha256), "
        "EXISTS (SELECT 1 FROM dropped_versions t WHERE t.document_id = v.document_id "
        "AND t.sha256_prefix = substr(v.sha256, 1, 20)) FROM versions v"
    ):
        name = f"The text {sha256} of document {document_id}"
        if current and ended is not None:
            yield f"{name} is the current one, but is said to have ended on {ended}."
        if not current and ended is None:
            yield f"{name} is not the current one, but no time is stored at which it ended."
        if dropped:
            yield f"{name} is said to be dropped, but is here."
    for (sha256,) in connection.execute(
        "SELECT sha256 FROM texts t WHERE sha256 NOT IN (SELECT sha256 FROM versions)"
    ):
        yield f"The text {sha256} is a version of no document."


def _passages(connection: sqlite3.Connection, dimension: int) -> Iterator[str]:
    found = connection.execute(
        'SELECT p.id, d.id, d.sha256, p.start, p."end", p.language, p.text, p.context, r.data '
        "FROM passages p JOIN documents d ON d.id = p.document_id "
        "LEFT JOIN representations r ON r.passage_id = p.id ORDER BY d.sha256, d.id, p.start"
    )
    sha256, text = "", ""
    for passage_id, document_id, of, start, end, language, quote, context, data in found:
        if of != sha256:
            sha256, text = of, records.texts(connection, [of])[of]
        name = f"Passage {passage_id} ({document_id}, {start}..{end})"
        if not 0 <= start < end <= len(text):
            yield f"{name} lies outside its text of {len(text)} characters."
        elif records.decode(quote) != text[start:end]:
            yield f"{name} is stored as other words than its document has there."
        if not all(0 <= low < high <= len(text) for low, high in json.loads(context)):
            yield f"{name} has context outside its text."
        if data is None:
            yield f"{name} has no representation."
            continue
        expected = (document_id, language, start, end)
        for finding in _representation(expected, data, dimension, text[start:end]):
            yield f"{name} {finding}"


def _representation(
    expected: tuple[str, str | None, int, int], data: bytes, dimension: int, quote: str
) -> Iterator[str]:
    """What is wrong with what a passage is scored by."""
    try:
        read = representation.columns([0], [data], dimension)
    except (ValueError, UnicodeDecodeError) as error:
        yield f"cannot be scored: {error}."
        return
    found = (read.documents[0], read.languages[0], int(read.starts[0]), int(read.ends[0]))
    if found != expected:
        yield f"is represented as one of {found[0]} at {found[2]}..{found[3]} in {found[1]}."
    if not np.isfinite(read.vectors).all():
        yield "has a vector with numbers that are not finite."
    terms, anew = representation.terms_of(read, 0), bm25.passage_terms(quote, expected[1])
    same = (
        np.array_equal(getattr(terms, part), getattr(anew, part))
        for part in ("ids", "counts", "sound", "lengths")
    )
    if not all(same):
        yield "is found by other terms than its words have."


def _indexes(moment: Moment) -> Iterator[str]:
    rows = moment.connection.execute("SELECT id FROM passages ORDER BY id")
    stored = np.fromiter((row[0] for row in rows), dtype=np.int64)
    for name, ids in (
        ("vector", moment.vectors.ids),
        ("lexical", moment.lexical.passage_ids()),
    ):
        if missing := _some(np.setdiff1d(stored, ids)):
            yield f"The {name} index lacks passages {missing}."
        if extra := _some(np.setdiff1d(ids, stored)):
            yield f"The {name} index has passages that do not exist: {extra}."
        if len(ids) != len(np.unique(ids)):
            yield f"The {name} index has a passage twice."
    if wrong := _some(np.fromiter(moment.representations.wrong(moment.connection), np.int64)):
        yield f"The files of representations have others of passages {wrong}."
    yield from _token_counts(moment)


def _token_counts(moment: Moment) -> Iterator[str]:
    try:
        expected = counted(moment.connection, moment.state.dimension)
    except ValueError:
        return  # a representation is damaged, which is said of that passage
    found = moment.token_counts
    size = max(len(expected), len(found))
    if not np.array_equal(_padded(expected, size), _padded(found, size)):
        yield "The counts of tokens are not those of the passages."


def _padded(counts: NDArray[np.uint32], size: int) -> NDArray[np.uint32]:
    return np.pad(counts, (0, size - len(counts)))


def _some(ids: NDArray[np.int64]) -> str:
    """The first few, for a message."""
    return ", ".join(map(str, ids[:5])) + (", …" if len(ids) > 5 else "")

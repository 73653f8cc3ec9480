"""Changes to the documents in the store. Knows the tables; the caller holds the transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from qa import records, representation
from qa.acceptance import require_distinct, require_sound
from qa.dates import bounds
from qa.errors import NotFound, StoreError
from qa.types import Change, Document, PreparedDocument, PreparedPassage, Span

_ADD_PASSAGE = (
    'INSERT INTO passages (document_id, start, "end", language, text, context, sequence) '
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_CHUNK = 4096


def put(
    connection: sqlite3.Connection, documents: Sequence[PreparedDocument], dimension: int
) -> list[Change]:
    """Add or replace; raises before anything is committed."""
    require_distinct([prepared.document.id for prepared in documents])
    state = records.state(connection)
    _require_dimension(state, dimension)
    changes = [
        _put_one(connection, prepared, dimension, state.sequence + 1) for prepared in documents
    ]
    if any(change.status != "unchanged" for change in changes):
        _advance(connection, state.sequence + 1)
    return changes


def remove(connection: sqlite3.Connection, document_ids: Sequence[str], dimension: int) -> int:
    """Remove all of them; raises NotFound before anything is committed. The new sequence."""
    state = records.state(connection)
    _require_dimension(state, dimension)
    wanted = list(dict.fromkeys(document_ids))
    found = {document.id for document in records.stored(connection, wanted)}
    if missing := [document_id for document_id in wanted if document_id not in found]:
        raise NotFound(f"nothing was removed: there is no document {', '.join(missing)}")
    if not wanted:
        return state.sequence
    for document_id in wanted:
        _drop_passages(connection, document_id, state.sequence + 1, dimension)
        connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    _advance(connection, state.sequence + 1)
    return state.sequence + 1


def adopt_dimension(connection: sqlite3.Connection, dimension: int) -> None:
    """Make room for vectors of another length: all passages go, and all documents are outdated.

    Nothing that cannot be made again is lost; vectors of two lengths can not be compared.
    """
    state = records.state(connection)
    if state.dimension == dimension:
        return
    connection.execute("UPDATE state SET dimension = ?", (dimension,))
    if state.dimension == 0:
        return
    _forget(connection, "", (), state.sequence + 1, state.dimension)
    connection.execute("DELETE FROM passages")
    connection.execute("UPDATE documents SET pipeline = '', passages = 0")
    _advance(connection, state.sequence + 1)


def _put_one(
    connection: sqlite3.Connection, prepared: PreparedDocument, dimension: int, sequence: int
) -> Change:
    document, now = prepared.document, datetime.now(UTC).isoformat(timespec="milliseconds")
    description = records.description(document)
    before = records.described(connection, document.id)
    updated = now
    if before is not None:
        (old,) = records.stored(connection, [document.id])
        if before == description:
            if old.pipeline == prepared.pipeline:
                return Change(old.id, old.sha256, old.sequence, old.passages, "unchanged")
            updated = old.updated  # prepared in another way, it is still the same document
        _drop_passages(connection, document.id, sequence, dimension)
    _put_text(connection, document, description, sequence)
    first, last = (None, None) if document.published is None else bounds(document.published)
    derived = {
        "pipeline": prepared.pipeline,
        "published_first": first,
        "published_last": last,
        "passages": len(prepared.passages),
        "sequence": sequence,
        "updated": updated,
    }
    _upsert(
        connection,
        "documents",
        {"id": document.id},
        {**description, **derived},
        once={"added": now},
    )
    for one in prepared.passages:
        row = _passage_row(prepared, one, dimension, sequence)
        added = connection.execute(_ADD_PASSAGE, row)
        data = representation.to_bytes(document.id, one)
        connection.execute("INSERT INTO representations VALUES (?, ?)", (added.lastrowid, data))
    status = "created" if before is None else "updated"
    return Change(document.id, document.sha256, sequence, len(prepared.passages), status)


def _put_text(
    connection: sqlite3.Connection, document: Document, description: dict[str, Any], sequence: int
) -> None:
    connection.execute(
        "INSERT INTO texts VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (description["sha256"], len(document.text), records.encode(document.text)),
    )
    _upsert(
        connection,
        "versions",
        {"document_id": document.id, "sha256": description["sha256"]},
        {name: description[name] for name in ("source", "title", "language", "published", "pages")},
        once={"sequence": sequence},
    )


def _upsert(
    connection: sqlite3.Connection,
    table: str,
    key: dict[str, Any],
    values: dict[str, Any],
    once: dict[str, Any],
) -> None:
    """Insert a row, or update all of it but what is set only once."""
    row = {**key, **values, **once}
    connection.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in values),
        list(row.values()),
    )


def _passage_row(
    prepared: PreparedDocument, one: PreparedPassage, dimension: int, sequence: int
) -> tuple[object, ...]:
    document, passage = prepared.document, one.passage
    require_sound(document, one, dimension)
    return (
        document.id,
        passage.start,
        passage.end,
        passage.language,
        records.encode(document.text[passage.start : passage.end]),
        _context(passage.context),
        sequence,
    )


def _context(spans: Sequence[Span]) -> str:
    return json.dumps([[span.start, span.end] for span in spans]) if spans else "[]"


def _drop_passages(
    connection: sqlite3.Connection, document_id: str, sequence: int, dimension: int
) -> None:
    _forget(connection, "WHERE p.document_id = ?", (document_id,), sequence, dimension)
    connection.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))


def _forget(
    connection: sqlite3.Connection,
    which: str,
    values: Sequence[str],
    sequence: int,
    dimension: int,
) -> None:
    """Note what derived indexes have to forget of passages that are about to go."""
    rows = connection.execute(
        "SELECT p.id, p.sequence, r.data FROM passages p "
        f"JOIN representations r ON r.passage_id = p.id {which}",
        values,
    )
    while some := rows.fetchmany(_CHUNK):
        read = representation.columns([row[0] for row in some], [row[2] for row in some], dimension)
        connection.executemany(
            "INSERT INTO removed_passages VALUES (?, ?, ?, ?)",
            [
                (passage_id, read.tokens[n].astype("<u4").tobytes(), added, sequence)
                for n, (passage_id, added, _) in enumerate(some)
            ],
        )


def _advance(connection: sqlite3.Connection, sequence: int) -> None:
    connection.execute("UPDATE state SET sequence = ?", (sequence,))


def _require_dimension(state: records.State, dimension: int) -> None:
    if state.dimension != dimension:
        raise StoreError(
            f"expected a store of vectors of length {dimension}, found {state.dimension}: it is "
            "now used with another model; start this program again with that model"
        )

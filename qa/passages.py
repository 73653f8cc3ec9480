"""Passages as rows of the store: as candidates, and as what the indexes are made of.

Knows the tables and no index. Every function takes a connection that is in a transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa import representation
from qa.dates import bounds
from qa.engine import Shown, TextVersion
from qa.lexical_tail import Entry
from qa.records import CURRENT, decode, version_of
from qa.representation import Columns
from qa.types import Filters, StoredPassage

_CHUNK = 4096


def allowed(connection: sqlite3.Connection, filters: Filters) -> NDArray[np.int64]:
    """(n,) ids of the passages that pass the filters, ascending."""
    conditions, values = [], list[Any]()
    for column, wanted in (("p.language", filters.languages), ("d.id", filters.document_ids)):
        if wanted:
            conditions.append(f"{column} IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(wanted))
    if filters.published_from:
        conditions.append("d.published_last >= ?")
        values.append(bounds(filters.published_from)[0])
    if filters.published_to:
        conditions.append("d.published_first <= ?")
        values.append(bounds(filters.published_to)[1])
    # Looking up each passage's document takes ten times as long as all the rest.
    of_documents = any("d." in condition for condition in conditions)
    source = "documents d JOIN passages p ON p.document_id = d.id" if of_documents else "passages p"
    rows = connection.execute(
        f"SELECT p.id FROM {source} WHERE {' AND '.join(conditions or ['1'])}", values
    )
    return np.sort(np.fromiter((row[0] for row in rows), dtype=np.int64))


def stored(connection: sqlite3.Connection, passage_ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """(id, representation) of passages, ascending; ids that do not exist are left out."""
    return connection.execute(
        "SELECT passage_id, data FROM representations "
        "WHERE passage_id IN (SELECT value FROM json_each(?)) ORDER BY passage_id",
        (str(passage_ids),),  # which is JSON, too
    ).fetchall()


def stored_between(
    connection: sqlite3.Connection, first: int, end: int
) -> Iterator[tuple[int, bytes]]:
    """The same of those of ``first`` to below ``end``."""
    yield from connection.execute(
        "SELECT passage_id, data FROM representations "
        "WHERE passage_id >= ? AND passage_id < ? ORDER BY passage_id",
        (first, end),
    )


def end(connection: sqlite3.Connection) -> int:
    """One past the highest id of a passage; ids that are free below it are not used again."""
    (highest,) = connection.execute("SELECT max(id) FROM passages").fetchone()
    return 1 + (highest or 0)


def shown(connection: sqlite3.Connection, passage_ids: Sequence[int]) -> dict[int, Shown]:
    """Passages in words with their documents, by id; ids that do not exist are left out."""
    found = connection.execute(
        f'SELECT p.id, p.start, p."end", p.language, p.text, {CURRENT} FROM passages p '
        "JOIN documents d ON d.id = p.document_id WHERE p.id IN (SELECT value FROM json_each(?))",
        (str([int(passage_id) for passage_id in passage_ids]),),
    ).fetchall()
    return {row[0]: _shown(row[:5], version_of(row[5:])) for row in found}


def _shown(row: tuple[Any, ...], of: TextVersion) -> Shown:
    number, start, end, language, text = row
    passage = StoredPassage(number, of.document_id, of.sha256, start, end, language, decode(text))
    return Shown(passage, of)


def removed_since(connection: sqlite3.Connection, sequence: int) -> NDArray[np.int64]:
    """(n,) ids of passages removed after that sequence number."""
    found = connection.execute(
        "SELECT passage_id FROM removed_passages WHERE sequence > ?", (sequence,)
    )
    return np.fromiter((row[0] for row in found), dtype=np.int64)


def removed_between(
    connection: sqlite3.Connection, first: int, end: int, sequence: int
) -> NDArray[np.int64]:
    """(n,) the same of those of ``first`` to below ``end``."""
    found = connection.execute(
        "SELECT passage_id FROM removed_passages "
        "WHERE passage_id >= ? AND passage_id < ? AND sequence > ?",
        (first, end, sequence),
    )
    return np.fromiter((row[0] for row in found), dtype=np.int64)


def count_since(connection: sqlite3.Connection, sequence: int) -> int:
    """How many passages were added after that sequence number."""
    row = connection.execute(
        "SELECT count(*) FROM passages WHERE sequence > ?", (sequence,)
    ).fetchone()
    return int(row[0])


def since(connection: sqlite3.Connection, sequence: int, dimension: int) -> Iterator[Columns]:
    """What passages added after that sequence number are scored by, oldest first, in chunks."""
    # In the order of the index on it: in order of id, SQLite reads all passages to find a few.
    found = connection.execute(
        "SELECT p.id, r.data FROM passages p JOIN representations r ON r.passage_id = p.id "
        "WHERE p.sequence > ? ORDER BY p.sequence, p.id",
        (sequence,),
    )
    while rows := found.fetchmany(_CHUNK):
        yield representation.columns([row[0] for row in rows], [row[1] for row in rows], dimension)


def removed_tokens_since(
    connection: sqlite3.Connection, sequence: int
) -> Iterator[NDArray[np.uint32]]:
    """Tokens of each passage that was there at that sequence number and is removed now."""
    found = connection.execute(
        "SELECT tokens FROM removed_passages WHERE sequence > ? AND added <= ?",
        (sequence, sequence),
    )
    for (tokens,) in found:
        yield np.frombuffer(tokens, dtype="<u4").astype(np.uint32, copy=False)


def entries_since(connection: sqlite3.Connection, sequence: int, dimension: int) -> Iterator[Entry]:
    """What the lexical index needs of passages added after that sequence number, oldest first."""
    found = connection.execute(
        "SELECT p.id, p.document_id, p.language, d.published_first, d.published_last, p.sequence, "
        "r.data "
        "FROM passages p JOIN documents d ON d.id = p.document_id "
        "JOIN representations r ON r.passage_id = p.id "
        "WHERE p.sequence > ? ORDER BY p.sequence, p.id",
        (sequence,),
    )
    while rows := found.fetchmany(_CHUNK):
        chunk = representation.columns(
            [row[0] for row in rows], [row[6] for row in rows], dimension
        )
        for number, (passage_id, document_id, language, first, last, came, _) in enumerate(rows):
            terms = representation.terms_of(chunk, number)
            yield Entry(passage_id, document_id, language, terms, first, last, came)

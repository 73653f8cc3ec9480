"""Passages as rows of the store: as candidates, and as what the indexes are made of.

Knows the tables and no index. Every function takes a connection that is in a transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.dates import bounds
from qa.lexical_tail import Entry
from qa.records import decode
from qa.types import Candidate, Filters


def vectors(stored: list[bytes]) -> NDArray[np.float32]:
    """(n, dim) float32 rows from n stored vectors."""
    if not stored:
        return np.empty((0, 0), dtype=np.float32)
    rows = np.frombuffer(b"".join(stored), dtype="<f2").reshape(len(stored), -1)
    return rows.astype(np.float32)


def tokens(stored: bytes) -> NDArray[np.uint32]:
    """(n,) uint32, not to be written to, from what is stored."""
    return np.frombuffer(stored, dtype="<u4").astype(np.uint32, copy=False)


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
    rows = connection.execute(
        "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document_id WHERE "
        + " AND ".join(conditions or ["1"]),
        values,
    )
    return np.sort(np.fromiter((row[0] for row in rows), dtype=np.int64))


def candidates(
    connection: sqlite3.Connection,
    passage_ids: NDArray[np.int64],
    vector: NDArray[np.float32],
    lexical: Mapping[int, float],
    sound: Mapping[int, float],
) -> tuple[Candidate, ...]:
    """Passages by id, ascending, with their scores; ids that do not exist are left out.

    Args:
        connection: in a transaction.
        passage_ids: (n,) of the passages.
        vector: (dim,) of the question.
        lexical: BM25 over terms by id; 0 for those not in it.
        sound: BM25 over pieces of sounds by id; 0 for those not in it.
    """
    rows = connection.execute(
        'SELECT p.id, p.document_id, d.sha256, p.start, p."end", p.text, p.language, p.tokens, '
        "p.context_tokens, p.vector FROM passages p JOIN documents d ON d.id = p.document_id "
        "WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY p.id",
        (json.dumps(passage_ids.tolist()),),
    ).fetchall()
    if not rows:
        return ()
    # Summed row by row: a passage's score must not depend on which others are there.
    dense = np.einsum("ij,j->i", vectors([row[9] for row in rows]), vector).tolist()
    return tuple(
        Candidate(
            passage_id=row[0],
            document_id=row[1],
            sha256=row[2],
            start=row[3],
            end=row[4],
            text=decode(row[5]),
            language=row[6],
            tokens=tokens(row[7]),
            context_tokens=tokens(row[8]),
            dense=score,
            lexical=lexical.get(row[0], 0.0),
            sound=sound.get(row[0], 0.0),
        )
        for row, score in zip(rows, dense, strict=True)
    )


def removed_since(connection: sqlite3.Connection, sequence: int) -> NDArray[np.int64]:
    """(n,) ids of passages removed after that sequence number."""
    found = connection.execute(
        "SELECT passage_id FROM removed_passages WHERE sequence > ?", (sequence,)
    )
    return np.fromiter((row[0] for row in found), dtype=np.int64)


def count_since(connection: sqlite3.Connection, sequence: int) -> int:
    """How many passages were added after that sequence number."""
    row = connection.execute(
        "SELECT count(*) FROM passages WHERE sequence > ?", (sequence,)
    ).fetchone()
    return int(row[0])


def vectors_since(connection: sqlite3.Connection, sequence: int) -> Iterator[tuple[int, bytes]]:
    """Id and stored vector of passages added after that sequence number, oldest first."""
    # In the order of the index on it: in order of id, SQLite reads all passages to find a few.
    yield from connection.execute(
        "SELECT id, vector FROM passages WHERE sequence > ? ORDER BY sequence, id", (sequence,)
    )


def tokens_since(connection: sqlite3.Connection, sequence: int) -> Iterator[NDArray[np.uint32]]:
    """Tokens of each passage added after that sequence number, oldest first."""
    found = connection.execute(
        "SELECT tokens FROM passages WHERE sequence > ? ORDER BY sequence", (sequence,)
    )
    for (stored,) in found:
        yield tokens(stored)


def removed_tokens_since(
    connection: sqlite3.Connection, sequence: int
) -> Iterator[NDArray[np.uint32]]:
    """Tokens of each passage that was there at that sequence number and is removed now."""
    found = connection.execute(
        "SELECT tokens FROM removed_passages WHERE sequence > ? AND added <= ?",
        (sequence, sequence),
    )
    for (stored,) in found:
        yield tokens(stored)


def entries_since(connection: sqlite3.Connection, sequence: int) -> Iterator[Entry]:
    """What the lexical index needs of passages added after that sequence number, oldest first."""
    found = connection.execute(
        "SELECT p.id, p.document_id, p.language, p.text, d.published_first, d.published_last "
        "FROM passages p JOIN documents d ON d.id = p.document_id "
        "WHERE p.sequence > ? ORDER BY p.sequence, p.id",
        (sequence,),
    )
    for row in found:
        yield Entry(row[0], row[1], row[2], decode(row[3]), row[4], row[5])

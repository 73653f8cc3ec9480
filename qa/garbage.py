"""Drops texts that no document has any more. Knows the tables; the caller holds the transaction.

A text may be a version of several documents: while one of them has it, nothing of it goes. What
goes leaves a tombstone behind, so that a citation of it is answered with when it was dropped.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from qa.engine import OldText, Tombstone

PREFIX_DIGITS = 20
"""Hex digits of a SHA-256 that a tombstone keeps: as many as citations name."""


def moment(time: datetime) -> str:
    """A time as the tables hold it: UTC, which sorts as text."""
    return time.isoformat(timespec="milliseconds")


def old_texts(connection: sqlite3.Connection, ended_by: datetime) -> list[OldText]:
    """Texts that are current for no document, and for none since a time; the oldest first."""
    rows = connection.execute(
        "SELECT v.sha256, json_group_array(v.document_id), t.characters, max(v.ended) AS last "
        "FROM versions v JOIN texts t USING (sha256) "
        "WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.sha256 = v.sha256) "
        "GROUP BY v.sha256 HAVING last <= ? ORDER BY last, v.sha256",
        (moment(ended_by),),
    )
    return [
        OldText(sha256, tuple(sorted(json.loads(documents))), characters, ended)
        for sha256, documents, characters, ended in rows
    ]


def drop(connection: sqlite3.Connection, texts: Sequence[OldText], now: datetime) -> None:
    """Replace versions of these texts by tombstones."""
    for text in texts:
        connection.executemany(
            "INSERT INTO dropped_versions VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET dropped = excluded.dropped",
            [(text.sha256[:PREFIX_DIGITS], each, moment(now)) for each in text.document_ids],
        )
        connection.execute("DELETE FROM versions WHERE sha256 = ?", (text.sha256,))
        connection.execute("DELETE FROM texts WHERE sha256 = ?", (text.sha256,))


def tombstones(connection: sqlite3.Connection, prefix: str) -> list[Tombstone]:
    """What is left of dropped versions whose hash begins so."""
    rows = connection.execute(
        "SELECT document_id, dropped FROM dropped_versions WHERE sha256_prefix = ?",
        (prefix[:PREFIX_DIGITS],),
    )
    return [Tombstone(document_id, dropped) for document_id, dropped in rows]

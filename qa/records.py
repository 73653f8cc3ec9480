"""Documents and their versions as rows of the store. Knows the tables; begins no transactions.

Every function takes a connection that is in a transaction, so that what several of them read
belongs to one state of the store.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qa.engine import TextVersion
from qa.errors import InvalidInput, NotFound
from qa.types import Document, StoredDocument

DESCRIPTION = (
    "d.id, d.sha256, d.source, d.title, d.language, d.published, d.metadata, d.pages, "
    "t.characters, d.passages, d.sequence, d.added, d.updated, d.pipeline"
)
_DESCRIBED = ("sha256", "source", "title", "language", "published", "metadata", "pages")
_VERSION = (
    "v.document_id, v.sha256, v.source, v.title, v.language, v.published, v.pages, v.sequence"
)
CURRENT = "d.id, d.sha256, d.source, d.title, d.language, d.published, d.pages, d.sequence, 1"
"""Columns of ``version_of``, of the version that a document has now."""
_NO_METADATA, _NO_PAGES = "{}", "[]"
_STORED = f"SELECT {DESCRIPTION} FROM documents d JOIN texts t USING (sha256)"


@dataclass(frozen=True, slots=True)
class State:
    """What the store is and how far it has come; ``dimension`` is 0 before the first engine."""

    store: str
    sequence: int
    dimension: int
    documents: int
    passages: int


def encode(text: str) -> bytes:
    """UTF-8 that keeps lone surrogates and NULs, so that any text comes back as it was."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """The text that ``encode`` was given."""
    return data.decode("utf-8", "surrogatepass")


def state(connection: sqlite3.Connection) -> State:
    """Sequence and counts of this transaction's state."""
    row = connection.execute(
        "SELECT store, sequence, dimension, documents, passages FROM state"
    ).fetchone()
    return State(*row)


def stored(connection: sqlite3.Connection, document_ids: Sequence[str]) -> list[StoredDocument]:
    """Descriptions of those that exist."""
    rows = connection.execute(
        f"{_STORED} WHERE d.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(document_ids)),),
    )
    return [document_of(row) for row in rows]


def listed(connection: sqlite3.Connection, after: str, limit: int) -> list[StoredDocument]:
    """Descriptions in order of id, of documents after the given one."""
    rows = connection.execute(f"{_STORED} WHERE d.id > ? ORDER BY d.id LIMIT ?", (after, limit))
    return [document_of(row) for row in rows]


def whole(connection: sqlite3.Connection, document_id: str) -> Document:
    """A document as it was put; raises NotFound."""
    found = stored(connection, [document_id])
    if not found:
        raise NotFound(f"there is no document {document_id!r}")
    (it,) = found
    return Document(
        id=it.id,
        text=texts(connection, [it.sha256])[it.sha256],
        source=it.source,
        title=it.title,
        language=it.language,
        published=it.published,
        metadata=it.metadata,
        pages=it.pages,
    )


def texts(connection: sqlite3.Connection, sha256s: Iterable[str]) -> dict[str, str]:
    """The text versions of these hashes; raises NotFound if one does not exist."""
    wanted = list(dict.fromkeys(sha256s))
    rows = connection.execute(
        "SELECT sha256, text FROM texts WHERE sha256 IN (SELECT value FROM json_each(?))",
        (json.dumps(wanted),),
    )
    found = {sha256: decode(text) for sha256, text in rows}
    if missing := [sha256 for sha256 in wanted if sha256 not in found]:
        raise NotFound(f"there is no text with the hash {missing[0]!r}")
    return found


def versions(connection: sqlite3.Connection, prefix: str) -> list[TextVersion]:
    """Every use, past and present, of text versions whose hash begins so."""
    # "g" follows every hex digit, so this is one range of the index.
    rows = connection.execute(
        f"SELECT {_VERSION}, d.id IS NOT NULL FROM versions v "
        "LEFT JOIN documents d ON d.id = v.document_id AND d.sha256 = v.sha256 "
        "WHERE v.sha256 >= ?1 AND v.sha256 < ?1 || 'g' ORDER BY v.sha256, v.document_id",
        (prefix,),
    )
    return [version_of(row) for row in rows]


def current(connection: sqlite3.Connection, document_id: str) -> TextVersion | None:
    """The version a document has now."""
    row = connection.execute(
        f"SELECT {_VERSION}, 1 FROM documents d JOIN versions v "
        "ON v.document_id = d.id AND v.sha256 = d.sha256 WHERE d.id = ?",
        (document_id,),
    ).fetchone()
    return None if row is None else version_of(row)


def current_texts(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(id, hash of its text) of every document, in order of id."""
    return list(connection.execute("SELECT id, sha256 FROM documents ORDER BY id"))


def outdated(connection: sqlite3.Connection, pipeline: str) -> list[str]:
    """Ids of documents made by another pipeline, in order."""
    rows = connection.execute(
        "SELECT id FROM documents WHERE pipeline <> ? ORDER BY id", (pipeline,)
    )
    return [row[0] for row in rows]


def described(connection: sqlite3.Connection, document_id: str) -> dict[str, Any] | None:
    """``description`` of a stored document, or None."""
    row = connection.execute(
        f"SELECT {', '.join(_DESCRIBED)} FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    return None if row is None else dict(zip(_DESCRIBED, row, strict=True))


def description(document: Document) -> dict[str, Any]:
    """What the caller says of a document, as columns of its row."""
    try:
        metadata = json.dumps(dict(document.metadata), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"expected metadata that JSON can hold, document {document.id!r} has: {error}"
        ) from error
    return {
        "sha256": document.sha256,
        "source": encode(document.source),
        "title": None if document.title is None else encode(document.title),
        "language": document.language,
        "published": document.published,
        "metadata": metadata,
        "pages": json.dumps(list(document.pages)),
    }


def document_of(row: Sequence[Any]) -> StoredDocument:
    """A document from a row of ``DESCRIPTION``."""
    return StoredDocument(
        id=row[0],
        sha256=row[1],
        source=decode(row[2]),
        title=None if row[3] is None else decode(row[3]),
        language=row[4],
        published=row[5],
        metadata={} if row[6] == _NO_METADATA else json.loads(row[6]),
        pages=() if row[7] == _NO_PAGES else tuple(json.loads(row[7])),
        characters=row[8],
        passages=row[9],
        sequence=row[10],
        added=row[11],
        updated=row[12],
        pipeline=row[13],
    )


def version_of(row: Sequence[Any]) -> TextVersion:
    """A version from a row of ``CURRENT``, or of another that is told like it."""
    return TextVersion(
        document_id=row[0],
        sha256=row[1],
        source=decode(row[2]),
        title=None if row[3] is None else decode(row[3]),
        language=row[4],
        published=row[5],
        pages=() if row[6] == _NO_PAGES else tuple(json.loads(row[6])),
        sequence=row[7],
        current=bool(row[8]),
    )

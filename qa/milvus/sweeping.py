"""Removes passages that no document names. Knows rows and versions, no texts.

A version is noted before its passages are written, and again before it is replaced. What is noted,
old enough and not current is removed, whatever became of the process that noted it. The wait is for
readers that are still at the state before, and for writers that have not committed yet.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from qa.milvus.client import Client
from qa.milvus.descriptions import document_key
from qa.milvus.passages import Passages
from qa.milvus.records import Records

REPLACED_SECONDS = 300.0
"""Longer than a search takes, from the state it reads to the passages it reads, and than the clocks
of machines differ."""
WRITTEN_SECONDS = 3600.0
"""Longer than writing the passages of one change takes; a slower writer does not commit."""

_PREFIX = "note/"


@dataclass(frozen=True, slots=True)
class Note:
    """A version of a document that is not current for ever, and the time from which it may go."""

    key: str
    version: int
    passages: int
    document_id: str
    after: float


class Notes:
    """The notes in one collection of Milvus."""

    def __init__(self, client: Client, collection: str) -> None:
        """Which must exist."""
        self._client = client
        self._collection = collection

    def write(self, versions: Iterable[tuple[int, int, str]], *, wait: float) -> None:
        """Note versions, with how many passages each has, of documents."""
        after = time.time() + wait
        # Each note is a row of its own: forgetting an old one must not take a new one with it.
        self._client.upsert(
            self._collection,
            (
                {
                    "key": f"{_PREFIX}{uuid.uuid4().hex}",
                    "body": json.dumps([*noted, after]),
                    "vector": [0.0, 1.0],
                }
                for noted in versions
            ),
        )

    def all(self) -> list[Note]:
        """All of them."""
        rows = self._client.scan(
            self._collection, "key", f'key >= "{_PREFIX}" and key < "{_PREFIX}~"', ["key", "body"]
        )
        return [Note(row["key"], *json.loads(row["body"])) for row in rows]

    def delete(self, notes: Iterable[Note]) -> None:
        """Forget them."""
        self._client.delete_keys(self._collection, "key", [note.key for note in notes])


def sweep(notes: Notes, records: Records, passages: Passages, revision: int) -> int:
    """Remove what may go at a revision; how many versions went.

    Needs no turn: what is not current after its time never becomes so. A note of what has become
    current is forgotten; it is noted again before it is replaced.
    """
    now = time.time()
    due = [note for note in notes.all() if note.after <= now]
    if not due:
        return 0
    current = records.versions({document_key(note.document_id) for note in due}, revision)
    gone = [note for note in due if current.get(document_key(note.document_id)) != note.version]
    for note in gone:
        passages.delete(note.version, note.passages)
    notes.delete(due)
    return len(gone)

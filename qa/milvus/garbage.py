"""Drops texts that no document has any more. Knows records and blobs, no passages.

What is dropped is a change of the records like any other, committed with the state; the texts
themselves go after that. One that is left, by a process that died in between, goes with the next
call, and so does one that a change which never was committed has brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from qa.engine import OldText
from qa.milvus import descriptions, statistics
from qa.milvus.changes import Store
from qa.milvus.descriptions import END, TOMBSTONES, VERSIONS, text_name
from qa.milvus.records import VALUES, Records, Written

_TEXTS = "t/"


def old_texts(records: Records, ended_by: datetime, at: int) -> list[OldText]:
    """Texts that are current for no document, and for none since a time; the oldest first."""
    limit = moment(ended_by)
    uses: dict[str, list[tuple[str, str | None, int]]] = {}
    for record in records.between(VERSIONS, VERSIONS + END, at):
        sha256, document_id = descriptions.names(record)
        value = record.value
        uses.setdefault(sha256, []).append((document_id, value["ended"], value["characters"]))
    found = []
    for sha256, of in uses.items():
        ended = [when for _, when, _ in of if when is not None]
        if len(ended) == len(of) and max(ended) <= limit:
            documents = tuple(sorted(document_id for document_id, _, _ in of))
            found.append(OldText(sha256, documents, of[0][2], max(ended)))
    return sorted(found, key=lambda text: (text.ended, text.sha256))


def drop(store: Store, ended_by: datetime, now: datetime) -> list[OldText]:
    """Replace versions of such texts by tombstones."""
    with store.writing() as (turn, state):
        texts = old_texts(store.records, ended_by, state.revision)
        if texts:
            revision = state.revision + 1
            store.write(revision, _changes(texts, moment(now)))
            store.blobs.put([(statistics.blob_name(revision), statistics.to_bytes([], []))])
            state = replace(state, revision=revision)
            store.commit(turn, state)
        named = {
            text_name(descriptions.names(record)[0])
            for record in store.records.between(VERSIONS, VERSIONS + END, state.revision)
        }
        turn.renew()
        # A change that is being made looks for its texts in its own turn, and writes them again.
        store.blobs.delete(name for name in list(store.blobs.names(_TEXTS)) if name not in named)
        turn.renew()
        values = store.records.blobs_named()
        store.blobs.delete(name for name in list(store.blobs.names(VALUES)) if name not in values)
    return texts


def moment(time: datetime) -> str:
    """A time as records hold it: UTC, which sorts as text."""
    return time.isoformat(timespec="milliseconds")


def _changes(texts: Sequence[OldText], now: str) -> dict[str, Written]:
    changes = {}
    for text in texts:
        for document_id in text.document_ids:
            changes[descriptions.version_key(text.sha256, document_id)] = Written(None)
            key = descriptions.tombstone_key(text.sha256, document_id)
            changes[key] = Written({"dropped": now})
    return changes


def tombstone_range(prefix: str) -> tuple[str, str]:
    """Keys of what is left of texts whose hash begins so."""
    low = f"{TOMBSTONES}{prefix[: descriptions.PREFIX_DIGITS]}/"
    return low, low + END

"""What records say: documents, versions of texts, and what is left of dropped ones.

Knows keys and values; reads and writes nothing. Keys begin with the kind, so that each kind is one
range: ``d/ID`` for a document, ``v/SHA256/ID`` for a version, ``t/PREFIX/ID`` for a tombstone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from qa.engine import TextVersion, Tombstone
from qa.errors import InvalidInput
from qa.milvus.records import Record, Value, Written
from qa.types import Document, StoredDocument

DOCUMENTS, VERSIONS, TOMBSTONES = "d/", "v/", "t/"
END = "~"
"""Sorts after all that ids and hashes are made of."""

PREFIX_DIGITS = 20
"""Hex digits of a SHA-256 that a tombstone keeps: as many as citations name."""

_DESCRIBED = ("sha256", "source", "title", "language", "published", "metadata", "pages")
_OF_VERSION = ("source", "title", "language", "published", "pages")


def document_key(document_id: str) -> str:
    """Key of a document's record."""
    return f"{DOCUMENTS}{document_id}"


def version_key(sha256: str, document_id: str) -> str:
    """Key of the record of a text that a document has or had."""
    return f"{VERSIONS}{sha256}/{document_id}"


def tombstone_key(sha256: str, document_id: str) -> str:
    """Key of what is left of a dropped text of a document."""
    return f"{TOMBSTONES}{sha256[:PREFIX_DIGITS]}/{document_id}"


def text_name(sha256: str) -> str:
    """Name of the blob that holds a text."""
    return f"t/{sha256}"


def description(document: Document) -> Value:
    """What the caller says of a document."""
    try:
        metadata = json.loads(json.dumps(dict(document.metadata), sort_keys=True, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"expected metadata that JSON can hold, document {document.id!r} has: {error}"
        ) from error
    return {
        "sha256": document.sha256,
        "source": document.source,
        "title": document.title,
        "language": document.language,
        "published": document.published,
        "metadata": metadata,
        "pages": list(document.pages),
    }


def described(value: Value) -> Value:
    """What the caller said of a stored document, as ``description`` makes it."""
    return {name: value[name] for name in _DESCRIBED}


def document_written(value: Value, version: int) -> Written:
    """A document's record; documents are selected by what prepared them."""
    return Written(value, version, value["pipeline"])


def of_version(value: Value, sequence: int, characters: int) -> Value:
    """The value of a version's record, from the document's; ``ended`` is None while current."""
    said = {name: value[name] for name in _OF_VERSION}
    return {**said, "sequence": sequence, "characters": characters, "ended": None}


def stored(record: Record) -> StoredDocument:
    """A document's description."""
    value = record.value
    return StoredDocument(
        id=record.key.removeprefix(DOCUMENTS),
        sha256=value["sha256"],
        source=value["source"],
        title=value["title"],
        language=value["language"],
        published=value["published"],
        metadata=value["metadata"],
        pages=tuple(value["pages"]),
        characters=value["characters"],
        passages=value["passages"],
        sequence=value["sequence"],
        added=value["added"],
        updated=value["updated"],
        pipeline=value["pipeline"],
    )


def current(record: Record) -> TextVersion:
    """The version that a document has now."""
    document_id = record.key.removeprefix(DOCUMENTS)
    return _version(record.value, document_id, record.value["sha256"], current=True)


def version(record: Record) -> TextVersion:
    """A version; current while it has not ended."""
    sha256, document_id = names(record)
    return _version(record.value, document_id, sha256, current=record.value["ended"] is None)


def _version(value: Value, document_id: str, sha256: str, *, current: bool) -> TextVersion:
    return TextVersion(
        document_id=document_id,
        sha256=sha256,
        source=value["source"],
        title=value["title"],
        language=value["language"],
        published=value["published"],
        pages=tuple(value["pages"]),
        sequence=value["sequence"],
        current=current,
    )


def tombstone(record: Record) -> Tombstone:
    """What is left of a dropped text."""
    return Tombstone(names(record)[1], record.value["dropped"])


def names(record: Record) -> tuple[str, str]:
    """Hash (or its prefix) and document of a version or a tombstone."""
    sha256, _, document_id = record.key[len(VERSIONS) :].partition("/")
    return sha256, document_id


def keys(document_ids: Iterable[str]) -> list[str]:
    """Keys of documents."""
    return [document_key(document_id) for document_id in document_ids]


def as_json(value: Value) -> str:
    """JSON that compares equal when the values do."""
    return json.dumps(value, sort_keys=True)

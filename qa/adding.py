"""Reads found files into documents for a collection. Knows neither HTTP nor the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.errors import Conflict, FundstelleError, NotFound
from qa.files import FoundFile, document_id_for, read_bytes
from qa.readers import read_document
from qa.types import Document

if TYPE_CHECKING:
    from qa.collection import Collection


@dataclass(frozen=True, slots=True)
class Adding:
    """How files become documents.

    ``title``, ``published`` and ``language`` take precedence over what a file says. Unless
    ``replace``, a file whose id belongs to a document with another text from another path is a
    Conflict.
    """

    max_bytes: int
    title: str | None = None
    published: str | None = None
    language: str | None = None
    document_id: str | None = None
    replace: bool = False


def documents(
    collection: Collection, found: Sequence[FoundFile], how: Adding
) -> Iterator[tuple[str, Document | FundstelleError]]:
    """Each file's document, or why there is none, under its source."""
    for file in found:
        path = str(file.path.absolute())
        try:
            document = read_document(
                read_bytes(file, how.max_bytes),
                file.name,
                document_id=how.document_id or document_id_for(file.name),
                source=file.source,
                title=how.title,
                published=how.published,
                language=how.language,
                metadata={"path": path},
            )
            if not how.replace:
                _refuse_foreign(collection, document, path)
        except FundstelleError as error:
            yield file.source, error
        else:
            yield file.source, document


def _refuse_foreign(collection: Collection, document: Document, path: str) -> None:
    try:
        stored = collection.document(document.id)
    except NotFound:
        return
    if stored.sha256 == document.sha256 or stored.metadata.get("path") == path:
        return
    owner = stored.metadata.get("path", stored.source)
    raise Conflict(
        f"the id {document.id!r} belongs to another document, from {owner}; "
        "replace that with --replace, or give this one another id with --id"
    )

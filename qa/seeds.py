"""The documents that ship with the program, put into collections that never held them.

Knows no HTTP. A seed that someone removed or replaced stays removed or replaced.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qa.citations import citation_id
from qa.errors import NotFound, TextDropped
from qa.files import document_id_for
from qa.readers import read_document
from qa.types import Change, Document

if TYPE_CHECKING:
    from qa.collection import Collection


def folder() -> Path:
    """Where the seeds are, in a source tree and in an installed package alike."""
    return Path(__file__).resolve().parent.parent / "seeds"


def documents() -> list[Document]:
    """The seed documents, in order of name; empty when they were not installed."""
    return [
        read_document(
            path.read_bytes(),
            path.name,
            document_id=document_id_for(path.name),
            source=f"seeds/{path.name}",
        )
        for path in sorted(folder().glob("*.txt"))
    ]


def add_missing(collection: Collection) -> list[Change]:
    """Add the seeds that the collection does not hold and never held; what was added."""
    missing = [document for document in documents() if not _known(collection, document)]
    return collection.put(missing) if missing else []


def _known(collection: Collection, document: Document) -> bool:
    try:
        collection.document(document.id)
    except NotFound:
        try:
            # A citation of a removed text can still be looked up; of one never held, it cannot.
            collection.citation(citation_id(document.id, document.sha256, 0, 1))
        except TextDropped:
            return True
        except NotFound:
            return False
    return True

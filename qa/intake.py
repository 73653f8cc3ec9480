"""Puts many documents so that a bad one does not spoil the others. Knows no files and no HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from qa.errors import Conflict, FundstelleError, InvalidInput
from qa.types import Change, Document

BATCH_DOCUMENTS = 64
BATCH_CHARACTERS = 1_000_000
"""A batch is one transaction: large enough to share its cost, small enough to show progress."""


class Puts(Protocol):
    """What takes documents: all of a call, or none."""

    def put(self, documents: Sequence[Document]) -> list[Change]:
        """Add or replace them."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that is in."""

    name: str
    change: Change


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that is not in, and why."""

    name: str
    error: FundstelleError


def put_each(
    collection: Puts, incoming: Iterable[tuple[str, Document | FundstelleError]]
) -> Iterator[Taken | Refused]:
    """Put documents in batches and yield what became of each, under the name it came with.

    What could not even be read comes as its error and is passed on. Two documents of one id in
    the same call are a Conflict: the second would silently replace the first. Errors that are not
    the document's fault, such as StoreError, end the call.
    """
    batch: list[tuple[str, Document]] = []
    names: dict[str, str] = {}
    characters = 0
    for name, document in incoming:
        if isinstance(document, FundstelleError):
            yield Refused(name, document)
            continue
        if document.id in names:
            yield Refused(name, _taken(document.id, names[document.id]))
            continue
        names[document.id] = name
        batch.append((name, document))
        characters += len(document.text)
        if len(batch) >= BATCH_DOCUMENTS or characters >= BATCH_CHARACTERS:
            yield from _put(collection, batch)
            batch, characters = [], 0
    yield from _put(collection, batch)


def _put(collection: Puts, batch: list[tuple[str, Document]]) -> Iterator[Taken | Refused]:
    if not batch:
        return
    try:
        changes = collection.put([document for _, document in batch])
    except (InvalidInput, Conflict) as error:
        if len(batch) == 1:
            yield Refused(batch[0][0], error)
            return
        for single in batch:
            yield from _put(collection, [single])
        return
    for (name, _), change in zip(batch, changes, strict=True):
        yield Taken(name, change)


def _taken(document_id: str, name: str) -> Conflict:
    return Conflict(
        f"the id {document_id!r} was just given to {name}; "
        "give one of the two another id, or put both into one folder and add that"
    )

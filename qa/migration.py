"""Moves a collection from one engine to another. Knows no command line.

The source is only read. What the target has already is left alone, so that a migration which was
interrupted is resumed by making it again, and one that was finished changes nothing. Passages are
copied as they are where the same pipeline made them, and prepared again otherwise. Document ids,
hashes and offsets stay, and so do all ids of citations; sequence numbers are the target's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from qa.engine import Engine
from qa.errors import Conflict, FundstelleError, StoreError
from qa.preparation import Preparer
from qa.transfer import Movable
from qa.types import PreparedDocument, StoredDocument, text_sha256

Progress = Callable[[str, int, int], None]

_PAGE = 500
_DOCUMENTS = 64
_CHARACTERS = 1_000_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was moved, and what was there already.

    Attributes:
        documents: that the source has.
        copied: of them, those whose passages were copied.
        prepared: those whose passages were prepared again.
        unchanged: those that the target had.
        old_versions: of texts, that the source has.
        tombstones: that the source has.
    """

    documents: int
    copied: int
    prepared: int
    unchanged: int
    old_versions: int
    tombstones: int


def migrate(
    source: Movable,
    target: Movable,
    preparer: Preparer,
    *,
    into_existing: bool = False,
    progress: Progress | None = None,
) -> Migrated:
    """Bring everything in the source into the target, and prove that it is there.

    Raises:
        Conflict: the target holds documents that the source does not have, or others under the
            same ids; ``into_existing`` allows the former.
        StoreError: afterwards, something is not as it is in the source.
    """
    told = progress or _silent
    _require_room(source, target, into_existing)
    copied, prepared, unchanged = _documents(source, target, preparer, told)
    old = list(source.transfer().old_versions())
    _old_versions(source, target, told)
    stones = list(source.transfer().dropped())
    for batch in _batches(stones):
        target.transfer().restore_dropped(batch)
    for finding in verified(source, target, told):
        raise StoreError(
            f"{finding} If the source was changed meanwhile, migrate again; nothing in it was "
            "touched."
        )
    total = copied + prepared + unchanged
    return Migrated(total, copied, prepared, unchanged, len(old), len(stones))


def verified(source: Movable, target: Movable, told: Progress) -> Iterator[str]:
    """A sentence for each thing of the source that the target lacks or has otherwise."""
    total, done = source.status().documents, 0
    for page in _pages(source):
        there = target.described([document.id for document in page])
        for document in page:
            found = there.get(document.id)
            if found is None or _said(found) != _said(document):
                yield f"Document {document.id} is not in the target as it is in the source."
        for batch in _sized(page):
            yield from _citable(
                target, [(document.id, document.sha256) for document in batch], True
            )
        done += len(page)
        told("Verifying documents", done, total)
    for old in _batches(source.transfer().old_versions()):
        versions = [(one.version.document_id, one.version.sha256) for one in old]
        yield from _citable(target, versions, None)
    for stone in source.transfer().dropped():
        ids = {one.document_id for one in target.tombstones(stone.sha256_prefix)}
        ids |= {one.document_id for one in target.versions(stone.sha256_prefix)}
        if stone.document_id not in ids:
            yield f"That a text of {stone.document_id} was dropped is not known in the target."


def _require_room(source: Movable, target: Movable, into_existing: bool) -> None:
    """Refuse a target that holds what this migration cannot have brought."""
    foreign, other = list[str](), list[str]()
    for page in _pages(target):
        mine = source.described([document.id for document in page])
        foreign += [document.id for document in page if document.id not in mine]
        other += [d.id for d in page if d.id in mine and mine[d.id].sha256 != d.sha256]
    if other:
        raise Conflict(
            f"the target has other documents under ids of the source: {_some(other)}; remove them "
            "there, or choose an empty target"
        )
    if foreign and not into_existing:
        raise Conflict(
            f"the target is not empty, and the source does not have {_some(foreign)}; choose an "
            "empty target, or add to this one with --into-existing"
        )


def _documents(
    source: Movable, target: Movable, preparer: Preparer, told: Progress
) -> tuple[int, int, int]:
    """How many were copied, prepared again, and left alone."""
    total, done = source.status().documents, 0
    copied = prepared = unchanged = 0
    for page in _pages(source):
        there = target.described([document.id for document in page])
        missing = [
            document
            for document in page
            if document.id not in there
            or _said(there[document.id]) != _said(document)
            or there[document.id].pipeline != preparer.pipeline
        ]
        unchanged += len(page) - len(missing)
        for batch in _sized(missing):
            same = [d for d in batch if d.pipeline == preparer.pipeline]
            made = [source.transfer().prepared(d.id) for d in same]
            others = [d for d in batch if d.pipeline != preparer.pipeline]
            made += preparer.prepare([source.whole(d.id) for d in others])
            target.transfer().restore(_paired(made, same + others))
            copied, prepared = copied + len(same), prepared + len(others)
        done += len(page)
        told("Moving documents", done, total)
    return copied, prepared, unchanged


def _paired(
    made: Sequence[PreparedDocument], of: Sequence[StoredDocument]
) -> list[tuple[PreparedDocument, StoredDocument]]:
    return list(zip(made, of, strict=True))


def _old_versions(source: Movable, target: Movable, told: Progress) -> None:
    done = 0
    for batch in _batches(source.transfer().old_versions()):
        texts = source.texts([old.version.sha256 for old in batch])
        target.transfer().restore_old([(old, texts[old.version.sha256]) for old in batch])
        done += len(batch)
        told("Moving old versions", done, done)


def _citable(
    target: Movable, versions: Sequence[tuple[str, str]], current: bool | None
) -> Iterator[str]:
    """What is wrong with citing these versions of documents from the target."""
    kept = target.transfer().kept(versions)
    for document_id, sha256 in versions:
        there = kept.get((document_id, sha256))
        if there is None or (current and not there):
            yield f"Citations of {document_id} ({sha256[:12]}) do not resolve in the target."
    try:
        texts = target.transfer().texts(list(dict.fromkeys(sha256 for _, sha256 in versions)))
    except FundstelleError as error:
        yield f"A text cannot be read from the target: {error}."
        return
    for sha256, text in texts.items():
        if text_sha256(text) != sha256:
            yield f"The text {sha256} has another hash in the target."


def _said(document: StoredDocument) -> tuple[object, ...]:
    """What a document's description says, wherever it is stored."""
    return (
        *(document.sha256, document.source, document.title, document.language),
        *(document.published, dict(document.metadata), document.pages, document.characters),
    )


def _pages(engine: Engine) -> Iterator[list[StoredDocument]]:
    after: str | None = None
    while page := engine.documents(after, _PAGE):
        yield page
        after = page[-1].id


def _sized(documents: Iterable[StoredDocument]) -> Iterator[list[StoredDocument]]:
    """As many as one change should hold."""
    batch: list[StoredDocument] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += document.characters
        if len(batch) == _DOCUMENTS or characters >= _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    left = iter(items)
    while batch := list(islice(left, _DOCUMENTS)):
        yield batch


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")


def _silent(_: str, __: int, ___: int) -> None:
    """Tells nobody."""

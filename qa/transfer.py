"""What an engine says of itself, and takes in, when a collection moves from one to another.

Knows no engine. ``qa.engine`` is what serving needs; this is the rest of what there is: old
versions with the times at which they ended, tombstones, and passages as they were prepared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from qa.engine import Engine, TextVersion
from qa.representation import Columns, terms_of
from qa.types import Passage, PreparedDocument, PreparedPassage, Span, StoredDocument


@dataclass(frozen=True, slots=True)
class OldVersion:
    """A text that a document had, and when it ended: UTC, ISO 8601."""

    version: TextVersion
    ended: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """That a text of a document was dropped, and when: UTC, ISO 8601."""

    sha256_prefix: str
    document_id: str
    when: str


class Transfer(Protocol):
    """Gives and takes everything that an engine keeps."""

    def old_versions(self) -> Iterator[OldVersion]:
        """All that are not current, in order of hash and document."""
        ...

    def dropped(self) -> Iterator[Dropped]:
        """All tombstones."""
        ...

    def prepared(self, document_id: str) -> PreparedDocument:
        """A document with its passages as they are stored, or NotFound."""
        ...

    def kept(self, versions: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bool]:
        """Of (document id, hash): those that are a version, and whether it is the current one."""
        ...

    def texts(self, sha256s: Sequence[str]) -> dict[str, str]:
        """Texts by hash; NotFound if one does not exist."""
        ...

    def restore(self, documents: Sequence[tuple[PreparedDocument, StoredDocument]]) -> None:
        """Put documents, all or none, and keep the times at which they were added and updated."""
        ...

    def restore_old(self, versions: Sequence[tuple[OldVersion, str]]) -> None:
        """Keep old versions with their texts, all or none; what is there is left alone."""
        ...

    def restore_dropped(self, dropped: Sequence[Dropped]) -> None:
        """Keep tombstones, all or none; what is there is left alone."""
        ...


class Movable(Engine, Protocol):
    """An engine that gives and takes all that it keeps."""

    def transfer(self) -> Transfer:
        """For moving the collection to or from another engine."""
        ...


def prepared_passage(
    columns: Columns, number: int, context: Sequence[Sequence[int]]
) -> PreparedPassage:
    """A passage as it was prepared, but for its vector's precision, from what is stored of it."""
    return PreparedPassage(
        passage=Passage(
            int(columns.starts[number]),
            int(columns.ends[number]),
            columns.languages[number],
            tuple(Span(low, high) for low, high in context),
        ),
        vector=columns.vectors[number],
        tokens=columns.tokens[number].astype("u4"),
        spans=columns.spans(number),
        context_tokens=columns.context[number].astype("u4"),
        terms=terms_of(columns, number),
        hubness=float(columns.hubness[number]),
    )

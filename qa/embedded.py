"""The engine for one machine: SQLite is the truth, FAISS and tantivy are derived from it.

Knows how they work together; no ranking, no encoder. A change is committed to SQLite, then it is
made. The indexes follow at the next search (large changes: at once), which never answers from a
state that is not the store's.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa import bm25, changes, garbage, integrity, passages, records
from qa.allowed import Allowed
from qa.derived import Derived, Moment, Progress
from qa.embedded_transfer import EmbeddedTransfer
from qa.engine import Found, OldText, Search, Shown, TextVersion, Tombstone
from qa.errors import FundstelleError, NotFound, StoreError
from qa.lexical import LexicalIndexError
from qa.lexical_view import FIELDS, Field, Hits
from qa.locks import WouldWait
from qa.scoring import scored
from qa.shortlist import shortlist, together
from qa.store import Store
from qa.types import (
    Change,
    Document,
    Filters,
    IndexStatus,
    PreparedDocument,
    StoredDocument,
)

DATABASE = "fundstelle.sqlite"

_EAGER = 256
"""From so many passages on, indexing begins when they are put, not when someone asks."""

_WORTH_ALONE, _WORTH_THREADS = 50_000, 300_000
"""Passages from which on the indexes are searched at the same time, for a question that comes alone
and for several. Below, waking a thread and waiting for Python's lock takes longer than the shorter
of the two searches; several questions come when the other cores have others to answer."""

_log = logging.getLogger(__name__)


class EmbeddedEngine:
    """A store in a folder with its indexes. Implements ``qa.engine.Engine``.

    Safe to use from many threads, and the folder from many processes.
    """

    def __init__(self, store: Store, derived: Derived, dimension: int) -> None:
        """Use ``open``."""
        self._store = store
        self._derived = derived
        self._dimension = dimension
        self._closed = False
        self._allowed = Allowed()
        self._beside = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="search")

    @classmethod
    def open(cls, folder: Path, dimension: int, progress: Progress | None = None) -> EmbeddedEngine:
        """Open the store in a folder, made if missing, and bring its indexes up to date.

        When the store's vectors are of another length, they are dropped, and every document is
        ``outdated`` until it is put again.

        Args:
            folder: of the data.
            dimension: length of the vectors that will be put and searched.
            progress: called with what is done, how much, of how much.

        Raises:
            StoreError: the folder holds something else, something newer, or something damaged.
        """
        store = Store(folder / DATABASE)
        try:
            with store.reading() as connection:
                adopted = records.state(connection).dimension == dimension
            if not adopted:
                with store.writing() as connection:
                    changes.adopt_dimension(connection, dimension)
            return cls(store, Derived(store, folder, dimension, progress), dimension)
        except BaseException:
            store.close()
            raise

    def put(self, documents: Sequence[PreparedDocument]) -> list[Change]:
        """Add or replace all of them, or none; see ``Engine``."""
        with self._store.writing() as connection:
            made = changes.put(connection, documents, self._dimension)
        self._follow()
        return made

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove all of them, or raise NotFound and remove none; the new sequence."""
        with self._store.writing() as connection:
            return changes.remove(connection, document_ids, self._dimension)

    def search(self, searches: Sequence[Search], *, waits: bool = True) -> list[Found]:
        """For each, candidates by vector and by terms, with all three scores for each."""
        for _ in range(2):
            with self._derived.moment(waits=waits) as moment:
                found = self._found(moment, searches)
            if found is not None:
                return found
            if not waits:
                raise WouldWait
            _log.error("the indexes name passages that the store does not have; building them")
            self._derived.distrust()
        raise StoreError(
            f"the indexes of {self._store.path} disagree with it even after being built again; "
            "run `fundstelle check`"
        )

    def shown(self, passage_ids: Sequence[int]) -> dict[int, Shown]:
        """Those that still exist, by number, all of one state."""
        with self._store.looking() as connection:
            return passages.shown(connection, passage_ids)

    def document(self, document_id: str) -> StoredDocument:
        """Describe a document, or raise NotFound."""
        found = self.described([document_id])
        if document_id not in found:
            raise NotFound(f"there is no document {document_id!r}")
        return found[document_id]

    def documents(self, after: str | None, limit: int) -> list[StoredDocument]:
        """Documents in order of id, after the given one."""
        with self._store.reading() as connection:
            return records.listed(connection, after or "", limit)

    def described(self, document_ids: Sequence[str]) -> dict[str, StoredDocument]:
        """Descriptions of those that exist, by id."""
        with self._store.reading() as connection:
            return {one.id: one for one in records.stored(connection, document_ids)}

    def texts(self, sha256s: Sequence[str]) -> dict[str, str]:
        """The text versions of these hashes, or raise NotFound if one does not exist."""
        with self._store.looking() as connection:
            return records.texts(connection, sha256s)

    def versions(self, sha256_prefix: str) -> list[TextVersion]:
        """Every use, past and present, of text versions whose hash begins so."""
        with self._store.reading() as connection:
            return records.versions(connection, sha256_prefix)

    def current(self, document_id: str) -> TextVersion | None:
        """The version a document has now, or None when it does not exist."""
        with self._store.reading() as connection:
            return records.current(connection, document_id)

    def drop_old_texts(self, ended_by: datetime, *, dry_run: bool) -> list[OldText]:
        """Drop texts that no document has since a time, and give their room back to the disk."""
        if dry_run:
            with self._store.reading() as connection:
                return garbage.old_texts(connection, ended_by)
        with self._store.writing() as connection:
            dropped = garbage.old_texts(connection, ended_by)
            garbage.drop(connection, dropped, datetime.now(UTC))
        self._compact()
        return dropped

    def tombstones(self, sha256_prefix: str) -> list[Tombstone]:
        """What is left of dropped texts whose hash begins so."""
        with self._store.reading() as connection:
            return garbage.tombstones(connection, sha256_prefix)

    def current_texts(self) -> list[tuple[str, str]]:
        """(id, hash of its text) of every document, in order of id."""
        with self._store.reading() as connection:
            return records.current_texts(connection)

    def outdated(self, pipeline: str) -> list[str]:
        """Ids of documents whose passages were made by another pipeline."""
        with self._store.reading() as connection:
            return records.outdated(connection, pipeline)

    def whole(self, document_id: str) -> Document:
        """A document as it was put, for preparing it again."""
        with self._store.reading() as connection:
            return records.whole(connection, document_id)

    def status(self) -> IndexStatus:
        """Sequence and counts, from the truth."""
        with self._store.reading() as connection:
            return _status(records.state(connection))

    def check(self) -> Iterator[str]:
        """Re-read everything and yield one sentence for each broken invariant."""
        with self._derived.moment() as moment:
            found = list(integrity.check(moment))
        yield from found

    def transfer(self) -> EmbeddedTransfer:
        """For moving the collection to or from another engine."""
        return EmbeddedTransfer(self._store, self._dimension)

    def close(self) -> None:
        """Flush what is derived and release everything. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._derived.stop()
        try:
            self._derived.catch_up()
            self._derived.save()
        except (FundstelleError, LexicalIndexError, OSError):
            # Nothing is lost: what was not flushed is made again when the store is next opened.
            _log.warning("the indexes could not be saved", exc_info=True)
        finally:
            self._beside.shutdown()
            self._store.close()

    def _found(self, moment: Moment, searches: Sequence[Search]) -> list[Found] | None:
        """What the indexes find, with all scores; None when the store lacks what they name.

        One step is made for all before the next is: so what a step needs is in the processor's
        caches for all but the first. Four searches take a fifth less time than one by one.
        """
        searches = [one.among(moment.state.passages) for one in searches]
        asked = [
            bm25.question_terms(one.text, moment.lexical.languages, one.language)
            for one in searches
        ]
        near, worded = self._hits(moment, searches, asked)
        found = list(map(together, near, worded))
        read = [
            moment.representations.columns(moment.connection, ids, self._dimension) for ids in found
        ]
        if list(map(len, read)) != list(map(len, found)):
            return None
        chosen = map(shortlist, read, worded, searches)
        status = _status(moment.state)
        return [
            scored(columns, one, terms, moment.lexical.statistics, moment.token_counts, status)
            for columns, one, terms in zip(chosen, searches, asked, strict=True)
        ]

    def _hits(
        self, moment: Moment, searches: Sequence[Search], asked: Sequence[bm25.QuestionTerms]
    ) -> tuple[list[NDArray[np.int64]], list[tuple[Hits, ...]]]:
        """For each, ids of what is found by vector, and what by words and by sounds."""

        def by_vector() -> list[NDArray[np.int64]]:
            return [
                moment.vectors.search(
                    one.vector, one.dense, self._admitted(moment, one.filters)
                ).ids
                for one in searches
            ]

        def by(field: Field) -> list[Hits]:
            return [
                moment.lexical.search(terms, one.lexical, one.filters, field)
                for one, terms in zip(searches, asked, strict=True)
            ]

        def by_terms() -> list[tuple[Hits, ...]]:
            return list(zip(*(by(field) for field in FIELDS), strict=True))

        if moment.state.passages < (_WORTH_THREADS if len(searches) > 1 else _WORTH_ALONE):
            return by_vector(), by_terms()
        # Neither holds Python's lock while it searches.
        beside = self._beside.submit(by_terms)
        return by_vector(), beside.result()

    def _admitted(self, moment: Moment, filters: Filters) -> NDArray[np.int64] | None:
        """Ids of the passages that pass the filters; None for all."""
        if filters.empty:
            return None
        return self._allowed.ids(moment.connection, moment.state.sequence, filters)

    def _compact(self) -> None:
        """The texts are dropped already and stay dropped if this fails; the next time mends it."""
        try:
            self._store.compact()
        except StoreError as error:
            _log.warning("the texts are dropped, but the file is as large as before: %s", error)

    def _follow(self) -> None:
        """Begin to index a large change, so that the next search need not wait for all of it."""
        if self._derived.pending() >= _EAGER:
            self._derived.follow()


def stored_dimension(folder: Path) -> int:
    """Length of the vectors of the store in a folder; 0 before the first engine opened it."""
    store = Store(folder / DATABASE)
    try:
        with store.reading() as connection:
            return records.state(connection).dimension
    finally:
        store.close()


def _status(state: records.State) -> IndexStatus:
    return IndexStatus(state.sequence, state.documents, state.passages)

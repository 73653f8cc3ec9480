"""The engine for many machines: everything in Milvus, which any number of processes share.

Keeps the promise of ``qa.engine.Engine`` by the parts of this package; no ranking, no encoder.

What is promised. A change is seen whole or not at all, by every reader in every process, and is
seen by all of them from the moment the call returns. Changes are made one at a time, each with the
next sequence number. A search, and each other call, sees one state. What is promised to last is
what Milvus promises: a write that it has acknowledged is in its log. Milvus Lite keeps its log in a
file that is handed to the operating system with each write: it outlives the process, and may lack
the last writes after a loss of power.

What is not. A writer that stalls for half a minute between looking whether it still has the turn
and writing the state could write it over that of another (see ``qa.milvus.turns``).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from qa import bm25
from qa.engine import Found, OldText, Search, Shown, TextVersion, Tombstone
from qa.errors import FundstelleError, NotFound, StoreError
from qa.milvus import changes, descriptions, garbage, integrity, opening, searching
from qa.milvus.address import Address
from qa.milvus.changes import Numbers, Store
from qa.milvus.client import Client
from qa.milvus.control import State
from qa.milvus.descriptions import DOCUMENTS, END, VERSIONS, document_key, text_name, version_key
from qa.milvus.records import Moved, newer
from qa.milvus.sweeping import sweep
from qa.milvus.transfer import MilvusTransfer, Times
from qa.scoring import scored
from qa.shortlist import shortlist
from qa.types import Change, Document, IndexStatus, PreparedDocument, StoredDocument, StoredPassage

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.02
_SWEEP_SECONDS = 120.0

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class MilvusEngine:
    """A store in Milvus. Implements ``qa.engine.Engine``. Safe to use from many threads."""

    def __init__(self, client: Client, store: Store) -> None:
        """Use ``open``."""
        self._client = client
        self._store = store
        self._numbers = Numbers(store)
        self._numbers_lock = threading.Lock()
        self._searches = ThreadPoolExecutor(3, thread_name_prefix="milvus-search")
        self._swept = time.monotonic()

    @classmethod
    def open(cls, address: Address, token: str, dimension: int) -> MilvusEngine:
        """Connect, and make a store where there is none.

        When the store's vectors are of another length, they are dropped, and every document is
        ``outdated`` until it is put again.

        Raises:
            StoreError: Milvus cannot be reached, or holds something newer or damaged.
        """
        client = Client(address, token)
        try:
            return cls(client, opening.opened(client, dimension))
        except BaseException:
            client.close()
            raise

    def put(self, documents: Sequence[PreparedDocument]) -> list[Change]:
        """Add or replace all of them, or none; see ``Engine``."""
        return self._put(documents, {})

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove all of them, or raise NotFound and remove none; the new sequence."""
        sequence = self._tried(lambda: changes.remove(self._store, document_ids))
        self._sweep()
        return sequence

    def search(self, searches: Sequence[Search], *, waits: bool = True) -> list[Found]:
        """For each, candidates by vector, by words and by sounds, with all three scores for each.

        Nothing is indexed here, so there is nothing to wait for but Milvus.
        """
        return self._read(lambda state: [self._found(search, state) for search in searches])

    def shown(self, passage_ids: Sequence[int]) -> dict[int, Shown]:
        """Those that still exist, by number, all of one state."""
        return self._read(lambda state: self._shown(passage_ids, state))

    def document(self, document_id: str) -> StoredDocument:
        """Describe a document, or raise NotFound."""
        found = self.described([document_id])
        if document_id not in found:
            raise NotFound(f"there is no document {document_id!r}")
        return found[document_id]

    def documents(self, after: str | None, limit: int) -> list[StoredDocument]:
        """Documents in order of id, after the given one."""
        # A space sorts after nothing and before all that ids are made of.
        low = DOCUMENTS if after is None else f"{document_key(after)} "

        def listed(state: State) -> list[StoredDocument]:
            found = list[StoredDocument]()
            batch = min(max(limit, 1), 1000)
            for record in self._store.records.between(
                low, DOCUMENTS + END, state.revision, batch=batch
            ):
                if len(found) == limit:
                    break
                found.append(descriptions.stored(record))
            return found

        return self._read(listed) if limit > 0 else []

    def described(self, document_ids: Sequence[str]) -> dict[str, StoredDocument]:
        """Descriptions of those that exist, by id."""
        keys = descriptions.keys(document_ids)
        found = self._read(lambda state: self._store.records.get(keys, state.revision))
        return {one.id: one for one in map(descriptions.stored, found.values())}

    def texts(self, sha256s: Sequence[str]) -> dict[str, str]:
        """The text versions of these hashes, or raise NotFound if one does not exist."""
        names = {text_name(sha256): sha256 for sha256 in sha256s}
        try:
            found = self._store.blobs.get(list(names))
        except NotFound as error:
            raise NotFound(f"there is no text with a hash of {', '.join(sha256s)}") from error
        return {names[name]: data.decode("utf-8", "surrogatepass") for name, data in found.items()}

    def versions(self, sha256_prefix: str) -> list[TextVersion]:
        """Every use, past and present, of text versions whose hash begins so."""
        low = f"{VERSIONS}{sha256_prefix}"
        return self._read(
            lambda state: [
                descriptions.version(record)
                for record in self._store.records.between(low, low + END, state.revision)
            ]
        )

    def current(self, document_id: str) -> TextVersion | None:
        """The version a document has now, or None when it does not exist."""

        def read(state: State) -> TextVersion | None:
            key = document_key(document_id)
            document = self._store.records.get([key], state.revision).get(key)
            if document is None:
                return None
            key = version_key(document.value["sha256"], document_id)
            return descriptions.version(self._store.records.get([key], state.revision)[key])

        return self._read(read)

    def drop_old_texts(self, ended_by: datetime, *, dry_run: bool) -> list[OldText]:
        """Drop texts that no document has since a time."""
        if dry_run:
            records = self._store.records
            return self._read(lambda state: garbage.old_texts(records, ended_by, state.revision))
        dropped = garbage.drop(self._store, ended_by, datetime.now(UTC))
        self._sweep(now=True)
        return dropped

    def tombstones(self, sha256_prefix: str) -> list[Tombstone]:
        """What is left of dropped texts whose hash begins so."""
        low, high = garbage.tombstone_range(sha256_prefix)
        return self._read(
            lambda state: [
                descriptions.tombstone(record)
                for record in self._store.records.between(low, high, state.revision)
            ]
        )

    def current_texts(self) -> list[tuple[str, str]]:
        """(id, hash of its text) of every document, in order of id."""
        return self._read(
            lambda state: [
                (record.key.removeprefix(DOCUMENTS), record.value["sha256"])
                for record in self._store.records.between(
                    DOCUMENTS, DOCUMENTS + END, state.revision
                )
            ]
        )

    def outdated(self, pipeline: str) -> list[str]:
        """Ids of documents whose passages were made by another pipeline."""

        def read(state: State) -> list[str]:
            condition = f'label != "{pipeline}" or {newer(state.revision)}'
            found = self._store.records.between(
                DOCUMENTS, DOCUMENTS + END, state.revision, condition=condition
            )
            return [
                record.key.removeprefix(DOCUMENTS)
                for record in found
                if record.value["pipeline"] != pipeline
            ]

        return self._read(read)

    def whole(self, document_id: str) -> Document:
        """A document as it was put, for preparing it again."""
        it = self.document(document_id)
        return Document(
            id=it.id,
            text=self.texts([it.sha256])[it.sha256],
            source=it.source,
            title=it.title,
            language=it.language,
            published=it.published,
            metadata=it.metadata,
            pages=it.pages,
        )

    def status(self) -> IndexStatus:
        """Sequence and counts, from the truth."""
        return _status(self._store.state())

    def check(self) -> Iterator[str]:
        """Re-read everything and yield one sentence for each broken invariant."""
        yield from self._read(lambda state: list(integrity.check(self._store, state)))

    def transfer(self) -> MilvusTransfer:
        """For moving the collection to or from another engine."""
        return MilvusTransfer(self._store, self._put, self.whole)

    def close(self) -> None:
        """Release everything. Safe to call twice."""
        self._searches.shutdown()
        self._client.close()

    def _put(self, documents: Sequence[PreparedDocument], times: Times) -> list[Change]:
        made = self._tried(lambda: changes.put(self._store, self._take, documents, times))
        self._sweep()
        return made

    def _found(self, search: Search, state: State) -> Found:
        moment = self._store.statistics.at(state)
        statistics = moment.statistics(state)
        asked = bm25.question_terms(search.text, sorted(state.languages), search.language)
        search = search.among(state.passages)
        hits, by_terms = searching.candidates(
            self._store, self._searches, search, asked, statistics, state.revision
        )
        columns = shortlist(self._store.passages.columns(hits), by_terms, search)
        return scored(columns, search, asked, statistics, moment.token_counts, _status(state))

    def _shown(self, passage_ids: Sequence[int], state: State) -> dict[int, Shown]:
        said = self._store.passages.said([int(number) for number in passage_ids])
        keys = descriptions.keys({one.document_id for one in said})
        documents = self._store.records.get(keys, state.revision)
        found = {}
        for one in said:
            document = documents.get(document_key(one.document_id))
            if document is None or document.version != one.version:
                continue
            version = descriptions.current(document)
            sha256, text = version.sha256, one.text
            if text is None:
                text = self.texts([sha256])[sha256][one.start : one.end]
            passage = StoredPassage(
                one.passage_id, one.document_id, sha256, one.start, one.end, one.language, text
            )
            found[one.passage_id] = Shown(passage, version)
        return found

    def _take(self, count: int) -> int:
        with self._numbers_lock:
            return self._numbers.take(count)

    def _read(self, work: Callable[[State], _T]) -> _T:
        """Do something at the current state, and again at a newer one if that was changed away."""
        return self._tried(lambda: work(self._store.state()))

    def _tried(self, work: Callable[[], _T]) -> _T:
        for _ in range(_ATTEMPTS):
            try:
                return work()
            except Moved:
                time.sleep(_PAUSE_SECONDS)
        raise StoreError(
            f"documents were changed in each of {_ATTEMPTS} attempts to read them; try again, and "
            "if that does not help, run `fundstelle check`"
        )

    def _sweep(self, *, now: bool = False) -> None:
        """Remove what nobody needs any more, now and then. What fails is left to the next."""
        if not now and time.monotonic() - self._swept < _SWEEP_SECONDS:
            return
        self._swept = time.monotonic()
        store = self._store
        try:
            sweep(store.notes, store.records, store.passages, store.state().revision)
        except FundstelleError as error:
            _log.warning("passages of former versions are left for later: %s", error)


def _status(state: State) -> IndexStatus:
    return IndexStatus(state.sequence, state.documents, state.passages)

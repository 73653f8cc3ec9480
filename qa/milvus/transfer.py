"""Everything that a store in Milvus keeps, given and taken. Knows the parts, and no search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from qa import representation
from qa.errors import NotFound
from qa.milvus import changes, descriptions, statistics
from qa.milvus.changes import Store
from qa.milvus.descriptions import END, TOMBSTONES, VERSIONS, document_key, text_name
from qa.milvus.records import Written
from qa.transfer import Dropped, OldVersion, prepared_passage
from qa.types import Change, Document, PreparedDocument, StoredDocument, text_sha256

Times = Mapping[str, tuple[str, str]]


class MilvusTransfer:
    """Implements ``qa.transfer.Transfer``."""

    def __init__(
        self,
        store: Store,
        put: Callable[[Sequence[PreparedDocument], Times], list[Change]],
        whole: Callable[[str], Document],
    ) -> None:
        """Of an open store, and the engine's own ways to put documents and to read one."""
        self._store = store
        self._put = put
        self._whole = whole

    def old_versions(self) -> Iterator[OldVersion]:
        """All that are not current, in order of hash and document."""
        for record in self._store.records.between(VERSIONS, VERSIONS + END, self._revision()):
            if record.value["ended"] is not None:
                yield OldVersion(descriptions.version(record), record.value["ended"])

    def dropped(self) -> Iterator[Dropped]:
        """All tombstones."""
        for record in self._store.records.between(TOMBSTONES, TOMBSTONES + END, self._revision()):
            prefix, document_id = descriptions.names(record)
            yield Dropped(prefix, document_id, record.value["dropped"])

    def prepared(self, document_id: str) -> PreparedDocument:
        """A document with its passages as they are stored, or NotFound."""
        key = document_key(document_id)
        record = self._store.records.get([key], self._revision()).get(key)
        if record is None:
            raise NotFound(f"there is no document {document_id!r}")
        passages = []
        for said, data in self._store.passages.of_version(record.version, record.value["passages"]):
            columns = representation.columns([said.passage_id], [data], self._store.dimension)
            passages.append(prepared_passage(columns, 0, said.context))
        document = self._whole(document_id)
        return PreparedDocument(document, tuple(passages), record.value["pipeline"])

    def kept(self, versions: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bool]:
        """Of (document id, hash): those that are a version, and whether it is the current one."""
        keys = {descriptions.version_key(sha256, i): (i, sha256) for i, sha256 in versions}
        found = self._store.records.get(keys, self._revision())
        return {keys[key]: record.value["ended"] is None for key, record in found.items()}

    def texts(self, sha256s: Sequence[str]) -> dict[str, str]:
        """Texts by hash; NotFound if one does not exist."""
        found = self._store.blobs.get([text_name(sha256) for sha256 in sha256s])
        return {
            sha256: found[text_name(sha256)].decode("utf-8", "surrogatepass") for sha256 in sha256s
        }

    def restore(self, documents: Sequence[tuple[PreparedDocument, StoredDocument]]) -> None:
        """Put documents, all or none, and keep the times at which they were added and updated."""
        times = {stored.id: (stored.added, stored.updated) for _, stored in documents}
        self._put([prepared for prepared, _ in documents], times)

    def restore_old(self, versions: Sequence[tuple[OldVersion, str]]) -> None:
        """Keep old versions with their texts, all or none; what is there is left alone."""
        written, texts = dict[str, Written](), dict[str, str]()
        for old, text in versions:
            it = old.version
            if text_sha256(text) != it.sha256:
                raise ValueError(f"the text of {it.sha256} has another hash")
            texts[text_name(it.sha256)] = text
            value = {
                "source": it.source,
                "title": it.title,
                "language": it.language,
                "published": it.published,
                "pages": list(it.pages),
                "sequence": it.sequence,
                "characters": len(text),
                "ended": old.ended,
            }
            written[descriptions.version_key(it.sha256, it.document_id)] = Written(value)
        self._write(written, texts)

    def restore_dropped(self, dropped: Sequence[Dropped]) -> None:
        """Keep tombstones, all or none; what is there is left alone."""
        written = {
            descriptions.tombstone_key(one.sha256_prefix, one.document_id): Written(
                {"dropped": one.when}
            )
            for one in dropped
        }
        self._write(written, {})

    def _write(self, written: dict[str, Written], texts: dict[str, str]) -> None:
        store = self._store
        with store.writing() as (turn, state):
            known = store.records.get(written, state.revision)
            missing = {key: value for key, value in written.items() if key not in known}
            missing = {k: v for k, v in missing.items() if not self._alive(k, state.revision)}
            if not missing:
                return
            changes.keep(store, texts)
            revision = state.revision + 1
            store.write(revision, missing)
            store.blobs.put([(statistics.blob_name(revision), statistics.to_bytes([], []))])
            store.commit(turn, replace(state, revision=revision))

    def _alive(self, key: str, at: int) -> bool:
        """Whether this is the key of a tombstone of what is not dropped here."""
        if not key.startswith(TOMBSTONES):
            return False
        prefix, _, document_id = key.removeprefix(TOMBSTONES).partition("/")
        low = f"{VERSIONS}{prefix}"
        return any(
            descriptions.names(record)[1] == document_id
            for record in self._store.records.between(low, low + END, at)
        )

    def _revision(self) -> int:
        return self._store.state().revision

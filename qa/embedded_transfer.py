"""Everything that a store in SQLite keeps, given and taken. Knows the tables and no indexes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from qa import changes, records, representation
from qa.engine import TextVersion
from qa.store import Store
from qa.transfer import Dropped, OldVersion, prepared_passage
from qa.types import PreparedDocument, StoredDocument, text_sha256


class EmbeddedTransfer:
    """Implements ``qa.transfer.Transfer``."""

    def __init__(self, store: Store, dimension: int) -> None:
        """Of an open store with vectors of a length."""
        self._store = store
        self._dimension = dimension

    def old_versions(self) -> Iterator[OldVersion]:
        """All that are not current, in order of hash and document."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT document_id, sha256, source, title, language, published, pages, sequence, "
                "ended FROM versions WHERE ended IS NOT NULL ORDER BY sha256, document_id"
            )
            for row in rows:
                version = TextVersion(
                    document_id=row[0],
                    sha256=row[1],
                    source=records.decode(row[2]),
                    title=None if row[3] is None else records.decode(row[3]),
                    language=row[4],
                    published=row[5],
                    pages=tuple(json.loads(row[6])),
                    sequence=row[7],
                    current=False,
                )
                yield OldVersion(version, row[8])

    def dropped(self) -> Iterator[Dropped]:
        """All tombstones."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT sha256_prefix, document_id, dropped FROM dropped_versions ORDER BY 1, 2"
            )
            yield from (Dropped(*row) for row in rows)

    def prepared(self, document_id: str) -> PreparedDocument:
        """A document with its passages as they are stored, or NotFound."""
        with self._store.reading() as connection:
            document = records.whole(connection, document_id)
            (of,) = records.stored(connection, [document_id])
            rows = connection.execute(
                "SELECT p.id, p.context, r.data FROM passages p "
                "JOIN representations r ON r.passage_id = p.id "
                "WHERE p.document_id = ? ORDER BY p.start, p.id",
                (document_id,),
            ).fetchall()
        if not rows:
            return PreparedDocument(document, (), of.pipeline)
        columns = representation.columns(
            [row[0] for row in rows], [row[2] for row in rows], self._dimension
        )
        passages = (
            prepared_passage(columns, number, json.loads(context))
            for number, (_, context, _) in enumerate(rows)
        )
        return PreparedDocument(document, tuple(passages), of.pipeline)

    def kept(self, versions: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bool]:
        """Of (document id, hash): those that are a version, and whether it is the current one."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT v.document_id, v.sha256, v.ended IS NULL FROM json_each(?) j "
                "JOIN versions v ON v.document_id = j.value ->> 0 AND v.sha256 = j.value ->> 1",
                (json.dumps(list(versions)),),
            )
            return {(row[0], row[1]): bool(row[2]) for row in rows}

    def texts(self, sha256s: Sequence[str]) -> dict[str, str]:
        """Texts by hash; NotFound if one does not exist."""
        with self._store.reading() as connection:
            return records.texts(connection, sha256s)

    def restore(self, documents: Sequence[tuple[PreparedDocument, StoredDocument]]) -> None:
        """Put documents, all or none, and keep the times at which they were added and updated."""
        with self._store.writing() as connection:
            changes.put(connection, [prepared for prepared, _ in documents], self._dimension)
            connection.executemany(
                "UPDATE documents SET added = ?, updated = ? WHERE id = ?",
                [(stored.added, stored.updated, stored.id) for _, stored in documents],
            )

    def restore_old(self, versions: Sequence[tuple[OldVersion, str]]) -> None:
        """Keep old versions with their texts, all or none; what is there is left alone."""
        with self._store.writing() as connection:
            for old, text in versions:
                it = old.version
                if text_sha256(text) != it.sha256:
                    raise ValueError(f"the text of {it.sha256} has another hash")
                connection.execute(
                    "INSERT INTO texts VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (it.sha256, len(text), records.encode(text)),
                )
                connection.execute(
                    "INSERT INTO versions (document_id, sha256, source, title, language, "
                    "published, pages, sequence, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (
                        it.document_id,
                        it.sha256,
                        records.encode(it.source),
                        None if it.title is None else records.encode(it.title),
                        it.language,
                        it.published,
                        json.dumps(list(it.pages)),
                        it.sequence,
                        old.ended,
                    ),
                )

    def restore_dropped(self, dropped: Sequence[Dropped]) -> None:
        """Keep tombstones, all or none; what is there is left alone."""
        with self._store.writing() as connection:
            connection.executemany(
                "INSERT INTO dropped_versions SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM "
                "versions WHERE document_id = ?2 AND substr(sha256, 1, 20) = ?1) "
                "ON CONFLICT DO NOTHING",
                [(one.sha256_prefix, one.document_id, one.when) for one in dropped],
            )

"""Passages as rows of Milvus: what is searched, and what each of them is scored by and says.

Knows the rows and finds them; whether a row's version is current is for others to say.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa import representation
from qa.dates import bounds
from qa.errors import NotFound, StoreError
from qa.milvus.blobs import Blobs
from qa.milvus.client import MOST_ROWS, Client, Row, among
from qa.milvus.schema import VARCHAR_BYTES
from qa.milvus.searched import FIELDS, searched, wrong
from qa.representation import Columns
from qa.types import Filters, PreparedDocument, PreparedPassage

_CHUNK = 500
_SEAL = 1000
_FOUND = ("id", "version", "document_id", "data")
_ELSEWHERE = "@"


@dataclass(frozen=True, slots=True)
class Said:
    """A passage in words. ``text`` is None where it is too long to be kept beside its document's.

    ``context`` are the spans outside it that were read with it.
    """

    passage_id: int
    version: int
    document_id: str
    start: int
    end: int
    language: str | None
    text: str | None
    context: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A row with what it is scored by, and what a search, if it was found by one, made of it."""

    passage_id: int
    version: int
    document_id: str
    data: bytes
    score: float


class Passages:
    """The passages of one collection of Milvus.

    Args:
        client: connected.
        collection: which must exist.
        blobs: for what a row has no room for.
        dimension: length of the vectors.
    """

    def __init__(self, client: Client, collection: str, blobs: Blobs, dimension: int) -> None:
        """Nothing is read yet."""
        self._client = client
        self._collection = collection
        self._blobs = blobs
        self._dimension = dimension
        self._unsealed = 0
        # Exact search takes no parameters; a graph is searched more widely than is asked for.
        self._widen = 0 if client.address.lite else 2

    def write(self, prepared: PreparedDocument, version: int, first_id: int) -> None:
        """Write all passages of a document under a version, numbered from ``first_id``."""
        for begin in range(0, len(prepared.passages), _CHUNK):
            some = prepared.passages[begin : begin + _CHUNK]
            self._client.upsert(
                self._collection, self._rows(prepared, some, version, first_id + begin)
            )
            self._unsealed += len(some)
        if self._unsealed >= _SEAL:
            self._unsealed = 0
            self._client.seal(self._collection)

    def delete(self, version: int, count: int) -> None:
        """Delete the passages of a version, which are numbered from the one after it."""
        for ids in _chunks(range(version + 1, version + 1 + count)):
            self._client.delete_keys(self._collection, "id", ids)
            self._blobs.delete(self._blobs.existing([_blob(number) for number in ids]))

    def of_versions(self, versions: Iterable[tuple[int, int]]) -> Iterator[Columns]:
        """What the passages of versions are scored by, in chunks.

        Args:
            versions: each with how many passages it has.
        """
        for version, count in versions:
            for ids in _chunks(range(version + 1, version + 1 + count)):
                rows = self._client.by_key(self._collection, "id", ids, _FOUND)
                data = self._data(rows)
                hits = [_hit(row, data) for row in sorted(rows, key=lambda row: int(row["id"]))]
                yield self.columns(hits)

    def faults(
        self, version: int, count: int, days: tuple[int, int] | None
    ) -> Iterator[tuple[int, str]]:
        """Passages of a version that are searched by other values than they should be, and which.

        Args:
            version: of a document.
            count: how many passages it has.
            days: first and last that the document is filed under.
        """
        for ids in _chunks(range(version + 1, version + 1 + count)):
            fields = [*_FOUND, *FIELDS]
            rows = self._client.by_key(self._collection, "id", ids, fields)
            data = self._data(rows)
            columns = self.columns([_hit(row, data) for row in rows])
            for row, expected in zip(rows, searched(columns, days), strict=True):
                if names := wrong(row, expected):
                    yield row["id"], ", ".join(names)

    def of_version(self, version: int, count: int) -> Iterator[tuple[Said, bytes]]:
        """The passages of a version in order: in words, and as they are scored."""
        for ids in _chunks(range(version + 1, version + 1 + count)):
            rows = self._client.by_key(self._collection, "id", ids, [*_FOUND, "text"])
            data = self._data(rows)
            for row in sorted(rows, key=lambda row: int(row["id"])):
                yield self._said(row, data[row["id"]]), data[row["id"]]

    def search(
        self, field: str, vector: object, limit: int, condition: str
    ) -> tuple[list[Hit], bool]:
        """The best rows, best first, of any version; and whether these are all there are."""
        if limit < 1 or (isinstance(vector, dict) and not vector):
            return [], True
        limit = min(limit, MOST_ROWS)
        parameters = {}
        if field == "vector" and self._widen:
            parameters = {"ef": min(MOST_ROWS, max(256, self._widen * limit))}
        rows = self._client.search(
            self._collection,
            field,
            vector,
            limit=limit,
            condition=condition,
            fields=_FOUND,
            parameters=parameters,
        )
        data = self._data(rows)
        return [_hit(row, data) for row in rows], len(rows) < limit or limit == MOST_ROWS

    def columns(self, hits: Sequence[Hit]) -> Columns:
        """What passages are scored by, in the order given."""
        try:
            return representation.columns(
                [hit.passage_id for hit in hits], [hit.data for hit in hits], self._dimension
            )
        except (ValueError, UnicodeDecodeError) as error:
            raise StoreError(
                f"a passage cannot be scored: {error}; run `fundstelle check`"
            ) from error

    def said(self, passage_ids: Sequence[int]) -> list[Said]:
        """Those that exist, in words, in any order."""
        rows = self._client.by_key(self._collection, "id", passage_ids, [*_FOUND, "text"])
        data = self._data(rows)
        return [self._said(row, data[row["id"]]) for row in rows]

    def versions(self) -> Iterator[tuple[int, int]]:
        """Number and version of every row."""
        for row in self._client.scan(self._collection, "id", "", ["id", "version"], 10 * _CHUNK):
            yield row["id"], row["version"]

    def _data(self, rows: Sequence[Row]) -> dict[int, bytes]:
        long = {row["id"]: _blob(row["id"]) for row in rows if row["data"] == _ELSEWHERE}
        try:
            read = self._blobs.get(list(long.values())) if long else {}
        except NotFound as error:
            raise StoreError(
                f"part of a passage is lost: {error}; run `fundstelle check`"
            ) from error
        return {
            row["id"]: read[long[row["id"]]] if row["id"] in long else base64.b64decode(row["data"])
            for row in rows
        }

    def _said(self, row: Row, data: bytes) -> Said:
        read = self.columns([_hit(row, {row["id"]: data})])
        context, text = json.loads(row["text"])
        return Said(
            row["id"],
            row["version"],
            row["document_id"],
            int(read.starts[0]),
            int(read.ends[0]),
            read.languages[0],
            text,
            tuple((low, high) for low, high in context),
        )

    def _rows(
        self,
        prepared: PreparedDocument,
        some: Sequence[PreparedPassage],
        version: int,
        first_id: int,
    ) -> list[Row]:
        document = prepared.document
        data = [representation.to_bytes(document.id, one) for one in some]
        ids = range(first_id, first_id + len(some))
        columns = representation.columns(ids, data, self._dimension)
        days = None if document.published is None else bounds(document.published)
        rows, long = [], []
        for n, fields in enumerate(searched(columns, days)):
            written = base64.b64encode(data[n]).decode("ascii")
            if len(written) > VARCHAR_BYTES:
                long.append((_blob(ids[n]), data[n]))
                written = _ELSEWHERE
            rows.append(
                {
                    "id": ids[n],
                    "version": version,
                    "document_id": document.id,
                    "data": written,
                    "text": _words(document.text, some[n]),
                    **fields,
                }
            )
        self._blobs.put(long)
        return rows


def condition(filters: Filters) -> str:
    """Filters as Milvus takes them; empty when nothing is restricted."""
    found = []
    if filters.languages:
        found.append(among("language", filters.languages))
    if filters.document_ids:
        found.append(among("document_id", filters.document_ids))
    if filters.published_from:
        found.append(f"published_last >= {bounds(filters.published_from)[0]}")
    if filters.published_to:
        found.append(f"published_first <= {bounds(filters.published_to)[1]}")
    return " and ".join(found)


def _words(text: str, one: PreparedPassage) -> str:
    """Context and text as JSON, which escapes NULs; of lone surrogates, all is escaped."""
    passage = one.passage
    context = [[span.start, span.end] for span in passage.context]
    said = text[passage.start : passage.end]
    try:
        written = json.dumps([context, said], ensure_ascii=False)
        size = len(written.encode("utf-8"))
    except UnicodeEncodeError:
        written = json.dumps([context, said])
        size = len(written)
    return written if size <= VARCHAR_BYTES else json.dumps([context, None])


def _blob(passage_id: int) -> str:
    return f"p/{passage_id:020d}"


def _hit(row: Row, data: Mapping[int, bytes]) -> Hit:
    found: float = row.get("distance", 0.0)
    return Hit(row["id"], row["version"], row["document_id"], data[row["id"]], found)


def _chunks(ids: range) -> Iterator[range]:
    for begin in range(0, len(ids), _CHUNK):
        yield ids[begin : begin + _CHUNK]

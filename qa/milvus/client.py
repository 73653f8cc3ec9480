"""Requests to a Milvus. Knows their limits and their errors; no documents.

Every read asks for the consistency level Strong: it sees all that was written before it began, by
anyone. Every write is an upsert, so that sending one again does no harm. pymilvus is imported when
a connection is opened, not before: it is an extra that only this engine needs.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from qa.errors import StoreError, StoreUnavailable
from qa.milvus.address import Address

MOST_ROWS = 16_384
"""Milvus answers no query or search with more."""

_BATCH_ROWS = 1000
_BATCH_BYTES = 8 << 20
_KEYS = 1000
_SECONDS = 60.0
_AWAY = re.compile("connect|unavailable|deadline", re.IGNORECASE)
"""What is said when a server does not answer; pymilvus has no one error for it."""
_LITE_OPTIONS = {"grpc.keepalive_time_ms": 600_000}
"""A server that is a thread of ours need not be asked whether it lives; it would take offence."""

Row = dict[str, Any]


@dataclass(slots=True)
class _Lite:
    """A file of Milvus Lite that this process has open. It takes one write at a time."""

    users: int = 0
    writing: threading.RLock = field(default_factory=threading.RLock)


_lite_files: dict[str, _Lite] = {}
_lite_lock = threading.Lock()


class Client:
    """A connection. Safe to use from many threads."""

    def __init__(self, address: Address, token: str) -> None:
        """Connect; StoreError says what to do where that is not possible."""
        self.address = address
        self._lite = _Lite()
        self._closed = False
        try:
            import grpc
            import pymilvus
        except ImportError as error:
            raise StoreError(
                "the Milvus engine needs pymilvus, which is not installed: "
                "pip install 'fundstelle[milvus]'"
            ) from error
        # It logs each error with a traceback before it raises it; ours says what to do instead.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        # A request whose time is up comes back as the error of the protocol.
        self._errors = (pymilvus.MilvusException, grpc.RpcError, OSError)
        if address.lite:
            self._acquire()
        try:
            with self._explained():
                self.raw = pymilvus.MilvusClient(
                    uri=address.uri,
                    token=token,
                    db_name=address.database,
                    timeout=_SECONDS,
                    grpc_options=_LITE_OPTIONS if address.lite else {},
                )
        except BaseException:
            self._release()
            raise

    def upsert(self, collection: str, rows: Iterable[Row], *, seconds: float = _SECONDS) -> None:
        """Write rows whole, in the order given, as many at a time as a request can hold.

        A request that is not answered after so many seconds fails, and is carried out or not.
        """
        for batch in _batches(rows):
            with self._explained(), self._lite.writing:
                self.raw.upsert(collection, batch, timeout=seconds)

    def delete(self, collection: str, condition: str) -> None:
        """Delete rows."""
        with self._explained(), self._lite.writing:
            self.raw.delete(collection, filter=condition, timeout=_SECONDS)

    def delete_keys(self, collection: str, name: str, keys: Iterable[str] | Iterable[int]) -> None:
        """Delete rows by their primary keys, of a field of this name."""
        for part in _parts(keys):
            self.delete(collection, among(name, part))

    def by_key(
        self,
        collection: str,
        name: str,
        keys: Iterable[str] | Iterable[int],
        fields: Sequence[str],
        batch: int = _KEYS,
    ) -> list[Row]:
        """Rows by their primary keys, of a field of this name; those that exist, in any order."""
        found: list[Row] = []
        for part in _parts(keys, batch):
            found += self._query(collection, among(name, part), fields, limit=len(part))
        return found

    def scan(
        self,
        collection: str,
        name: str,
        condition: str,
        fields: Sequence[str],
        batch: int = 1000,
    ) -> Iterator[Row]:
        """All rows that meet a condition, ascending by the primary key of this name.

        Each batch is read when it is needed, and sees what was written before that.
        """
        cursor = condition
        while True:
            # Asked as an iterator's page: only then are the rows the first ones by their keys.
            found = self._query(
                *(collection, cursor, fields),
                limit=batch,
                iterator="True",
                reduce_stop_for_best=True,
            )
            yield from found
            if len(found) < batch:
                return
            after = f"{name} > {json.dumps(found[-1][name])}"
            cursor = f"({condition}) and {after}" if condition else after

    def search(
        self,
        collection: str,
        of: str,
        vector: object,
        *,
        limit: int,
        condition: str,
        fields: Sequence[str],
        parameters: Row,
    ) -> list[Row]:
        """The rows whose field has the largest inner product with a vector, best first.

        Only those fields, and the product as ``distance``.
        """
        with self._explained():
            found = self.raw.search(
                collection,
                data=[vector],
                anns_field=of,
                limit=limit,
                filter=condition,
                output_fields=list(fields),
                search_params={"metric_type": "IP", "params": parameters},
                consistency_level="Strong",
                timeout=_SECONDS,
            )
        return [{**hit["entity"], "distance": hit["distance"]} for hit in found[0]]

    def seal(self, collection: str) -> None:
        """Have what was written indexed, where that is not done without being asked for.

        Milvus Lite searches what is in memory without an index, some fifty times slower.
        """
        if self.address.lite:
            with self.writing():
                self.raw.flush(collection, timeout=_SECONDS)

    def has(self, collection: str) -> bool:
        """Whether there is such a collection."""
        with self._explained():
            return bool(self.raw.has_collection(collection, timeout=_SECONDS))

    def drop(self, collection: str) -> None:
        """Delete a collection, if there is one."""
        with self._explained(), self._lite.writing:
            self.raw.drop_collection(collection, timeout=_SECONDS)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """For other writes than these: Milvus Lite takes one at a time."""
        with self._explained(), self._lite.writing:
            yield

    def close(self) -> None:
        """Disconnect. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self.raw.close()
        finally:
            self._release()

    def _query(
        self, collection: str, condition: str, fields: Sequence[str], **more: object
    ) -> list[Row]:
        with self._explained():
            found = self.raw.query(
                collection,
                filter=condition,
                output_fields=list(fields),
                consistency_level="Strong",
                timeout=_SECONDS,
                **more,
            )
        return [dict(row) for row in found]

    def _acquire(self) -> None:
        path = self.address.uri
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with _lite_lock:
            self._lite = _lite_files.setdefault(path, _Lite())
            self._lite.users += 1

    def _release(self) -> None:
        """The last user of a file closes it, so that another process can open it."""
        if not self.address.lite:
            return
        with _lite_lock:
            self._lite.users -= 1
            if self._lite.users:
                return
            _lite_files.pop(self.address.uri, None)
            try:
                from milvus_lite.server_manager import server_manager_instance
            except ImportError:
                return  # then it was never open
            server_manager_instance.release_server(self.address.uri)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what Milvus says into what can be done about it."""
        if self._closed:
            raise StoreError(f"the connection to {self.address.uri} is closed; open it again")
        try:
            yield
        except self._errors as error:
            reason = _reason(error)
            away = not self.address.lite and _AWAY.search(reason)
            kind = StoreUnavailable if away else StoreError
            raise kind(f"Milvus at {self.address.uri}: {reason}; {self._mend()}") from error

    def _mend(self) -> str:
        if self.address.lite:
            return (
                "see that milvus-lite is installed (pip install 'milvus-lite'), that the folder is "
                "writable, and that no other process has the file open: Milvus Lite serves one"
            )
        return (
            "see that it is running and that FUNDSTELLE_ENGINE and FUNDSTELLE_ENGINE_TOKEN are "
            "right; what was asked for can be sent again without harm"
        )


def _reason(error: Exception) -> str:
    details = getattr(error, "details", None)  # of the protocol's errors, whose string is a page
    said = details() if callable(details) else getattr(error, "message", "")
    return str(said or error)


def among(name: str, values: Iterable[str] | Iterable[int]) -> str:
    """A condition: the field has one of these values."""
    return f"{name} in {json.dumps(list(values))}"


def _parts(keys: Iterable[Any], size: int = _KEYS) -> Iterator[list[Any]]:
    left = iter(dict.fromkeys(keys))
    while part := list(islice(left, size)):
        yield part


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        weight = sum(map(_weight, row.values()))
        if batch and (len(batch) == _BATCH_ROWS or size + weight > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += weight
    if batch:
        yield batch


def _weight(value: object) -> int:
    """About how many bytes a value takes in a request."""
    if isinstance(value, str):
        return len(value)
    return 8 * len(value) if hasattr(value, "__len__") else 8

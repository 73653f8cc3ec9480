"""Byte strings of any length under names, written once and never changed. Knows no meanings.

A field of Milvus takes 65,535 bytes of UTF-8, so a blob is compressed, written in base64 and cut
into rows. The first row says how many there are and is written last: where it is, all are.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence

from qa.errors import NotFound, StoreError
from qa.milvus.client import Client, Row

_CHUNK = 60_000
_AT_ONCE = 200
"""Rows in one answer: 12 MB, far below what Milvus sends."""
_KEY = "key"


class Blobs:
    """The blobs of one collection of Milvus."""

    def __init__(self, client: Client, collection: str) -> None:
        """Which must exist."""
        self._client = client
        self._collection = collection

    def put(self, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Write blobs under names; one that is there must be the same."""
        self._client.upsert(self._collection, self._rows(blobs))

    def get(self, names: Sequence[str]) -> dict[str, bytes]:
        """Blobs by name; NotFound if one does not exist."""
        heads = self._bodies([_key(name, 0) for name in names])
        counts, parts = {}, {}
        for name in names:
            if (head := heads.get(_key(name, 0))) is None:
                raise NotFound(f"nothing is stored under {name!r}")
            count, _, body = head.partition(":")
            counts[name], parts[_key(name, 0)] = int(count), body
        more = [_key(name, n) for name, count in counts.items() for n in range(1, count)]
        parts |= self._bodies(more) if more else {}
        return {name: _joined(name, count, parts) for name, count in counts.items()}

    def existing(self, names: Sequence[str]) -> set[str]:
        """Which of these there are."""
        keys = {_key(name, 0): name for name in names}
        found = self._client.by_key(self._collection, _KEY, keys, [_KEY])
        return {keys[row[_KEY]] for row in found}

    def names(self, prefix: str) -> Iterator[str]:
        """Names that begin so, in order; also of those of which only parts are there."""
        last = ""
        for row in self._client.scan(
            self._collection, _KEY, f'{_KEY} >= "{prefix}" and {_KEY} < "{prefix}~"', [_KEY]
        ):
            name = row[_KEY].rpartition("/")[0]
            if name != last:
                yield name
            last = name

    def delete(self, names: Iterable[str]) -> None:
        """Delete blobs, the first row first, so that none is there in part only."""
        for name in names:
            head = self._bodies([_key(name, 0)]).get(_key(name, 0))
            self._client.delete_keys(self._collection, _KEY, [_key(name, 0)])
            if head is None or int(head.partition(":")[0]) > 1:
                self._client.delete(
                    self._collection, f'{_KEY} >= "{name}/" and {_KEY} < "{name}/~"'
                )

    def _bodies(self, keys: Sequence[str]) -> dict[str, str]:
        found = self._client.by_key(self._collection, _KEY, keys, [_KEY, "body"], _AT_ONCE)
        return {row[_KEY]: row["body"] for row in found}

    def _rows(self, blobs: Iterable[tuple[str, bytes]]) -> Iterator[Row]:
        for name, data in blobs:
            text = base64.b64encode(zlib.compress(data)).decode("ascii")
            count = max(1, -(-len(text) // _CHUNK))
            for n in reversed(range(count)):
                body = text[n * _CHUNK : (n + 1) * _CHUNK]
                if n == 0:
                    body = f"{count}:{body}"
                yield {_KEY: _key(name, n), "body": body, "vector": [0.0, 1.0]}


def _key(name: str, number: int) -> str:
    return f"{name}/{number:06d}"


def _joined(name: str, count: int, parts: dict[str, str]) -> bytes:
    try:
        text = "".join(parts[_key(name, n)] for n in range(count))
        return zlib.decompress(base64.b64decode(text, validate=True))
    except (KeyError, ValueError, zlib.error) as error:
        raise StoreError(
            f"what is stored under {name!r} is damaged; run `fundstelle check`"
        ) from error

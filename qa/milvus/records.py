"""Rows that hold two states, so that a reader sees one revision while the next is written.

Knows keys and values, and nothing of what they mean; what kinds of them there are is said in
``qa.milvus.descriptions``. A row has its value since a revision and the value it had before that.
Who reads at revision R takes the first if it is not newer than R, and the second otherwise. A
writer writes the rows of revision R + 1; until the state says R + 1, nobody sees them, and if it
never does, the next writer puts them back. A value that does not exist is None; its row stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa.errors import FundstelleError, NotFound
from qa.milvus.blobs import Blobs
from qa.milvus.client import Client, Row

Value = dict[str, Any]

_STATE = ("revision", "version", "label")
_FIELDS = ("key", *_STATE, *(f"before_{name}" for name in _STATE), "body")
VALUES = "r/"
"""What names of blobs that hold values begin with."""

_NEVER = -1
_INLINE = 24_000
"""Bytes of a value that stay in its row, which holds two; longer ones become blobs."""


class Moved(FundstelleError):
    """A row was changed twice since the revision that is being read; read a newer one."""


@dataclass(frozen=True, slots=True)
class Record:
    """A value at a revision.

    Attributes:
        key: of the row.
        revision: since when it has been so.
        version: number that its value is found by quickly; 0 when there is none.
        value: anything JSON can hold.
    """

    key: str
    revision: int
    version: int
    value: Value


@dataclass(frozen=True, slots=True)
class Written:
    """What a row shall hold: a value, its version, and a label to select rows by."""

    value: Value | None
    version: int = 0
    label: str = ""


class Records:
    """The rows of one collection of Milvus."""

    def __init__(self, client: Client, collection: str, blobs: Blobs) -> None:
        """Which must exist."""
        self._client = client
        self._collection = collection
        self._blobs = blobs

    def get(self, keys: Iterable[str], at: int) -> dict[str, Record]:
        """Those that exist at a revision, by key; Moved if one cannot be told."""
        rows = self._client.by_key(self._collection, "key", keys, _FIELDS)
        return {record.key: record for record in self._resolved(rows, at)}

    def versions(self, keys: Iterable[str], at: int) -> dict[str, int]:
        """The version of each at a revision; of those that exist."""
        rows = self._client.by_key(self._collection, "key", keys, _FIELDS[:-1])
        found = {row["key"]: row[_side(row, at, "version")] for row in rows}
        return {key: version for key, version in found.items() if version}

    def between(
        self, low: str, high: str, at: int, *, condition: str = "", batch: int = 500
    ) -> Iterator[Record]:
        """Those at a revision with low <= key < high, in order of the key.

        A condition is tried on what a row holds now, so it must not leave out what may have
        changed since: see ``newer``.
        """
        keys = f"key >= {json.dumps(low)} and key < {json.dumps(high)}"
        if condition:
            keys = f"{keys} and ({condition})"
        page: list[Row] = []
        for row in self._client.scan(self._collection, "key", keys, _FIELDS, batch):
            page.append(row)
            if len(page) == batch:
                yield from self._resolved(page, at)
                page = []
        yield from self._resolved(page, at)

    def write(self, revision: int, changes: Mapping[str, Written]) -> None:
        """Write rows of the revision after the current one. Only in a turn."""
        known = {
            row["key"]: row
            for row in self._client.by_key(self._collection, "key", changes, _FIELDS)
        }
        rows, long = [], dict[str, bytes]()
        for key, written in changes.items():
            row = known.get(key)
            before = _NO_STATE if row is None else _now(row)
            value = _inline(written.value, long)
            rows.append(_row(key, (revision, written.version, written.label, value), before))
        self._blobs.put(long.items())
        self._client.upsert(self._collection, rows)

    def roll_back(self, to: int) -> int:
        """Undo what a writer that died wrote after a revision; how many rows. Only in a turn."""
        rows = list(self._client.scan(self._collection, "key", f"revision > {int(to)}", _FIELDS))
        restored = []
        for row in rows:
            before = _before(row)
            # A row that never was is kept as one that does not exist, like all that is removed.
            was = before if before[0] != _NEVER else (0, 0, "", None)
            restored.append(_row(row["key"], was, _NO_STATE))
        self._client.upsert(self._collection, restored)
        return len(rows)

    def blobs_named(self) -> set[str]:
        """Names of the blobs that rows refer to, of both their states."""
        found = set()
        for row in self._client.scan(self._collection, "key", 'key >= ""', ["key", "body"]):
            for value in json.loads(row["body"]):
                if isinstance(value, str):
                    found.add(value)
        return found

    def _resolved(self, rows: Sequence[Row], at: int) -> Iterator[Record]:
        found = []
        for row in rows:
            side = _now(row) if _side(row, at, "revision") == "revision" else _before(row)
            if side[3] is not None:
                found.append((row["key"], side))
        named = [side[3] for _, side in found if isinstance(side[3], str)]
        try:
            long = self._blobs.get(list(dict.fromkeys(named))) if named else {}
        except NotFound as error:
            raise Moved(f"a value is not there any more: {error}") from error
        for key, (revision, version, _, value) in found:
            if isinstance(value, str):
                value = json.loads(long[value])
            yield Record(key, revision, version, value)


def newer(than: int) -> str:
    """A condition: the row was changed after a revision, so that its value then is another."""
    return f"revision > {int(than)}"


def _side(row: Row, at: int, name: str) -> str:
    """Which field of this name holds at a revision."""
    if row["revision"] <= at:
        return name
    if row["before_revision"] <= at:
        return f"before_{name}"
    raise Moved(f"{row['key']} was changed while it was read; try again")


_Side = tuple[int, int, str, Any]
_NO_STATE: _Side = (_NEVER, 0, "", None)


def _now(row: Row) -> _Side:
    return row["revision"], row["version"], row["label"], json.loads(row["body"])[0]


def _before(row: Row) -> _Side:
    state = (row["before_revision"], row["before_version"], row["before_label"])
    return *state, json.loads(row["body"])[1]


def _row(key: str, now: _Side, before: _Side) -> Row:
    return {
        "key": key,
        **dict(zip(_STATE, now[:3], strict=True)),
        **{f"before_{name}": of for name, of in zip(_STATE, before[:3], strict=True)},
        # ASCII: lone surrogates and NULs of titles and metadata pass through as escapes.
        "body": json.dumps([now[3], before[3]], separators=(",", ":")),
        "vector": [0.0, 1.0],
    }


def _inline(value: Value | None, long: dict[str, bytes]) -> Value | str | None:
    data = json.dumps(value, separators=(",", ":")).encode("ascii")
    if len(data) <= _INLINE:
        return value
    name = f"{VALUES}{hashlib.sha256(data).hexdigest()}"
    long[name] = data
    return name

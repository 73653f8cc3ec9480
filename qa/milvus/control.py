"""The one row that says what is stored and how far it has come. Writing it is the commit.

Everything else is written before, under a revision that is not yet this row's, and is seen by
nobody until it is.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field

from qa.errors import StoreError
from qa.milvus.client import Client
from qa.milvus.turns import LEASE_SECONDS

FORMAT = 1
COMMIT_SECONDS = LEASE_SECONDS / 4
"""With the half of a lease that ``Turn.require`` allows, well within a lease."""

_KEY = "state"
_ANNOUNCED = "revision"


@dataclass(frozen=True, slots=True)
class State:
    """What the store is at one revision.

    Attributes:
        store: random, so that what is derived knows its own store.
        revision: grows by one with everything that is committed.
        sequence: grows by one with every change of documents.
        dimension: length of the vectors.
        documents: how many there are.
        passages: how many belong to them.
        next_id: the first number that no passage or version ever had.
        lengths: sums of the passages' numbers of words, stems and pieces of sounds.
        languages: how many passages there are in each language.
        summed: the revision up to which statistics are summed in one blob.
        summed_before: the one of the sum before that, from which on the changes' blobs are kept.
        format: of all this.
    """

    store: str
    revision: int
    sequence: int
    dimension: int
    documents: int
    passages: int
    next_id: int
    lengths: tuple[int, int, int] = (0, 0, 0)
    languages: dict[str, int] = field(default_factory=dict)
    summed: int = 0
    summed_before: int = 0
    format: int = FORMAT


class Control:
    """Reads and writes the state in one collection of Milvus."""

    def __init__(self, client: Client, collection: str) -> None:
        """Which must exist."""
        self._client = client
        self._collection = collection

    def state(self) -> State | None:
        """What the store is now; None before the first write."""
        rows = self._client.by_key(self._collection, "key", [_KEY], ["body"])
        if not rows:
            return None
        body = json.loads(rows[0]["body"])
        if body.get("format") != FORMAT:
            raise StoreError(
                f"expected a store of format {FORMAT} in {self._collection}, found "
                f"{body.get('format')}; update the program, or choose another prefix"
            )
        return State(**{**body, "lengths": tuple(body["lengths"])})

    def announce(self, revision: int) -> None:
        """Say that rows of a revision are about to be written, so that they can be put back."""
        self._put(_ANNOUNCED, json.dumps(revision), COMMIT_SECONDS)

    def announced(self) -> int:
        """The last revision that was announced."""
        rows = self._client.by_key(self._collection, "key", [_ANNOUNCED], ["body"])
        return int(rows[0]["body"]) if rows else 0

    def write(self, state: State) -> None:
        """Commit. Only in a turn, and after ``Turn.require``."""
        self._put(_KEY, json.dumps(asdict(state)), COMMIT_SECONDS)

    def _put(self, key: str, body: str, seconds: float) -> None:
        row = {"key": key, "body": body, "vector": [0.0, 1.0]}
        self._client.upsert(self._collection, [row], seconds=seconds)


def new(dimension: int) -> State:
    """An empty store."""
    return State(uuid.uuid4().hex, 0, 0, dimension, 0, 0, 1)

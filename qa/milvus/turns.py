"""One writer at a time, of any number of processes on any machines. Knows no documents.

Milvus offers no compare-and-swap, but registers: rows that are written whole and, with the
consistency level Strong, read as they were written last. Of these Lamport's bakery makes mutual
exclusion (A new solution of Dijkstra's concurrent programming problem, 1974): take a number above
all others, wait for those before you. Each waiting writer is a row of its own.

A writer that died would be waited for without end. So one whose row has not changed for a lease is
taken for dead, and its row removed by who waits for it. A living one shows that it is by writing
its row anew (``Turn.renew``), and looks whether it is still there before it commits. What remains
is a writer that stalls for most of a lease between this look and the one write that follows it,
while the others go on: the leases are long, and that write has a deadline, for this reason.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from qa.errors import StoreError
from qa.milvus.client import Client, Row

LEASE_SECONDS = 60.0
_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5
_PREFIX = "writer/"
_CHOOSING = 0

_log = logging.getLogger(__name__)

_queues: dict[tuple[str, str], threading.Lock] = {}
_queues_lock = threading.Lock()


class Turn:
    """The right to write, for as long as it is kept up."""

    def __init__(self, turns: Turns, key: str, ticket: int, renewed: float) -> None:
        """Taken by ``Turns.turn``."""
        self._turns = turns
        self._key = key
        self._ticket = ticket
        self._beat = 0
        self._renewed = renewed

    def renew(self) -> None:
        """Show that the writer lives, if it is time to; between the parts of long work."""
        if time.monotonic() - self._renewed > self._turns.lease / 6:
            self.require()
            self._beat += 1
            began = time.monotonic()
            self._turns.write(self._key, self._ticket, self._beat)
            self._renewed = began

    def require(self) -> None:
        """Raise StoreError unless nobody else can have begun to write."""
        late = time.monotonic() - self._renewed > self._turns.lease / 2
        if late or self._key not in self._turns.waiting():
            raise StoreError(
                "this process was too slow, and another has begun to write; nothing was changed, "
                "try again"
            )


class Turns:
    """The queue of writers in one collection of Milvus.

    Args:
        client: connected.
        collection: of rows with ``key`` and ``body``; its other rows are left alone.
        lease: seconds without a sign of life after which a writer is taken for dead.
    """

    def __init__(self, client: Client, collection: str, lease: float = LEASE_SECONDS) -> None:
        """Nothing is read yet."""
        self._client = client
        self._collection = collection
        self.lease = lease
        # Threads of one process wait here for each other, which costs no requests.
        with _queues_lock:
            name = (client.address.uri + client.address.database, collection)
            self._queue = _queues.setdefault(name, threading.Lock())

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the right to write and hold it."""
        with self._queue:
            key = f"{_PREFIX}{uuid.uuid4().hex}"
            try:
                yield self._taken(key)
            finally:
                self._leave(key)

    def write(self, key: str, ticket: int, beat: int) -> None:
        """A writer's row."""
        row = {"key": key, "body": f"{ticket} {beat}", "vector": [0.0, 1.0]}
        self._client.upsert(self._collection, [row])

    def waiting(self) -> dict[str, str]:
        """The rows of all writers, by key."""
        rows: Iterator[Row] = self._client.scan(
            self._collection, "key", f'key >= "{_PREFIX}" and key < "{_PREFIX}~"', ["key", "body"]
        )
        return {row["key"]: row["body"] for row in rows}

    def _leave(self, key: str) -> None:
        """What was committed is committed: if this fails, the others wait for a lease, no more."""
        try:
            self._client.delete_keys(self._collection, "key", [key])
        except StoreError as error:
            _log.warning("other writers will wait for %.0f s: %s", self.lease, error)

    def _taken(self, key: str) -> Turn:
        self.write(key, _CHOOSING, 0)
        ticket = 1 + max((_ticket(body) for body in self.waiting().values()), default=0)
        renewed = time.monotonic()
        self.write(key, ticket, 0)
        seen: dict[str, tuple[str, float]] = {}
        pause = _PAUSE_SECONDS
        while True:
            now = time.monotonic()
            waiting = self.waiting()
            if key not in waiting or now - renewed > self.lease / 2:
                raise StoreError("this process was too slow to write; try again")
            if now - renewed > self.lease / 6:
                self.write(key, ticket, int(1000 * now))
                renewed = now
            before = {
                other: body
                for other, body in waiting.items()
                if other != key and (_ticket(body), other) < (ticket, key)
            }
            if not before:
                return Turn(self, key, ticket, renewed)
            seen = {k: _since(seen, k, body, now) for k, body in before.items()}
            dead = [other for other, (_, since) in seen.items() if now - since > self.lease]
            self._client.delete_keys(self._collection, "key", dead)
            time.sleep(pause)
            pause = min(2 * pause, self.lease / 12, _LONGEST_PAUSE_SECONDS)


def _since(
    seen: dict[str, tuple[str, float]], key: str, body: str, now: float
) -> tuple[str, float]:
    """Since when a row has been as it is."""
    known = seen.get(key)
    return known if known is not None and known[0] == body else (body, now)


def _ticket(body: str) -> int:
    """One that is still choosing has 0, so that everyone waits for it."""
    return int(body.split()[0])

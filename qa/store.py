"""The SQLite file that is the truth. Knows connections, transactions and migrations; no tables.

Any number of processes may have the file open. Writes are serialised; a reader sees one state of
the file for as long as its transaction lasts.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from qa.errors import StoreError

APPLICATION_ID = 0x46756E64
"""``Fund``, in SQLite's header: tells our files from others."""

_WAIT_SECONDS = 30.0
_WRITER_KIB = 16_000
_PAGE_BYTES = 8_192
"""Of new stores. Three rows of what passages are ranked by fit in it, in half of it one."""
_CHECKPOINT_BYTES = 16_000_000  # as much as two thousand passages
_CHECKPOINT_WAIT_MS = 2000  # writers wait too


class Store:
    """An open store.

    Args:
        path: the SQLite file; made, with its folder, if missing.

    Raises:
        StoreError: the file is not a store, is damaged, or was made by a newer program.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and bring its tables up to date."""
        self.path = path
        self._write_lock = threading.RLock()
        self._pool_lock = threading.Lock()
        self._readers: deque[sqlite3.Connection] = deque()
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {path.parent}: {error}") from error
        with self._explained():
            self._writer = self._connect()
            # What a large change touches is kept until it is committed, and written over several.
            self._writer.execute(f"PRAGMA cache_size = {-_WRITER_KIB}")
            (page_bytes,) = self._writer.execute("PRAGMA page_size").fetchone()
            pages = _CHECKPOINT_BYTES // page_bytes
            self._writer.execute(f"PRAGMA wal_autocheckpoint = {pages}")
            try:
                self._migrate()
            except BaseException:
                self._writer.close()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: one state of the store, whatever others write meanwhile."""
        with self._explained():
            connection = self._reader()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._release(connection)

    @contextmanager
    def looking(self) -> Iterator[sqlite3.Connection]:
        """For one statement alone, which sees one state without a transaction around it."""
        with self._explained():
            connection = self._reader()
            try:
                yield connection
            finally:
                self._release(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed durably at the end, or not at all if anything raises."""
        with self._explained(), self._write_lock:
            self._require_open()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def compact(self) -> None:
        """Write the file anew without its free pages, if it has any.

        Others may read meanwhile, each the state that it began with; writers wait. The file gets
        smaller as soon as no reader needs the old pages: at once or, at the latest, when the last
        process closes it. Needs as much free disk space as the store has.
        """
        with self._explained(), self._write_lock:
            self._require_open()
            (free,) = self._writer.execute("PRAGMA freelist_count").fetchone()
            if not free:
                return
            self._writer.execute("VACUUM")
            self._writer.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_WAIT_MS}")
            try:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self._writer.execute(f"PRAGMA busy_timeout = {int(1000 * _WAIT_SECONDS)}")

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        with self._write_lock, self._pool_lock:
            if self._closed:
                return
            self._closed = True
            while self._readers:
                self._readers.pop().close()
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._require_ours(connection)
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a file that is empty still
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _require_ours(self, connection: sqlite3.Connection) -> None:
        """Refuse before anything is changed in a file that belongs to another program."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != APPLICATION_ID:
            raise StoreError(
                f"expected a Fundstelle store in {self.path}, found a database of another program; "
                "choose another data folder"
            )

    def _migrate(self) -> None:
        """Apply what is missing, in order, in one transaction; user_version counts them."""
        known = migrations()
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            (version,) = self._writer.execute("PRAGMA user_version").fetchone()
            if version > len(known):
                raise StoreError(
                    f"{self.path} has tables of version {version}, this program knows "
                    f"{len(known)}; update the program or choose another data folder"
                )
            for number, script in enumerate(known[version:], start=version + 1):
                for statement in statements(script):
                    self._writer.execute(statement)
                self._writer.execute(f"PRAGMA user_version = {number}")
            self._writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._writer.execute("COMMIT")
        finally:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    def _reader(self) -> sqlite3.Connection:
        with self._pool_lock:
            self._require_open()
            if self._readers:
                return self._readers.pop()
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _release(self, connection: sqlite3.Connection) -> None:
        with self._pool_lock:
            if not self._closed:
                self._readers.append(connection)
                return
        connection.close()

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError(f"the store {self.path} is closed; open it again")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what SQLite says into what can be done about it."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}; {_mend(error)}") from error


def migrations() -> list[str]:
    """The numbered SQL scripts, in order, without gaps."""
    folder = files("qa") / "migrations"
    scripts = sorted(
        (entry.name, entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    )
    numbers = [int(name[:4]) for name, _ in scripts]
    if numbers != list(range(1, len(scripts) + 1)):
        raise StoreError(f"expected migrations numbered from 1 without gaps, found {numbers}")
    return [script for _, script in scripts]


def statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: ``executescript`` would commit before each run."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _mend(error: sqlite3.Error) -> str:
    reason = str(error)
    if "full" in reason:
        return "nothing was changed; free some disk space and try again"
    if "locked" in reason or "busy" in reason:
        return "nothing was changed; another process is writing, try again"
    if "not a database" in reason or "malformed" in reason:
        return "the file is damaged; restore a copy, or remove the data folder and add all again"
    return "nothing was changed; see that the data folder is writable"

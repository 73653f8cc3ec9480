"""The SQLite file: transactions, migrations, and what it refuses."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from qa import store as store_module
from qa.errors import StoreError
from qa.store import APPLICATION_ID, Store, migrations, statements


def sequence(store: Store) -> int:
    with store.reading() as connection:
        return int(connection.execute("SELECT sequence FROM state").fetchone()[0])


def test_a_new_store_has_tables_and_an_identity_of_its_own(tmp_path: Path) -> None:
    identities = set()
    for name in ("a", "b"):
        store = Store(tmp_path / name / "deep" / "store.sqlite")
        with store.reading() as connection:
            identities.add(connection.execute("SELECT store FROM state").fetchone()[0])
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        assert version == len(migrations())
        store.close()
    assert len(identities) == 2


def test_it_is_durable_and_strict(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    with store.writing() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    with store.reading() as connection:
        lax = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
            "AND NOT strict AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    assert lax == []
    with pytest.raises(StoreError, match="cannot store TEXT"), store.writing() as connection:
        connection.execute("UPDATE state SET sequence = 'many'")
    store.close()


def test_the_log_is_moved_at_as_many_bytes_whatever_the_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store keeps the pages that it was made with."""
    for page_bytes in (4_096, 8_192):
        with monkeypatch.context() as patched:
            patched.setattr(store_module, "_PAGE_BYTES", page_bytes)
            Store(tmp_path / f"{page_bytes}.sqlite").close()
        store = Store(tmp_path / f"{page_bytes}.sqlite")
        with store.writing() as connection:
            assert connection.execute("PRAGMA page_size").fetchone() == (page_bytes,)
            (pages,) = connection.execute("PRAGMA wal_autocheckpoint").fetchone()
        assert 15_990_000 < pages * page_bytes <= 16_000_000
        store.close()


def test_what_raises_leaves_the_old_state(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")

    def fails() -> None:
        with store.writing() as connection:
            connection.execute("UPDATE state SET sequence = 5")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert sequence(store) == 0
    with store.writing() as connection:
        connection.execute("UPDATE state SET sequence = 6")
    assert sequence(store) == 6
    store.close()


def test_a_full_disk_leaves_the_old_state_and_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    with store.writing() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    def fills() -> None:
        with store.writing() as connection:
            connection.execute("UPDATE state SET sequence = 1")
            connection.execute("INSERT INTO texts VALUES ('x', 1, zeroblob(1000000))")

    with pytest.raises(StoreError, match="free some disk space"):
        fills()
    assert sequence(store) == 0
    store.close()


def test_a_reader_sees_one_state_while_another_writes(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    with store.reading() as connection:
        assert connection.execute("SELECT sequence FROM state").fetchone() == (0,)
        with store.writing() as writer:
            writer.execute("UPDATE state SET sequence = 1")
        assert connection.execute("SELECT sequence FROM state").fetchone() == (0,)
    assert sequence(store) == 1
    store.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    with pytest.raises(StoreError, match="readonly"), store.reading() as connection:
        connection.execute("UPDATE state SET sequence = 1")
    assert sequence(store) == 0
    store.close()


def test_writers_in_threads_and_in_other_stores_do_not_lose_a_change(tmp_path: Path) -> None:
    stores = [Store(tmp_path / "s.sqlite") for _ in range(2)]

    def count(store: Store) -> None:
        for _ in range(10):
            with store.writing() as connection:
                connection.execute("UPDATE state SET sequence = sequence + 1")

    threads = [threading.Thread(target=count, args=(store,)) for store in stores * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sequence(store) for store in stores] == [40, 40]
    for store in stores:
        store.close()


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    Store(path).close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 999")
    raw.close()
    with pytest.raises(StoreError, match=r"version 999.*update the program"):
        Store(path)


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE bookmarks (url TEXT)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="database of another program"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 4080]
)
def test_a_damaged_file_is_refused_with_the_mend(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="restore a copy"):
        Store(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot make the folder"):
        Store(tmp_path / "file" / "s.sqlite")


def test_a_migration_is_applied_once_to_a_store_that_lacks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.sqlite"
    Store(path).close()
    later = [*migrations(), "CREATE TABLE extra (a INTEGER) STRICT;\nINSERT INTO extra VALUES (1);"]
    monkeypatch.setattr(store_module, "migrations", lambda: later)
    for _ in range(2):
        store = Store(path)
        with store.reading() as connection:
            assert connection.execute("SELECT a FROM extra").fetchall() == [(1,)]
            assert connection.execute("PRAGMA user_version").fetchone() == (len(later),)
        store.close()


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.sqlite"
    Store(path).close()
    known = migrations()
    broken = [*known, "CREATE TABLE extra (a INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);"]
    monkeypatch.setattr(store_module, "migrations", lambda: broken)
    with pytest.raises(StoreError, match="no such table: nowhere"):
        Store(path)
    monkeypatch.setattr(store_module, "migrations", lambda: known)
    store = Store(path)
    with store.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(known),)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    assert "extra" not in names
    store.close()


def test_statements_keep_triggers_whole() -> None:
    script = "CREATE TRIGGER t AFTER INSERT ON a\nBEGIN\n  DELETE FROM b;\nEND;\nSELECT 1;\n"
    assert [part.split()[0] for part in statements(script)] == ["CREATE", "SELECT"]


def test_closing_twice_is_safe_and_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    assert sequence(store) == 0
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        sequence(store)
    with pytest.raises(StoreError, match="is closed"), store.writing():
        pass


def test_the_file_is_marked_as_ours(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")
    with store.reading() as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    store.close()

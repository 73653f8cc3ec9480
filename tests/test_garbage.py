"""Old texts in SQLite: the file shrinks, failures change nothing, damage is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qa import garbage
from qa import store as store_module
from qa.embedded import DATABASE, EmbeddedEngine
from qa.errors import StoreError
from qa.store import Store, migrations
from qa.types import text_sha256
from tests.test_old_texts import drop, gone, hashes, kept, put

DIMENSION = 8


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    opened = EmbeddedEngine.open(tmp_path, DIMENSION)
    yield opened
    assert list(opened.check()) == []
    opened.close()


def ended(folder: Path) -> dict[tuple[str, str], str | None]:
    with closing(sqlite3.connect(folder / DATABASE)) as raw:
        rows = raw.execute("SELECT document_id, sha256, ended FROM versions").fetchall()
    return {(document_id, sha256): when for document_id, sha256, when in rows}


def size(folder: Path) -> int:
    """Bytes of the store and of the changes that are not in it yet."""
    return sum(
        file.stat().st_size for file in folder.glob(f"{DATABASE}*") if "shm" not in file.name
    )


def test_if_it_fails_nothing_is_dropped(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine, "a", "eins")
    put(engine, "a", "zwei")
    really = garbage.drop

    def fails(*given: object) -> None:
        really(*given)  # type: ignore[arg-type]
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(garbage, "drop", fails)
        with pytest.raises(ZeroDivisionError):
            drop(engine)
    assert (kept(engine, "eins"), gone(engine, "eins")) == ({"a"}, set())


def test_the_file_shrinks_while_others_have_it_open(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    put(engine, "a", "x" * 3_000_000)
    put(engine, "a", "neu")
    other = EmbeddedEngine.open(tmp_path, DIMENSION)
    assert other.texts([text_sha256("x" * 3_000_000)])
    assert size(tmp_path) > 3_000_000
    drop(engine)
    assert size(tmp_path) < 300_000
    assert kept(other, "neu") == {"a"}
    put(other, "b", "von anderen")
    assert kept(engine, "von anderen") == {"b"}
    for each in (engine, other):
        assert list(each.check()) == []
        each.close()


def test_a_reader_keeps_its_state_and_the_file_shrinks_when_all_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_CHECKPOINT_WAIT_MS", 20)
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    put(engine, "a", "x" * 3_000_000)
    put(engine, "a", "neu")
    reader = Store(tmp_path / DATABASE)
    with reader.reading() as connection:
        query = "SELECT count(*), sum(characters) FROM texts"
        before = connection.execute(query).fetchone()
        assert drop(engine) == hashes("x" * 3_000_000)
        assert connection.execute(query).fetchone() == before == (2, 3_000_003)
    with reader.reading() as connection:
        assert connection.execute(query).fetchone() == (1, 3)
    put(engine, "b", "auch danach wird geschrieben")
    reader.close()
    engine.close()
    assert size(tmp_path) < 300_000


def test_a_file_that_cannot_shrink_is_said_and_the_texts_are_dropped(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: Store) -> None:
        raise StoreError("no room")

    put(engine, "a", "eins")
    put(engine, "a", "zwei")
    monkeypatch.setattr(Store, "compact", fails)
    assert drop(engine) == hashes("eins")
    assert kept(engine, "eins") == set()
    assert "no room" in caplog.text


def test_versions_that_ended_before_times_were_stored_get_the_latest_possible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "migrations", lambda: migrations()[:1])
        old = Store(tmp_path / DATABASE)
        with old.writing() as connection:
            connection.execute("UPDATE state SET dimension = ?", (DIMENSION,))
            for text in ("eins", "zwei", "weg"):
                connection.execute(
                    "INSERT INTO texts VALUES (?, ?, ?)",
                    (text_sha256(text), len(text), text.encode()),
                )
            for name, text in (("a", "eins"), ("a", "zwei"), ("b", "weg")):
                connection.execute(
                    "INSERT INTO versions VALUES (?, ?, x'', NULL, NULL, NULL, '[]', 1)",
                    (name, text_sha256(text)),
                )
            connection.execute(
                "INSERT INTO documents VALUES ('a', ?, x'', NULL, NULL, NULL, NULL, NULL, '{}', "
                "'[]', 'p', 0, 1, '2026-01-01T00:00:00.000+00:00', ?)",
                (text_sha256("zwei"), "2026-02-03T04:05:06.789+00:00"),
            )
        old.close()
    before = garbage.moment(datetime.now(UTC))
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    times = ended(tmp_path)
    assert times["a", text_sha256("zwei")] is None
    assert times["a", text_sha256("eins")] == "2026-02-03T04:05:06.789+00:00"
    now = times["b", text_sha256("weg")]
    assert now is not None
    assert before <= now <= garbage.moment(datetime.now(UTC))
    assert list(engine.check()) == []
    assert drop(engine, 1) == hashes("eins")
    engine.close()


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE versions SET ended = '2026-01-01' WHERE ended IS NULL", "said to have ended"),
        ("UPDATE versions SET ended = NULL", "no time is stored"),
        (
            "INSERT INTO dropped_versions SELECT substr(sha256, 1, 20), document_id, '2026' "
            "FROM versions WHERE ended IS NULL",
            "said to be dropped",
        ),
        ("DELETE FROM versions WHERE ended IS NOT NULL", "is a version of no document"),
    ],
)
def test_check_sees_versions_that_are_not_as_they_should_be(
    tmp_path: Path, damage: str, finding: str
) -> None:
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    put(engine, "a", "eins")
    put(engine, "a", "zwei")
    with closing(sqlite3.connect(tmp_path / DATABASE)) as raw, raw:
        raw.execute(damage)
    (found,) = engine.check()
    assert finding in found
    engine.close()

"""Old texts are dropped, and nothing else is: what goes, what stays, what can come back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qa import garbage
from qa import store as store_module
from qa.embedded import DATABASE, EmbeddedEngine
from qa.engine import Tombstone
from qa.errors import NotFound, StoreError
from qa.store import Store, migrations
from qa.types import Document, PreparedDocument, text_sha256

DIMENSION = 8


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    opened = EmbeddedEngine.open(tmp_path, DIMENSION)
    yield opened
    assert list(opened.check()) == []
    opened.close()


def put(engine: EmbeddedEngine, document_id: str, text: str, title: str | None = None) -> None:
    engine.put([PreparedDocument(Document(document_id, text, "test", title), (), "p")])


def drop(engine: EmbeddedEngine, days: float = 0, dry_run: bool = False) -> list[str]:
    """Hashes of the texts that go."""
    ended_by = datetime.now(UTC) - timedelta(days=days)
    return [text.sha256 for text in engine.drop_old_texts(ended_by, dry_run=dry_run)]


def hashes(*texts: str) -> list[str]:
    return [text_sha256(text) for text in texts]


def kept(engine: EmbeddedEngine, text: str) -> set[str]:
    """Documents that have or had a text; reads it, too."""
    sha256 = text_sha256(text)
    documents = {version.document_id for version in engine.versions(sha256)}
    if documents:
        assert engine.text(sha256) == text
    else:
        with pytest.raises(NotFound):
            engine.text(sha256)
    return documents


def gone(engine: EmbeddedEngine, text: str) -> set[str]:
    return {stone.document_id for stone in engine.tombstones(text_sha256(text)[:20])}


def ended(folder: Path) -> dict[tuple[str, str], str | None]:
    with closing(sqlite3.connect(folder / DATABASE)) as raw:
        rows = raw.execute("SELECT document_id, sha256, ended FROM versions").fetchall()
    return {(document_id, sha256): when for document_id, sha256, when in rows}


def size(folder: Path) -> int:
    """Bytes of the store and of the changes that are not in it yet."""
    return sum(
        file.stat().st_size for file in folder.glob(f"{DATABASE}*") if "shm" not in file.name
    )


def backdate(folder: Path, text: str, days: int, document_id: str = "%") -> None:
    when = garbage.moment(datetime.now(UTC) - timedelta(days=days))
    with closing(sqlite3.connect(folder / DATABASE)) as raw, raw:
        raw.execute(
            "UPDATE versions SET ended = ? WHERE sha256 = ? AND document_id LIKE ?",
            (when, text_sha256(text), document_id),
        )


def test_replaced_and_removed_texts_go_and_current_ones_stay(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    put(engine, "a", "alt")
    put(engine, "b", "weg")
    put(engine, "c", "bleibt")
    assert drop(engine) == []
    put(engine, "a", "neu")
    backdate(tmp_path, "alt", 1)
    engine.remove(["b"])
    sequence = engine.status().sequence
    assert drop(engine, dry_run=True) == hashes("alt", "weg")  # the oldest first
    assert (kept(engine, "alt"), gone(engine, "alt")) == ({"a"}, set())
    assert drop(engine) == hashes("alt", "weg")
    assert (kept(engine, "alt"), kept(engine, "weg")) == (set(), set())
    assert (kept(engine, "neu"), kept(engine, "bleibt")) == ({"a"}, {"c"})
    today = datetime.now(UTC).date().isoformat()
    (stone,) = engine.tombstones(text_sha256("weg")[:20])
    assert (stone.document_id, stone.dropped[:10]) == ("b", today)
    assert engine.status().sequence == sequence
    assert drop(engine) == []


def test_what_is_said_of_an_old_text(engine: EmbeddedEngine) -> None:
    put(engine, "b", "größer")
    put(engine, "a", "größer")
    before = garbage.moment(datetime.now(UTC))
    engine.remove(["a", "b"])
    (text,) = engine.drop_old_texts(datetime.now(UTC), dry_run=True)
    assert (text.sha256, text.document_ids) == (text_sha256("größer"), ("a", "b"))
    assert text.characters == 6
    assert before <= text.ended <= garbage.moment(datetime.now(UTC))


def test_a_text_that_another_document_still_has_stays_for_both(engine: EmbeddedEngine) -> None:
    put(engine, "a", "geteilt")
    put(engine, "b", "geteilt")
    put(engine, "b", "eigen")
    assert drop(engine) == []
    assert kept(engine, "geteilt") == {"a", "b"}
    engine.remove(["a"])
    assert drop(engine) == hashes("geteilt")
    assert gone(engine, "geteilt") == {"a", "b"}
    assert kept(engine, "eigen") == {"b"}


def test_age_counts_from_when_the_last_document_lost_the_text(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    for name in "ab":
        put(engine, name, "geteilt")
        put(engine, name, "neu")
    backdate(tmp_path, "geteilt", 40, "a")
    backdate(tmp_path, "geteilt", 10, "b")
    assert drop(engine, 30) == []
    assert drop(engine, 11) == []
    assert drop(engine, 9) == hashes("geteilt")


def test_a_text_that_came_back_has_not_ended(engine: EmbeddedEngine, tmp_path: Path) -> None:
    put(engine, "a", "eins")
    put(engine, "a", "zwei")
    put(engine, "a", "eins")
    put(engine, "a", "eins", title="Nur der Titel ist neu")
    put(engine, "b", "drei")
    engine.remove(["b"])
    put(engine, "b", "drei")
    times = ended(tmp_path)
    assert times["a", text_sha256("eins")] is None
    assert times["b", text_sha256("drei")] is None
    assert times["a", text_sha256("zwei")] is not None
    assert drop(engine) == hashes("zwei")


def test_a_dropped_text_that_is_put_again_is_a_version_again(engine: EmbeddedEngine) -> None:
    for name in "ab":
        put(engine, name, "geteilt")
        put(engine, name, "neu")
    drop(engine)
    put(engine, "a", "geteilt")
    assert (kept(engine, "geteilt"), gone(engine, "geteilt")) == ({"a"}, {"b"})
    put(engine, "a", "noch neuer")
    assert drop(engine) == hashes("geteilt")
    assert gone(engine, "geteilt") == {"a", "b"}


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
    assert other.text(text_sha256("x" * 3_000_000))
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


def test_tombstones_are_found_by_what_a_citation_names(engine: EmbeddedEngine) -> None:
    put(engine, "a", "eins")
    engine.remove(["a"])
    drop(engine)
    sha256 = text_sha256("eins")
    (stone,) = engine.tombstones(sha256)
    assert [stone] == engine.tombstones(sha256[:20]) == [Tombstone("a", stone.dropped)]
    assert engine.tombstones("0" * 20) == []

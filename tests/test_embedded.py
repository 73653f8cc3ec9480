"""The embedded engine: its files, crashes, damage, and several users at once."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa import passages
from qa.embedded import DATABASE, EmbeddedEngine
from qa.engine import Search
from qa.errors import StoreError
from qa.lexical import LexicalIndex, LexicalIndexBusy
from qa.locks import WouldWait
from qa.representation import Columns
from qa.types import Candidate, Filters
from tests.prepared import DIMENSION, Seen, find, one, prepared, quotes, search, seen, vector


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    opened = EmbeddedEngine.open(tmp_path / "data", DIMENSION)
    yield opened
    assert list(opened.check()) == []
    opened.close()


def same_answers(engine: EmbeddedEngine, expected: tuple[Seen, ...]) -> None:
    assert search(engine, "Soldaten Grenze", 100) == expected
    assert list(engine.check()) == []


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Seen, ...]]:
    """A folder of 20 documents, closed and not to be changed, and what a search finds in it."""
    folder = tmp_path_factory.mktemp("saved") / "data"
    engine = EmbeddedEngine.open(folder, DIMENSION)
    engine.put([one(f"d{n}", f"Soldaten {n}\nGrenze {n}\nWetter {n}") for n in range(20)])
    answers = search(engine, "Soldaten Grenze", 100)
    engine.close()
    engine.close()
    assert len(answers) == 60
    return folder, answers


@pytest.fixture
def folder(saved: tuple[Path, tuple[Seen, ...]], tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(saved[0], tmp_path / "folder"))


@pytest.fixture
def expected(saved: tuple[Path, tuple[Seen, ...]]) -> tuple[Seen, ...]:
    return saved[1]


def test_reopening_finds_everything_and_builds_nothing(
    folder: Path, expected: tuple[Seen, ...], monkeypatch: pytest.MonkeyPatch
) -> None:

    def never(*_: object) -> None:
        raise AssertionError("was built again")

    monkeypatch.setattr(passages, "since", never)
    monkeypatch.setattr(passages, "entries_since", never)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    assert search(engine, "Soldaten Grenze", 100) == expected
    engine.close()


@pytest.mark.parametrize("where", ["vectors.safetensors", "lexical", "lexical/*.term"])
@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_damaged_indexes_are_built_again(
    folder: Path, expected: tuple[Seen, ...], where: str, how: str
) -> None:
    (path,) = folder.glob(where)
    if path.is_dir():
        shutil.rmtree(path)
        if how == "cut":
            path.mkdir()
            (path / "meta.json").write_text("{}")
        elif how == "flipped":
            path.write_text("a file where a folder should be")
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 0xFF
        path.unlink()  # a new file: cutting one that a thread has mapped kills the process
        if how != "gone":
            path.write_bytes(data[: len(data) // 2] if how == "cut" else data)
    told: list[tuple[str, int, int]] = []
    engine = EmbeddedEngine.open(folder, DIMENSION, lambda *progress: told.append(progress))
    assert [(done, total) for _, done, total in told] == [(60, 60)]
    same_answers(engine, expected)
    engine.close()


def test_indexes_of_another_store_are_built_again(
    folder: Path, expected: tuple[Seen, ...], tmp_path: Path
) -> None:
    other = EmbeddedEngine.open(tmp_path / "b", DIMENSION)
    other.put([one("x", "Fremde Soldaten")])
    other.close()
    for name in ("vectors.safetensors", "lexical"):
        target = folder / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        (tmp_path / "b" / name).rename(target)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    same_answers(engine, expected)
    engine.close()


def test_indexes_ahead_of_a_restored_store_are_built_again(
    folder: Path, expected: tuple[Seen, ...]
) -> None:
    backup = (folder / DATABASE).read_bytes()
    engine = EmbeddedEngine.open(folder, DIMENSION)
    engine.put([one("later", "Spätere Soldaten")])
    engine.remove(["d3"])
    assert len(quotes(engine)) == 58
    engine.close()
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()
    (folder / DATABASE).write_bytes(backup)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    same_answers(engine, expected)
    engine.close()


def soldiers(engine: EmbeddedEngine, *, waits: bool = True) -> list[Candidate]:
    search = Search("Soldaten", vector("Soldaten"), 9, 9, Filters())
    [found] = engine.search([search], waits=waits)
    return found.candidates


def test_a_search_that_is_not_to_wait_does_not_catch_up(engine: EmbeddedEngine) -> None:
    assert soldiers(engine, waits=False) == []
    engine.put([one("a", "Alte Soldaten")])
    with pytest.raises(WouldWait):
        soldiers(engine, waits=False)
    found = soldiers(engine)
    assert len(found) == 1
    assert soldiers(engine, waits=False) == found


def test_a_search_that_is_not_to_wait_builds_no_index_anew(engine: EmbeddedEngine) -> None:
    engine.put([one("a", "Alte Soldaten")])
    assert len(soldiers(engine)) == 1
    vectors = engine._derived._vectors.index
    vectors.add(np.array([77]), vector("Soldaten")[None])  # which the store does not have
    with pytest.raises(WouldWait):
        soldiers(engine, waits=False)
    assert len(soldiers(engine)) == 1
    assert vectors is not engine._derived._vectors.index


def test_while_more_keeps_coming_the_words_are_indexed_together(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived, committed, waited = engine._derived, list[int](), list[float]()
    update = LexicalIndex.update

    def counted(*given: Any) -> None:  # noqa: ANN401
        committed.append(given[-1])
        update(*given)

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        if len(waited) == 1:
            engine.put([one("b", "\n".join(f"Neue Soldaten {n}" for n in range(300)))])
        return False

    monkeypatch.setattr(LexicalIndex, "update", counted)
    monkeypatch.setattr(derived._stopping, "wait", wait)
    engine.put([one("a", "\n".join(f"Alte Soldaten {n}" for n in range(300)))])
    derived._following.join()
    assert (len(waited), committed, derived.pending()) == (2, [2], 0)
    assert len(quotes(engine, n=1000)) == 600


def test_a_search_does_not_wait_for_words_that_are_being_indexed(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived, begun, may_end = engine._derived, threading.Event(), threading.Event()
    update = LexicalIndex.update

    def slow(*given: Any) -> None:  # noqa: ANN401
        begun.set()
        assert may_end.wait(30)
        update(*given)

    def lines(kind: str, count: int) -> str:
        return "\n".join(f"{kind} Soldaten {n}" for n in range(count))

    engine.put([one("a", lines("Alte", 20)), one("b", lines("Junge", 20))])
    assert len(quotes(engine, n=1000)) == 40
    monkeypatch.setattr("qa.derived._TELLING", 40)
    monkeypatch.setattr(derived._stopping, "wait", lambda _: False)
    monkeypatch.setattr(LexicalIndex, "update", slow)
    engine.put([one("c", lines("Neue", 300))])
    assert begun.wait(30)
    assert len(quotes(engine, n=1000)) == 340
    engine.put([one("d", lines("Späte", 3)), one("b", lines("Ältere", 4))])
    engine.remove(["a"])
    expected = {*lines("Neue", 300).split("\n"), *lines("Späte", 3).split("\n")}
    expected |= set(lines("Ältere", 4).split("\n"))
    assert quotes(engine, n=1000) == expected
    assert len(derived._view.tail) == 300 + 3 + 4 + 40
    may_end.set()
    derived._following.join()
    assert quotes(engine, n=1000) == expected
    assert len(derived._view.tail) == 3 + 4 + 40  # what came after


def test_what_another_process_is_committing_is_tried_again(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived, tries, update = engine._derived, list[int](), LexicalIndex.update
    engine.put([one("a", "\n".join(f"Alte Soldaten {n}" for n in range(100)))])
    assert len(quotes(engine, n=1000)) == 100

    def busy(*given: Any) -> None:  # noqa: ANN401
        tries.append(given[-1])
        if len(tries) < 3:
            raise LexicalIndexBusy("another process is changing it")
        update(*given)

    monkeypatch.setattr("qa.derived._TELLING", 100)
    monkeypatch.setattr(derived._stopping, "wait", lambda _: False)
    monkeypatch.setattr(LexicalIndex, "update", busy)
    engine.put([one("b", "\n".join(f"Neue Soldaten {n}" for n in range(70)))])
    assert len(quotes(engine, n=1000)) == 170  # more than is left uncommitted
    derived._following.join()
    assert (tries, len(derived._view.tail), derived.pending()) == ([2, 2, 2], 0, 0)
    assert len(quotes(engine, n=1000)) == 170


def test_a_failure_after_the_commit_is_made_good_by_the_next_search(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.put([one("a", "Alte Soldaten")])
    assert quotes(engine) == {"Alte Soldaten"}
    with monkeypatch.context() as patch:

        def fails(*_: object) -> None:
            raise OSError("no space left on device")

        patch.setattr(LexicalIndex, "_document", fails)
        engine.put([one("a", "\n".join(f"Neue Soldaten {n}" for n in range(300)))])
        with pytest.raises(StoreError, match="no space left"):
            quotes(engine)
    assert len(quotes(engine, n=500)) == 300


def test_half_a_change_of_the_vectors_is_no_state(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.put([one("a", "Alte Soldaten")])
    assert quotes(engine) == {"Alte Soldaten"}
    engine.put([one("a", "Neue Soldaten"), one("b", "Mehr Soldaten")])
    with monkeypatch.context() as patch:
        whole = passages.since

        def half(
            connection: sqlite3.Connection, sequence: int, dimension: int
        ) -> Iterator[Columns]:
            yield from whole(connection, sequence, dimension)
            raise MemoryError

        patch.setattr(passages, "since", half)
        with pytest.raises(MemoryError):
            quotes(engine)
    assert quotes(engine) == {"Neue Soldaten", "Mehr Soldaten"}


KILLED = """
import os, sys
from pathlib import Path
from qa.lexical import LexicalIndex
from qa.embedded import EmbeddedEngine
from tests.prepared import DIMENSION, one, quotes
engine = EmbeddedEngine.open(Path(sys.argv[1]), DIMENSION)
engine.put([one("b", "Neue Soldaten")])
document = LexicalIndex._document
LexicalIndex._document = lambda *_: os._exit(9)
quotes(engine)
"""


def test_a_process_killed_between_commit_and_indexing(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    engine.put([one("a", "Alte Soldaten")])
    engine.close()
    root = Path(__file__).parent.parent
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, check=False)
    assert killed.returncode == 9
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    assert quotes(engine) == {"Alte Soldaten", "Neue Soldaten"}
    assert list(engine.check()) == []
    engine.close()


def test_two_engines_on_one_folder_see_each_other(tmp_path: Path) -> None:
    one_, other = (EmbeddedEngine.open(tmp_path, DIMENSION) for _ in range(2))
    one_.put([one("a", "Erste Soldaten")])
    assert quotes(other) == {"Erste Soldaten"}
    other.put([one("b", "Zweite Soldaten")])
    other.remove(["a"])
    assert quotes(one_) == quotes(other) == {"Zweite Soldaten"}
    one_.put([one("b", "Dritte Soldaten")])
    one_.close()
    assert quotes(other) == {"Dritte Soldaten"}
    assert other.status().sequence == 4
    assert list(other.check()) == []
    other.close()


def test_small_changes_are_shared_before_the_lexical_index_has_them(folder: Path) -> None:
    commits = len(list((folder / "lexical").glob("*.store")))
    here, there = (EmbeddedEngine.open(folder, DIMENSION) for _ in range(2))
    here.put([one("new", "Neue Soldaten\nSoldatinnen auch")])
    there.remove(["d3", "d4"])
    for engine in (here, there):
        found = quotes(engine, "neue Soldaten")
        assert {"Neue Soldaten", "Soldatinnen auch", "Soldaten 5"} <= found
        assert not {"Soldaten 3", "Wetter 4"} & found
        assert len(found) == 56
        assert list(engine.check()) == []
    assert search(here, "Soldaten") == search(there, "Soldaten")
    assert len(list((folder / "lexical").glob("*.store"))) == commits

    there.put([one(f"x{n}", f"Weitere Soldaten {n}\nNebel {n}") for n in range(20)])
    here.remove(["new"])
    for engine in (there, here, there):
        found = quotes(engine, "weitere Soldaten")
        assert "Weitere Soldaten 19" in found
        assert "Neue Soldaten" not in found
        assert len(found) == 94
        assert list(engine.check()) == []
    here.close()
    there.put([one("last", "Letzte Soldaten")])
    assert "Letzte Soldaten" in quotes(there)
    there.close()
    again = EmbeddedEngine.open(folder, DIMENSION)
    assert len(quotes(again)) == 95
    assert list(again.check()) == []
    again.close()


def test_two_engines_in_threads_never_answer_from_the_past(tmp_path: Path) -> None:
    writer, reader = (EmbeddedEngine.open(tmp_path, DIMENSION) for _ in range(2))
    committed, wrong, done = [0], [], threading.Event()

    def read() -> None:
        while not done.is_set():
            before = committed[0]
            found = find(reader, Search("Soldaten", vector("x"), 9, 9, Filters()))
            # A version has two passages, and numbers are never used again.
            said = {(c.passage_id + 1) // 2 for c in found.candidates}
            if found.status.sequence < before or said != ({found.status.sequence} - {0}):
                wrong.append((before, found))

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(1, 10):
        writer.put([one("a", f"Stand {number} Soldaten\nnoch {number} Soldaten")])
        committed[0] = number
        if number % 3 == 0:
            assert {int(quote.split()[1]) for quote in quotes(writer)} == {number}
    done.set()
    thread.join()
    assert wrong == []
    writer.close()
    reader.close()


def test_vectors_of_another_length_take_the_place_of_all(folder: Path) -> None:
    old = EmbeddedEngine.open(folder, DIMENSION)
    engine = EmbeddedEngine.open(folder, 4)
    assert search_of(engine, 4) == set()
    assert len(engine.outdated("p1")) == 20
    again = [prepared(engine.whole(name), dimension=4) for name in engine.outdated("p1")]
    engine.put(again)
    assert engine.outdated("p1") == []
    assert len(search_of(engine, 4)) == 60
    assert list(engine.check()) == []
    for wrong in (
        lambda: quotes(old),
        lambda: old.put([one("x", "x")]),
        lambda: old.remove(["d1"]),
    ):
        with pytest.raises(StoreError, match="start this program again"):
            wrong()
    old.close()
    engine.close()


def search_of(engine: EmbeddedEngine, dimension: int) -> set[str]:
    everything = Search("Soldaten", vector("x", dimension), 99, 99, Filters())
    return {candidate.text for candidate in seen(engine, find(engine, everything))}


REPLACE = "UPDATE representations SET data ="
FIRST = "(SELECT data FROM representations WHERE passage_id = 1)"
HEADER = 4 * 13  # bytes before the vector
NAN = f"CAST(substr(data, 1, {HEADER}) || x'007e' || substr(data, {HEADER + 3}) AS BLOB)"
TERM = HEADER + 2 * DIMENSION + 4 * 5  # after two tokens, their places, and one of the context
OTHER = f"CAST(substr(data, 1, {TERM}) || x'00' || substr(data, {TERM + 2}) AS BLOB)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE passages SET text = CAST('Falsch' AS BLOB) WHERE id = 2", "other words"),
        ("UPDATE passages SET start = start + 1 WHERE id = 2", "other words"),
        ('UPDATE passages SET "end" = 9999 WHERE id = 2', "outside its text"),
        ("UPDATE representations SET data = x'001122' WHERE passage_id = 2", "cut off"),
        ("UPDATE representations SET data = substr(data, 1, 60) WHERE passage_id = 2", "damaged"),
        (f"{REPLACE} {FIRST} WHERE passage_id = 2", "represented as one of d0 at 0..10"),
        (f"{REPLACE} {NAN} WHERE passage_id = 2", "not finite"),
        (f"{REPLACE} {OTHER} WHERE passage_id = 2", "by other terms"),
        ("DELETE FROM representations WHERE passage_id = 2", "no representation"),
        ("UPDATE passages SET context = '[[5, 9999]]' WHERE id = 2", "context outside"),
        ("UPDATE texts SET text = CAST('Anders' AS BLOB) WHERE rowid = 1", "has the hash"),
        ("UPDATE texts SET characters = 3 WHERE rowid = 1", "characters, stored as 3"),
        ("DELETE FROM passages WHERE id = 2", "says 3 passages, but has 2"),
        ("DELETE FROM passages WHERE id = 2", "index has passages that do not exist: 2"),
        ("UPDATE state SET documents = 5", "counts 5 documents, but holds 20"),
        ("DELETE FROM versions WHERE document_id = 'd3'", "not among its versions"),
        ("UPDATE documents SET published = '2022-09' WHERE id = 'd3'", "filed under None"),
        ("UPDATE documents SET published = 'nie' WHERE id = 'd3'", "expected a date"),
        (
            'INSERT INTO passages SELECT 99, document_id, start, "end", language, text, context, '
            "sequence FROM passages WHERE id = 1",
            "index lacks passages 99",
        ),
        ("PRAGMA foreign_keys = OFF; DELETE FROM documents WHERE id = 'd3'", "does not exist"),
    ],
)
def test_check_finds_planted_damage(folder: Path, sql: str, expected: str) -> None:
    engine = EmbeddedEngine.open(folder, DIMENSION)
    assert list(engine.check()) == []
    raw = sqlite3.connect(folder / DATABASE)
    raw.executescript(sql)
    raw.commit()
    raw.close()
    findings = list(engine.check())
    assert any(expected in finding for finding in findings), findings
    engine.close()

"""Files of representations: the same as the store has, whatever is in them and whoever writes."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from qa import passages, representation_files, tidying
from qa.embedded import DATABASE, EmbeddedEngine
from qa.representation_files import EACH, FOLDER, RepresentationFiles, file_name, write_file
from qa.representation_writing import write
from qa.store import Store
from tests.prepared import DIMENSION, Seen, one, quotes, search

Read = list[list[int]]
"""Ids of the passages that each search read from the store."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """120 passages, of which a file has sixteen."""
    monkeypatch.setattr(representation_files, "_BITS", 4)
    monkeypatch.setattr(representation_files, "EACH", 16)
    monkeypatch.setattr(representation_files, "_WORTH", 4)
    monkeypatch.setattr(representation_files, "_KEPT", 4)
    folder = tmp_path / "data"
    engine = EmbeddedEngine.open(folder, DIMENSION)
    engine.put([one(f"d{n}", f"Soldaten {n}\nGrenze {n}\nWetter {n}") for n in range(40)])
    engine.close()
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    found: Read = []
    stored = passages.stored

    def told(connection: sqlite3.Connection, ids: list[int]) -> list[tuple[int, bytes]]:
        found.append(ids)
        return stored(connection, ids)

    monkeypatch.setattr(passages, "stored", told)
    return found


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[[], EmbeddedEngine]]:
    """Opens engines as of several processes."""
    engines: list[EmbeddedEngine] = []

    def another() -> EmbeddedEngine:
        engines.append(EmbeddedEngine.open(folder, DIMENSION))
        return engines[-1]

    yield another
    for engine in engines:
        assert list(engine.check()) == []
        engine.close()


def written(folder: Path) -> list[str]:
    assert write(folder / DATABASE)
    return sorted(path.name for path in (folder / FOLDER).iterdir())


def everything(engine: EmbeddedEngine) -> tuple[Seen, ...]:
    return search(engine, "Soldaten Grenze Wetter", 200)


def test_the_same_is_read_from_files(
    folder: Path, opened: Callable[[], EmbeddedEngine], read: Read
) -> None:
    expected = everything(opened())
    assert len(expected) == 120
    assert max(map(len, read)) == 120
    read.clear()
    assert written(folder) == [file_name(n) for n in range(8)]
    assert everything(opened()) == expected
    assert read == []
    assert list(folder.glob("*.new")) == []


@pytest.mark.parametrize("mapped", [0, 1 << 29])
def test_read_or_mapped(
    folder: Path,
    opened: Callable[[], EmbeddedEngine],
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
    mapped: int,
) -> None:
    expected = everything(opened())
    written(folder)
    monkeypatch.setattr(representation_files, "_MAPPED", mapped)
    engine = opened()
    table = engine._derived._representations._table
    assert bool(table.mapped) is bool(mapped)
    read.clear()
    assert everything(engine) == expected
    assert read == []


def test_what_came_since_is_read_from_the_store_once(
    folder: Path, opened: Callable[[], EmbeddedEngine], read: Read
) -> None:
    written(folder)
    engine = opened()
    engine.put([one("new", "Soldaten neu\nNebel")])
    assert "Soldaten neu" in quotes(engine, "Soldaten neu Grenze")
    assert {passage for ids in read for passage in ids} == {121, 122}
    read.clear()
    assert "Soldaten neu" in quotes(engine, "Soldaten neu Grenze")
    assert read == []


def test_few_that_are_in_no_file_are_remembered_and_many_are_not(
    folder: Path, opened: Callable[[], EmbeddedEngine], read: Read
) -> None:
    engine = opened()
    everything(engine)
    everything(engine)
    assert [len(ids) for ids in read] == [120, 120]
    written(folder)
    engine = opened()
    read.clear()
    for number in range(3):
        engine.put([one(f"x{number}", f"Soldaten x{number}\nNebel x{number}")])
        assert f"Nebel x{number}" in [found.text for found in everything(engine)]
    assert read == [[121, 122], [123, 124], [125, 126]]
    everything(engine)
    assert read[3:] == [[121, 122, 123, 124]]  # of which four are remembered, and two were


def test_what_is_removed_or_replaced_is_forgotten(
    folder: Path, opened: Callable[[], EmbeddedEngine]
) -> None:
    here = opened()
    written(folder)
    there = opened()
    here.remove(["d0", "d7"])
    here.put([one("d1", "Nebel eins\nSoldaten 1")])
    for engine in (here, there, opened()):
        found = quotes(engine, "Soldaten Grenze Wetter Nebel")
        assert {"Soldaten 0", "Grenze 7", "Grenze 1"}.isdisjoint(found)
        assert {"Nebel eins", "Soldaten 1", "Grenze 2"} <= set(found)


def test_files_are_written_again_when_much_came_or_went(
    folder: Path, opened: Callable[[], EmbeddedEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened()

    def stamps() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in (folder / FOLDER).iterdir()}

    written(folder)
    first = stamps()
    engine.put([one("three", "Nebel\nRegen\nHagel")])  # 121 to 123
    written(folder)
    assert stamps() == first
    engine.put([one("more", "Schnee\nSturm")])
    written(folder)
    assert {name for name, stamp in stamps().items() if first[name] != stamp} == {file_name(7)}
    engine.remove(["d0"])  # 1 to 3
    written(folder)
    assert stamps()[file_name(0)] == first[file_name(0)]
    engine.remove(["d1"])  # 4 to 6
    written(folder)
    assert stamps()[file_name(0)] != first[file_name(0)]
    size = (folder / FOLDER / file_name(0)).stat().st_size
    engine.remove([f"d{n}" for n in range(2, 6)])  # up to 18
    written(folder)
    assert (folder / FOLDER / file_name(0)).stat().st_size < size
    last = stamps()
    written(folder)
    assert stamps() == last


def test_a_file_is_full_before_it_is_worth_its_part(
    folder: Path, opened: Callable[[], EmbeddedEngine]
) -> None:
    written(folder)
    engine = opened()
    engine.put([one("a", "\n".join(f"Nebel {n}" for n in range(7)))])  # up to 127: it is full
    files = engine._derived._representations
    everything(engine)
    assert files.unwritten() == [7]
    written(folder)
    engine.put([one("b", "Regen\nHagel\nSturm")])
    everything(engine)
    files.reload()
    everything(engine)
    assert files.unwritten() == []
    engine.put([one("c", "Schnee")])
    everything(engine)
    assert files.unwritten() == [8]


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b"\n") + 20] ^= 1
    path.write_bytes(data)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def foreign(path: Path) -> None:
    line, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps({**json.loads(line), "store": "other"}).encode() + b"\n" + rest)


def exchanged(path: Path) -> None:
    path.write_bytes(path.with_name(file_name(3)).read_bytes())


def no_file(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [damaged, cut_off, foreign, exchanged, no_file])
def test_a_file_that_is_not_what_it_should_be_is_written_again(
    folder: Path,
    opened: Callable[[], EmbeddedEngine],
    read: Read,
    harm: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    expected = everything(opened())
    written(folder)
    harm(folder / FOLDER / file_name(2))
    with caplog.at_level(logging.WARNING):
        engine = opened()
    assert "000002.bin is not used, but written again" in caplog.text
    read.clear()
    assert everything(engine) == expected
    assert read == [list(range(32, 48))]
    written(folder)
    read.clear()
    assert everything(opened()) == expected
    assert read == []


def test_contents_that_cannot_be_right_are_read_from_the_store(
    folder: Path, opened: Callable[[], EmbeddedEngine], caplog: pytest.LogCaptureFixture
) -> None:
    expected = everything(opened())
    written(folder)
    path = folder / FOLDER / file_name(2)
    data = path.read_bytes()
    path.write_bytes(data[:-500] + b"\xff" * 500)
    engine = opened()
    with caplog.at_level(logging.WARNING):
        assert everything(engine) == expected
    assert "reading from the store what the files have of passages" in caplog.text
    assert not (folder / FOLDER).exists()


def test_the_check_finds_what_differs(folder: Path, opened: Callable[[], EmbeddedEngine]) -> None:
    written(folder)
    path = folder / FOLDER / file_name(2)
    data = bytearray(path.read_bytes())
    data[-1 - len("d15")] ^= 1  # the id of a document, or what follows it
    path.write_bytes(data)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    assert list(engine.check()) == ["The files of representations have others of passages 47."]
    engine._derived.distrust()
    assert list(engine.check()) == []
    engine.close()


def test_files_ahead_of_a_store_that_was_put_back_are_not_used(
    folder: Path, opened: Callable[[], EmbeddedEngine], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as store:
        store.execute("VACUUM INTO ?", (str(tmp_path / "backup"),))
    engine = EmbeddedEngine.open(folder, DIMENSION)
    engine.put([one("new", "\n".join(f"Nebel {n}" for n in range(20)))])
    engine.close()
    assert len(written(folder)) == 9
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()
    (tmp_path / "backup").rename(folder / DATABASE)
    engine = opened()
    assert not (folder / FOLDER).exists()
    engine.put([one("other", "\n".join(f"Regen {n}" for n in range(20)))])
    found = quotes(engine, "Regen Nebel")
    assert "Regen 7" in found
    assert not any(quote.startswith("Nebel") for quote in found)


def test_ids_that_an_index_names_and_the_store_lacks_are_found_out(
    folder: Path, opened: Callable[[], EmbeddedEngine], caplog: pytest.LogCaptureFixture
) -> None:
    engine = opened()
    written(folder)
    engine.remove(["d0"])
    everything(engine)
    engine._derived._vectors.index.add(
        np.array([1], np.int64), np.ones((1, DIMENSION), np.float32) / DIMENSION**0.5
    )
    with caplog.at_level(logging.ERROR):
        assert "Soldaten 0" not in quotes(engine, "Soldaten")
    assert "the indexes name passages that the store does not have" in caplog.text


def test_one_process_writes_at_a_time(folder: Path) -> None:
    (folder / f"{FOLDER}.new").mkdir()
    assert not write(folder / DATABASE)
    long_ago = time.time() - 3_600
    os.utime(folder / f"{FOLDER}.new", (long_ago, long_ago))
    assert len(written(folder)) == 8


def test_the_process_writes_and_says_why_it_cannot(tmp_path: Path) -> None:
    with closing(EmbeddedEngine.open(tmp_path / "data", DIMENSION)) as engine:
        engine.put([one("d", "Soldaten")])
    command = [sys.executable, "-m", "qa.representation_writing"]
    done = subprocess.run(
        [*command, str(tmp_path / "data" / DATABASE)], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert list((tmp_path / "data" / FOLDER).iterdir()) == []  # too few to be worth it
    (tmp_path / DATABASE).write_text("no store")
    failed = subprocess.run(
        [*command, str(tmp_path / DATABASE)], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "Candidates of a question are read from the store" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_searches_have_them_written_once_nothing_changes(
    folder: Path,
    opened: Callable[[], EmbeddedEngine],
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tidying, "LOOK_SECONDS", 0.05)
    begun: list[str] = []

    def begin(watch: tidying.Tidying) -> None:
        begun.append(watch._module)
        write(watch._store)  # in this process, where files are small

    monkeypatch.setattr(tidying.Tidying, "_begin", begin)
    here, there = opened(), opened()
    expected = everything(here)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        read.clear()
        assert everything(here) == expected
        assert everything(there) == expected
        if not read:
            break
        time.sleep(0.02)
    assert read == []
    assert set(begun) == {"qa.representation_writing"}


def test_files_as_they_are_large(tmp_path: Path) -> None:
    """Without making them small: some passages, in the one file that has their numbers."""
    with closing(EmbeddedEngine.open(tmp_path, DIMENSION)) as engine:
        engine.put([one(f"d{n}", f"Soldaten {n}") for n in range(10)])
    with closing(Store(tmp_path / DATABASE)) as store, store.reading() as connection:
        files = RepresentationFiles(tmp_path / FOLDER, "s")
        files.advance(connection, 5)
        expected = files.columns(connection, np.arange(1, 12), DIMENSION)
        assert expected.ids.tolist() == list(range(1, 11))
        (tmp_path / FOLDER).mkdir()
        write_file(connection, 0, "s", 5, tmp_path / FOLDER / file_name(0))
        assert files.changed
        files.reload()
        files.advance(connection, 5)
        found = files.columns(connection, np.arange(1, 12), DIMENSION)
        assert found.documents == expected.documents
        assert np.array_equal(found.vectors, expected.vectors)
        beyond = files.columns(connection, np.array([4, EACH + 4, 9 * EACH]), DIMENSION)
        assert beyond.ids.tolist() == [4]
        assert len(files.columns(connection, np.empty(0, np.int64), DIMENSION)) == 0

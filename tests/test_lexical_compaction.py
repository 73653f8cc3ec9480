"""One segment of many, in the place of the old index, while others search and change it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from qa import lexical_compaction, records, tidying
from qa.embedded import DATABASE, EmbeddedEngine
from qa.lexical import LexicalIndex
from qa.lexical_compaction import FOLDER, compact, worth_it
from qa.lexical_files import segment_sizes
from qa.store import Store
from tests.prepared import DIMENSION, one, quotes, search

BATCHES, EACH = 6, 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A collection whose lexical index was committed six times."""
    folder = tmp_path / "data"
    for batch in range(BATCHES):
        engine = EmbeddedEngine.open(folder, DIMENSION)
        lines = [f"{batch}.{n}" for n in range(EACH)]
        engine.put([one(f"d{i}", f"Soldaten {i}\nGrenze {i}\nWetter {i}") for i in lines])
        engine.close()  # commits
    assert len(segment_sizes(folder / FOLDER)) >= BATCHES
    return folder


@pytest.fixture
def engines(folder: Path) -> Iterator[tuple[EmbeddedEngine, EmbeddedEngine]]:
    """As of two processes."""
    here, there = (EmbeddedEngine.open(folder, DIMENSION) for _ in range(2))
    yield here, there
    for engine in (here, there):
        assert list(engine.check()) == []
        engine.close()


def compacted(folder: Path) -> bool:
    return compact(folder / DATABASE)


@contextmanager
def while_another_writes(folder: Path) -> Iterator[None]:
    """As while another process commits to the lexical index."""
    with closing(Store(folder / DATABASE)) as store, store.reading() as connection:
        identity = records.state(connection).store
    with LexicalIndex(folder / FOLDER, identity).writable():
        yield


def change(adding: EmbeddedEngine, removing: EmbeddedEngine) -> None:
    """More than the index would do without."""
    adding.put([one(f"x{n}", f"Neue Soldaten {n}\nNebel {n}\nRegen {n}") for n in range(40)])
    removing.remove(["d0.0"])


def require_changes(*engines: EmbeddedEngine) -> None:
    for engine in engines:
        found = quotes(engine, "neue Soldaten")
        assert "Neue Soldaten 7" in found
        assert "Soldaten 0.0" not in found


def test_the_same_is_found_in_one_segment(
    folder: Path, engines: tuple[EmbeddedEngine, EmbeddedEngine]
) -> None:
    here, there = engines
    expected = search(here, "Soldaten Grenze", 100)
    assert compacted(folder)
    (size,) = segment_sizes(folder / FOLDER)
    assert size == BATCHES * EACH * 3 + 1
    assert [path.name for path in folder.glob("lexical*")] == [FOLDER]
    assert search(there, "Soldaten Grenze", 100) == expected  # of the old one, still open
    fresh = EmbeddedEngine.open(folder, DIMENSION)
    assert search(fresh, "Soldaten Grenze", 100) == expected
    assert list(fresh.check()) == []
    fresh.close()


def test_more_commits_than_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_compaction, "SLICE", 20)  # 720 passages in 64 commits
    assert compacted(folder)
    assert len(segment_sizes(folder / FOLDER)) == 1


def test_processes_that_have_the_old_index_open_go_on_in_the_new(
    folder: Path, engines: tuple[EmbeddedEngine, EmbeddedEngine]
) -> None:
    here, there = engines
    assert compacted(folder)
    change(here, there)
    require_changes(there, here, there)
    for engine in engines:
        engine._derived._following.join()
    require_changes(there, here)
    assert sum(segment_sizes(folder / FOLDER)) > BATCHES * EACH * 3 + 100


def test_what_changes_while_it_is_built_is_not_lost(
    folder: Path,
    engines: tuple[EmbeddedEngine, EmbeddedEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = engines
    fill = lexical_compaction._fill

    def meanwhile(*given: object) -> None:
        fill(*given)  # type: ignore[arg-type]
        change(here, here)
        assert "Neue Soldaten 7" in quotes(here, "neue Soldaten")

    monkeypatch.setattr(lexical_compaction, "_fill", meanwhile)
    assert compacted(folder)
    fresh = EmbeddedEngine.open(folder, DIMENSION)
    require_changes(here, there, fresh)
    fresh.close()


def test_an_index_that_is_being_written_to_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical_compaction, "_PATIENCE_SECONDS", 0.3)
    before = segment_sizes(folder / FOLDER)
    with while_another_writes(folder):
        assert not compacted(folder)
    assert segment_sizes(folder / FOLDER) == before
    assert [path.name for path in folder.glob("lexical*")] == [FOLDER]


def test_one_at_a_time_and_what_was_left_behind(folder: Path) -> None:
    building = folder / f"{FOLDER}.new"
    building.mkdir()
    (building / "meta.json").write_text("{}")
    assert not compacted(folder)
    long_ago = time.time() - 3_600
    os.utime(building, (long_ago, long_ago))
    assert compacted(folder)
    assert not building.exists()


def test_when_it_is_worth_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = folder / FOLDER
    assert not worth_it(index)  # too few passages
    monkeypatch.setattr(lexical_compaction, "_LEAST", 500)
    assert worth_it(index)
    assert compacted(folder)
    assert not worth_it(index)
    assert not worth_it(folder / "absent")
    for sizes, worth in (
        ((9_000, 100, 100, 100, 100, 100), False),  # most of it is one segment already
        ((9_000, 2_900), False),
        ((9_000, 3_000), True),
        ((9_000,), False),
    ):
        segments = {"segments": [{"max_doc": size} for size in sizes]}
        (index / "meta.json").write_text(json.dumps(segments))
        assert worth_it(index) is worth


def test_searches_have_it_done_once_nothing_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(lexical_compaction, "_LEAST", 500)
    here, there = (EmbeddedEngine.open(folder, DIMENSION) for _ in range(2))
    expected = search(here, "Soldaten Grenze", 100)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert search(here, "Soldaten Grenze", 100) == expected
        assert search(there, "Soldaten Grenze", 100) == expected
        views = [engine._derived._lexical.view for engine in (here, there)]
        segments = [view._searcher.num_segments for view in views]
        if segments == [1, 1]:
            break
        time.sleep(0.02)
    assert segments == [1, 1]
    assert len(segment_sizes(folder / FOLDER)) == 1
    here.close()
    there.close()


def test_the_process_says_why_it_failed(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("no store")
    done = subprocess.run(
        [sys.executable, "-m", "qa.lexical_compaction", str(tmp_path / DATABASE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "The lexical index stays in several segments" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_ended_with_the_program_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(lexical_compaction, "_LEAST", 500)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    with while_another_writes(folder):  # so that it must wait
        for _ in range(3):
            search(engine, "Soldaten")
        process = engine._derived._compacting._process
        assert process is not None
        deadline = time.monotonic() + 30
        while not (folder / f"{FOLDER}.new").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None
        engine._derived.stop()
        assert process.poll() is not None
    assert [path.name for path in folder.glob("lexical*")] == [FOLDER]
    engine.close()


def test_what_failed_is_not_tried_again_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(lexical_compaction, "_LEAST", 500)
    begun: list[int] = []
    monkeypatch.setattr(tidying.Tidying, "_begin", lambda _: begun.append(1))
    watch = tidying.Tidying(folder / DATABASE, "qa.nothing", lambda: True)
    for sequence in (1, 1, 1, 1):
        assert watch.looked(sequence)
    assert len(begun) == 1
    for sequence in (2, 3, 4):  # never quiet
        watch.looked(sequence)
    assert len(begun) == 1
    watch.looked(4)
    assert len(begun) == 2
    monkeypatch.setattr(tidying, "_RETRY_SECONDS", 0.0)
    watch.looked(4)
    watch.looked(4)
    assert len(begun) == 2  # the wait that was agreed on
    watch.looked(5)
    watch.looked(5)
    assert len(begun) == 3
    watch.looked(5)
    assert len(begun) == 4  # after a while, here none, it is tried again

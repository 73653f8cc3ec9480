"""Several processes prepare what one would, and nothing is lost when they fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embeddings.bundled import BUNDLED
from embeddings.static import StaticEncoder
from qa import parallel
from qa.parallel import ParallelPreparer
from qa.preparation import Preparer
from qa.types import Document
from tests.prepared import plain

TOKENS = StaticEncoder(BUNDLED)
LOCAL = Preparer(TOKENS, TOKENS)


def documents(count: int) -> list[Document]:
    words = "Soldaten Grenze Минск солдаты border guards 白俄罗斯 Krieg 20.000 Lukaschenko".split()
    random = np.random.default_rng(4)
    return [
        Document(f"d{n}", " ".join(random.choice(words, 400)) + ".", "test") for n in range(count)
    ]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParallelPreparer]:
    preparer = ParallelPreparer(LOCAL, tmp_path_factory.mktemp("cache"), 2)
    yield preparer
    preparer.close()


MANY = documents(60)


def test_the_same_comes_back_in_order(several: ParallelPreparer) -> None:
    found = several.prepare(MANY)
    assert len(several._processes) == 2
    assert plain(found) == plain(LOCAL.prepare(MANY))
    assert several.pipeline == LOCAL.pipeline


def test_a_small_batch_starts_nothing(tmp_path: Path) -> None:
    preparer = ParallelPreparer(LOCAL, tmp_path, 2)
    assert len(preparer.prepare(MANY[:3])) == 3
    assert preparer._processes == []
    alone = ParallelPreparer(LOCAL, tmp_path, 1)
    assert len(alone.prepare(MANY)) == 60
    assert alone._processes == []


def test_a_killed_process_loses_nothing(several: ParallelPreparer) -> None:
    several.prepare(MANY)
    several._processes[1]._process.kill()
    several._processes[1]._process.wait()
    assert plain(several.prepare(MANY)) == plain(LOCAL.prepare(MANY))
    assert several._processes == []
    assert plain(several.prepare(MANY)) == plain(LOCAL.prepare(MANY))
    assert len(several._processes) == 2


def test_an_error_of_a_document_comes_back(several: ParallelPreparer) -> None:
    bad = Document("bad", "Soldaten", "test", title=7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'in <string>'"):
        several.prepare([*MANY, bad])
    assert len(several.prepare(MANY)) == 60


def test_processes_stop_when_nothing_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "IDLE_SECONDS", 0.1)
    preparer = ParallelPreparer(LOCAL, tmp_path, 2)
    preparer.prepare(MANY)
    started = [worker._process for worker in preparer._processes]
    preparer._idle.join(10)  # type: ignore[union-attr]
    assert preparer._processes == []
    assert all(process.poll() is not None for process in started)


def test_several_threads_share_them(several: ParallelPreparer) -> None:
    expected, wrong = plain(LOCAL.prepare(MANY)), []

    def prepare() -> None:
        if plain(several.prepare(MANY)) != expected:
            wrong.append("another")

    threads = [threading.Thread(target=prepare) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []

"""The engine in Milvus: interrupted changes, several replicas, long texts, damage."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.engine import Search
from qa.errors import NotFound, StoreError
from qa.milvus import statistics, sweeping
from qa.milvus.blobs import Blobs
from qa.milvus.control import Control
from qa.milvus.engine import MilvusEngine
from qa.milvus.passages import Passages
from qa.milvus.records import Records
from qa.milvus.schema import Names
from qa.types import Filters, text_sha256
from tests.engines import milvus
from tests.prepared import DIMENSION, find, one, prepared, quotes, search, seen, vector


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[MilvusEngine]:
    opened = milvus(tmp_path)
    yield opened
    assert list(opened.check()) == []
    opened.close()


@pytest.fixture
def other(engine: MilvusEngine, tmp_path: Path) -> Iterator[MilvusEngine]:
    """A second replica of the same store."""
    opened = milvus(tmp_path)
    yield opened
    opened.close()


def names(engine: MilvusEngine) -> Names:
    return Names.of(engine._client.address, DIMENSION)


def rows(engine: MilvusEngine, collection: str, condition: str, *fields: str) -> list[Any]:
    return list(engine._client.scan(collection, "key", condition, fields or ("*",)))


def passage_count(engine: MilvusEngine) -> int:
    return len(list(engine._store.passages.versions()))


class Killed(BaseException):
    """Ends a writer wherever it is."""


STEPS: dict[str, tuple[type, str]] = {
    "before the text": (Blobs, "put"),
    "before the note": (sweeping.Notes, "write"),
    "before the passages": (Passages, "write"),
    "before the records": (Records, "write"),
    "before the commit": (Control, "write"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_writer_that_dies_leaves_nothing_to_be_seen(
    engine: MilvusEngine,
    other: MilvusEngine,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    late: bool,
) -> None:
    engine.put([one("a", "Alte Soldaten"), one("b", "Andere Soldaten")])
    where, name = STEPS[step]
    really = getattr(where, name)

    def dies(*given: object, **more: object) -> None:
        if late:
            really(*given, **more)
        raise Killed

    change = [one("a", "Neue Soldaten"), one("c", "Mehr Soldaten")]
    with monkeypatch.context() as patch:
        patch.setattr(where, name, dies)
        with pytest.raises(Killed):
            engine.put(change)
    made = late and step == "before the commit"
    for replica in (engine, other):
        if made:
            assert quotes(replica) == {"Neue Soldaten", "Andere Soldaten", "Mehr Soldaten"}
        else:
            assert quotes(replica) == {"Alte Soldaten", "Andere Soldaten"}
            assert (replica.status().sequence, replica.status().documents) == (1, 2)
            with pytest.raises(NotFound):
                replica.document("c")
        assert list(replica.check()) == []
    other.put([one("b", "Weitere Soldaten")])
    assert len(other.versions(text_sha256("Neue Soldaten"))) == made
    engine.put(change)
    for replica in (engine, other):
        assert quotes(replica) == {"Neue Soldaten", "Weitere Soldaten", "Mehr Soldaten"}
        assert (replica.status().sequence, replica.status().documents) == (3, 3)
        assert list(replica.check()) == []


def test_what_nobody_names_is_swept_when_its_time_has_come(
    engine: MilvusEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.milvus.changes.REPLACED_SECONDS", 0.0)
    monkeypatch.setattr("qa.milvus.engine._SWEEP_SECONDS", 0.0)
    engine.put([one("a", "eins\nzwei\ndrei"), one("b", "vier")])
    engine.put([one("a", "fünf")])
    engine.remove(["b"])
    assert passage_count(engine) == 1
    monkeypatch.setattr("qa.milvus.changes.WRITTEN_SECONDS", 0.0)
    with pytest.raises(StoreError, match="too long"):
        engine.put([one("c", "sechs\nsieben")])
    assert passage_count(engine) == 3
    engine._sweep(now=True)
    assert passage_count(engine) == 1
    # Those of the first three versions stay until the time for writing them has passed.
    assert len(engine._store.notes.all()) == 3


def test_a_search_finds_enough_among_many_replaced_passages(engine: MilvusEngine) -> None:
    for number in range(6):
        engine.put([one("a", "\n".join(f"Soldaten {number} {line}" for line in range(20)))])
    engine.put([one("b", "\n".join(f"Wetter und Soldaten {line}" for line in range(5)))])
    found = search(engine, "Soldaten", 22)
    assert len(found) >= 22
    assert passage_count(engine) == 125
    assert {one_.text.split()[1] for one_ in found if one_.candidate.document_id == "a"} == {"5"}


def test_replicas_see_each_others_changes_at_once(
    engine: MilvusEngine, other: MilvusEngine
) -> None:
    engine.put([one("a", "Erste Soldaten")])
    assert quotes(other) == {"Erste Soldaten"}
    other.put([one("b", "Zweite Soldaten")])
    other.remove(["a"])
    assert quotes(engine) == {"Zweite Soldaten"}
    assert engine.put([one("b", "Dritte Soldaten")])[0].sequence == 4
    assert search(engine, "Soldaten") == search(other, "Soldaten")
    assert other.status() == engine.status()


def test_many_writers_are_numbered_one_by_one(engine: MilvusEngine, tmp_path: Path) -> None:
    replicas = [milvus(tmp_path) for _ in range(3)]
    for replica in replicas:
        replica._store.turns._queue = threading.Lock()  # as if each were another process

    def write(number: int) -> list[int]:
        replica = replicas[number]
        made = []
        for turn in range(4):
            made += replica.put([one(f"d{number}-{turn}", f"Soldaten {number} {turn}")])
            made += replica.put([one("shared", f"Geteilte Soldaten {number} {turn}")])
        return [change.sequence for change in made]

    with ThreadPoolExecutor(3) as pool:
        numbers = [number for made in pool.map(write, range(3)) for number in made]
    assert sorted(numbers) == list(range(1, 25))
    assert (engine.status().sequence, engine.status().documents) == (24, 13)
    for replica in replicas:
        assert list(replica.check()) == []
        replica.close()


def test_a_writer_that_shows_no_life_is_not_waited_for(engine: MilvusEngine) -> None:
    turns = engine._store.turns
    turns.write("writer/dead", 1, 0)
    turns.lease = 3.0
    began = time.monotonic()
    with turns.turn():
        assert time.monotonic() - began > turns.lease
        assert "writer/dead" not in turns.waiting()
    assert turns.waiting() == {}


def test_a_writer_that_lost_its_turn_does_not_commit(engine: MilvusEngine) -> None:
    store = engine._store
    engine.put([one("a", "Soldaten")])
    with store.writing() as (turn, state):
        engine._client.delete_keys(names(engine).control, "key", [turn._key])
        with pytest.raises(StoreError, match="nothing was changed"):
            store.commit(turn, replace(state, sequence=9))
    assert engine.status().sequence == 1


def test_long_texts_titles_and_passages(engine: MilvusEngine) -> None:
    line = "".join(chr(0x4E00 + n % 20_000) for n in range(23_000))  # 69 kB
    text = "\n".join([f"Soldaten {line}", f"Wetter {line[::-1]}", "\ud800\x00"])
    it = one("lang", text, title=line, metadata={"all": text}, source="s" * 70_000)
    engine.put([it])
    assert engine.whole("lang") == it.document
    assert quotes(engine) == set(text.split("\n"))
    engine.put([one("lang", text, title="kurz")])
    assert engine.document("lang").title == "kurz"


def test_statistics_are_summed_and_read_by_new_replicas(
    engine: MilvusEngine, other: MilvusEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "_SUM_EVERY", 3)
    quotes(other)
    for number in range(14):
        engine.put([one(f"d{number % 5}", f"Soldaten {number}\nWetter {number}")])
    state = engine._store.state()
    assert 0 < state.summed_before < state.summed <= state.revision
    assert list(other.check()) == list(engine.check()) == []
    assert search(engine, "Soldaten") == search(other, "Soldaten")
    kept = [name for name in engine._store.blobs.names("s/")]
    assert statistics.blob_name(state.summed_before) not in kept
    assert len(list(engine._store.blobs.names("f/"))) <= 2


def test_vectors_of_another_length_take_the_place_of_all(tmp_path: Path) -> None:
    old = milvus(tmp_path)
    old.put([one(f"d{n}", f"Soldaten {n}\nGrenze {n}") for n in range(5)])
    engine = MilvusEngine.open(old._client.address, "", 4)
    everything = Search("Soldaten", vector("x", 4), 99, 99, Filters())
    assert seen(engine, find(engine, everything)) == ()
    assert len(engine.outdated("p1")) == 5
    engine.put([prepared(engine.whole(name), dimension=4) for name in engine.outdated("p1")])
    assert len(seen(engine, find(engine, everything))) == 10
    assert (engine.outdated("p1"), list(engine.check())) == ([], [])
    for wrong in (
        lambda: quotes(old),
        lambda: old.put([one("x", "x")]),
        lambda: old.remove(["d1"]),
    ):
        with pytest.raises(StoreError, match="start this program again"):
            wrong()
    old.close()
    engine.close()


def _state(**changed: object) -> Callable[[MilvusEngine], None]:
    def damage(engine: MilvusEngine) -> None:
        store = engine._store
        store.control.write(replace(store.state(), **changed))  # type: ignore[arg-type]

    return damage


def _record(kind: str, **changed: object) -> Callable[[MilvusEngine], None]:
    def damage(engine: MilvusEngine) -> None:
        (row, *_) = rows(engine, names(engine).records, f'key >= "{kind}/" and key < "{kind}/~"')
        now, before = json.loads(row["body"])
        row["body"] = json.dumps([{**now, **changed}, before])
        engine._client.upsert(names(engine).records, [row])

    return damage


def _passage(**changed: object) -> Callable[[MilvusEngine], None]:
    def damage(engine: MilvusEngine) -> None:
        row = next(engine._client.scan(names(engine).passages, "id", "", ["*"]))
        engine._client.upsert(names(engine).passages, [{**row, **changed}])

    return damage


def _lost(collection: str, condition: str) -> Callable[[MilvusEngine], None]:
    return lambda engine: engine._client.delete(getattr(names(engine), collection), condition)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_passage(text='[[], "Falsch"]'), "other words"),
        (_passage(text="[[[5, 9999]], null]"), "context outside"),
        (_passage(version=77), "filed under a, version 77"),
        (_passage(language="xx"), "searched by a wrong language"),
        (_passage(published_last=20300101), "searched by a wrong published_last"),
        (_passage(vector=[1.0] + [0.0] * 7), "searched by a wrong vector"),
        (_passage(terms={1: 1.0}, sounds={5: 2.0}), "searched by a wrong terms, sounds"),
        (_lost("passages", "id == 2"), "says 2 passages, but has 1"),
        (_lost("passages", "id == 2"), "counts 3 passages, but holds 2"),
        (_lost("passages", "id == 2"), "counts of terms are not"),
        (_lost("blobs", 'key >= "t/" and key < "t/~"'), "is lost or damaged"),
        (_state(documents=5), "counts 5 documents, but holds 2"),
        (_state(lengths=(1, 2, 3)), "its passages have"),
        (_record("d", published="2022-09"), "filed under None"),
        (_record("d", published="nie"), "expected a date"),
        (_record("v", ended="2026-01-01"), "said to have ended"),
        (_record("v", characters=3), "characters, stored as 3"),
        (_lost("records", 'key >= "v/" and key < "v/~"'), "not among its versions"),
        (_lost("notes", 'key >= "note/" and key < "note/~"'), ""),
    ],
)
def test_check_finds_planted_damage(
    tmp_path: Path, damage: Callable[[MilvusEngine], None], expected: str
) -> None:
    engine = milvus(tmp_path)
    engine.put([one("a", "Soldaten an der Grenze\nKein Krieg"), one("b", "Wetter")])
    assert list(engine.check()) == []
    damage(engine)
    findings = list(engine.check())
    if expected:
        assert any(expected in finding for finding in findings), findings
    else:
        assert findings == []
    engine.close()


def test_passages_that_nothing_accounts_for_are_a_finding(tmp_path: Path) -> None:
    engine = milvus(tmp_path)
    engine.put([one("a", "eins")])
    engine.put([one("a", "zwei")])
    assert list(engine.check()) == []
    engine._client.delete(names(engine).notes, 'key >= "note/" and key < "note/~"')
    (finding,) = engine.check()
    assert "no document has" in finding
    engine.close()

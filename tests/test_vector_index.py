"""The vector index against numpy brute force, through changes, files and threads."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file

from embeddings import snapshot, vector_file, vector_index
from embeddings.errors import VectorIndexError
from embeddings.snapshot import Hits, Snapshot
from embeddings.vector_index import VectorIndex

DIMENSION = 24
Vectors = NDArray[np.float32]
Truth = dict[int, Vectors]
Ids = NDArray[np.int64]


def unit(count: int, seed: int = 0) -> Vectors:
    """Rows as the index keeps them: rounded to float16."""
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def brute_force(truth: Truth, query: Vectors, k: int) -> list[tuple[int, float]]:
    """The k best inner products, in float64, best first, equal ones by id."""
    scored = [(number, float(query.astype(float) @ row)) for number, row in truth.items()]
    return sorted(scored, key=lambda hit: (-hit[1], hit[0]))[:k]


def agree(hits: Hits, expected: list[tuple[int, float]]) -> None:
    """The same hits; what differs by less than float32 can tell may change places."""
    assert hits.ids.dtype == np.int64
    scores = [score for _, score in expected]
    np.testing.assert_allclose(hits.scores, scores, atol=1e-6)
    assert list(hits.scores) == sorted(hits.scores, reverse=True)
    for found, (number, score) in zip(hits.ids.tolist(), expected, strict=True):
        assert found == number or sum(abs(score - other) < 2e-6 for other in scores) > 1


@pytest.fixture
def filled() -> tuple[VectorIndex, Truth]:
    """700 vectors in three additions, ids neither ascending nor dense, 150 removed, 20 replaced."""
    index, ids = VectorIndex(DIMENSION), np.random.default_rng(5).permutation(5000)[:700]
    truth: Truth = {}
    for seed, part in enumerate(np.array_split(ids, 3)):
        vectors = unit(len(part), seed)
        index.add(part, vectors)
        truth |= dict(zip(part.tolist(), vectors, strict=True))
    assert index.remove(ids[100:250]) == 150
    for number in ids[100:250].tolist():
        del truth[number]
    index.add(ids[:20], unit(20, 9))
    truth |= dict(zip(ids[:20].tolist(), unit(20, 9), strict=True))
    return index, truth


@pytest.mark.parametrize("k", [1, 7, 100, 549, 550, 5000])
def test_search_equals_brute_force(filled: tuple[VectorIndex, Truth], k: int) -> None:
    index, truth = filled
    assert len(index) == len(truth) == 550
    assert index.ids.tolist() == sorted(truth)
    for query in unit(10, 77):
        agree(index.search(query, k), brute_force(truth, query, k))


@pytest.mark.parametrize("count", [0, 1, 3, 60, 550])
def test_filters_choose_before_the_best_are_taken(
    filled: tuple[VectorIndex, Truth], count: int
) -> None:
    index, truth = filled
    allowed = np.random.default_rng(count).permutation(sorted(truth))[:count]
    with_strangers = np.concatenate([allowed, [-1, 99_999, *allowed[:2]]]).astype(np.int64)
    chosen = {number: truth[number] for number in allowed.tolist()}
    for query in unit(5, 78):
        agree(index.search(query, 10, with_strangers), brute_force(chosen, query, 10))


def test_a_restriction_is_remembered_until_something_changes(
    filled: tuple[VectorIndex, Truth], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, truth = filled
    made = list[NDArray[np.int64]]()

    def restricted(now: Snapshot, allowed: NDArray[np.int64]) -> Snapshot:
        made.append(allowed)
        return snapshot.restricted(now, allowed)

    monkeypatch.setattr(vector_index, "restricted", restricted)
    odd, even = (np.array(sorted(truth)[n::2], dtype=np.int64) for n in (0, 1))
    odd.setflags(write=False)
    query = unit(1, seed=9)[0]

    def told(allowed: Ids) -> None:
        chosen = {number: truth[number] for number in allowed.tolist() if number in truth}
        agree(index.search(query, 7, allowed), brute_force(chosen, query, 7))

    for _ in range(3):
        told(odd)
    assert len(made) == 1
    for _ in range(2):  # could be written to, so it may be other ids the next time
        told(even)
    assert len(made) == 3
    told(odd)
    assert len(made) == 3
    gone = index.search(query, 1, odd).ids
    index.remove(gone)
    del truth[int(gone[0])]
    told(odd)
    told(odd)
    assert len(made) == 4


def test_a_removed_id_is_not_found_even_when_allowed(filled: tuple[VectorIndex, Truth]) -> None:
    index, truth = filled
    number = next(iter(truth))
    assert index.remove(np.array([number, 99_999])) == 1
    assert index.remove(np.array([number])) == 0
    assert index.search(truth[number], 3, np.array([number])).ids.tolist() == []
    assert number not in index.search(truth[number], 600).ids


@pytest.mark.parametrize("copies", [5, 40, 300])
def test_equal_vectors_come_in_order_of_id_wherever_they_lie(copies: int) -> None:
    vectors = unit(400, 3)
    places = np.random.default_rng(copies).permutation(400)[:copies]
    vectors[places] = vectors[places[0]]
    ids = np.random.default_rng(1).permutation(10_000)[:400]
    index = VectorIndex(DIMENSION)
    for part in range(0, 400, 57):
        index.add(ids[part : part + 57], vectors[part : part + 57])
    hits = index.search(vectors[places[0]], 4)
    assert hits.ids.tolist() == sorted(ids[places])[:4]
    assert len(set(hits.scores.tolist())) == 1


def test_a_zero_query_ties_with_everything() -> None:
    index = VectorIndex(DIMENSION)
    index.add(np.array([9, 4, 7]), unit(3))
    hits = index.search(np.zeros(DIMENSION, np.float32), 2)
    assert (hits.ids.tolist(), hits.scores.tolist()) == ([4, 7], [0.0, 0.0])


def test_a_zero_row_scores_zero_between_the_others() -> None:
    index = VectorIndex(DIMENSION)
    row = unit(1)
    index.add(np.array([1, 2, 3]), np.concatenate([-row, 0 * row, row]))
    assert index.search(row[0], 3).ids.tolist() == [3, 2, 1]
    assert index.search(row[0], 3).scores.tolist() == pytest.approx([1, 0, -1], abs=1e-3)


def test_an_empty_index_finds_nothing_and_can_be_saved(tmp_path: Path) -> None:
    index = VectorIndex(DIMENSION)
    index.add(np.empty(0, np.int64), np.empty((0, DIMENSION), np.float32))
    index.save(tmp_path / "vectors", {})
    for one in (index, VectorIndex.load(tmp_path / "vectors")):
        assert len(one) == 0
        assert one.search(unit(1)[0], 5).ids.tolist() == []
        assert one.search(unit(1)[0], 5, np.array([1])).scores.tolist() == []
        one.add(np.array([3]), unit(1))
        assert one.search(unit(1)[0], 5).ids.tolist() == [3]
        assert one.search(unit(1)[0], 0).ids.tolist() == []


IDS = st.sets(st.integers(0, 40), max_size=15)
OPERATIONS = st.lists(st.tuples(st.sampled_from(["add", "remove", "reload"]), IDS), max_size=12)


def change(index: VectorIndex, truth: Truth, operation: str, ids: Ids, step: int) -> None:
    """Add or remove, in the index and in what it ought to hold."""
    if operation == "add":
        index.add(ids, unit(len(ids), step))
        truth |= dict(zip(ids.tolist(), unit(len(ids), step), strict=True))
        return
    gone = [number for number in ids.tolist() if number in truth]
    assert index.remove(ids) == len(gone)
    for number in gone:
        del truth[number]


@settings(max_examples=60, deadline=None)
@given(operations=OPERATIONS)
def test_any_history_leaves_what_a_dictionary_would_hold(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, set[int]]]
) -> None:
    path = tmp_path_factory.mktemp("history") / "vectors"
    index, truth = VectorIndex(DIMENSION), dict[int, Vectors]()
    for step, (operation, numbers) in enumerate(operations):
        ids = np.array(sorted(numbers, reverse=True), dtype=np.int64)
        if operation in ("add", "remove"):
            change(index, truth, operation, ids, step)
        else:
            index.save(path, {})
            index = VectorIndex.load(path)
    assert index.ids.tolist() == sorted(truth)
    agree(index.search(unit(1, 99)[0], 10), brute_force(truth, unit(1, 99)[0], 10))


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is true of millions of rows, with few."""
    monkeypatch.setattr(vector_index, "LARGE", 64)
    monkeypatch.setattr(snapshot, "FEW", 5)


MANY = st.sets(st.integers(0, 300), max_size=200)
MANY_OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["add", "add", "remove", "fold", "reload"]), MANY), max_size=9
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(operations=MANY_OPERATIONS)
def test_any_history_of_a_large_index_leaves_what_a_dictionary_would_hold(
    small_is_large: None,
    tmp_path_factory: pytest.TempPathFactory,
    operations: list[tuple[str, set[int]]],
) -> None:
    path = tmp_path_factory.mktemp("history") / "vectors"
    index, truth = VectorIndex(DIMENSION), dict[int, Vectors]()
    for step, (operation, numbers) in enumerate(operations):
        ids = np.array(sorted(numbers, reverse=True), dtype=np.int64)
        if operation in ("add", "remove"):
            change(index, truth, operation, ids, step)
        else:
            frozen = index.freeze()
            index.remove(ids)  # between the state that is written and the end of the writing
            index.add(ids[:9], unit(9, step)[: len(ids[:9])])
            if operation == "reload":
                frozen = index.freeze()
            truth = {number: row for number, row in truth.items() if number not in numbers}
            truth |= dict(zip(ids[:9].tolist(), unit(9, step), strict=False))
            index.fold(path, {"step": step}, frozen)
            if operation == "reload":
                index = VectorIndex.load(path)
                assert index.header == {"step": step}
    assert index.ids.tolist() == sorted(truth)
    assert len(index) == len(truth)
    query = unit(1, 99)[0]
    agree(index.search(query, 400), brute_force(truth, query, 400))
    allowed = np.arange(0, 301, 2)
    chosen = {number: row for number, row in truth.items() if number % 2 == 0}
    agree(index.search(query, 400, allowed), brute_force(chosen, query, 400))


def test_a_large_index_finds_the_nearest(small_is_large: None, tmp_path: Path) -> None:
    index, truth = VectorIndex(DIMENSION), dict[int, Vectors]()
    for part in range(3):
        ids, rows = np.arange(part * 3000, (part + 1) * 3000), unit(3000, part)
        index.add(ids, rows)
        truth |= dict(zip(ids.tolist(), rows, strict=True))
        assert index.worth_folding
        index.save(tmp_path / "vectors", {})
        assert not index.worth_folding
    index.add(np.arange(20_000, 20_030), unit(30, 9))
    truth |= dict(zip(range(20_000, 20_030), unit(30, 9), strict=True))
    index.remove(np.arange(0, 9000, 7))
    truth = {number: row for number, row in truth.items() if number % 7 or number >= 9000}
    assert index.loose == 30 + len(range(0, 9000, 7))
    found = 0
    for query in unit(50, 77):
        hits, best = index.search(query, 10), brute_force(truth, query, 10)
        found += len({number for number, _ in best} & set(hits.ids.tolist()))
        for number, score in zip(hits.ids.tolist(), hits.scores.tolist(), strict=True):
            assert score == pytest.approx(float(query @ truth[number]), abs=1e-6)
        some = index.search(query, 10, np.arange(5, 9000, 5))
        assert len(some.ids) == 10
        assert all(number % 5 == 0 and number % 7 for number in some.ids.tolist())
    assert found >= 0.97 * 500


def test_many_dead_rows_are_left_out_of_the_next_base(small_is_large: None, tmp_path: Path) -> None:
    index = VectorIndex(DIMENSION)
    index.add(np.arange(1000), unit(1000))
    index.save(tmp_path / "vectors", {})
    index.remove(np.arange(200))
    assert index.loose == 200
    index.save(tmp_path / "vectors", {})
    assert index.loose == 200  # too few to be worth it
    index.remove(np.arange(200, 600))
    assert index.worth_folding
    index.save(tmp_path / "vectors", {})
    assert (index.loose, len(index)) == (0, 400)
    index.remove(np.arange(600, 990))
    index.save(tmp_path / "vectors", {})  # so few that all are looked at
    again = VectorIndex.load(tmp_path / "vectors")
    assert again.ids.tolist() == index.ids.tolist() == list(range(990, 1000))
    query = unit(1000)[995]
    assert again.search(query, 1).ids.tolist() == index.search(query, 1).ids.tolist() == [995]


@pytest.mark.parametrize("dimension", [7, 24])
def test_searches_while_it_is_folded(small_is_large: None, tmp_path: Path, dimension: int) -> None:
    index = VectorIndex(dimension)
    halves = np.random.default_rng(1).standard_normal((4000, dimension)).astype(np.float16)
    rows = halves.astype(np.float32)
    index.add(np.arange(3000), rows[:3000])
    stop, wrong = threading.Event(), list[str]()

    def search() -> None:
        while not stop.is_set():
            for number in (5, 1500, 2999):
                hits = index.search(rows[number], 400)
                if number not in hits.ids.tolist() or len(hits.ids) != 400:
                    wrong.append(f"{number} is not in {hits}")

    thread = threading.Thread(target=search)
    thread.start()
    for number in range(3000, 4000, 250):
        index.add(np.arange(number, number + 250), rows[number : number + 250])
        index.remove(np.arange(number - 240, number - 230))
        index.save(tmp_path / "vectors", {})
    stop.set()
    thread.join()
    assert wrong == []
    assert VectorIndex.load(tmp_path / "vectors").ids.tolist() == index.ids.tolist()


def test_a_saved_index_comes_back_mapped_with_its_header(
    filled: tuple[VectorIndex, Truth], tmp_path: Path
) -> None:
    index, truth = filled
    path, header = tmp_path / "vectors", {"sequence": 41, "fingerprint": "ä-1"}
    index.save(path, {"sequence": 40})
    index.save(path, header)
    assert [file.name for file in tmp_path.iterdir()] == ["vectors"]
    loaded = VectorIndex.load(path)
    assert (loaded.header, loaded.dimension) == (header, DIMENSION)
    query = unit(1, 5)[0]
    agree(loaded.search(query, 20), brute_force(truth, query, 20))
    loaded.add(np.array([70_000]), query[None])
    assert loaded.search(query, 1).ids.tolist() == [70_000]
    loaded.save(path, header)  # over the file that it maps
    assert VectorIndex.load(path).search(query, 1).ids.tolist() == [70_000]
    stored = load_file(path)  # any safetensors reader can open it
    assert sorted(stored["ids"].tolist()) == sorted([*truth, 70_000])
    assert stored["vectors"].shape == (551, DIMENSION)


def test_a_failed_save_leaves_the_old_file(
    filled: tuple[VectorIndex, Truth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, _ = filled
    path = tmp_path / "vectors"
    index.save(path, {"sequence": 1})

    def fail(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        index.save(path, {"sequence": 2})
    assert VectorIndex.load(path).header == {"sequence": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["vectors"]


def test_no_file_is_not_a_damaged_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VectorIndex.load(tmp_path / "vectors")


def test_every_damage_is_found(filled: tuple[VectorIndex, Truth], tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    filled[0].save(path, {"sequence": 1})
    whole = path.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    damaged = [b"", b"\0" * 8, whole[:5], whole[:300], whole[:-1], b"\xff" * len(whole)]
    for place in (0, 7, 8, 20, 8 + size, 8 + size + 700 * 8 + 3, len(whole) - 1):
        damaged.append(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    for data in damaged:
        path.unlink()  # a new file, because the damaged ones before may still be mapped
        path.write_bytes(data)
        with pytest.raises(VectorIndexError, match="delete it") as raised:
            VectorIndex.load(path)
        assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    "header",
    [
        [],
        {"__metadata__": "fundstelle-vectors-2"},
        {"__metadata__": {"format": "another"}},
        {"__metadata__": {"format": vector_file.FORMAT}},
        {"ids": {"dtype": "I64", "shape": [0], "data_offsets": [0, 0]}},
        {"ids": {"dtype": "I64", "shape": [-1], "data_offsets": [8, 0]}},
        {"ids": {"dtype": "I64", "shape": [9], "data_offsets": [0, 72]}},
        {"ids": {"dtype": "I64", "shape": [1], "data_offsets": [0]}},
        {"ids": {"dtype": ["I64"], "shape": "1", "data_offsets": [0, 8]}},
        {"ids": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}},
        {"ids": {}},
        {"ids": 3},
    ],
)
def test_other_headers_are_refused(tmp_path: Path, header: object) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "vectors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16))
    with pytest.raises(VectorIndexError, match="not a usable vector index"):
        VectorIndex.load(path)


def test_what_does_not_fit_is_refused(filled: tuple[VectorIndex, Truth]) -> None:
    index, _ = filled
    with pytest.raises(VectorIndexError, match="24"):
        index.add(np.array([1]), np.ones((1, 25), np.float32))
    with pytest.raises(VectorIndexError, match="24"):
        index.search(np.ones(25, np.float32), 3)
    with pytest.raises(ValueError, match="distinct ids"):
        index.add(np.array([1, 1]), unit(2))
    with pytest.raises(ValueError, match="distinct ids"):
        index.add(np.array([1]), unit(2))
    with pytest.raises(ValueError, match="finite"):
        index.add(np.array([1]), np.full((1, DIMENSION), np.nan, np.float32))
    assert len(index) == 550


def test_searches_beside_a_writer_see_whole_states() -> None:
    """Each change replaces all ten vectors of a generation at once; a search sees one of them."""
    index = VectorIndex(DIMENSION)
    index.add(np.arange(10), np.tile(unit(1), (10, 1)))
    stop, seen, wrong = threading.Event(), set[int](), list[str]()

    def search() -> None:
        while not stop.is_set():
            hits = index.search(unit(1)[0], 10)
            generations = {int(score * 100 + 0.5) for score in hits.scores}
            seen.update(generations)
            if hits.ids.tolist() != list(range(10)) or len(generations) != 1:
                wrong.append(f"{hits}")

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for generation in range(400):
        index.add(np.arange(10), np.tile(unit(1) * (1 - generation % 50 / 100), (10, 1)))
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(seen) > 3

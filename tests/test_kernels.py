"""The compiled loops, each against what it computes, said in numpy or in plain Python."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from embeddings import kernels
from embeddings.errors import KernelError
from qa import bm25

ROOT = Path(__file__).parents[1]
ROUNDED = 3e-5  # the others' vectors are, to 16 bits
RANDOM = np.random.default_rng(5)
IDS = st.lists(st.integers(0, 40), max_size=60)


def test_parts_are_copied_from_within_the_source_only() -> None:
    source = np.arange(10, dtype=np.uint16)
    found = kernels.gather(source, np.array([7, 0, 10, 2]), np.array([3, 2, 0, 1]))
    assert (found.tolist(), found.dtype) == ([7, 8, 9, 0, 1, 2], source.dtype)
    for start, length in ((8, 3), (-1, 2), (0, -1), (11, 0)):
        with pytest.raises(IndexError, match="part 1 of 2"):
            kernels.gather(source, np.array([0, start]), np.array([1, length]))


def test_every_half_is_read_as_numpy_reads_it() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    found = kernels.half_rows(halves, np.array([0, 1 << 15]), 1 << 15).ravel()
    np.testing.assert_array_equal(found, halves.astype(np.float32))
    with pytest.raises(IndexError, match="part 0 of 1"):
        kernels.half_rows(halves[:8], np.array([1]), 8)


@given(values=IDS, ids=st.sets(st.integers(0, 40)))
def test_matches_are_where_the_values_are_one_of_the_ids(values: list[int], ids: set[int]) -> None:
    wanted = np.array(sorted(ids), dtype=np.uint32) * 100_003_001  # over all of 32 bits
    at, place = kernels.matches(np.array(values, dtype=np.uint32) * 100_003_001, wanted)
    expected = [n for n, value in enumerate(values) if value in ids]
    assert at.tolist() == expected
    assert [sorted(ids)[n] for n in place] == [values[n] for n in expected]


@given(letters=st.lists(st.integers(1, 3), max_size=40))
def test_pieces_are_found_where_they_begin(letters: list[int]) -> None:
    held = np.array(letters, dtype=np.uint8)
    ids = bm25.piece_ids(np.array([1, 2, 1, 3, 2, 2, 2, 2], dtype=np.uint8))
    ids = np.unique(ids)
    at, place = kernels.piece_matches(held, ids)
    every = bm25.piece_ids(held).tolist() if len(held) > 3 else []
    assert [(n, int(ids[k])) for n, k in zip(at, place, strict=True)] == [
        (n, piece) for n, piece in enumerate(every) if piece in ids
    ]


@given(words=st.lists(st.text("abc", min_size=1, max_size=7), max_size=6))
def test_pieces_are_spelt(words: list[str]) -> None:
    marked = [f"{word}_" if len(word) > 1 else f"{word}__" for word in words]
    codes = {"_": 4, "a": 1, "b": 2, "c": 3}
    letters = np.array([codes[c] for c in "_" + "".join(marked)], dtype=np.uint8)
    expected = []
    for word in marked:
        whole = f"_{word}"
        expected += [whole[at : at + 4] for at in range(len(whole) - 3)]
    alphabet = b"?abc_".ljust(256, b"?")
    assert kernels.spell_pieces(letters, 4, alphabet) == " ".join(expected)
    assert kernels.spell_pieces(letters[:0], 4, alphabet) == ""


@given(values=IDS)
def test_distinct_values_in_order_of_first_occurrence(values: list[int]) -> None:
    ids, places = kernels.distinct(np.array(values, dtype=np.uint32), 41)
    assert ids.tolist() == list(dict.fromkeys(values))
    assert ids[places].tolist() == values


def test_a_value_beyond_the_limit_is_refused_and_leaves_nothing_behind() -> None:
    with pytest.raises(IndexError, match="41 is not below 41"):
        kernels.distinct(np.array([3, 41, 5], dtype=np.uint32), 41)
    ids, places = kernels.distinct(np.array([5, 3], dtype=np.uint32), 41)
    assert (ids.tolist(), places.tolist()) == ([5, 3], [0, 1])


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


@pytest.mark.parametrize("kind", [np.int8, np.float32])
@pytest.mark.parametrize("dim", [1, 30, 208])
def test_tokens_are_compared_by_cosine(kind: type, dim: int) -> None:
    rows = RANDOM.integers(-127, 128, (50, dim)).astype(kind)
    rows[4] = 0
    mapping = RANDOM.integers(0, 50, 90)
    weights = RANDOM.standard_normal(90).astype(np.float32)
    weights[7] = 0
    table = kernels.Table(rows, mapping, weights)
    tokens = rows[mapping].astype(np.float64) * weights[:, None]
    ids = np.arange(90, dtype=np.uint32)
    others = np.array([3, 8, 60, 11, 12], dtype=np.uint32)
    vectors = unit(RANDOM.standard_normal((5, dim)).astype(np.float32))
    counting = np.array([True, False, True, True, True])
    found = table.compare(ids, vectors, others, counting, 0.9)
    lengths = np.linalg.norm(tokens, axis=1)
    expected = np.minimum(tokens @ vectors.T / np.maximum(lengths, 1e-12)[:, None], 0.9)
    expected[others, np.arange(5)] = lengths[others] > 0  # each with itself
    np.testing.assert_allclose(found.similar, expected, atol=ROUNDED)
    np.testing.assert_allclose(found.lengths, lengths, rtol=1e-5)
    np.testing.assert_allclose(
        found.top, expected[:, counting].max(axis=1).clip(min=0), atol=ROUNDED
    )
    np.testing.assert_allclose(table.sum(ids), tokens.sum(axis=0), rtol=1e-4, atol=1e-3)
    with pytest.raises(IndexError, match="no token 90"):
        table.sum(np.array([90]))


def test_passages_are_pooled_by_window_and_as_wholes() -> None:
    similar = unit(RANDOM.standard_normal((40, 6)).astype(np.float32))
    lengths = np.array([0, 7, 3, 0, 12])
    places = RANDOM.integers(0, 40, 22).astype(np.int32)
    windows, best = kernels.pool(similar, places, lengths, 3)
    expected, begin = [], 0
    for length, highest in zip(lengths.tolist(), best, strict=True):
        read = similar[places[begin : begin + length]]
        begin += length
        expected += [read[at : at + 6].max(axis=0) for at in range(0, length, 3)]
        assert highest.tolist() == (read.max(axis=0) if length else np.zeros(6)).tolist()
    np.testing.assert_array_equal(windows, expected)


def test_weighted_means_and_counts_of_near_tokens() -> None:
    values, weights = RANDOM.random((2, 5)).astype(np.float32)
    weights[4] = 0
    places = np.array([0, 1, 1, 4, 2], dtype=np.int32)
    found = kernels.weighted_means(values, weights, places, np.array([3, 1, 0, 1]))
    mean = np.average(values[[0, 1, 1]], weights=weights[[0, 1, 1]])
    np.testing.assert_allclose(found, [mean, 0, 0, values[2]], rtol=1e-6)
    similar = np.array([[0.6, 0.1], [0.7, 0.9], [0.2, 0.8]], dtype=np.float32)
    ids, counts = np.array([2, 0, 9], dtype=np.uint32), np.array([5, 50, 500], dtype=np.uint32)
    assert kernels.near_counts(similar, ids, counts, 0.6).tolist() == [505.0, 5.0]


def test_an_automaton_scores_what_it_meets() -> None:
    # State 1 after "a", 2 after "ab"; everything else leads back to 0.
    following = np.zeros((2, 256), dtype=np.uint32)
    following[:, ord("a")] = 1
    following[1, ord("b")] = 2
    rows, outputs = np.array([0, 1, 0], np.uint16), np.array([-1, 1, 0], np.int32)
    weights = np.array([[1, -2], [0.5, 4]], dtype=np.float16)
    bias = np.array([10, 20], dtype=np.float32)
    automaton = kernels.Automaton(following, rows, outputs, weights, bias)
    for _ in range(2):  # nothing is left of one text in the next
        found = automaton.scores(b"xabaab?")
        expected = bias + np.log1p([2, 3]) @ weights.astype(np.float64)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert automaton.scores(b"no").tolist() == [0, 0]
    with pytest.raises(ValueError, match="no weights"):
        kernels.Automaton(following, rows, outputs + 1, weights, bias)
    with pytest.raises(ValueError, match="without a row"):
        kernels.Automaton(following, rows + 1, outputs, weights, bias)
    following[0, ord("x")] = 3  # a state that there is not
    assert not kernels.Automaton(following, rows, outputs, weights, bias).scores(b"xab").any()


def test_a_library_that_is_missing_or_of_other_sources_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KernelError, match=r"missing.*pip install -e"):
        kernels.library(tmp_path / "absent.so")
    monkeypatch.setattr(kernels, "VERSION", kernels.VERSION + 1)
    with pytest.raises(KernelError, match="another version"):
        kernels.library()


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What hatch_build.py defines, without hatchling, which only builds have."""
    interface = ModuleType("interface")
    interface.BuildHookInterface = list  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", interface)
    return runpy.run_path(str(ROOT / "hatch_build.py"))


def test_the_machines_compiler_makes_a_library_that_can_be_used(
    build: dict[str, Any], tmp_path: Path
) -> None:
    if build["compiler"]() is None:
        assert "ziglang==" in build["Kernels"]().dependencies()[0]
        return
    assert build["Kernels"]().dependencies() == []
    build["compile_library"](ROOT / "embeddings" / "kernels.c", tmp_path / "made.so")
    assert kernels.library(tmp_path / "made.so").kernels_version() == kernels.VERSION
    assert [path.name for path in tmp_path.iterdir()] == ["made.so"]


def test_pip_brings_a_compiler_only_where_there_is_none(
    build: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "")
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/gcc" if name == "gcc" else None)
    assert build["compiler"]() == ["gcc"]
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert build["compiler"]() is None
    monkeypatch.setattr("shutil.which", lambda name: name if name == "clang" else None)
    monkeypatch.setenv("CC", "clang -m64")
    assert build["compiler"]() == ["clang", "-m64"]

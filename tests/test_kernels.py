"""The compiled loops, each against what it computes, said in numpy or in plain Python."""

from __future__ import annotations

import runpy
import sys
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
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
from embeddings.ragged import Ragged
from qa import bm25

ROOT = Path(__file__).parents[1]
ROUNDED = 3e-5  # the others' vectors are, to 16 bits
RANDOM = np.random.default_rng(5)
IDS = st.lists(st.integers(0, 40), max_size=60)


@pytest.mark.parametrize(
    "array",
    [np.zeros(3), np.zeros((0, 4)), np.frombuffer(b"read only", np.uint8), np.arange(9)[4:]],
)
def test_where_an_array_begins(array: NDArray[Any]) -> None:
    assert kernels.address(array) == array.ctypes.data


@pytest.mark.parametrize("mapped", [False, True])
def test_parts_of_files_are_read(tmp_path: Path, *, mapped: bool) -> None:
    texts = (b"0123456789", b"abcdefghij" * 100_000)
    with ExitStack() as stack:
        files = []
        for number, text in enumerate(texts):
            (tmp_path / str(number)).write_bytes(text)
            files.append(stack.enter_context((tmp_path / str(number)).open("rb")))
        handles = np.array([file.fileno() for file in files], np.int32)
        held = [np.frombuffer(text, np.uint8) for text in texts]
        addresses = np.array([kernels.address(one) if mapped else 0 for one in held], np.int64)
        of = np.array([1, 0, 1, 1])
        starts, lengths = np.array([3, 8, 10, 0]), np.array([4, 2, 0, 1_000_000])
        out, begins = np.zeros(1_000_007, np.uint8), np.array([2, 0, 7, 7])

        def read() -> None:
            kernels.read_parts(handles[of], addresses[of], starts, lengths, out, begins)

        read()
        assert out.tobytes() == b"89defg\0" + texts[1]
        for wrong in (8, -1):
            begins[3] = wrong
            with pytest.raises(OSError, match="1000000 bytes at 0 of a file cannot be read"):
                read()
        begins[3], starts[1] = 7, 9
        if not mapped:
            with pytest.raises(OSError, match="2 bytes at 9 of a file cannot be read"):
                read()


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


@pytest.mark.parametrize("dim", [1, 15, 208])
def test_halves_are_multiplied_each_row_by_itself(dim: int) -> None:
    halves = RANDOM.standard_normal(40 * dim).astype(np.float16)
    vector = RANDOM.standard_normal(dim).astype(np.float32)
    starts = RANDOM.integers(0, 39 * dim + 1, 25)
    found = kernels.half_products(halves, starts, vector)
    rows = np.stack([halves[start : start + dim] for start in starts]).astype(np.float64)
    np.testing.assert_allclose(found, rows @ vector, atol=1e-4)
    for start, product in zip(starts, found, strict=True):
        assert kernels.half_products(halves, np.array([start]), vector)[0] == product
    with pytest.raises(IndexError, match="part 1 of 2"):
        kernels.half_products(halves, np.array([0, 39 * dim + 1]), vector)


def test_records_are_taken_apart() -> None:
    # Heads of two numbers: how many bytes, how many words.
    words = np.array([5, 1, 91, 92, 93, 0, 2, 94, 95], dtype=np.uint32)
    sizes = np.array([5, 4])
    header, starts = kernels.records(words, sizes, 2, [(0, 1), (1, 4)])
    assert header.tolist() == [[5, 0], [1, 2]]
    assert starts.tolist() == [[2, 7], [4, 7]]
    for wrong in ((1, 0, 5), (0, 1, 2), (1, 6, 3), (0, 0, 2**32 - 1)):
        damaged = words.copy()
        damaged[5 * wrong[0] + wrong[1] % 2] = wrong[2]
        with pytest.raises(ValueError, match=f"record {wrong[0]} of 2"):
            kernels.records(damaged, sizes, 2, [(0, 1), (1, 4)])
    with pytest.raises(ValueError, match="9 words are not 2 records"):
        kernels.records(words, sizes - 1, 2, [])


def apart(parts: list[list[int]], kind: type) -> Ragged:
    """The arrays, anywhere in one."""
    # Not of RANDOM: how often this is called is not the same in every run.
    order = np.random.default_rng(len(parts)).permutation(len(parts))
    gap = np.full(2, 77)
    source, starts = gap, np.zeros(len(parts), np.int64)
    for n in order:
        starts[n] = len(source)
        source = np.concatenate([source, parts[n], gap])
    return Ragged(source.astype(kind), starts, np.array([len(part) for part in parts]))


TERMS = st.lists(st.dictionaries(st.integers(0, 12), st.integers(1, 255), max_size=8), max_size=5)


@given(passages=TERMS, words=st.lists(st.lists(st.integers(0, 5), max_size=3), max_size=4))
def test_bm25_of_terms(passages: list[dict[int, int]], words: list[list[int]]) -> None:
    ids = np.arange(6, dtype=np.uint32) * 700_000_001  # over all of 32 bits
    idf, fields = np.linspace(1, 3, 6), np.array([0, 1, 0, 1, 0, 1])
    norms = np.arange(2 * len(passages), dtype=np.float64).reshape(2, -1) / 2 + 0.5
    terms = [[term * 700_000_001 % 2**32 for term in held] for held in passages]
    found = kernels.term_scores(
        apart(terms, np.uint32),
        apart([list(held.values()) for held in passages], np.uint8),
        *(ids, idf, fields, norms, 1.2, words),
    )
    for n, held in enumerate(passages):
        worth = {t: idf[t] * held[t] * 2.2 / (held[t] + norms[fields[t], n]) for t in held if t < 6}
        expected = sum(max((worth.get(t, 0.0) for t in word), default=0.0) for word in words)
        assert found[n] == pytest.approx(expected)


def test_bm25_looks_at_nothing_outside() -> None:
    one, ids = Ragged.of([np.array([1, 2], np.uint32)]), np.array([1], np.uint32)
    idf, fields, norms = np.ones(1), np.zeros(1, np.int64), np.ones((1, 1))
    counts = Ragged.of([np.array([1, 2], np.uint8)])
    beyond = Ragged(counts.source, np.array([1]), np.array([2]))
    with pytest.raises(IndexError, match="part 0 of 1"):
        kernels.term_scores(one, beyond, ids, idf, fields, norms, 1.2, [[0]])
    with pytest.raises(IndexError, match="a term is not one of 1"):
        kernels.term_scores(one, counts, ids, idf, fields, norms, 1.2, [[1]])
    with pytest.raises(IndexError, match="a field is not one of 1"):
        kernels.term_scores(one, counts, ids, idf, fields + 1, norms, 1.2, [[0]])
    with pytest.raises(IndexError, match="not 1 terms and 1 passages"):
        kernels.term_scores(one, counts, ids, idf, fields, norms[:, :0], 1.2, [[0]])
    with pytest.raises(IndexError, match="part 0 of 1"):
        kernels.piece_scores(beyond, ids, idf, norms[0], 1.2)
    with pytest.raises(IndexError, match="not 1 pieces and 1 passages"):
        kernels.piece_scores(counts, ids, idf, norms[0, :0], 1.2)


@given(passages=st.lists(st.lists(st.integers(1, 3), max_size=20), max_size=4))
def test_bm25_of_pieces(passages: list[list[int]]) -> None:
    ids = np.unique(bm25.piece_ids(np.array([1, 2, 1, 3, 2, 2, 2, 2], dtype=np.uint8)))
    idf = np.linspace(1, 2, len(ids), dtype=np.float64)
    norms = np.arange(len(passages), dtype=np.float64) + 0.5
    found = kernels.piece_scores(apart(passages, np.uint8), ids, idf, norms, 1.2)
    for held, norm, score in zip(passages, norms, found, strict=True):
        every = bm25.piece_ids(np.array(held, np.uint8)).tolist() if len(held) > 3 else []
        often = np.array([every.count(piece) for piece in ids.tolist()])
        assert score == pytest.approx(float((idf * often * 2.2 / (often + norm)).sum()))


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


@given(text=st.text(st.characters(codec="utf-8"), max_size=9))
def test_characters_and_pairs_have_the_checksums_of_zlib(text: str) -> None:
    found = np.frombuffer(kernels.character_ids(text.encode()), np.uint32)
    parts = [*text, *(text[at : at + 2] for at in range(len(text) - 1))]
    assert found.tolist() == [zlib.crc32(part.encode()) for part in parts]
    assert kernels.character_ids(b"\x80\xbf" + text.encode()) == found.tobytes()


@given(
    records=st.lists(
        st.tuples(
            st.lists(st.sampled_from([0, 7, 255, 256, 1 << 16, (1 << 32) - 1]), max_size=9),
            st.integers(0, 9),
            st.lists(st.integers(1, 37), max_size=6),
        ),
        max_size=6,
    )
)
def test_records_are_tallied(records: list[tuple[list[int], int, list[int]]]) -> None:
    read = b"".join(
        np.array(
            [min(words, len(ids)), max(0, len(ids) - words), 3, len(letters), *ids], np.uint32
        ).tobytes()
        + bytes(letters)
        + b"?" * (-len(letters) % 4)
        for ids, words, letters in records
    )
    ids, counts, letters, lengths = kernels.tally(read, 38, 2)
    every = Counter(number for held, _, _ in records for number in held)
    assert ids.tolist() == sorted(every)
    assert counts.tolist() == [min(every[number], 2) for number in sorted(every)]
    spelt = [letter for _, _, some in records for letter in some]
    assert letters.tolist() == ([38, *spelt] if spelt else [])
    words = sum(min(words, len(held)) for held, words, _ in records)
    assert lengths.tolist() == [words, every.total() - words, 3 * len(records)]


@pytest.mark.parametrize("record", [[1], [1, 0, 0, 0], [0, 0, 0, 5, 9]])
def test_a_record_that_is_cut_off_is_refused(record: list[int]) -> None:
    with pytest.raises(IndexError, match="a record is longer"):
        kernels.tally(np.array(record, np.uint32).tobytes(), 38, 255)


@given(parts=st.lists(IDS, max_size=4))
def test_distinct_values_in_order_of_first_occurrence(parts: list[list[int]]) -> None:
    values = [value for part in parts for value in part]
    ids, places = kernels.distinct(apart(parts, np.uint32), 78)
    assert ids.tolist() == list(dict.fromkeys(values))
    assert ids[places].tolist() == values


def test_a_value_beyond_the_limit_is_refused_and_leaves_nothing_behind() -> None:
    with pytest.raises(IndexError, match="a value is not below 41"):
        kernels.distinct(Ragged.of([np.array([3, 41, 5], dtype=np.uint32)]), 41)
    with pytest.raises(IndexError, match="a part is not within"):
        kernels.distinct(
            Ragged(np.arange(3, dtype=np.uint32), np.array([0, 2]), np.array([2, 2])), 41
        )
    ids, places = kernels.distinct(Ragged.of([np.array([5, 3], dtype=np.uint32)]), 41)
    assert (ids.tolist(), places.tolist()) == ([5, 3], [0, 1])


@given(parts=st.lists(IDS, max_size=4), limit=st.integers(0, 78), step=st.sampled_from([1, -1]))
def test_values_are_counted_once_for_each_part(
    parts: list[list[int]], limit: int, step: int
) -> None:
    counts = np.full(limit, 9, dtype=np.uint32)
    kernels.count_once(apart(parts, np.uint32), counts, step)
    assert counts.tolist() == [9 + step * sum(v in part for part in parts) for v in range(limit)]


def test_a_part_outside_its_source_is_not_counted() -> None:
    outside = Ragged(np.arange(3, dtype=np.uint32), np.array([2]), np.array([2]))
    with pytest.raises(IndexError, match="a part is not within"):
        kernels.count_once(outside, np.zeros(3, np.uint32), 1)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


@pytest.mark.parametrize("kind", [np.int8, np.float32])
@pytest.mark.parametrize("dim", [1, 30, 208])
def test_tokens_are_compared_by_cosine(kind: type, dim: int) -> None:
    rows: NDArray[Any] = RANDOM.integers(-127, 128, (50, dim)).astype(kind)
    rows[4] = 0
    mapping = RANDOM.integers(0, 50, 90)
    weights = RANDOM.standard_normal(90).astype(np.float32)
    weights[7] = 0
    table = kernels.Table(rows, mapping, weights)
    tokens = (rows[mapping].astype(np.float64) * weights[:, None])[:89]
    ids = np.arange(89, dtype=np.uint32)  # an odd number of them
    others = np.array([3, 8, 60, 11, 12], dtype=np.uint32)
    vectors = unit(RANDOM.standard_normal((5, dim)).astype(np.float32))
    counting = np.array([True, False, True, True, True])
    found = table.compare(ids, table.comparable(others, vectors), counting, 0.9)
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


@pytest.mark.parametrize("kind", [np.int8, np.float32])
@pytest.mark.parametrize("more", [-1, 0, 1, 2, 3])
def test_two_threads_compare_as_one_does(kind: type, more: int) -> None:
    rows: NDArray[Any] = RANDOM.integers(-127, 128, (50, 30)).astype(kind)
    table = kernels.Table(rows, RANDOM.integers(0, 50, 90), np.ones(90, np.float32))
    ids = RANDOM.integers(0, 90, kernels.WORTH_HALVES + more).astype(np.uint32)
    vectors = unit(RANDOM.standard_normal((3, 30)).astype(np.float32))
    others = table.comparable(np.array([3, 8, 60], dtype=np.uint32), vectors)
    counting = np.array([True, False, True])
    alone = table.compare(ids, others, counting, 0.9)
    with ThreadPoolExecutor(1) as beside:
        together = table.compare(ids, others, counting, 0.9, beside)
        beside.submit(int).result()  # it is free again
    for name in ("similar", "lengths", "top"):
        assert getattr(together, name).tobytes() == getattr(alone, name).tobytes(), name


def some_compared(u: int, m: int) -> kernels.Compared:
    similar = unit(RANDOM.standard_normal((u, m)).astype(np.float32))
    lengths, top = RANDOM.random((2, u)).astype(np.float32)
    return kernels.Compared(similar, lengths, top)


def test_passages_are_weighed_by_their_best_tokens() -> None:
    compared = some_compared(40, 6)
    similar = compared.similar
    lengths = np.array([0, 7, 3, 1, 12, 2, 0, 4, 0, 0])  # five passages, and what is around them
    places = RANDOM.integers(0, 40, lengths.sum()).astype(np.int32)
    ends = np.cumsum(lengths)
    read = [places[end - length : end] for length, end in zip(lengths, ends, strict=True)]
    shares, rare = RANDOM.random((2, 6))
    how = kernels.Weighing(step=3, same=0.6, covered=0.5, around=0.25)
    found = kernels.weigh(compared, places, lengths, shares, rare, how)

    def best(some: NDArray[np.int32]) -> NDArray[np.float32]:
        return similar[some].max(axis=0) if len(some) else np.zeros(6, np.float32)

    np.testing.assert_allclose(
        kernels.highest(compared.similar, places, lengths), [best(some) for some in read]
    )
    for n, (own, around) in enumerate(zip(read[:5], read[5:], strict=True)):
        blended = best(own) + 0.25 * np.maximum(best(around) - best(own), 0)
        windows, blocks = (
            [best(own[at : at + size]) @ rare for at in range(0, len(own), 3)] for size in (6, 3)
        )
        met = np.maximum(best(own), 0).astype(np.float64)
        weights = compared.lengths[own].astype(np.float64)
        expected = [
            *(blended @ shares, blended @ rare, max(windows, default=0.0)),
            *((best(own) >= 0.6) @ shares, (blended >= 0.5) @ shares),
            compared.top[own] @ weights / weights.sum() if len(own) else 0.0,
            *(max(blocks, default=0.0), met**2 @ rare, met**4 @ rare),
        ]
        np.testing.assert_allclose(found[:, n], expected, rtol=1e-6)


def test_how_tokens_are_met() -> None:
    compared = some_compared(40, 5)
    similar = compared.similar
    lengths = np.array([0, 1, 2, 7, 30, 55, 0, 3, 0, 4, 0, 9])  # six passages, and what is around
    places = RANDOM.integers(0, 40, lengths.sum()).astype(np.int32)
    ends = np.cumsum(lengths)
    read = [places[end - length : end] for length, end in zip(lengths, ends, strict=True)]
    rare = np.array([0.4, 0.0, 0.3, 0.2, 0.1])
    following = np.array([2, 1, 3, 4, 4])
    how = kernels.Weighing(step=4, same=0.6, covered=0.5, around=0.25)
    chosen = np.array([5, 0, 3, 2, 1, 4])
    found = kernels.met(compared, places, lengths, chosen, rare, following, how)
    assert found.shape == (6, 9, 5)

    def best_of(windows: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        each = [similar[one].max(axis=0) for one in windows]
        return max(each, key=lambda met: float(met @ rare))

    def windows(own: NDArray[np.int32], step: int, blocks: int) -> list[NDArray[np.int32]]:
        last = max(len(own) - step * (blocks - 1), 1)
        return [own[at : at + step * blocks] for at in range(0, last, step)]

    for n, of in zip(chosen.tolist(), found, strict=True):
        own, around = read[n], read[6 + n]
        if not len(own):
            assert not of[1:8].any()
            assert (of[8] == 1.0).all()
            continue
        met = similar[own]
        more = (similar[around].max(axis=0) if len(around) else 0) - met.max(axis=0)
        at = met.argmax(axis=0)
        pairs = [
            np.minimum(met[t], met[t + 1 : t + 3].max(axis=0)[following])
            for t in range(len(own) - 1)
        ]
        expected = [
            met.max(axis=0) + 0.25 * np.maximum(more, 0),
            best_of(windows(own, 4, 2)),
            best_of(windows(own, 4, 1)),
            np.sort(met, axis=0)[-2] if len(own) > 1 else np.zeros(5),
            best_of(windows(own, 2, 1)),
            best_of(windows(own, 8, 2)),
            np.max(pairs, axis=0) if pairs else np.zeros(5),
            at / len(own),
            compared.lengths[own][at],
        ]
        np.testing.assert_allclose(of, expected, rtol=1e-6)


def test_means_of_what_tokens_tell() -> None:
    read = RANDOM.standard_normal((3, 5, 7)).astype(np.float32)
    reading, reading_bias, telling, telling_bias, counting = (
        RANDOM.standard_normal(shape).astype(np.float32)
        for shape in ((7, 6), (6,), (6, 4), (4,), (6,))
    )
    layers = kernels.TokenLayers(reading, reading_bias, telling, telling_bias, counting, weight=2)
    counts = np.array([True, False, True, True, False])
    found = kernels.look_means(read, counts, layers)
    assert found.shape == (3, 2, 4)
    for one, means in zip(read[:, counts].astype(np.float64), found, strict=True):
        hidden = np.maximum(one @ reading + reading_bias, 0)
        told = hidden @ telling + telling_bias
        shares = np.exp(hidden @ counting + one[:, 2])
        expected = [shares / shares.sum() @ told, told.mean(axis=0)]
        np.testing.assert_allclose(means, expected, rtol=1e-4, atol=1e-5)
    assert not kernels.look_means(read, np.zeros(5, dtype=bool), layers).any()


def test_counts_of_near_tokens() -> None:
    similar = np.array([[0.6, 0.1], [0.7, 0.9], [0.2, 0.8], [0.9, 0.9]], dtype=np.float32)
    top = np.array([0.6, 0.9, 0.8, 0.5], dtype=np.float32)  # of the last, nothing counts
    compared = kernels.Compared(similar, np.ones(4, np.float32), top)
    ids, counts = np.array([2, 0, 9, 1], np.uint32), np.array([5, 50, 500], np.uint32)
    assert kernels.near_counts(compared, ids, counts, 0.6).tolist() == [505.0, 5.0]


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


def test_marks_are_those_of_centroids_but_near_a_token_its_own() -> None:
    rows = np.array([[9, 0], [5, 5], [0, 7], [-3, 0], [0, 0], [3, -4]], np.int8)
    units, vectors = np.array([1e-4, 1e-4], np.float32), np.array([[1e4, 0], [0, 1e4]], np.int16)
    others = kernels.Others(np.arange(2, dtype=np.uint32), vectors, units)
    coarse = np.array([[0.1, 0.2], [-0.5, 0.4], [1.5, 0.6]], np.float32)
    begins, members = np.array([0, 3, 4, 6]), np.array([0, 2, 4, 3, 1, 5], np.uint32)

    def marks(own: list[int], wide: int = 2) -> list[list[int]]:
        some = kernels.Others(others.ids[:wide], vectors[:wide], units[:wide])
        found, homes = kernels.question_marks(
            rows, coarse[:, :wide], some, np.array(own, np.uint32), begins, members
        )
        assert found.shape[1] == kernels.MARKS
        assert not found[:, wide:].any()
        return [homes.tolist(), *found[:, :wide].tolist()]

    centres = [[26, 51], [0, 102], [255, 153]]  # of 255
    assert marks([0, 2]) == [
        [3, -1, 6],
        *centres,
        *([255, 51], [0, 51], [0, 51]),  # rows 0, 2 and 4, for the first token
        *([255, 180], [255, 0]),  # rows 1 and 5, for the second
    ]
    assert marks([0, 0]) == [[3, -1, -1], *centres, [255, 0], [0, 255], [0, 0]]
    assert marks([1], wide=1) == [[-1, 3, -1], *([one] for one, _ in centres), [0]]
    with pytest.raises(IndexError, match="a centroid is not one of 3"):
        marks([3, 0])
    with pytest.raises(IndexError, match="expected 16 tokens or fewer of the rows' length"):
        marks([0, 0, 0])


def test_passages_score_by_the_marks_of_their_tokens() -> None:
    # Tokens 0 to 2 are of centroid 0, which has no marks of its own for them; 3 and 4 of the other.
    nearest, numbers = np.array([0, 0, 0, 1, 1], np.uint16), np.array([0, 1, 2, 0, 1], np.uint16)
    homes, marks = np.array([-1, 2], np.int32), np.zeros((4, kernels.MARKS), np.uint8)
    marks[0, :2], marks[2, :2], marks[3, :2] = (51, 0), (0, 255), (204, 102)
    weights = np.zeros(kernels.MARKS)
    weights[:2] = 1, 3
    passages = [[0, 2], [3], [4, 1], [4, 3], []]
    cosines = np.array([[0.2, 0], [0, 1], [0.8, 0.4], [0.8, 1], [0, 0]])

    def score(source: list[int], lengths: list[int]) -> NDArray[np.float64]:
        parts = Ragged.consecutive(np.array(source, np.uint32), np.array(lengths))
        return kernels.rough_scores(parts, nearest, numbers, homes, marks, weights, 0.6)

    # Of five passages two are near the first token of the question, and two near the second.
    rare = weights[:2] * np.log1p(5 / (2 + 1))
    found = score([n for some in passages for n in some], [len(some) for some in passages])
    np.testing.assert_allclose(found, cosines @ (rare / rare.sum()), rtol=1e-12)
    assert score([], []).tolist() == []
    with pytest.raises(IndexError, match="passage 1 is not within its source"):
        score([1], [1, 1])
    with pytest.raises(IndexError, match=r"passage 0 .* a token without marks"):
        score([5], [1])
    homes[1] = 3  # then token 4 would have the marks after the last
    with pytest.raises(IndexError, match=r"passage 0 .* a token without marks"):
        score([4], [1])
    with pytest.raises(IndexError, match="5 tokens have a centroid, 4 a number"):
        kernels.rough_scores(Ragged.of([]), nearest, numbers[1:], homes, marks, weights, 0.6)


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
    build["compile_library"](
        [ROOT / "embeddings" / name for name in build["SOURCES"]], tmp_path / "made.so"
    )
    assert kernels.library(tmp_path / "made.so").kernels_version() == kernels.VERSION
    assert [path.name for path in tmp_path.iterdir()] == ["made.so"]


def test_wider_registers_change_no_bit(
    build: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if build["compiler"]() is None:
        return
    source = ROOT / "embeddings" / "kernels.c"
    narrow = tmp_path / "narrow.c"
    narrow.write_text(f'#define WIDER\n#include "{source}"\n')
    build["compile_library"]([narrow], tmp_path / "narrow.so")
    halves = RANDOM.standard_normal(30 * 208).astype(np.float16)
    starts, vector = np.arange(30) * 207, RANDOM.standard_normal(208).astype(np.float32)
    rows = RANDOM.integers(-127, 128, (50, 208)).astype(np.int8)
    table = kernels.Table(rows, None, RANDOM.random(50).astype(np.float32))
    ids, vectors = np.arange(9, dtype=np.uint32), unit(rows[:9].astype(np.float32))
    lengths, places = np.array([20, 30, 0, 7]), RANDOM.integers(0, 50, 57).astype(np.int32)
    parts = Ragged.consecutive(np.arange(50, dtype=np.uint32), np.array([20, 30]))
    homes = np.array([0], np.int32)  # every token is of the one centroid
    outputs, logits = np.zeros(1, np.int32), RANDOM.standard_normal((1, 99)).astype(np.float16)
    automaton = kernels.Automaton(
        *(
            np.zeros(256, np.uint32),
            np.zeros(1, np.uint16),
            outputs,
            logits,
            np.ones(99, np.float32),
        )
    )

    def all_of_it() -> list[list[Any]]:
        others = table.comparable(ids, vectors)
        compared = table.compare(np.arange(50, dtype=np.uint32), others, ids > 1, 0.998)
        how = kernels.Weighing(step=4, same=0.999, covered=0.2, around=0.5)
        shares = np.linspace(0.1, 1, 9)
        weighed = kernels.weigh(compared, places, lengths, shares, shares**2, how)
        marks, _ = kernels.question_marks(
            *(rows, compared.similar, others, 7 - ids[:9] // 2),
            *(np.arange(51), np.arange(50, dtype=np.uint32)),
        )
        numbers, weights = np.arange(50, dtype=np.uint16), np.linspace(0, 1, kernels.MARKS)
        rough = kernels.rough_scores(parts, numbers * 0, numbers, homes, marks, weights, 0.6)
        found = (kernels.half_products(halves, starts, vector), weighed, automaton.scores(b"abc"))
        every = (compared.similar, compared.top, table.sum(ids), marks, rough, *found)
        return [each.tolist() for each in every]

    expected = all_of_it()
    other = kernels.library(tmp_path / "narrow.so")
    glances = ("question_marks", "rough_scores")
    for name in ("half_products", "compare", "weighted_sum", "weigh", "add_logs", *glances):
        wide, function = getattr(kernels, f"_{name}"), getattr(other, name)
        function.argtypes, function.restype = wide.argtypes, wide.restype
        monkeypatch.setattr(kernels, f"_{name}", function)
    assert all_of_it() == expected


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

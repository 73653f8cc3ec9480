"""What passages are scored by comes back as it was stored, and damage is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embeddings.ragged import Ragged
from qa.bm25 import passage_terms
from qa.representation import columns, terms_of, to_bytes
from qa.types import Passage, PreparedPassage

TEXTS = ["Soldaten an der Grenze", "", "白俄罗斯 x", "Лукашенко " * 300]


def passage(number: int, text: str) -> PreparedPassage:
    random = np.random.default_rng(number)
    return PreparedPassage(
        Passage(7 * number, 7 * number + 5, [None, "de", "zh-Hant", "ru"][number]),
        random.standard_normal(3).astype(np.float32),
        random.integers(0, 2**32, size=number * 5, dtype=np.uint32),
        random.integers(0, 2**16, size=(number * 5, 2)),
        random.integers(0, 2**32, size=4 - number, dtype=np.uint32),
        passage_terms(text, "de"),
        [-1.0, 0.0, 0.125, 1.0][number],
    )


PASSAGES = [passage(number, text) for number, text in enumerate(TEXTS)]
NAMES = ["a", "a-longer.name_1", "x" * 200, "b"]
STORED = [to_bytes(name, one) for name, one in zip(NAMES, PASSAGES, strict=True)]


def test_some_of_the_passages_can_be_taken() -> None:
    read = columns([3, 5, 8, 9], STORED, 3)
    some = read.taking(np.array([1, 3]))
    alone = columns([5, 9], [STORED[1], STORED[3]], 3)
    assert some.ids.tolist() == [5, 9]
    assert (some.documents, some.languages) == (alone.documents, alone.languages)
    assert some.vectors.tolist() == alone.vectors.tolist()
    for name in ("starts", "ends", "lengths", "hubness"):
        assert getattr(some, name).tolist() == getattr(alone, name).tolist(), name
    for name in ("tokens", "places", "context", "terms", "counts", "sounds"):
        assert getattr(some, name).values.tolist() == getattr(alone, name).values.tolist(), name


def test_columns_are_what_was_stored() -> None:
    read = columns([3, 5, 8, 9], STORED, 3)
    assert len(read) == 4
    assert read.ids.tolist() == [3, 5, 8, 9]
    assert (read.documents, read.languages) == (NAMES, [None, "de", "zh-Hant", "ru"])
    assert [read.language(number) for number in range(4)] == read.languages
    for code in (None, "de", "ru", "zh-Hant", "zh", "dr", "d", "zh-Hans"):
        assert read.in_language(code).tolist() == [known == code for known in read.languages]
    assert [read.document(number) for number in range(4)] == NAMES
    vector = np.array([0.5, -1, 2], dtype=np.float32)
    np.testing.assert_allclose(read.products(vector), read.vectors @ vector, rtol=1e-6)
    with pytest.raises(ValueError, match="expected 3 numbers, found 2"):
        read.products(vector[:2])
    assert (read.starts.tolist(), read.ends.tolist()) == ([0, 7, 14, 21], [5, 12, 19, 26])
    np.testing.assert_allclose(read.hubness, [-1.0, 0.0, 0.125, 1.0], atol=2e-5)
    for number, one in enumerate(PASSAGES):
        assert read.vectors[number].tolist() == one.vector.astype(np.float16).tolist()
        assert read.tokens[number].tolist() == one.tokens.tolist()
        assert read.spans(number).tolist() == one.spans.tolist()
        assert read.context[number].tolist() == one.context_tokens.tolist()
        terms = terms_of(read, number)
        for part in ("ids", "counts", "sound", "lengths"):
            assert getattr(terms, part).tolist() == getattr(one.terms, part).tolist(), part


def test_hubness_is_none_where_an_earlier_program_did_not_say_it() -> None:
    earlier = b"\1\0\0\0" + STORED[3][4:]
    read = columns([1, 2], [earlier, STORED[3]], 3)
    assert read.hubness.tolist() == [0.0, 1.0]
    assert read.vectors[0].tolist() == read.vectors[1].tolist()


@pytest.mark.parametrize("hubness", [-1.1, 1.1, float("nan")])
def test_hubness_is_within_cosines(hubness: float) -> None:
    with pytest.raises(ValueError, match="expected a hubness of -1 to 1"):
        to_bytes("a", replace(PASSAGES[0], hubness=hubness))


def test_no_passages() -> None:
    read = columns([], [], 3)
    assert (len(read), read.vectors.shape, read.documents) == (0, (0, 3), [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut off"),
        (STORED[0][:-1], "cut off"),
        (STORED[0][:-4], "damaged"),
        (STORED[0] + b"\0\0\0\0", "damaged"),
        (b"\0" + STORED[0][1:], "another format"),
        (b"\3" + STORED[0][1:], "another format"),
        (to_bytes("a", PASSAGES[0])[:24] + b"\4" + STORED[0][25:], "damaged|length 3"),
    ],
)
def test_damage_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        columns([1, 2], [STORED[1], data], 3)


def test_ragged_arrays() -> None:
    some = Ragged.of([np.array([1, 2]), np.array([], dtype=np.int64), np.array([3])])
    assert (len(some), some[0].tolist(), some[1].tolist(), some[2].tolist()) == (3, [1, 2], [], [3])
    assert (some.starts.tolist(), some.owners.tolist()) == ([0, 2, 2], [0, 0, 2])
    assert some.followed_by(Ragged.of([np.array([9])])).values.tolist() == [1, 2, 3, 9]
    source = np.arange(10)
    cut = Ragged(source, np.array([7, 0, 3]), np.array([2, 0, 3]))
    assert cut.values.tolist() == [7, 8, 3, 4, 5]
    more = cut.followed_by(Ragged(source, np.array([1]), np.array([1])))
    assert (more.source is source, more.values.tolist()) == (True, [7, 8, 3, 4, 5, 1])
    assert len(Ragged.of([])) == 0

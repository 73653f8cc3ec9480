"""The compiled tokenizer cuts as the library does, which reads the same file here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.bundled import BUNDLED
from embeddings.errors import ModelError
from embeddings.spelling import CODES, Kind, spelling
from embeddings.tokenizing import ByLibrary, Tokenizing, tokenizer_at
from embeddings.training import vocabulary
from embeddings.training.spelling import SURROGATES
from embeddings.wordpiece import CHUNK, RUN, WordPiece

ROOT = Path(__file__).parents[1]
# What rules treat by what stands beside it: marks, apostrophes, articles, digits, signs.
NEIGHBOURS = (
    "aäe\u0301\u0308\u0306ибй'’ʼ`´\u00ad\u200d\u200c नरळ\u093c\u094dकीوفبكالل\u064b\u0651\u064e"
    "\u0670\u06401234٣〇々ー漢か한ß%°#+&€$ ﬁİıŁｅ\u0345\ufdfa\ud800"
)
SENTENCES = (
    "Лукашэнка сказаў: «Усё добра» – об’єкт, п'ять і м`яч.",
    "Die Straße über 20.000 Häuser, 1999 gebaut; Æther & Œuvre +5 °C, 3 % von 1234567.",
    "الكتاب والكتاب وبالكتاب للكتاب اَلْكِتَابُ السلام",
    "हिन्दी में ज़मीन और लड़का, ऩया 5 किताबें",
    "東京タワーは1958年に建てられた。価格は￥1,500です。ﾊﾝｶｸ",
    "e\u0301cole, Z\u0336alg\u0310o, и\u0306од, ΣΊΣΥΦΟΣ, İstanbul, ﬁne",
    "", " ", "\n\t", "🪖", "x" * 500, "漢" * 130, "9" * 100, "a" * (RUN - 1) + "é" * 3,
)  # fmt: skip


@pytest.fixture(scope="module")
def compiled() -> WordPiece:
    """The bundled model's."""
    _, found = tokenizer_at(BUNDLED / "tokenizer.json")
    assert isinstance(found, WordPiece)
    return found


@pytest.fixture(scope="module")
def library() -> ByLibrary:
    """The same, read by the library."""
    return ByLibrary((BUNDLED / "tokenizer.json").read_bytes())


def assert_same(compiled: Tokenizing, library: Tokenizing, texts: list[str]) -> None:
    """The same tokens at the same places, with and without places."""
    both = zip(compiled.placed(texts), library.placed(texts), compiled.ids(texts), strict=True)
    for text, (made, expected, ids) in zip(texts, both, strict=True):
        assert made.ids.tolist() == expected.ids.tolist(), text
        assert made.spans.tolist() == expected.spans.tolist(), text
        assert ids.tolist() == expected.ids.tolist(), text


def test_sentences_are_cut_as_by_the_library(compiled: WordPiece, library: ByLibrary) -> None:
    assert_same(compiled, library, list(SENTENCES))
    for sentence in SENTENCES:
        assert_same(compiled, library, [sentence])


@given(st.lists(st.text(st.sampled_from(NEIGHBOURS), max_size=25), max_size=8))
def test_neighbours_change_what_they_change_in_the_library(
    compiled: WordPiece, library: ByLibrary, texts: list[str]
) -> None:
    assert_same(compiled, library, texts)


@given(st.lists(st.text(max_size=25), min_size=1, max_size=4))
def test_any_text_is_cut_as_by_the_library(
    compiled: WordPiece, library: ByLibrary, texts: list[str]
) -> None:
    assert_same(compiled, library, texts)


def test_every_code_point_is_what_the_library_makes_of_it(
    compiled: WordPiece, library: ByLibrary
) -> None:
    every = [f"a{chr(c)}б" for c in range(CODES) if c not in SURROGATES and not _hard(c)]
    assert len(every) > 140_000
    assert_same(compiled, library, every)


def _hard(code: int) -> bool:
    table = spelling()
    return bool(table.entries[table.pages[code >> 8], code & 255] & Kind.HARD)


def test_more_texts_than_are_cut_at_once(compiled: WordPiece) -> None:
    texts = [f"Haus {n}" for n in range(2 * CHUNK + 1)]
    assert [ids.tolist() for ids in compiled.ids(texts)] == [
        compiled.ids([text])[0].tolist() for text in texts
    ]
    assert compiled.ids([]) == []
    assert compiled.placed([]) == []


def test_numbers_are_those_of_the_library(compiled: WordPiece, library: ByLibrary) -> None:
    numbers = compiled.numbers()
    assert numbers.tolist() == library.numbers().tolist()
    texts = ["1973", "१", "٣", "año", "二", "x"]
    ids = [int(found[0]) for found in compiled.ids(texts)]
    assert numbers[ids].tolist() == [True, True, True, False, False, False]


def test_what_is_in_no_piece_is_one_unknown_word(tmp_path: Path) -> None:
    vocabulary.save([vocabulary.UNKNOWN, "a", "ab", "b", "c"], tmp_path / "tokenizer.json")
    definition, found = tokenizer_at(tmp_path / "tokenizer.json")
    assert isinstance(found, WordPiece)
    assert (found.vocabulary, found.unknown) == (5, 0)
    placed = found.placed(["abca cax bb"])[0]
    assert placed.ids.tolist() == [2, 4, 1, 0, 3, 3]
    assert placed.spans.tolist() == [[0, 2], [2, 3], [3, 4], [5, 8], [9, 10], [10, 11]]
    assert_same(found, ByLibrary(definition), ["abca cax bb", "a\u0301bx", "abc" * 30])


def _other_rule(definition: dict[str, Any]) -> None:
    definition["normalizer"] = {"type": "NFC"}


def _other_prefix(definition: dict[str, Any]) -> None:
    definition["model"]["continuing_subword_prefix"] = "##"


def _escaped(definition: dict[str, Any]) -> None:
    definition["model"]["vocab"]['"'] = 2


def _gap(definition: dict[str, Any]) -> None:
    definition["model"]["vocab"]["b"] = 7


def _no_unknown(definition: dict[str, Any]) -> None:
    definition["model"]["vocab"] = {"a": 0, "b": 1}


@pytest.mark.parametrize("change", [_other_rule, _other_prefix, _escaped, _gap, _no_unknown])
def test_other_tokenizers_are_left_to_the_library(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    path = tmp_path / "tokenizer.json"
    vocabulary.save([vocabulary.UNKNOWN, "a"], path)
    definition = json.loads(path.read_text("utf-8"))
    change(definition)
    path.write_text(json.dumps(definition, separators=(",", ":")), "utf-8")
    _, found = tokenizer_at(path)
    assert isinstance(found, ByLibrary)
    assert found.ids(["a"])[0].tolist() == [definition["model"]["vocab"]["a"]]


@pytest.mark.parametrize("written", [b"", b"{", b'{"vocab":{"a":0', b'{"vocab":{}}', b"\xff"])
def test_a_damaged_tokenizer_is_refused(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(written)
    with pytest.raises(ModelError, match="is damaged"):
        tokenizer_at(tmp_path / "tokenizer.json")


def test_the_table_is_for_the_rules_of_the_recipe() -> None:
    whole = json.loads(vocabulary.tokenizer_of([vocabulary.UNKNOWN, "a"]).to_str())
    without = {**whole, "model": {**whole["model"], "vocab": {}}}
    assert spelling().is_for(without)
    assert not spelling().is_for(whole)


def test_kinds_are_numbered_as_in_the_compiled_part() -> None:
    source = (ROOT / "embeddings" / "wordpiece.c").read_text("utf-8")
    for kind in Kind:
        assert f"{kind.name} = {kind.value}," in source
    assert f"#define RUN {RUN} " in source

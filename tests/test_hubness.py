"""Hubness: how near vectors are to references, and what a model folder says of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from embeddings import hubness
from embeddings.bundled import BUNDLED
from embeddings.errors import ModelError
from embeddings.hubness import FILE, NEAREST, Hubness
from embeddings.static import StaticEncoder
from embeddings.training import references
from embeddings.training.corpora import Pair
from embeddings.training.evaluate import unit

RANDOM = np.random.default_rng(3)
REFERENCES = RANDOM.integers(-127, 128, (50, 16)).astype(np.int8)


def test_it_is_the_mean_cosine_with_the_nearest_references() -> None:
    vectors = unit(RANDOM.standard_normal((130, 16)).astype(np.float32))
    found = Hubness(REFERENCES, 0.25).of(vectors)
    cosines = np.sort(vectors @ unit(REFERENCES.astype(np.float32)).T, axis=1)
    np.testing.assert_allclose(found, cosines[:, -NEAREST:].mean(axis=1) - 0.25, atol=1e-4)
    for vector, one in zip(vectors, found, strict=True):
        assert Hubness(REFERENCES, 0.25).of(vector[None])[0] == one


def test_nothing_has_none() -> None:
    assert Hubness(REFERENCES, 0.25).of(np.zeros((2, 16), np.float32)).tolist() == [0.0, 0.0]
    assert Hubness(REFERENCES, 0.25).of(np.zeros((0, 16), np.float32)).tolist() == []


def test_what_is_like_much_else_is_a_hub_in_every_language() -> None:
    encoder = StaticEncoder(BUNDLED)
    common = ["Tom ist nicht hier.", "Tom is not here.", "Тома здесь нет.", "Tom n'est pas ici."]
    special = ["Die EZB senkt den Leitzins um 25 Basispunkte.", "It depends on the context."]
    found = encoder.hubness(encoder.encode_passages([*common, *special])).tolist()
    assert min(found[: len(common)]) > 0.05 > -0.05 > max(found[len(common) :])


def test_a_folder_without_references_knows_no_hubs(tiny_model_dir: Path) -> None:
    encoder = StaticEncoder(tiny_model_dir)
    assert hubness.read(tiny_model_dir) is None
    assert not encoder.hubness(encoder.encode_passages(["soldaten", ""])).any()


def test_references_change_the_fingerprint(tiny_model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model_dir, folder)
    before = StaticEncoder(folder).fingerprint
    dimension = StaticEncoder(folder).dimension
    rows = RANDOM.integers(-127, 128, (NEAREST, dimension)).astype(np.int8)
    save_file({"references": rows, "usual": np.array([0.5], np.float32)}, folder / FILE)
    assert StaticEncoder(folder).fingerprint != before


@pytest.mark.parametrize(
    "tensors",
    [
        {"references": REFERENCES},
        {"references": REFERENCES[: NEAREST - 1], "usual": np.ones(1, np.float32)},
        {"references": REFERENCES.astype(np.float32), "usual": np.ones(1, np.float32)},
    ],
)
def test_references_of_another_kind_are_refused(
    tensors: dict[str, NDArray[Any]],
    tmp_path: Path,
) -> None:
    save_file(tensors, tmp_path / FILE)
    with pytest.raises(ModelError, match="restore the folder"):
        hubness.read(tmp_path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(ModelError, match="restore the folder"):
        hubness.read(tmp_path)


def test_the_recipe_writes_references_the_same_each_time(
    tiny_model_dir: Path, tmp_path: Path
) -> None:
    words = "soldaten putin grenze krieg präsident".split()
    pairs = [Pair("de", "tico", f"{a} {b}", f"{b} {a}") for a in words for b in words]
    written = []
    for name in ("a", "b"):
        folder = tmp_path / name
        shutil.copytree(tiny_model_dir, folder)
        references.write(folder, pairs, centres=4)
        written.append((folder / FILE).read_bytes())
        encoder = StaticEncoder(folder)
        vectors = encoder.encode_passages(references.sampled(pairs))
        assert encoder.hubness(vectors).mean() == pytest.approx(0.0, abs=1e-4)
    assert written[0] == written[1]

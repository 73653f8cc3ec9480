"""Late interaction in passing: about what the whole comparison says, and what a folder needs."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from embeddings import centroids
from embeddings.bundled import BUNDLED
from embeddings.centroids import FILE, Centroids
from embeddings.errors import ModelError
from embeddings.interaction import LateInteraction
from embeddings.kernels import MARKS, Table
from embeddings.ragged import Ragged
from embeddings.static import StaticEncoder
from embeddings.training import centroids as training
from embeddings.training.evaluate import unit

RANDOM = np.random.default_rng(11)
AXES = np.eye(4, 6, dtype=np.float32)
ROWS = np.round(
    127 * unit(np.repeat(AXES, 5, axis=0) + RANDOM.normal(0, 0.2, (20, 6)).astype(np.float32))
).astype(np.int8)
"""Twenty rows around four axes, five each."""
NEAREST = np.repeat(np.arange(4), 5).astype(np.uint16)
CENTROIDS = np.round(127 * AXES[:, :4]).astype(np.int8)


def glance_at(tokens: list[int], weights: list[float], known: Centroids) -> Any:  # noqa: ANN401
    table = Table(ROWS, None, np.ones(len(ROWS), np.float32))
    ids = np.array(tokens, np.uint32)
    others = table.comparable(ids, unit(ROWS[tokens].astype(np.float32)))
    return partial(known.scores, others, np.array(weights, np.float32))


def expected(tokens: list[int], weights: list[float], passages: list[list[int]]) -> Any:  # noqa: ANN401
    coarse = unit(CENTROIDS.astype(np.float32)) @ unit(ROWS[tokens, :4].astype(np.float32)).T
    own = NEAREST[:, None] == NEAREST[tokens][None]
    cut = unit(ROWS[:, :4].astype(np.float32))
    cosines = np.maximum(np.where(own, cut @ cut[tokens].T, coarse[NEAREST]), 0)
    best = np.array([cosines[one].max(axis=0, initial=0) for one in passages])
    share = ((best >= 0.6).sum(axis=0) + 1) / len(passages)
    rare = np.array(weights) * np.log1p(1 / share)
    return best @ (rare / rare.sum())


def test_a_token_stands_for_its_centroid_and_near_the_question_for_itself() -> None:
    known = Centroids(CENTROIDS, NEAREST, ROWS, None)
    passages = [[0, 1, 7], [12, 13], [], [19, 3, 3], list(range(20))]
    for tokens, weights in (([1, 6], [1.0, 0.5]), ([17], [2.0]), ([0, 4, 11], [0.1, 1.0, 1.0])):
        found = glance_at(tokens, weights, known)(
            Ragged.of([np.array(one, np.uint32) for one in passages])
        )
        np.testing.assert_allclose(found, expected(tokens, weights, passages), atol=0.01)


def test_tokens_that_share_a_row_are_one() -> None:
    mapping = np.array([3, 3, 8, 8, 0], np.int32)
    known = Centroids(CENTROIDS, NEAREST, ROWS, mapping)
    table = Table(ROWS, mapping, np.ones(len(mapping), np.float32))
    others = table.comparable(np.array([1], np.uint32), unit(ROWS[[3]].astype(np.float32)))
    glance = partial(known.scores, others, np.ones(1, np.float32))
    found = glance(Ragged.of([np.array([n], np.uint32) for n in range(5)]))
    assert found[0] == found[1] == pytest.approx(1.0, abs=0.01)
    assert found[2] == found[3] < 0.5 < found[4] < 0.999


def test_of_a_long_question_the_weightiest_tokens_count() -> None:
    known = Centroids(CENTROIDS, NEAREST, ROWS, None)
    weights = np.linspace(1, 2, 20).tolist()
    passages = Ragged.of([np.array(one, np.uint32) for one in ([0, 7], [12], [19])])
    heaviest = list(range(20 - MARKS, 20))
    long = glance_at(list(range(20)), weights, known)(passages)
    short = glance_at(heaviest, [weights[n] for n in heaviest], known)(passages)
    np.testing.assert_allclose(long, short, rtol=1e-6)


def test_a_token_with_nothing_in_the_dimensions_of_the_centroids_meets_none() -> None:
    rows = ROWS.copy()
    rows[2, :4] = 0
    known = Centroids(CENTROIDS, NEAREST, rows, None)
    table = Table(rows, None, np.ones(len(rows), np.float32))
    others = table.comparable(np.array([2], np.uint32), unit(rows[[2]].astype(np.float32)))
    glance = partial(known.scores, others, np.ones(1, np.float32))
    assert glance(Ragged.of([np.array([2, 7], np.uint32)])).tolist() == [0.0]


def test_a_token_that_the_table_lacks_is_refused() -> None:
    known = Centroids(CENTROIDS, NEAREST, ROWS, None)
    with pytest.raises(IndexError, match="passage 1 is not within its source, or has a token"):
        glance_at([1], [1.0], known)(
            Ragged.of([np.array([3], np.uint32), np.array([20], np.uint32)])
        )


def test_the_bundled_model_tells_in_passing_what_meets_a_question() -> None:
    interaction = LateInteraction(StaticEncoder(BUNDLED))
    passages = [
        "Machthaber Lukaschenko lehnt eine Mobilisierung bisher vehement ab.",
        "Der Präsident empfing am Abend Gäste aus dem Ausland.",
        "Im Sommer regnet es im Norden des Landes häufig.",
        "Die Notenbank erhöhte den Zins um einen halben Punkt.",
    ]
    tokens = Ragged.of(StaticEncoder(BUNDLED).tokenize(passages))
    for text in (
        "Lehnt Lukaschenko die Mobilisierung ab?",
        "Does Lukashenko refuse to mobilise?",
        "Отказывается ли Лукашенко от мобилизации?",
        "卢卡申科是否拒绝动员？",
    ):
        question = interaction.prepare(text)
        glance = interaction.glance(question)
        assert glance is not None
        found = glance(tokens)
        assert found.argmax() == 0, text
        exact = interaction.score(question, StaticEncoder(BUNDLED).tokenize(passages))
        assert np.corrcoef(found, exact)[0, 1] > 0.8, text
    assert interaction.glance(interaction.prepare("?!")) is None


def test_a_folder_without_centroids_has_no_glance(tiny_model_dir: Path) -> None:
    encoder = StaticEncoder(tiny_model_dir)
    assert encoder.centroids is None
    interaction = LateInteraction(encoder)
    assert interaction.glance(interaction.prepare("soldaten")) is None


def test_the_recipe_writes_what_is_read(tiny_model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model_dir, folder)
    before = StaticEncoder(folder).fingerprint
    training.write(folder, count=8, dimensions=5)
    encoder = StaticEncoder(folder)
    assert encoder.centroids is not None
    # Passages are not made by them, so a collection need not be read again.
    assert encoder.fingerprint == before
    interaction = LateInteraction(encoder)
    glance = interaction.glance(interaction.prepare("soldaten"))
    assert glance is not None
    found = glance(Ragged.of(encoder.tokenize(["soldaten", "akşam"])))
    assert found[0] == pytest.approx(1.0, abs=0.01) != found[1]


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"centroids": CENTROIDS}, "nearest"),
        ({"centroids": CENTROIDS.astype(np.float32), "nearest": NEAREST}, "float32 and uint16"),
        ({"centroids": CENTROIDS, "nearest": NEAREST[:-1]}, "19 of 20 rows"),
        ({"centroids": CENTROIDS[:-1], "nearest": NEAREST}, "3 centroids"),
        ({"centroids": np.ones((4, 7), np.int8), "nearest": NEAREST}, "length 7"),
    ],
)
def test_what_is_damaged_or_of_another_table_is_refused(
    tmp_path: Path, tensors: dict[str, NDArray[Any]], message: str
) -> None:
    save_file(tensors, tmp_path / FILE)
    with pytest.raises(ModelError, match=f"{message}.*restore the folder"):
        centroids.read(tmp_path, ROWS, None)


def test_a_table_of_other_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="expected rows of bytes"):
        Centroids(CENTROIDS, NEAREST, ROWS.astype(np.float32), None)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes((BUNDLED / FILE).read_bytes()[:1000])
    with pytest.raises(ModelError, match="restore the folder"):
        centroids.read(tmp_path, ROWS, None)

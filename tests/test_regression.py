"""The regression that starts the bundled model's table, against a dense solution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.training import corpora, evaluate, regression
from embeddings.training import train as recipe
from tests.test_training import toy_corpus, toy_pairs


def sparse(matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> regression.Sparse:
    rows, columns = np.nonzero(matrix)
    return regression.Sparse(rows, columns, matrix[rows, columns], matrix.shape)


def test_products_are_those_of_a_dense_matrix() -> None:
    rng = np.random.default_rng(1)
    matrix = (rng.normal(size=(7, 5)) * (rng.random((7, 5)) < 0.4)).astype(np.float32)
    matrix[3] = 0  # a row and a column of nothing
    matrix[:, 2] = 0
    dense, back = (rng.normal(size=(n, 3)).astype(np.float32) for n in (5, 7))
    kept = sparse(matrix)
    np.testing.assert_allclose(kept.times(torch.from_numpy(dense)), matrix @ dense, atol=1e-5)
    np.testing.assert_allclose(
        kept.transposed_times(torch.from_numpy(back)), matrix.T @ back, atol=1e-5
    )
    np.testing.assert_allclose(kept.squares(), (matrix**2).sum(axis=0), atol=1e-5)


def test_the_solution_is_the_ridge_regression() -> None:
    rng = np.random.default_rng(2)
    texts, shared = (rng.random(shape).astype(np.float32) for shape in ((30, 8), (8, 4)))
    wanted = rng.normal(size=(30, 3)).astype(np.float32)
    found = regression.solve(sparse(texts), torch.from_numpy(wanted), sparse(shared), 60)
    parts = np.hstack([texts, texts @ shared])
    ridge = np.diag([regression.OWN_RIDGE] * 8 + [regression.SHARED_RIDGE] * 4)
    solved = np.linalg.solve(parts.T @ parts + ridge, parts.T @ wanted)
    np.testing.assert_allclose(found, solved[:8] + shared @ solved[8:], atol=1e-3)


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        ("soldat", "солдат", True),
        ("soldaten", "soldatom", True),
        ("soldat", "wetter", False),
        ("北京", "beijing", False),
        ("2022", "2023", False),
    ],
)
def test_spellings_meet_across_scripts(one: str, other: str, related: bool) -> None:
    matrix = regression.spellings(["<unk>", one, other, one + "x", other + "x"])
    rows = matrix.times(torch.eye(matrix.shape[1]))
    assert bool(rows[1] @ rows[2] > 0.3) is related


def test_it_brings_translations_together(tmp_path: Path) -> None:
    pairs = toy_pairs()
    tokenizer, corpus = toy_corpus(pairs, tmp_path)
    rng = np.random.default_rng(4)
    targets = evaluate.unit(rng.normal(size=(1 + corpus.target.max(), 16)).astype(np.float32))
    rows = recipe.initial_table(corpus, targets, tokenizer, torch.device("cpu"))
    assert rows.norm(dim=1).min() > 0  # no token is left without a direction
    place = tokenizer.get_vocab()
    words = [p for p in pairs if p.source == corpora.DICTIONARY]
    english, other = (
        evaluate.unit(rows[[place[word] for word in side]].numpy())
        for side in ([p.english for p in words], [p.text for p in words])
    )
    assert ((english @ other.T).argmax(axis=1) == np.arange(len(words))).mean() > 0.9

"""Late interaction against its definition, token by token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from embeddings.interaction import OTHER, WINDOW_STEP, LateInteraction, Question
from embeddings.kernels import Weighing
from embeddings.ragged import Ragged
from embeddings.spans import TokenIds
from embeddings.static import StaticEncoder
from tests.tiny_model import SENTENCES

ROUNDED = 1e-5  # the question's vectors are, to 16 bits
QUESTION = "Wird Belarus, wird die Ukraine Soldaten?"


@pytest.fixture(scope="module")
def encoder(tiny_model_dir: Path) -> StaticEncoder:
    return StaticEncoder(tiny_model_dir)


@pytest.fixture(scope="module")
def interaction(encoder: StaticEncoder) -> LateInteraction:
    return LateInteraction(encoder)


def token_vector(encoder: StaticEncoder, token: int) -> NDArray[np.float64]:
    rows, weights = encoder.token_rows(np.array([token]))
    found: NDArray[np.float64] = rows[0].astype(np.float64) * weights[0]
    return found


def cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    norms = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / norms) if norms else 0.0


def naive(
    encoder: StaticEncoder, question: str, passage: TokenIds
) -> tuple[float, list[float], list[float]]:
    """Score, weights and best cosines by two loops over single tokens."""
    ids, offsets = encoder.tokenize_with_offsets(question)
    weights: dict[int, float] = {}
    best: dict[int, float] = {}
    for token, (start, end) in zip(ids.tolist(), offsets.tolist(), strict=True):
        vector = token_vector(encoder, token)
        weights[token] = float(np.linalg.norm(vector)) if question[start:end] not in ",?" else 0.0
        found = [cosine(vector, token_vector(encoder, other)) for other in passage.tolist()]
        best[token] = max(found, default=0.0)
    total = sum(weights.values())
    score = sum(weights[token] * best[token] for token in weights) / total if total else 0.0
    return score, list(weights.values()), list(best.values())


def test_scores_follow_the_definition(encoder: StaticEncoder, interaction: LateInteraction) -> None:
    passages = encoder.tokenize([*SENTENCES, "", "🪖", QUESTION, " ".join(SENTENCES) * 30])
    question = interaction.prepare(QUESTION)
    expected = [naive(encoder, QUESTION, passage) for passage in passages]
    scores = interaction.score(question, passages)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [score for score, _, _ in expected], atol=ROUNDED)
    np.testing.assert_allclose(question.weights, expected[0][1], atol=1e-6)
    np.testing.assert_allclose(
        interaction.token_scores(question, passages),
        [best for _, _, best in expected],
        atol=ROUNDED,
    )
    assert np.ptp(scores) > 0.5


def test_more_tokens_than_one_block_holds(interaction: LateInteraction) -> None:
    # Every token of the vocabulary many times over, and the vocabulary is no multiple of a tile.
    vocabulary = interaction.prepare(" ".join(SENTENCES))
    everything = np.resize(vocabulary.ids, 5000)
    np.testing.assert_allclose(
        interaction.token_scores(vocabulary, [everything]).ravel()[vocabulary.weights > 0],
        1.0,
        atol=ROUNDED,
    )


def test_a_question_counts_each_token_once_and_punctuation_never(
    encoder: StaticEncoder, interaction: LateInteraction
) -> None:
    question = interaction.prepare(QUESTION)
    words = [QUESTION[start:end] for start, end in question.offsets]
    assert words == ["Wird", "Belarus", ",", "die", "Ukraine", "Soldaten", "?"]
    assert [word for word, w in zip(words, question.weights, strict=True) if w == 0] == [",", "?"]
    vectors = question.others.vectors * question.others.units[:, None]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=ROUNDED)
    assert question.ids.tolist() == list(dict.fromkeys(encoder.tokenize([QUESTION])[0].tolist()))


def test_a_vowel_sign_counts(interaction: LateInteraction) -> None:
    question = interaction.prepare("\u0915\u093f ?")  # a Hindi letter and its vowel sign
    assert (question.weights > 0).tolist() == [True, True, False]


@pytest.mark.parametrize("question", ["", "?!", "🪖", " \n"])
def test_a_question_that_says_nothing_scores_zero(
    encoder: StaticEncoder, interaction: LateInteraction, question: str
) -> None:
    prepared = interaction.prepare(question)
    passages = encoder.tokenize(["Soldaten?", ""])
    assert interaction.score(prepared, passages).tolist() == [0.0, 0.0]
    assert interaction.token_scores(prepared, passages).shape == (2, len(prepared.ids))


def test_empty_passages_score_zero_among_others(
    encoder: StaticEncoder, interaction: LateInteraction
) -> None:
    question = interaction.prepare("Belarus")
    passages = encoder.tokenize(["", "Belarus", "", "", "Soldaten Belarus", ""])
    expected = pytest.approx([0, 1, 0, 0, 1, 0], abs=1e-6)
    assert interaction.score(question, passages).tolist() == expected
    assert interaction.score(question, []).shape == (0,)
    assert interaction.score(question, passages[:1]).tolist() == [0.0]


def test_unknown_tokens_match_nothing(encoder: StaticEncoder, interaction: LateInteraction) -> None:
    question = interaction.prepare("🪖 Belarus")
    assert (question.weights > 0).tolist() == [False, True]
    assert interaction.score(question, encoder.tokenize(["🇧🇾 🪖"])).tolist() == [0.0]


def test_cosines_are_those_of_a_passages_tokens_in_order(
    encoder: StaticEncoder, interaction: LateInteraction
) -> None:
    question = interaction.prepare("Belarus Soldaten?")
    passages = encoder.tokenize(["Belarus", "", "Soldaten ? aus Belarus 🪖 Soldaten"])
    found = interaction.compare(question, Ragged.of(passages)).cosines([2, 1])
    assert [len(cosines) for cosines in found] == [len(passages[2]), 0]
    for token, cosines in zip(passages[2].tolist(), found[0], strict=True):
        vector = token_vector(encoder, token)
        expected = [
            cosine(vector, token_vector(encoder, int(asked))) if weight > 0 else 0.0
            for asked, weight in zip(question.ids, question.weights, strict=True)
        ]
        assert (cosines * (question.weights > 0)).tolist() == pytest.approx(expected, abs=ROUNDED)


TEXTS = st.lists(st.sampled_from(" ".join(SENTENCES).split()), max_size=12).map(" ".join)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=TEXTS, texts=st.lists(TEXTS, max_size=4))
def test_scores_lie_between_their_bounds_and_a_text_finds_itself(
    encoder: StaticEncoder, interaction: LateInteraction, asked: str, texts: list[str]
) -> None:
    question = interaction.prepare(asked)
    passages = encoder.tokenize([asked, *texts])
    scores = interaction.score(question, passages)
    assert (np.abs(scores) <= 1).all()
    assert scores[0] == pytest.approx(1 if question.weights.any() else 0, abs=1e-6)
    for text, score in zip(texts, scores[1:], strict=True):  # company changes nothing
        alone = interaction.score(question, encoder.tokenize([text]))
        assert alone[0] == pytest.approx(score, abs=1e-6)


def weighed(
    interaction: LateInteraction,
    question: Question,
    passages: list[NDArray[np.uint32]],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Evidence for passages with nothing around them."""
    alone = Ragged.of(passages + [np.zeros(0, np.uint32)] * len(passages))
    weights = np.ones(len(question.ids)) if weights is None else weights
    how = Weighing(step=WINDOW_STEP, same=0.999, covered=0.5, around=0.5)
    return interaction.compare(question, alone).weighed(weights, weights, how)


def test_windows_against_their_definition(
    encoder: StaticEncoder, interaction: LateInteraction
) -> None:
    question = interaction.prepare(QUESTION)
    (long,) = encoder.tokenize([" ".join(SENTENCES * 3)])
    passages = [long, long[:5], np.zeros(0, np.uint32), long[:30], long[:WINDOW_STEP]]
    weights = np.linspace(1.0, 2.0, len(question.ids))
    found = weighed(interaction, question, passages, weights)[2]
    for ids, score in zip(passages, found, strict=True):
        windows = [
            ids[first : first + 2 * WINDOW_STEP] for first in range(0, len(ids), WINDOW_STEP)
        ]
        expected = [float(interaction.token_scores(question, [w])[0] @ weights) for w in windows]
        assert score == pytest.approx(max(expected, default=0.0), abs=1e-5)
    assert len(long) > 4 * WINDOW_STEP


def test_focus_against_its_definition(encoder: StaticEncoder, interaction: LateInteraction) -> None:
    passages = encoder.tokenize([*SENTENCES, "", QUESTION])
    question = interaction.prepare(QUESTION)
    asked = [
        token_vector(encoder, int(token))
        for token, weight in zip(question.ids, question.weights, strict=True)
        if weight > 0
    ]
    found = weighed(interaction, question, passages)[5]
    for passage, focus in zip(passages, found, strict=True):
        vectors = [token_vector(encoder, int(token)) for token in passage]
        lengths = [float(np.linalg.norm(vector)) for vector in vectors]
        best = [max(0.0, *(cosine(one, vector) for one in asked)) for vector in vectors]
        expected = sum(a * b for a, b in zip(lengths, best, strict=True)) / max(sum(lengths), 1e-9)
        assert focus == pytest.approx(expected, abs=2e-3)
    silent = interaction.prepare("?!")
    assert not weighed(interaction, silent, passages)[5].any()


def test_tokens_on_one_row_are_alike_but_not_the_same(tmp_path: Path) -> None:
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "minsk": 1, "mensk": 2, "kiew": 3}, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    rows = np.array([[0, 0], [100, 0], [0, 100]], dtype=np.int8)
    tensors: dict[str, NDArray[Any]] = {
        "embeddings": rows,
        "mapping": np.array([0, 1, 1, 2], dtype=np.int32),
        "weights": np.ones(4, dtype=np.float32),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    encoder = StaticEncoder(tmp_path)
    interaction = LateInteraction(encoder)
    passages = Ragged.of(encoder.tokenize(["minsk", "mensk", "kiew", "mensk minsk"]))
    best = interaction.compare(interaction.prepare("minsk"), passages).best[:, 0]
    assert best.tolist() == pytest.approx([1.0, OTHER, 0.0, 1.0])

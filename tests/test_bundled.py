"""The model that comes with the package. What it is worth is measured elsewhere."""

from __future__ import annotations

import time

import numpy as np

from embeddings.bundled import BUNDLED, load_encoder
from embeddings.static import StaticEncoder
from tests.tiny_model import SENTENCES


def test_it_is_opened_by_its_name() -> None:
    encoder = load_encoder("bundled")
    assert isinstance(encoder, StaticEncoder)
    assert encoder.name == "bundled"
    vectors = encoder.encode_queries([text for text in SENTENCES if "ทหาร" not in text])  # no Thai
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_it_is_a_sentence_transformers_model_with_the_same_vectors() -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(BUNDLED), device="cpu", local_files_only=True)
    texts = [*SENTENCES, "", "🪖", "20.000 Soldaten, 20,000 soldiers", "\u0378 unassigned"]
    np.testing.assert_allclose(
        load_encoder("bundled").encode_passages(texts), model.encode(texts), atol=1e-6
    )


def test_translations_are_closer_than_other_sentences() -> None:
    encoder = load_encoder("bundled")
    german = encoder.encode_passages(
        ["Belarus schickt keine Soldaten in die Ukraine.", "Der Kuchen wird im Ofen gebacken."]
    )
    for question in (
        "Will Belarus send soldiers to Ukraine?",
        "Отправит ли Беларусь солдат в Украину?",
        "¿Enviará Bielorrusia soldados a Ucrania?",
    ):
        related, unrelated = german @ encoder.encode_queries([question])[0]
        assert related > unrelated + 0.2


def test_a_text_without_spaces_costs_no_more_than_another() -> None:
    # Finding the pieces of a run of letters takes the square of its length; runs are bounded.
    encoder = load_encoder("bundled")
    started = time.process_time()
    for character in "a白1":
        vector = encoder.encode_passages([character * 200_000])
        assert vector.shape == (1, encoder.dimension)
    assert time.process_time() - started < 15

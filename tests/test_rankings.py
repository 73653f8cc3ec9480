"""Rankings of whole documents by vectors and as served, and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from embeddings.bundled import load_encoder
from embeddings.encoder import Vectors
from qa.evaluation.questions import Question
from qa.evaluation.rankings import (
    MEASURES,
    Corpus,
    Remembering,
    Task,
    as_served,
    by_vectors,
    values,
)
from qa.settings import Settings
from qa.types import Document

DOCUMENTS = [
    Document("alps", "Die Wetterstation auf der Zugspitze meldet zwei Meter Neuschnee.", "x"),
    Document("opera", "Der Orchestergraben der Oper wurde im Sommer vergrößert.", "x"),
    Document("bees", "Bienen finden mit Hilfe der Sonne in ihren Stock zurück.", "x"),
]


class Compass:
    """Texts are directions in the plane, in degrees; counts the texts it is given."""

    name = "compass"
    dimension = 2
    fingerprint = "compass"
    query_prompt = ""

    def __init__(self, passage_prompt: str = "") -> None:
        self.passage_prompt = passage_prompt
        self.encoded: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        angles = [math.radians(float(text)) for text in texts]
        rows = [[math.cos(a), math.sin(a)] for a in angles]
        return np.array(rows, dtype=np.float32).reshape(-1, 2)


def question(number: int, text: str, *documents: str) -> Question:
    return Question(str(number), text, documents=dict.fromkeys(documents, 1.0))


def test_the_nearest_direction_comes_first_and_the_first_of_equals_before_the_other() -> None:
    documents = [Document(n, t, "x") for n, t in zip("abcd", ["0", "90", "180", "90"], strict=True)]
    task = Task("G", "t", [question(0, "80", "b"), question(1, "170", "c")])
    found = by_vectors(Remembering(Compass()), Corpus(documents, [task]))
    assert found == {"t": [["b", "d", "a", "c"], ["c", "b", "d", "a"]]}


def test_at_most_ten_documents_are_ranked() -> None:
    documents = [Document(f"d{n}", str(n), "x") for n in range(0, 40, 2)]
    task = Task("G", "t", [question(n, str(n)) for n in range(0, 40)] * 10)
    (rankings,) = by_vectors(Remembering(Compass()), Corpus(documents, [task])).values()
    assert len(rankings) == 400
    assert {len(ranking) for ranking in rankings} == {10}
    assert [ranking[0] for ranking in rankings[:40:2]] == [d.id for d in documents]
    assert rankings[390:] == rankings[30:40]


def test_a_text_is_encoded_once_in_one_role_and_once_in_both_without_prompts() -> None:
    compass = Compass()
    encoder = Remembering(compass)
    first = encoder.encode_passages(["0", "90", "0"])
    second = encoder.encode_queries(["90", "45"])
    assert compass.encoded == ["0", "90", "45"]
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first[1], second[0])
    prompted = Compass("passage: ")
    encoder = Remembering(prompted)
    encoder.encode_passages(["0"])
    encoder.encode_queries(["0", "0"])
    assert prompted.encoded == ["0", "0"]


def test_each_system_finds_what_it_can_see() -> None:
    same_words = question(0, "Bienen finden mit Hilfe der Sonne in ihren Stock zurück.", "bees")
    other_language = question(1, "Бджоли знаходять дорогу до вулика за сонцем.", "bees")
    corpus = Corpus(DOCUMENTS, [Task("G", "t", [same_words, other_language])])
    served = as_served(corpus, Settings(), ("lexical", "fused"))
    words, across = served["lexical"]["t"]
    assert words[0] == "bees"
    assert across == []
    assert [ranking[0] for ranking in served["fused"]["t"]] == ["bees", "bees"]
    vectors = by_vectors(Remembering(load_encoder("bundled")), corpus)["t"]
    assert [ranking[0] for ranking in vectors] == ["bees", "bees"]


# --- measures, by hand ---


def test_ndcg_by_hand() -> None:
    task = Task("G", "t", [question(7, "", "b"), question(8, "", "b"), question(9, "", "b")])
    found = values("nDCG@10", [["b", "a"], ["a", "b"], ["a"]], task)
    assert found == {"7": 1.0, "8": pytest.approx(1 / math.log2(3)), "9": 0.0}


def test_accuracy_counts_the_first_place_only() -> None:
    task = Task("G", "t", [question(0, "", "a"), question(1, "", "b"), question(2, "", "c")])
    assert values("accuracy@1", [["a"], ["a", "b"], []], task) == {"0": 1.0, "1": 0.0, "2": 0.0}


def test_f1_by_hand() -> None:
    questions = [question(n, "", d) for n, d in enumerate("abcd")]
    # a is found by its own question and by two others: precision 1/3, recall 1, F1 1/2. d is found
    # by its own only. b and c are not found by theirs.
    assert MEASURES["F1"]([["a"], ["a"], ["a", "c"], ["d"]], questions) == [0.5, 0.0, 0.0, 1.0]
    assert MEASURES["F1"]([[], ["b"], ["c"], ["d"]], questions) == [0.0, 1.0, 1.0, 1.0]

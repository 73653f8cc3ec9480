"""Ranking: every feature against its definition, and probabilities that follow the order."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.bundled import BUNDLED
from embeddings.interaction import LateInteraction
from embeddings.ragged import Ragged
from embeddings.static import StaticEncoder
from qa import ranking
from qa.engine import Found
from qa.evaluation.fit_second_look import none
from qa.interrogatives import asking_tokens
from qa.ranking import Asked, evidence, rank
from qa.ranking_model import FEATURES, load_ranking
from qa.representation import Columns
from qa.second_look import traits
from qa.types import IndexStatus

QUESTION = "soldaten putin"


@pytest.fixture(scope="module")
def encoder(tiny_model_dir: Path) -> StaticEncoder:
    return StaticEncoder(tiny_model_dir)


@dataclass
class One:
    """A candidate."""

    number: int
    tokens: NDArray[np.uint32]
    context: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    dense: float = 0.0
    lexical: float = 0.0
    sound: float = 0.0
    hubness: float = 0.0


def asked(encoder: StaticEncoder, question: str = QUESTION, language: str = "de") -> Asked:
    tokens = LateInteraction(encoder).prepare(question)
    return Asked(
        tokens,
        traits(question, tokens, asking_tokens(tokens, [])),
        language,
        told=question,
        words=2,
        pieces=4,
    )


def found(encoder: StaticEncoder, *candidates: One, passages: int = 100) -> Found:
    counts = np.zeros(encoder.vocabulary, np.uint32)
    for one in candidates:
        counts[one.tokens] += 1
    n = len(candidates)
    nothing = Ragged.of([np.zeros(0, np.uint32)] * n)
    columns = Columns(
        ids=np.array([one.number for one in candidates], dtype=np.int64),
        starts=np.zeros(n, np.int64),
        ends=np.ones(n, np.int64),
        lengths=np.zeros((n, 3), np.int64),
        hubness=np.array([one.hubness for one in candidates]),
        dimension=0,
        coded=nothing,
        tokens=Ragged.of([one.tokens for one in candidates]),
        places=nothing,
        context=Ragged.of([one.context for one in candidates]),
        terms=nothing,
        counts=nothing,
        sounds=nothing,
        language_names=Ragged.of([np.frombuffer(b"de", np.uint8)] * n),
        document_names=Ragged.of(
            [np.frombuffer(f"d{one.number}".encode(), np.uint8) for one in candidates]
        ),
    )
    return Found(
        columns,
        np.array([one.dense for one in candidates]),
        np.array([one.lexical for one in candidates]),
        np.array([one.sound for one in candidates]),
        counts,
        IndexStatus(1, passages, passages),
    )


def tokens(encoder: StaticEncoder, text: str) -> NDArray[np.uint32]:
    (ids,) = encoder.tokenize([text])
    return np.unique(ids)


def column(features: NDArray[np.float64], name: str) -> list[float]:
    found: list[float] = features[:, FEATURES.index(name)].tolist()
    return found


def test_features_against_their_definitions(encoder: StaticEncoder) -> None:
    whole, half = tokens(encoder, QUESTION), tokens(encoder, "putin")
    nothing = np.zeros(0, np.uint32)
    weighed = evidence(
        LateInteraction(encoder),
        asked(encoder),
        found(
            encoder,
            One(1, whole, dense=0.7, lexical=4.0, sound=6.0, hubness=-0.25),
            One(2, half, dense=0.2, lexical=1.0, sound=3.0),
            One(3, nothing),
        ),
    )
    features = weighed.features
    assert column(features, "dense") == [0.7, 0.2, 0.0]
    assert column(features, "lexical") == [1.0, 0.25, 0.0]
    assert column(features, "sound") == [1.0, 0.5, 0.0]
    assert column(features, "hubness") == [-0.25, 0.0, 0.0]
    rarest = math.log(201)
    assert column(features, "lexical_share") == pytest.approx([2 / rarest, 0.5 / rarest, 0.0])
    assert column(features, "sound_share") == pytest.approx([1.5 / rarest, 0.75 / rarest, 0.0])
    interaction = column(features, "interaction")
    assert interaction[0] == pytest.approx(1.0, abs=1e-4)
    assert interaction[0] > interaction[1] > interaction[2] == 0.0
    assert column(features, "exact")[0] == pytest.approx(1.0)
    focus = column(features, "focus")
    assert focus[0] == pytest.approx(1.0, abs=1e-4)
    assert focus[0] >= focus[1] > focus[2] == 0.0
    for name in ("rarity", "window", "phrase", "clear", "clearest"):
        assert column(features, name)[0] == pytest.approx(1.0, abs=1e-4)
    assert column(features, "rarity")[1] >= column(features, "clear")[1]
    assert column(features, "clear")[1] > column(features, "clearest")[1] * 0.999 > 0.0


def test_what_the_question_is_like_is_evidence_too(encoder: StaticEncoder) -> None:
    question = asked(encoder)
    some = found(encoder, One(1, tokens(encoder, "putin")), One(2, np.zeros(0, np.uint32)))
    for asks in (False, True):
        features = evidence(LateInteraction(encoder), replace(question, asks=asks), some).features
        assert column(features, "asks") == [float(asks)] * 2
        assert column(features, "asked_length") == [math.log1p(len(question.tokens.ids))] * 2


def test_a_passage_without_the_number_asked_for_is_told() -> None:
    encoder = StaticEncoder(BUNDLED)
    texts = ["Der Vertrag von 1973", "Der Vertrag von 1955", "Der Vertrag", ""]
    some = found(encoder, *(One(n, ids) for n, ids in enumerate(encoder.tokenize(texts))))
    question = asked(encoder, "Wann galt der Vertrag von 1955?")
    interaction = LateInteraction(encoder)
    for asks_number, expected in ((True, [0.0, 1.0, 1.0, 1.0]), (False, [0.0] * 4)):
        weighed = evidence(interaction, replace(question, asks_number=asks_number), some)
        assert column(weighed.features, "numberless") == expected


def test_a_number_around_a_passage_is_not_its_own() -> None:
    encoder = StaticEncoder(BUNDLED)
    own, around = encoder.tokenize(["Der Vertrag", "Es war 1973."])
    question = replace(asked(encoder, "Wann galt der Vertrag?"), asks_number=True)
    weighed = evidence(LateInteraction(encoder), question, found(encoder, One(1, own, around)))
    assert column(weighed.features, "numberless") == [1.0]


def test_a_token_that_many_passages_have_weighs_less(encoder: StaticEncoder) -> None:
    common, rare = tokens(encoder, "soldaten"), tokens(encoder, "putin")
    many = [One(n, common) for n in range(2, 60)]
    weighed = evidence(
        LateInteraction(encoder),
        asked(encoder),
        found(encoder, One(0, common), One(1, rare), *many),
    )
    features = weighed.features
    by_interaction, by_rarity = column(features, "interaction"), column(features, "rarity")
    assert by_rarity[1] - by_rarity[0] > by_interaction[1] - by_interaction[0]


def test_what_only_the_context_matches_counts_by_half(encoder: StaticEncoder) -> None:
    whole, nothing = tokens(encoder, QUESTION), np.zeros(0, np.uint32)
    weighed = evidence(
        LateInteraction(encoder),
        asked(encoder),
        found(
            encoder,
            One(1, whole),
            One(2, nothing, context=whole),
        ),
    )
    features = weighed.features
    own, context = column(features, "interaction")
    assert context == pytest.approx(own / 2)


def test_the_best_comes_first_and_ties_go_to_the_earlier_document(encoder: StaticEncoder) -> None:
    whole, nothing = tokens(encoder, QUESTION), np.zeros(0, np.uint32)
    strong = One(9, whole, dense=0.9, lexical=5.0, sound=5.0)
    weak = [One(n, nothing) for n in (3, 1, 2)]
    ranked = rank(LateInteraction(encoder), asked(encoder), found(encoder, *weak, strong)).best()
    assert [r.candidate.passage_id for r in ranked] == [9, 1, 2, 3]
    assert all(0.0 <= r.score <= 1.0 for r in ranked)


def test_the_second_look_has_the_last_word(
    encoder: StaticEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = none()
    look.judging[0, FEATURES.index("hubness")] = 1.0
    look.heights[0] = 50.0
    model = replace(load_ranking(), second_look=look)
    monkeypatch.setattr(ranking, "load_ranking", lambda: model)
    whole = tokens(encoder, QUESTION)
    some = [One(1, whole, hubness=0.1), One(2, whole, hubness=0.3), One(3, whole, hubness=0.2)]
    ranked = rank(LateInteraction(encoder), asked(encoder), found(encoder, *some)).best()
    assert [r.candidate.passage_id for r in ranked] == [2, 3, 1]
    assert ranked[0].score > ranked[1].score > ranked[2].score


def test_no_candidates_no_ranking(encoder: StaticEncoder) -> None:
    assert rank(LateInteraction(encoder), asked(encoder), found(encoder)).best() == []

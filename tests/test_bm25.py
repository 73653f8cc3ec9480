"""BM25 against a plain loop over words, stems and pieces of sounds."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.ragged import Ragged
from qa import analysis
from qa.bm25 import (
    MOST,
    QuestionTerms,
    Statistics,
    inverse_frequency,
    passage_terms,
    piece_id,
    piece_text,
    pieces_of,
    question_terms,
    sound_scores,
    stem_id,
    term_scores,
    word_id,
)
from qa.types import PassageTerms
from tests.terms import plain_terms

TEXTS = [
    "Die Häuser der Soldaten, die Häuser am Fluß",
    "Ein Haus in Minsk: 20.000 Soldaten",
    "Лукашенко не отправит солдат",
    "I saw a house x",
    "",
    "白俄罗斯士兵 in Łódź",
]
LANGUAGES = ["de", "de", "ru", "en", None, "zh"]


def statistics(passages: list[PassageTerms]) -> Statistics:
    def held(number: int) -> int:
        return sum(number in p.ids.tolist() for p in passages)

    def sounding(number: int) -> int:
        return sum(piece_text(number) in pieces_of(p.sound) for p in passages)

    return Statistics(
        len(passages),
        np.mean([p.lengths for p in passages], axis=0),
        lambda ids: np.array([held(n) for n in ids.tolist()], dtype=np.int64),
        lambda ids: np.array([sounding(n) for n in ids.tolist()], dtype=np.int64),
    )


def both(asked: QuestionTerms, passages: list[PassageTerms]) -> tuple[list[float], list[float]]:
    of = statistics(passages)
    lengths = np.stack([p.lengths for p in passages])
    terms, sounds = Ragged.of([p.ids for p in passages]), Ragged.of([p.sound for p in passages])
    counts = Ragged.of([p.counts for p in passages])
    return (
        term_scores(asked, terms, counts, lengths, of).tolist(),
        sound_scores(asked, sounds, lengths, of).tolist(),
    )


WRITTEN = [
    "Haus",
    "Straße",
    "Łódź",
    "солдат",
    "об'єкт",
    "白俄罗斯",
    "ザー",
    "กา",
    "한국",
    "كتاب",
    "घर",
    "l’eau",
]


@given(
    st.lists(
        st.sampled_from([*WRITTEN, " ", " ", "1.5", "20 000", "x", "-", "\u0301"]), max_size=9
    ),
    st.sampled_from([None, "de", "ru", "ar", "zh"]),
)
@settings(max_examples=300, derandomize=True, deadline=None)
def test_terms_are_those_of_a_plain_analysis(parts: list[str], language: str | None) -> None:
    text = "".join(parts)
    found, plain = passage_terms(text, language), plain_terms(text, language)
    expected = Counter([*map(word_id, plain.words), *map(stem_id, plain.stems)])
    assert dict(zip(found.ids.tolist(), found.counts.tolist(), strict=True)) == expected
    assert Counter(map(piece_id, pieces_of(found.sound))) == Counter(map(piece_id, plain.sounds))
    assert found.lengths.tolist() == [len(plain.words), len(plain.stems), len(plain.sounds)]


def test_what_is_remembered_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.bm25._REMEMBERED", 5)
    monkeypatch.setattr("qa.bm25._LOOKED_AFTER", 1)
    known: dict[str | None, Any] = {}
    for _ in range(2):
        for text, language in zip(TEXTS, LANGUAGES, strict=True):
            monkeypatch.setattr("qa.bm25._known", known)
            remembered = passage_terms(text, language)
            monkeypatch.setattr("qa.bm25._known", {})
            afresh = passage_terms(text, language)
            assert remembered.ids.tolist() == afresh.ids.tolist()
            assert remembered.counts.tolist() == afresh.counts.tolist()
            assert pieces_of(remembered.sound) == pieces_of(afresh.sound)
            assert remembered.lengths.tolist() == afresh.lengths.tolist()
            assert sum(map(len, known.values())) <= 5


def part(count: int, length: int, average: float, held: int, size: int) -> float:
    idf = math.log(1 + (size - held + 0.5) / (held + 0.5))
    return idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / average))


@pytest.mark.parametrize(
    "question",
    ["Wie viele Soldaten?", "Häuser am Fluss", "солдаты Lukaschenko", "a x", "士兵 Lodz"],
)
def test_scores_are_those_of_a_plain_loop(question: str) -> None:
    passages = [passage_terms(*one) for one in zip(TEXTS, LANGUAGES, strict=True)]
    found = [plain_terms(*one) for one in zip(TEXTS, LANGUAGES, strict=True)]
    size = len(TEXTS)
    sounds = [one.sounds for one in found]
    averages = {
        name: sum(len(getattr(one, name)) for one in found) / size for name in ("words", "stems")
    }
    average = sum(map(len, sounds)) / size
    expected_terms, expected_sounds = [], []
    for number in range(size):
        total = 0.0
        for word in analysis.question_words(question):
            ways = [("words", form) for form in word.forms]
            if word.stemmable:
                stems = [analysis.stemmed(word.forms[0], code) for code in ("de", "en", "ru", "zh")]
                ways += [("stems", stem) for stem in stems if stem is not None]
            best = 0.0
            for name, term in ways:
                here = getattr(found[number], name)
                held = sum(term in getattr(one, name) for one in found)
                if count := here.count(term):
                    best = max(best, part(count, len(here), averages[name], held, size))
            total += best
        expected_terms.append(total)
        expected_sounds.append(
            sum(
                part(count, len(sounds[number]), average, held, size)
                for piece in analysis.question_sounds(question)
                if (count := sounds[number].count(piece))
                and (held := sum(piece in one for one in sounds))
            )
        )
    terms, sounding = both(question_terms(question, ["de", "en", "ru", "zh"]), passages)
    assert terms == pytest.approx(expected_terms)
    assert sounding == pytest.approx(expected_sounds)
    assert max(terms) > 0 or max(sounding) > 0


def test_each_word_counts_once_by_its_best_form() -> None:
    passages = [passage_terms("Häuser Häuser", "de"), passage_terms("Haus Dorf", "de")]
    alone, _ = both(question_terms("Häuser", ["de"]), passages)
    twice, _ = both(question_terms("Häuser Haus", ["de"]), passages)
    assert alone[0] < twice[0] < 2.5 * alone[0]
    assert twice[0] > twice[1] > 0


def test_stems_are_of_the_questions_language_where_the_passages_have_it() -> None:
    everywhere = question_terms("Soldaten", ["de", "en", "ru"])
    assert [len(word) for word in everywhere.words] == [4]  # itself, and three stems
    assert [len(word) for word in question_terms("Soldaten", ["de", "en"], "de").words] == [2]
    assert stem_id("de:soldat") in question_terms("Soldaten", ["de", "en"], "de").ids
    for unknown in ("fr", None):
        again = question_terms("Soldaten", ["de", "en", "ru"], unknown)
        assert again.ids.tolist() == everywhere.ids.tolist()


def test_a_score_does_not_depend_on_the_passages_beside_it() -> None:
    chance = random.Random(3)
    words = [f"{a}{b}{c}" for a in "bdfg" for b in "aeiou" for c in "nr"]
    passages = [passage_terms(" ".join(chance.choices(words, k=30)), "de") for _ in range(50)]
    asked, of = question_terms(" ".join(words[:9]), ["de"]), statistics(passages)

    def scores(some: list[PassageTerms]) -> list[tuple[float, float]]:
        lengths = np.stack([p.lengths for p in some])
        counts = Ragged.of([p.counts for p in some])
        terms = term_scores(asked, Ragged.of([p.ids for p in some]), counts, lengths, of)
        sounds = sound_scores(asked, Ragged.of([p.sound for p in some]), lengths, of)
        return list(zip(terms.tolist(), sounds.tolist(), strict=True))

    assert scores(passages) == [scores([passage])[0] for passage in passages]


def test_ids_and_pieces() -> None:
    assert word_id("soldat") != stem_id("soldat")
    assert [piece_text(piece_id(piece)) for piece in ("sold", "_ab_", "at9_")] == [
        *("sold", "_ab_", "at9_"),
    ]
    terms = passage_terms("Die Soldaten à Paris", "de")
    assert Counter(pieces_of(terms.sound))["sold"] == 1
    assert "_a__" in pieces_of(terms.sound)
    assert len(pieces_of(terms.sound)) == terms.lengths[2]
    assert terms.ids.tolist() == sorted({*terms.ids.tolist()})


def test_a_word_repeated_without_end_is_counted_as_often_as_a_byte_can() -> None:
    terms = passage_terms("la " * 1000, None)
    assert (terms.counts.tolist(), terms.lengths.tolist()) == ([MOST], [1000, 0, 1000])


def test_idf_is_never_negative() -> None:
    found = inverse_frequency(10, np.array([0, 1, 5, 10, 12]))
    assert (found > 0).all()
    assert list(found) == sorted(found, reverse=True)


def test_nothing_to_look_for() -> None:
    passages = [passage_terms("Soldaten", "de"), passage_terms("", None)]
    assert both(question_terms("?!", ["de"]), passages) == ([0.0, 0.0], [0.0, 0.0])
    assert both(question_terms("1999", ["de"]), passages) == ([0.0, 0.0], [0.0, 0.0])
    assert both(question_terms("Soldat", []), [passage_terms("", None)]) == ([0.0], [0.0])

"""Passages that the index on disk lacks are found and scored as if it had them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from qa.bm25 import passage_terms, question_terms
from qa.lexical import LexicalIndex
from qa.lexical_tail import Entry, rounded_lengths
from qa.lexical_view import FIELDS, LexicalView
from qa.types import Filters

VOCABULARY = [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in ("n", "r")]
LANGUAGES = ("de", "ru", None)
DAYS = ((20220901, 20220930), (20220101, 20221231), (None, None))


def entries(first: int, count: int, seed: int) -> list[Entry]:
    chance = random.Random(seed)
    return [
        Entry(
            passage_id=number,
            document_id=f"d{number % 5}",
            language=LANGUAGES[number % 3],
            terms=passage_terms(
                " ".join(chance.choices(VOCABULARY, k=chance.randint(5, 120))),
                LANGUAGES[number % 3],
            ),
            first=DAYS[number % 4 % 3][0],
            last=DAYS[number % 4 % 3][1],
            sequence=number,
        )
        for number in range(first, first + count)
    ]


def entry(passage_id: int, text: str, language: str) -> Entry:
    return Entry(passage_id, "d", language, passage_terms(text, language), None, None, passage_id)


def found(view: LexicalView, question: str, limit: int) -> list[int]:
    asked = question_terms(question, view.languages)
    best: list[int] = view.search(asked, limit, Filters()).ids.tolist()
    return best


@pytest.fixture(scope="module")
def views() -> tuple[LexicalView, LexicalView]:
    """The same passages: all committed, and 40 of 640 only in the tail."""
    old, new = entries(1, 600, 1), entries(601, 40, 2)
    whole, split = LexicalIndex(None, "store"), LexicalIndex(None, "store")
    whole.update(0, [], old + new, 2)
    split.update(0, [], old, 1)
    view = split.view
    for number in range(0, 40, 10):  # four small changes
        view = view.changed([], new[number : number + 10], 2)
    return whole.view, view


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(languages=("ru",)),
        Filters(languages=("ru", "de"), document_ids=("d1", "d2")),
        Filters(published_from="2022-09-30"),
        Filters(published_to="2022-08"),
        Filters(published_from="2022-02", published_to="2022-03", languages=("de",)),
        Filters(document_ids=("absent",)),
    ],
)
def test_scores_and_filters_are_those_of_the_index(
    views: tuple[LexicalView, LexicalView], filters: Filters
) -> None:
    whole, split = views
    chance = random.Random(9)
    for size in (1, 3, 10):
        question = question_terms(" ".join(chance.choices(VOCABULARY, k=size)), ["de", "ru"])
        for field in FIELDS:
            expected = whole.search(question, 1000, filters, field)
            found = split.search(question, 1000, filters, field)
            # The statistics are those of 600 passages here and of 640 there.
            assert dict(zip(found.ids.tolist(), found.scores, strict=True)) == pytest.approx(
                dict(zip(expected.ids.tolist(), expected.scores, strict=True)), rel=0.05
            )
    if filters == Filters():
        assert {*range(601, 641)} & set(found.ids.tolist())


def test_the_best_of_both_come_back(views: tuple[LexicalView, LexicalView]) -> None:
    _, split = views
    question = question_terms(" ".join(VOCABULARY[:6]), ["de", "ru"])
    everything = split.search(question, 1000, Filters())
    best = split.search(question, 15, Filters())
    assert best.ids.tolist() == everything.ids.tolist()[:15]
    assert list(everything.scores) == sorted(everything.scores, reverse=True)


def test_what_is_removed_is_not_found_wherever_it_was() -> None:
    index = LexicalIndex(None, "store")
    index.update(0, [], [entry(k, "Soldaten", "de") for k in (1, 2, 3)], 1)
    before = index.view.changed([], [entry(4, "солдаты Soldaten", "ru")], 2)
    after = before.changed([2, 4], [entry(5, "Soldat", "de")], 3)
    assert sorted(found(before, "Soldaten", 9)) == [1, 2, 3, 4]
    assert found(after, "Soldaten", 9) == [1, 3, 5]
    assert found(after, "Soldaten", 2) == [1, 3]
    assert after.passage_ids().tolist() == [1, 3, 5]
    assert (before.sequence, after.sequence) == (2, 3)
    assert (before.languages, after.languages) == (["de", "ru"], ["de"])
    assert found(before, "солдат", 9) == [4]


def test_a_new_commit_goes_on_with_what_came_after_it(
    views: tuple[LexicalView, LexicalView],
) -> None:
    index, new = LexicalIndex(None, "store"), entries(601, 40, 2)
    index.update(0, [], entries(1, 600, 1), 600)
    old = index.view
    ahead = old.changed([7], new[:20], 620).changed([8, 603, 615], new[20:], 640)
    index.update(600, [7], [one for one in new[:10] if one.passage_id != 603], 610)
    now = index.view.following(ahead, [8, 615])
    assert (now.commit, now.sequence, len(now.tail)) == (610, 640, 30 - 1 + 2)
    assert now.passage_ids().tolist() == ahead.passage_ids().tolist()
    question = question_terms(" ".join(VOCABULARY[:4]), ["de", "ru"])
    for field in FIELDS:
        expected = dict(zip(*ahead.search(question, 1000, Filters(), field), strict=True))
        found = dict(zip(*now.search(question, 1000, Filters(), field), strict=True))
        assert found == pytest.approx(expected, rel=0.05)
    # What another state lacks, or has not come to yet, it knows nothing of.
    assert len(index.view.following(old, []).tail) == 0
    assert old.following(now, []).sequence == 600


def test_a_tail_on_an_empty_index_is_found() -> None:
    view = LexicalIndex(None, "store").view.changed([], [entry(1, "Soldaten", "de")], 1)
    assert found(view, "Soldat", 5) == [1]
    assert found(view, "Wetter", 5) == []


def test_lengths_are_rounded_as_tantivy_does() -> None:
    assert rounded_lengths(np.arange(41)).tolist() == list(range(41))
    some = np.array([41, 42, 55, 56, 59, 60, 63, 100, 149, 1000])
    assert rounded_lengths(some).tolist() == [40, 42, 54, 56, 56, 60, 60, 96, 144, 984]

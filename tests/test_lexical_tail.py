"""Passages that the index on disk lacks are found and scored as if it had them."""

from __future__ import annotations

import random

import pytest

from qa.lexical import LexicalIndex
from qa.lexical_tail import Entry, rounded_length
from qa.lexical_view import LexicalView
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
            text=" ".join(chance.choices(VOCABULARY, k=chance.randint(5, 120))),
            first=DAYS[number % 4 % 3][0],
            last=DAYS[number % 4 % 3][1],
        )
        for number in range(first, first + count)
    ]


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
        question = " ".join(chance.choices(VOCABULARY, k=size))
        expected = whole.search(question, 1000, filters)
        found = split.search(question, 1000, filters)
        # The statistics are those of 600 passages here and of 640 there.
        assert dict(zip(found.ids.tolist(), found.scores, strict=True)) == pytest.approx(
            dict(zip(expected.ids.tolist(), expected.scores, strict=True)), rel=0.05
        )
    if filters == Filters():
        assert {*range(601, 641)} & set(found.ids.tolist())


def test_the_best_of_both_come_back(views: tuple[LexicalView, LexicalView]) -> None:
    _, split = views
    question = " ".join(VOCABULARY[:6])
    everything = split.search(question, 1000, Filters())
    best = split.search(question, 15, Filters())
    assert best.ids.tolist() == everything.ids.tolist()[:15]
    assert list(everything.scores) == sorted(everything.scores, reverse=True)
    some = [3, 601, 630, 640, 599, 9999]
    scores = split.scores(question, some)
    of_all = dict(zip(everything.ids.tolist(), everything.scores, strict=True))
    assert dict(zip(scores.ids.tolist(), scores.scores, strict=True)) == {
        key: of_all[key] for key in some if key in of_all
    }


def test_what_is_removed_is_not_found_wherever_it_was() -> None:
    index = LexicalIndex(None, "store")
    index.update(0, [], [Entry(k, "d", "de", "Soldaten", None, None) for k in (1, 2, 3)], 1)
    before = index.view.changed([], [Entry(4, "d", "ru", "солдаты Soldaten", None, None)], 2)
    after = before.changed([2, 4], [Entry(5, "d", "de", "Soldat", None, None)], 3)
    assert sorted(before.search("Soldaten", 9, Filters()).ids.tolist()) == [1, 2, 3, 4]
    assert after.search("Soldaten", 9, Filters()).ids.tolist() == [1, 3, 5]
    assert after.search("Soldaten", 2, Filters()).ids.tolist() == [1, 3]
    assert after.scores("Soldaten", [1, 2, 4, 5]).ids.tolist() == [1, 5]
    assert after.passage_ids().tolist() == [1, 3, 5]
    assert (before.sequence, after.sequence) == (2, 3)
    assert (before.languages, after.languages) == (["de", "ru"], ["de"])
    assert before.search("солдат", 9, Filters()).ids.tolist() == [4]


def test_a_tail_on_an_empty_index_is_found() -> None:
    view = LexicalIndex(None, "store").view.changed(
        [], [Entry(1, "d", "de", "Soldaten", None, None)], 1
    )
    assert view.search("Soldat", 5, Filters()).ids.tolist() == [1]
    assert view.search("Wetter", 5, Filters()).ids.tolist() == []


def test_lengths_are_rounded_as_tantivy_does() -> None:
    exact = [rounded_length(length) for length in range(41)]
    assert exact == list(range(41))
    assert [rounded_length(n) for n in (41, 42, 55, 56, 59, 60, 63, 100, 149, 1000)] == [
        *(40, 42, 54, 56, 56, 60, 60, 96, 144, 984),
    ]

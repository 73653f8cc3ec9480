"""The best alignment against a plain loop, and by hand."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from rapidfuzz.distance import Levenshtein

from qa.alignment import _EXTRA, _MISSING, _MISSPELT, _WRONG, Quote, _aligned, best_alignment
from qa.types import Span


def cost(keys: list[str], words: list[str]) -> float:
    """Of all the keys against all the words, by the plain recurrence."""
    row = [n * _EXTRA for n in range(len(words) + 1)]
    for n, key in enumerate(keys, 1):
        above, row = row, [n * _MISSING]
        for m, word in enumerate(words, 1):
            like = Levenshtein.normalized_similarity(key, word)
            wrong = _WRONG if like < 0.5 else round(_MISSPELT * (1 - like))
            row.append(min(above[m - 1] + wrong, above[m] + _MISSING, row[m - 1] + _EXTRA))
    return row[-1]


@pytest.mark.parametrize("seed", range(20))
def test_no_other_stretch_is_cheaper(seed: int) -> None:
    rng = random.Random(seed)
    vocabulary = ["der", "die", "rat", "rad", "stadt", "staat", "sagte", "nicht"]
    words = [rng.choice(vocabulary) for _ in range(12)]
    keys = [rng.choice(vocabulary) for _ in range(5)]
    first, last = _aligned(keys, words)
    costs = {(a, b): cost(keys, words[a:b]) for a, b in combinations(range(13), 2)}
    assert costs[first, last] == min(costs.values())


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("Der Rat sagte es", "Der Rat der Stadt sagte es"),
        ("Der Rat der Stadt sagte es nicht.", "Der Rat der Stadt sagte es."),
        ("Rat der Sladt sagle", "Rat der Stadt sagte"),
        ("sagte Rat der Stadt der", "Der Rat der Stadt sagte"),
    ],
)
def test_the_place_that_is_most_alike(quote: str, found: str) -> None:
    text = "Am Montag regnete es. Der Rat der Stadt sagte es. Am Abend schneite es."
    best = best_alignment(Quote.of(quote), text, Span(0, len(text)))
    assert best is not None
    assert text[best.span.start : best.span.end] == found
    assert best.similarity > 0.7


def test_without_words_there_is_no_place() -> None:
    assert best_alignment(Quote.of("?!"), "Ja.", Span(0, 3)) is None
    assert best_alignment(Quote.of("Ja"), "...", Span(0, 3)) is None

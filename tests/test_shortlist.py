"""Which of the passages found are worth ranking."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from embeddings.ragged import Ragged
from qa.bm25 import passage_terms
from qa.engine import Search
from qa.lexical_view import Hits
from qa.representation import Columns, columns, to_bytes
from qa.shortlist import GLANCE_WORTH, SOUNDS_WORTH, WORDS_WORTH, shortlist, together
from qa.types import Filters, Passage, PreparedPassage

Ids = NDArray[np.int64]
Glance = Callable[[Ragged], NDArray[np.float64]]


def passage(number: int) -> PreparedPassage:
    """Its cosine with (1, 0) is 0.9 less a hundredth for each number before; its token is it."""
    cosine = 0.9 - number / 100
    return PreparedPassage(
        Passage(0, 1, None),
        np.array([cosine, np.sqrt(1 - cosine**2)], dtype=np.float32),
        np.array([number], dtype=np.uint32),
        np.array([[0, 1]]),
        np.empty(0, dtype=np.uint32),
        passage_terms("", None),
        0.0,
    )


ALL = np.arange(1, 41)
FOUND = columns(ALL, [to_bytes("d", passage(number)) for number in ALL.tolist()], 2)
VECTOR = np.array([1, 0], dtype=np.float32)


def hits(**scores: float) -> Hits:
    return Hits(
        np.array([int(name[1:]) for name in scores], dtype=np.int64),
        np.array(list(scores.values()), dtype=np.float64),
    )


def chosen(
    *by_terms: Hits,
    worth: int | None,
    limit: int = 9,
    glance: Glance | None = None,
    vector: NDArray[np.float32] = VECTOR,
) -> list[int]:
    words, sounds = (*by_terms, hits(), hits())[:2]
    search = Search("", vector, 40, limit, Filters(), None, worth, glance)
    best: Columns = shortlist(FOUND, (words, sounds), search)
    ids: list[int] = best.ids.tolist()
    assert best.tokens.values.tolist() == ids
    return ids


def test_what_is_found_several_times_is_there_once_and_in_order() -> None:
    by_vector = np.array([9, 3], dtype=np.int64)
    assert together(by_vector, (hits(p7=2.0, p3=1.0), hits(p1=4.0))).tolist() == [1, 3, 7, 9]
    assert together(by_vector[:0], (hits(), hits())).tolist() == []


def test_all_are_kept_where_no_number_is_given_or_there_are_few() -> None:
    assert chosen(worth=None) == list(range(1, 41))
    assert chosen(worth=40) == list(range(1, 41))


def test_the_nearest_are_kept_of_those_without_words() -> None:
    assert chosen(worth=3) == [1, 2, 3]


def test_words_and_sounds_count_as_shares_of_the_best_hit() -> None:
    assert (WORDS_WORTH, SOUNDS_WORTH) == (0.3, 0.6)
    # Passage n is n hundredths behind: words are worth thirty of them, sounds sixty.
    assert chosen(hits(p30=8.0, p40=8.0), worth=3) == [1, 2, 30]
    assert chosen(hits(p30=8.0, p20=4.0), worth=4) == [1, 2, 3, 30]
    assert chosen(hits(), hits(p40=0.1), worth=2) == [1, 40]
    assert chosen(hits(p30=8.0, p14=4.0), hits(p14=0.1, p13=0.02), worth=3) == [1, 14, 30]


def test_what_a_full_list_did_not_hold_may_be_as_good_as_its_last() -> None:
    alike = hits(p40=8.0, p30=7.9, p20=7.9)
    assert chosen(alike, worth=3) == [1, 20, 30]
    assert chosen(alike, worth=3, limit=3) == [1, 2, 3]


def test_a_glance_at_the_tokens_counts_most() -> None:
    def at_the_last(tokens: Ragged) -> NDArray[np.float64]:
        return np.where(tokens.values == 40, 0.2, 0.0)  # of each one token

    assert GLANCE_WORTH == 2.0  # so 0.2 are forty hundredths
    assert chosen(worth=2, glance=at_the_last) == [1, 40]
    assert chosen(hits(p35=1.0), worth=2, glance=at_the_last) == [1, 40]
    assert chosen(hits(), hits(p35=1.0), worth=2, glance=at_the_last) == [35, 40]


def test_without_a_vector_words_alone_decide() -> None:
    words = hits(p5=3.0, p2=2.0, p9=1.0)
    assert chosen(words, worth=2, vector=np.zeros(2, dtype=np.float32)) == [2, 5]

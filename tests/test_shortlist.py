"""Which of the passages found are worth ranking."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qa.lexical_view import Hits
from qa.shortlist import SOUNDS_WORTH, WORDS_WORTH, shortlist

Ids = NDArray[np.int64]
NEAR = {number: 0.9 - number / 100 for number in range(1, 41)}
"""Cosines of 40 passages, the first the nearest."""


def products(ids: Ids) -> NDArray[np.float32]:
    return np.array([NEAR.get(number, 0.0) for number in ids.tolist()], dtype=np.float32)


def hits(**scores: float) -> Hits:
    return Hits(
        np.array([int(name[1:]) for name in scores], dtype=np.int64),
        np.array(list(scores.values()), dtype=np.float64),
    )


def ids(*numbers: int) -> Ids:
    return np.array(numbers, dtype=np.int64)


def chosen(found: Ids, *by_terms: Hits, most: int | None, limit: int = 9) -> list[int]:
    words, sounds = (*by_terms, hits(), hits())[:2]
    best: list[int] = shortlist(found, (words, sounds), products, limit=limit, most=most).tolist()
    return best


ALL = ids(*range(40, 0, -1))


def test_few_are_all_kept_once_and_in_order() -> None:
    assert chosen(ids(9, 3), hits(p7=2.0, p3=1.0), hits(p1=4.0), most=4) == [1, 3, 7, 9]


def test_all_are_kept_where_no_number_is_given() -> None:
    assert chosen(ALL, most=None) == list(range(1, 41))


def test_the_nearest_are_kept_of_those_without_words() -> None:
    assert chosen(ALL, most=3) == [1, 2, 3]


def test_words_and_sounds_count_as_shares_of_the_best_hit() -> None:
    assert (WORDS_WORTH, SOUNDS_WORTH) == (0.3, 0.6)
    # Passage n is n hundredths behind: words are worth thirty of them, sounds sixty.
    assert chosen(ALL, hits(p30=8.0, p40=8.0), most=3) == [1, 2, 30]
    assert chosen(ALL, hits(p30=8.0, p20=4.0), most=4) == [1, 2, 3, 30]
    assert chosen(ALL, hits(), hits(p40=0.1), most=2) == [1, 40]
    assert chosen(ALL, hits(p30=8.0, p14=4.0), hits(p14=0.1, p13=0.02), most=3) == [1, 14, 30]


def test_what_a_full_list_did_not_hold_may_be_as_good_as_its_last() -> None:
    alike = hits(p40=8.0, p30=7.9, p20=7.9)
    assert chosen(ALL, alike, most=3) == [1, 20, 30]
    assert chosen(ALL, alike, most=3, limit=3) == [1, 2, 3]


def test_what_the_vectors_lack_is_kept_so_that_the_store_is_asked_for_it() -> None:
    def lacking(some: Ids) -> NDArray[np.float32]:
        return np.where(some == 40, np.inf, products(some)).astype(np.float32)

    assert shortlist(ALL, (hits(), hits()), lacking, limit=9, most=2).tolist() == [1, 40]


def test_without_a_vector_words_alone_decide() -> None:
    def none(some: Ids) -> NDArray[np.float32]:
        return np.zeros(len(some), dtype=np.float32)

    words = hits(p5=3.0, p2=2.0, p9=1.0)
    assert shortlist(ids(1, 2, 3), (words, hits()), none, limit=9, most=2).tolist() == [2, 5]

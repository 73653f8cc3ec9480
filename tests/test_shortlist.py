"""Which of the passages found are worth ranking."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qa.lexical_view import Hits
from qa.shortlist import WORDS_WORTH, shortlist

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


def test_few_are_all_kept_once_and_in_order() -> None:
    found = shortlist(ids(9, 3), [hits(p7=2.0, p3=1.0), hits(p1=4.0)], products, 4)
    assert found.tolist() == [1, 3, 7, 9]


def test_all_are_kept_where_no_number_is_given() -> None:
    assert shortlist(ids(*range(40, 0, -1)), [], products, None).tolist() == list(range(1, 41))


def test_the_nearest_are_kept_of_those_without_words() -> None:
    assert shortlist(ids(*range(1, 41)), [hits(), hits()], products, 3).tolist() == [1, 2, 3]


def test_words_and_sounds_count_as_a_share_of_the_best_hit() -> None:
    # Four hundredths behind the third: worth less than all of a best hit, and more than a third.
    assert 0.04 < WORDS_WORTH < 0.12
    words, sounds = hits(p7=8.0, p20=8.0), hits(p30=0.5)
    assert shortlist(ids(*range(1, 41)), [words, hits()], products, 3).tolist() == [1, 2, 7]
    words = hits(p30=9.0, p7=3.0)
    assert shortlist(ids(*range(1, 41)), [words, sounds], products, 3).tolist() == [1, 2, 3]
    both = [hits(p12=2.0), hits(p12=0.1)]
    assert shortlist(ids(*range(1, 41)), both, products, 3).tolist() == [1, 2, 12]


def test_what_the_vectors_lack_is_kept_so_that_the_store_is_asked_for_it() -> None:
    def lacking(some: Ids) -> NDArray[np.float32]:
        return np.where(some == 40, np.inf, products(some)).astype(np.float32)

    assert shortlist(ids(*range(1, 41)), [], lacking, 2).tolist() == [1, 40]


def test_without_a_vector_words_alone_decide() -> None:
    def none(some: Ids) -> NDArray[np.float32]:
        return np.zeros(len(some), dtype=np.float32)

    words = hits(p5=3.0, p2=2.0, p9=1.0)
    assert shortlist(ids(1, 2, 3), [words, hits()], none, 2).tolist() == [2, 5]

"""Filters are remembered, and only for the state of the store that they were asked in."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from numpy.typing import NDArray

from qa import allowed, passages
from qa.types import Filters


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Filters]:
    """The filters that the store was asked for."""
    made: list[Filters] = []

    def look(_: sqlite3.Connection, filters: Filters) -> NDArray[np.int64]:
        made.append(filters)
        return np.array([len(made)])

    monkeypatch.setattr(passages, "allowed", look)
    return made


def test_the_store_is_asked_once_for_a_state_and_a_filter(asked: list[Filters]) -> None:
    known, connection = allowed.Allowed(), sqlite3.connect(":memory:")
    german, russian = Filters(languages=("de",)), Filters(languages=("ru",))
    assert [known.ids(connection, 1, german)[0] for _ in range(3)] == [1, 1, 1]
    assert known.ids(connection, 1, russian)[0] == 2
    assert known.ids(connection, 2, german)[0] == 3  # another state
    assert known.ids(connection, 1, german)[0] == 1
    assert asked == [german, russian, german]


def test_only_the_last_few_are_kept(asked: list[Filters]) -> None:
    known, connection = allowed.Allowed(), sqlite3.connect(":memory:")
    for year in range(2000, 2000 + allowed.REMEMBERED + 1):
        known.ids(connection, 1, Filters(published_from=str(year)))
    known.ids(connection, 1, Filters(published_from="2001"))
    assert len(asked) == allowed.REMEMBERED + 1
    known.ids(connection, 1, Filters(published_from="2000"))
    assert len(asked) == allowed.REMEMBERED + 2

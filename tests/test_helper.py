"""One thread helps one caller at a time, and nobody waits for it."""

from __future__ import annotations

import os
import threading

import pytest

from qa.helper import Helper


@pytest.fixture
def helper(monkeypatch: pytest.MonkeyPatch) -> Helper:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return Helper()


def test_it_works_in_a_thread_of_its_own(helper: Helper) -> None:
    with helper.at_hand() as beside:
        assert beside is not None
        assert beside.submit(threading.get_ident).result() != threading.get_ident()
    helper.close()


def test_who_comes_meanwhile_works_alone(helper: Helper) -> None:
    with helper.at_hand() as first, helper.at_hand() as second:
        assert first is not None
        assert second is None
    with helper.at_hand() as again:
        assert again is first
    helper.close()


def test_it_is_free_again_when_work_fails(helper: Helper) -> None:
    with pytest.raises(ZeroDivisionError), helper.at_hand():
        _ = 1 // 0
    with helper.at_hand() as beside:
        assert beside is not None
    helper.close()


def test_after_the_end_everybody_works_alone(helper: Helper) -> None:
    helper.close()
    helper.close()
    with helper.at_hand() as beside:
        assert beside is None


def test_where_there_is_one_core_nobody_is_helped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with Helper().at_hand() as beside:
        assert beside is None

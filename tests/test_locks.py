"""The lock that many may share or one may have alone."""

from __future__ import annotations

import threading

import pytest

from qa.locks import SharedLock, WouldWait

WAIT = 5.0
MOMENT = 0.05


def start(target: object) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)  # type: ignore[arg-type]
    thread.start()
    return thread


def test_many_may_share_it() -> None:
    lock, meeting = SharedLock(), threading.Barrier(3)

    def share() -> None:
        with lock.shared():
            meeting.wait(WAIT)  # passes only when all three hold it

    threads = [start(share) for _ in range(3)]
    for thread in threads:
        thread.join(WAIT)
    assert not meeting.broken
    assert meeting.n_waiting == 0


def test_alone_is_alone() -> None:
    lock, inside, most = SharedLock(), 0, 0

    def alone() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock.exclusive():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [start(alone) for _ in range(4)]
    for thread in threads:
        thread.join(WAIT)
    assert (inside, most) == (0, 1)


def test_one_alone_waits_for_sharers_and_goes_before_new_ones() -> None:
    lock, order, alone = SharedLock(), [], threading.Event()

    def write() -> None:
        with lock.exclusive():
            order.append("alone")
            alone.set()

    def read() -> None:
        with lock.shared():
            order.append("shared")

    with lock.shared():
        writer = start(write)
        assert not alone.wait(MOMENT)
        reader = start(read)
        reader.join(MOMENT)
        assert order == []  # the new sharer lets the one that waits go first
    writer.join(WAIT)
    reader.join(WAIT)
    assert order == ["alone", "shared"]


def test_it_is_given_back_when_something_fails() -> None:
    lock = SharedLock()
    for hold in (lock.shared, lock.exclusive):

        def fails(hold: object = hold) -> None:
            with hold():  # type: ignore[operator]
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fails()
    with lock.exclusive():
        pass


def test_who_is_not_to_wait_is_told_that_it_would_have_to() -> None:
    lock = SharedLock()
    with lock.shared(), lock.shared(waits=False):
        pass
    with lock.exclusive(), pytest.raises(WouldWait), lock.shared(waits=False):
        raise AssertionError
    with lock.shared():
        waiting = start(lambda: lock.exclusive().__enter__())
        while not lock._waiting:
            waiting.join(MOMENT)
        with pytest.raises(WouldWait), lock.shared(waits=False):
            raise AssertionError
    waiting.join(WAIT)

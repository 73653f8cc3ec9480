"""How many requests are under way at once. Knows two kinds of callers, not what they send."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from embeddings.errors import ModelUnavailable


class Places:
    """A number of places that all threads share; whoever finds none waits.

    Passages leave the last place free, so that a question never queues behind a million of them.

    After a question that was not answered, one question at a time is tried until one is; the
    others are refused at once. Else a server that hangs would have every thread of this process
    wait for it, and nothing else would be answered either.
    """

    def __init__(self, number: int) -> None:
        """At least one place."""
        self._number = number
        self._all = threading.BoundedSemaphore(number)
        self._passages = threading.BoundedSemaphore(max(1, number - 1))
        self._in_doubt = False
        self._trial = threading.Lock()

    @contextmanager
    def for_question(self, seconds: float) -> Iterator[None]:
        """A place within some seconds, because somebody waits; else ModelUnavailable."""
        on_trial = self._in_doubt
        if on_trial and not self._trial.acquire(blocking=False):
            raise ModelUnavailable(
                "the model server did not answer a moment ago; another question is trying it"
            )
        try:
            with self._place(seconds):
                yield
        except ModelUnavailable:
            self._in_doubt = True
            raise
        else:
            self._in_doubt = False
        finally:
            if on_trial:
                self._trial.release()

    @contextmanager
    def for_passages(self) -> Iterator[None]:
        """A place, however long it takes: each is given back when its request's time is over."""
        with self._passages, self._all:
            yield

    @contextmanager
    def _place(self, seconds: float) -> Iterator[None]:
        if not self._all.acquire(timeout=seconds):
            raise ModelUnavailable(
                f"the model server is busy with {self._number} other requests of this process; "
                "ask less at once, or raise concurrency in FUNDSTELLE_MODEL"
            )
        try:
            yield
        finally:
            self._all.release()

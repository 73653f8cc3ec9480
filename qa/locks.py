"""A lock that many may hold to read, or one to write. Knows nothing of what it guards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class WouldWait(Exception):
    """Raised instead of waiting, where that was asked for."""


class SharedLock:
    """Many holders, or one alone. Whoever waits to be alone goes before new sharers."""

    def __init__(self) -> None:
        """Nobody holds it."""
        self._changed = threading.Condition()
        self._sharers = 0
        self._waiting = 0
        self._alone = False

    @contextmanager
    def shared(self, *, waits: bool = True) -> Iterator[None]:
        """Hold it beside others. Not to be taken twice by one thread.

        Raises:
            WouldWait: it could not be had at once, and was not to be waited for.
        """
        with self._changed:
            if not waits and (self._alone or self._waiting):
                raise WouldWait
            self._changed.wait_for(lambda: not self._alone and not self._waiting)
            self._sharers += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharers -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold it alone."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: not self._alone and not self._sharers)
                self._alone = True
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

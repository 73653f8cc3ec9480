"""A thread that does a part of somebody's work, where there is a core for it. Knows no work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock


class Helper:
    """Helps one at a time: whoever finds it at work is sooner done alone than waiting for it."""

    def __init__(self) -> None:
        """Start nothing yet; and never anything where there is one core."""
        self._thread = ThreadPoolExecutor(1, "helper") if (os.cpu_count() or 1) > 1 else None
        self._taken = Lock()

    @contextmanager
    def at_hand(self) -> Iterator[Executor | None]:
        """It, for as long as the context lasts; None when it helps someone already."""
        if self._thread is None or not self._taken.acquire(blocking=False):
            yield None
            return
        try:
            yield self._thread
        finally:
            self._taken.release()

    def close(self) -> None:
        """End the thread; it helps nobody after that. Safe to call twice."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

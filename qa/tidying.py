"""Has work done on what is derived while nobody changes anything. Knows when, not what."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 10.0
_RETRY_SECONDS = 1_800.0
_STOP_SECONDS = 5.0
_POSSIBLE = sys.platform != "win32"
"""There, a folder that is in use cannot be renamed."""

_log = logging.getLogger(__name__)


class Tidying:
    """Looks now and then whether some work is worth it.

    It is done by a process of its own, which does not hold Python's lock while others ask.

    Args:
        store: whose path the process is given.
        module: that it runs; see ``qa.upkeep``.
        worth_it: tells whether there is anything to do.
    """

    def __init__(self, store: Path, module: str, worth_it: Callable[[], bool]) -> None:
        """Look for the first time after a while."""
        self._store = store
        self._module = module
        self._worth_it = worth_it
        self._next = time.monotonic() + LOOK_SECONDS
        self._sequence = self._tried = -1
        self._again = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def looked(self, sequence: int) -> bool:
        """Begin if it is time and worth it; whether it was time to look.

        Args:
            sequence: the store's. As long as it changes from one look to the next, documents are
                being added, and nothing is begun. What failed is tried again when it has changed,
                or after a while.
        """
        if time.monotonic() < self._next or not self._turn.acquire(blocking=False):
            return False
        try:
            now = time.monotonic()
            self._next = now + LOOK_SECONDS
            quiet, self._sequence = sequence == self._sequence, sequence
            due = sequence != self._tried or (now >= self._again and self._failed())
            if _POSSIBLE and quiet and due and not self._running() and self._worth_it():
                self._tried, self._again = sequence, now + _RETRY_SECONDS
                self._begin()
        finally:
            self._turn.release()
        return True

    def stop(self) -> None:
        """End the process if there is one. It can be ended at any time, and tidies up if it may."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _failed(self) -> bool:
        return self._process is None or self._process.returncode != 0

    def _begin(self) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, str(self._store)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except OSError:
            _log.warning("%s could not be started", self._module, exc_info=True)

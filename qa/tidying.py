"""Has the lexical index compacted while nobody changes anything. Knows when, not how."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

from qa.lexical_compaction import FOLDER, worth_it

LOOK_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Tidying:
    """Looks now and then whether compacting is worth it.

    The work is done by a process of its own, which does not hold Python's lock while others ask.
    """

    def __init__(self, store: Path) -> None:
        """For the index beside this store."""
        self._store = store
        self._index = store.with_name(FOLDER)
        self._next = time.monotonic() + LOOK_SECONDS
        self._sequence = self._tried = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def looked(self, sequence: int) -> bool:
        """Begin if it is time and worth it; whether it was time to look.

        Args:
            sequence: the store's. As long as it changes from one look to the next, documents are
                being added, and nothing is begun. What failed is not tried again until it changes.
        """
        if time.monotonic() < self._next or not self._turn.acquire(blocking=False):
            return False
        try:
            self._next = time.monotonic() + LOOK_SECONDS
            quiet, self._sequence = sequence == self._sequence, sequence
            if quiet and sequence != self._tried and not self._running() and worth_it(self._index):
                self._tried = sequence
                self._begin()
        finally:
            self._turn.release()
        return True

    def stop(self) -> None:
        """End the process if there is one; it can be ended at any time."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _begin(self) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "qa.lexical_compaction", str(self._store)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except OSError:
            _log.warning("the lexical index stays in several segments", exc_info=True)

"""Prepares many documents at once in several processes. Knows no storage.

Python runs one thread at a time, and preparing is most of what adding a document costs. The
processes are programs of their own, started when the first large batch comes and stopped when none
has come for a while; without them, everything is prepared here.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from queue import SimpleQueue

from qa.packing import unpack
from qa.preparation import Preparer
from qa.types import Document, PreparedDocument

LARGE = 100_000
"""Characters from which on a batch is worth several processes: a tenth of a second's work."""
IDLE_SECONDS = 20.0
_ENOUGH = 3
"""Parts for each process, so that none waits long for the slowest."""

_log = logging.getLogger(__name__)


class ParallelPreparer:
    """As the ``Preparer`` it is made of, faster for large batches. Safe in several threads.

    Args:
        local: prepares small batches, and all where processes fail.
        cache: folder for what the processes unpack.
        workers: number of processes; none for fewer than two.
    """

    def __init__(self, local: Preparer, cache: Path, workers: int) -> None:
        """Start nothing yet."""
        self._local = local
        self._cache = cache
        self._workers = workers if workers > 1 else 0
        self._lock = threading.Lock()
        self._processes: list[_Worker] = []
        self._free = SimpleQueue[_Worker]()
        self._calls = 0
        self._idle: threading.Timer | None = None
        self.pipeline = local.pipeline

    def prepare(self, documents: Sequence[Document]) -> list[PreparedDocument]:
        """Passages with everything that search needs of them, for each document in order."""
        size = sum(len(document.text) for document in documents)
        if not self._workers or size < LARGE or len(documents) < 2:
            return self._local.prepare(documents)
        free = self._begin()
        try:
            return self._distributed(free, _parts(documents, size // (_ENOUGH * self._workers)))
        except (OSError, EOFError, pickle.PickleError) as error:
            _log.warning("a preparing process failed (%r); going on without", error)
            with self._lock:
                if free is self._free:
                    self._stop()
        finally:
            self._end()
        return self._local.prepare(documents)

    def close(self) -> None:
        """Stop the processes."""
        with self._lock:
            self._stop()

    def _distributed(
        self, free: SimpleQueue[_Worker], parts: list[list[Document]]
    ) -> list[PreparedDocument]:
        """Whichever process is free takes the next part, of whichever call."""

        def prepared(part: list[Document]) -> list[PreparedDocument]:
            worker = free.get()
            try:
                return worker.prepare(part)
            finally:
                free.put(worker)  # a dead one as well, so that nobody waits for it

        with ThreadPoolExecutor(self._workers) as pool:
            return list(chain.from_iterable(pool.map(prepared, parts)))

    def _begin(self) -> SimpleQueue[_Worker]:
        with self._lock:
            self._calls += 1
            if self._idle is not None:
                self._idle.cancel()
            if not self._processes:
                self._free = SimpleQueue()
                self._processes = [_Worker(self._cache) for _ in range(self._workers)]
                for worker in self._processes:
                    self._free.put(worker)
            return self._free

    def _end(self) -> None:
        with self._lock:
            self._calls -= 1
            if not self._calls:
                self._idle = threading.Timer(IDLE_SECONDS, self._stop_if_idle)
                self._idle.daemon = True
                self._idle.start()

    def _stop_if_idle(self) -> None:
        with self._lock:
            if not self._calls:
                self._stop()

    def _stop(self) -> None:
        """The caller holds the lock."""
        if self._idle is not None:
            self._idle.cancel()
        for worker in self._processes:
            worker.stop()
        self._processes = []


class _Worker:
    """A preparing process."""

    def __init__(self, cache: Path) -> None:
        # Each has a core to itself: threads of its own would only get in the others' way.
        alone = {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "qa.preparation_worker", str(cache)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | alone,
        )

    def prepare(self, documents: list[Document]) -> list[PreparedDocument]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(documents, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()
        answer = pickle.load(self._process.stdout)
        if isinstance(answer, Exception):
            raise answer
        return unpack(answer, documents)

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # what it had not read yet is lost with it


def _parts(documents: Sequence[Document], size: int) -> list[list[Document]]:
    """The documents in order, in parts of at least so many characters."""
    parts: list[list[Document]] = [[]]
    held = 0
    for document in documents:
        if held >= max(size, 1):
            parts.append([])
            held = 0
        parts[-1].append(document)
        held += len(document.text)
    return parts

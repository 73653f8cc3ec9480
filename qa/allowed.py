"""Which passages pass a filter, remembered for the last few filters. Knows no index.

Someone who looks for something in one language or year asks several questions there, and naming a
third of a million passages takes longer than all else.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from qa import passages
from qa.types import Filters

REMEMBERED = 4


class Allowed:
    """Ids of the passages that pass filters. Safe to use from many threads."""

    def __init__(self) -> None:
        """Nothing is remembered yet."""
        self._known: OrderedDict[tuple[int, Filters], NDArray[np.int64]] = OrderedDict()
        self._lock = threading.Lock()

    def ids(
        self, connection: sqlite3.Connection, sequence: int, filters: Filters
    ) -> NDArray[np.int64]:
        """(n,) ascending, not to be changed.

        Args:
            connection: in a transaction.
            sequence: of the state that the transaction sees.
            filters: what they must pass.
        """
        key = sequence, filters
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = passages.allowed(connection, filters)
        found.setflags(write=False)  # so that what is made of it can be remembered, too
        with self._lock:
            self._known[key] = found
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found

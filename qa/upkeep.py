"""What processes that work on something derived have in common; ``qa.tidying`` begins them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qa.errors import StoreError
from qa.lexical import LexicalIndexError
from qa.lexical_files import clear

NOT_DONE = 2
"""What a process ends with when another is about it, or what it works on goes on changing."""

_STALE_SECONDS = 900.0


def claimed(building: Path) -> bool:
    """Make the folder, unless another process works in it; one that was left behind is removed."""
    with suppress(OSError):
        if time.time() - building.stat().st_mtime > _STALE_SECONDS:
            clear(building)
    try:
        building.mkdir()
    except FileExistsError:
        return False
    return True


def work(done: Callable[[Path], bool], otherwise: str) -> None:
    """Do something with the store that the command line names, getting in nobody's way.

    Args:
        done: does it, and tells whether it is done.
        otherwise: what it means when that fails.
    """
    for ending in (signal.SIGTERM, signal.SIGINT):  # with what is unfinished removed
        signal.signal(ending, lambda *_: sys.exit())
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        sys.exit(0 if done(Path(sys.argv[1])) else NOT_DONE)
    except (StoreError, LexicalIndexError, OSError) as error:
        sys.exit(f"{otherwise}: {error}")

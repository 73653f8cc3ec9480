"""Writes a lexical index anew as one segment: ``python -m qa.lexical_compaction STORE``.

tantivy looks every term up in every segment, and it merges only segments of like size: once many
documents were added there are a dozen, and a search takes three times as long as in a single one.
The new index is built from the store beside the old one, which is searched and changed meanwhile,
and then takes its place; what changed since it was begun, each process adds when it looks next.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice, pairwise
from pathlib import Path

from qa import passages, records
from qa.errors import StoreError
from qa.lexical import LexicalIndex, LexicalIndexBusy, LexicalIndexError
from qa.lexical_files import clear, segment_sizes
from qa.lexical_tail import Entry
from qa.store import Store

FOLDER = "lexical"
NOT_DONE = 2
"""What the process ends with when another is about it, or the index goes on changing."""

SLICE = 25_000
"""Passages in a commit, at most: as many as become one segment with this much memory."""

_HEAP_BYTES = 200_000_000

_MERGED = 8
"""Segments of like size that tantivy merges into one."""

_LEAST = 5_000
_STALE_SECONDS = 900.0
_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.1


def worth_it(index: Path) -> bool:
    """Whether the index in this folder has several segments, of which none is nearly all.

    So the work is done again only after a quarter of it was added.
    """
    try:
        sizes = segment_sizes(index)
    except (OSError, ValueError):
        return False  # not readable: to be built again in any case
    total = sum(sizes)
    return total >= _LEAST and total - max(sizes) >= total / 4


def compact(path: Path) -> bool:
    """Put an index of one segment in the place of the one beside this store.

    Returns:
        False when another process is about it, or goes on changing the index.

    Raises:
        StoreError: the store cannot be read.
        LexicalIndexError: an index cannot be read or written; the old one is left.
        OSError: the folders cannot be exchanged, as on Windows while they are in use; likewise.
    """
    index = path.with_name(FOLDER)
    building = index.with_name(f"{FOLDER}.new")
    if not _claimed(building):
        return False
    try:
        with closing(Store(path)) as store:
            with store.reading() as connection:
                state = records.state(connection)
                entries = passages.entries_since(connection, 0, state.dimension)
                made = LexicalIndex(building, state.store, _HEAP_BYTES)
                _fill(made, entries, state.passages, state.sequence)
            return _exchanged(store, LexicalIndex(index, state.store), index, building)
    finally:
        clear(building)


def _claimed(building: Path) -> bool:
    """Make the folder, unless another process works in it; one that was left behind is removed."""
    with suppress(OSError):
        if time.time() - building.stat().st_mtime > _STALE_SECONDS:
            clear(building)
    try:
        building.mkdir()
    except FileExistsError:
        return False
    return True


def _fill(index: LexicalIndex, entries: Iterator[Entry], count: int, sequence: int) -> None:
    """In commits of one size, of which tantivy merges eight at a time until there is one."""
    commits = 1
    while count > commits * SLICE:
        commits *= _MERGED
    ends = [count * number // commits for number in range(commits + 1)]
    for begin, end in pairwise(ends):
        index.update(0, (), islice(entries, end - begin), sequence if end == count else 0)


def _exchanged(store: Store, old: LexicalIndex, index: Path, building: Path) -> bool:
    """Rename the folders when nobody writes to the old index. Whoever has it open keeps it."""
    aside = index.with_name(f"{index.name}.old")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    clear(aside)
    while time.monotonic() < deadline:
        # Nobody makes an index where there is none for a moment: for that, they hold the store.
        with suppress(LexicalIndexBusy), store.writing(), old.writable():
            index.rename(aside)
            try:
                building.rename(index)
            except OSError:
                aside.rename(index)
                raise
            clear(aside)
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def main() -> None:
    """Compact the index beside a store, as a process that gets in nobody's way."""
    for ending in (signal.SIGTERM, signal.SIGINT):  # with what is unfinished removed
        signal.signal(ending, lambda *_: sys.exit())
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        done = compact(Path(sys.argv[1]))
    except (StoreError, LexicalIndexError, OSError) as error:
        sys.exit(f"The lexical index stays in several segments: {error}")
    sys.exit(0 if done else NOT_DONE)


if __name__ == "__main__":
    main()

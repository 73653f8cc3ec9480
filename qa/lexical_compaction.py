"""Writes a lexical index anew as one segment: ``python -m qa.lexical_compaction STORE``.

tantivy looks every term up in every segment, and it merges only segments of like size: once many
documents were added there are a dozen, and a search takes three times as long as in a single one.
The new index is built from the store beside the old one, which is searched and changed meanwhile,
and then takes its place; what changed since it was begun, each process adds when it looks next.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice, pairwise
from pathlib import Path

from qa import passages, records
from qa.lexical import LexicalIndex, LexicalIndexBusy
from qa.lexical_files import clear, segment_sizes
from qa.lexical_tail import Entry
from qa.store import Store
from qa.upkeep import claimed, work

FOLDER = "lexical"
SLICE = 25_000
"""Passages in a commit, at most: as many as become one segment with this much memory."""

_HEAP_BYTES = 200_000_000

_MERGED = 8
"""Segments of like size that tantivy merges into one."""

_LEAST = 5_000
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
    if not claimed(building):
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


if __name__ == "__main__":
    work(compact, "The lexical index stays in several segments")

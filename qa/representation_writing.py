"""Writes files of representations: ``python -m qa.representation_writing STORE``.

See ``qa.representation_files``. Each is written beside those that are read, and takes its place
when it is whole; whoever has them open sees that when it looks next.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from qa import records
from qa.lexical_files import clear
from qa.representation_files import FOLDER, RepresentationFiles, file_name, write_file
from qa.store import Store
from qa.upkeep import claimed, work


def write(path: Path) -> bool:
    """Write the files that are worth it beside this store.

    Returns:
        False when another process is about it.

    Raises:
        StoreError: the store cannot be read.
        OSError: a file cannot be written; those before it are.
    """
    folder = path.with_name(FOLDER)
    building = folder.with_name(f"{FOLDER}.new")
    if not claimed(building):
        return False
    try:
        with closing(Store(path)) as store:
            with store.reading() as connection:
                state = records.state(connection)
                files = RepresentationFiles(folder, state.store)
                files.advance(connection, state.sequence)
            folder.mkdir(exist_ok=True)
            for number in files.unwritten():
                made = building / file_name(number)
                with store.reading() as connection:
                    sequence = records.state(connection).sequence
                    write_file(connection, number, state.store, sequence, made)
                made.replace(folder / made.name)
            return True
    finally:
        clear(building)


if __name__ == "__main__":
    work(write, "Candidates of a question are read from the store")

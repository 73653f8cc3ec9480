"""Adds files in several processes at once. Knows how files are shared out, not how they are read.

Files are shared out by the id that their document has, so that two files of one id meet in one
process, which sees that, and no two processes write the same document. Each process puts what it
has in batches of its own; a document that is as it was is left alone. So whatever was interrupted
is resumed by adding the same again, and machines that were given parts of one list need not know
of each other.
"""

from __future__ import annotations

import multiprocessing
import queue
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from qa import adding
from qa.errors import FundstelleError, InvalidInput, StoreError
from qa.files import FoundFile, document_id_for
from qa.intake import Refused, Taken, put_each

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from qa.adding import Adding
    from qa.collection import Collection
    from qa.settings import Settings

_PART = re.compile(r"(\d{1,6})/(\d{1,6})")
_PATIENCE_SECONDS = 1.0

Outcome = Taken | Refused


def partitioned(found: Iterable[FoundFile], part: str | None) -> Iterator[FoundFile]:
    """The files of a part ``I/N``, I from 1 to N; all of them when it is None."""
    if part is None:
        yield from found
        return
    match = _PART.fullmatch(part)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise InvalidInput(f"--part is {part!r}; it can be such as 1/8 to 8/8.")
    number, parts = int(match[1]) - 1, int(match[2])
    yield from (file for file in found if _share(file, parts) == number)


def added(
    settings: Settings,
    collection: Collection,
    found: Sequence[FoundFile],
    how: Adding,
    workers: int,
) -> Iterator[Outcome]:
    """What became of each file.

    Args:
        settings: that ``collection`` was opened with; each process opens it anew.
        collection: which does it alone, when there is one worker.
        found: the files.
        how: they become documents.
        workers: how many processes.

    Raises:
        StoreError: a process ended before it had finished.
    """
    workers = min(workers, len(found))
    if workers <= 1:
        yield from put_each(collection, adding.documents(collection, found, how))
        return
    from qa.engines import one_process

    if one_process(settings):
        raise InvalidInput(
            "Milvus Lite serves one process; add with one worker, or to a Milvus server."
        )
    # Each prepares its documents itself.
    settings = settings.model_copy(update={"prepare_workers": 1})
    # A new interpreter each: threads and connections do not survive a fork.
    context = multiprocessing.get_context("spawn")
    outcomes: Queue[Outcome | BaseException | None] = context.Queue()
    processes = [
        context.Process(target=_work, args=(outcomes, settings, list(share), how), daemon=True)
        for share in _shares(found, workers)
    ]
    try:
        for process in processes:
            process.start()
        yield from _gathered(outcomes, processes)
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
            process.join()


def _gathered(
    outcomes: Queue[Outcome | BaseException | None],
    processes: Sequence[multiprocessing.process.BaseProcess],
) -> Iterator[Outcome]:
    left = len(processes)
    while left:
        try:
            outcome = outcomes.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            if any(process.exitcode not in (None, 0) for process in processes):
                raise StoreError(
                    "a process that was adding documents was ended; what it had put is there, and "
                    "adding the same again resumes"
                ) from None
            continue
        if outcome is None:
            left -= 1
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            yield outcome


def _work(
    outcomes: Queue[Outcome | BaseException | None],
    settings: Settings,
    found: Sequence[FoundFile],
    how: Adding,
) -> None:
    """What one process does."""
    from qa.collection import Collection

    try:
        collection = Collection.open(settings)
        try:
            for outcome in put_each(collection, adding.documents(collection, found, how)):
                outcomes.put(outcome)
        finally:
            collection.close()
    except FundstelleError as error:
        outcomes.put(error)
    outcomes.put(None)


def _shares(found: Sequence[FoundFile], parts: int) -> Iterator[list[FoundFile]]:
    shares: list[list[FoundFile]] = [[] for _ in range(parts)]
    for file in found:
        shares[_share(file, parts)].append(file)
    return (share for share in shares if share)


def _share(file: FoundFile, parts: int) -> int:
    return zlib.crc32(document_id_for(file.name).encode()) % parts

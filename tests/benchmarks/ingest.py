"""Puts documents into a folder and prints how fast, as one line of JSON.

``python -m tests.benchmarks.ingest FOLDER < documents.jsonl``, through the library, in a process of
its own so that its peak memory is of this work alone. The clock runs until all documents are put
and a question over all of them is answered.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from qa.collection import Collection
from qa.settings import Settings
from qa.types import Change, Document
from tests.benchmarks.machine import memory

BATCH = 250
"""Documents put in one transaction."""
AT_ONCE = 2
"""Batches put at the same time."""

_QUESTION = "Where is it written?"


def batches(every: Iterable[Document], size: int = BATCH) -> Iterator[list[Document]]:
    """Lists of so many, the last one shorter."""
    source = iter(every)
    while batch := list(islice(source, size)):
        yield batch


def through_library(folder: Path, every: Iterable[Document]) -> dict[str, Any]:
    """Figures of putting documents into a collection in this process, and of closing it."""
    collection = Collection.open(Settings(data_dir=folder))
    count = 0
    # Two at a time: one is prepared while the other is stored.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = time.perf_counter()
        waiting: deque[Future[list[Change]]] = deque()
        for batch in batches(every):
            waiting.append(pool.submit(collection.put, batch))
            count += len(batch)
            if len(waiting) > AT_ONCE:
                waiting.popleft().result()
        for put in waiting:
            put.result()
        collection.ask(_QUESTION)
        seconds = time.perf_counter() - started
    passages = collection.status().passages
    started = time.perf_counter()
    collection.close()
    return {
        "documents": count,
        "passages": passages,
        "seconds": round(seconds, 2),
        "passages_per_second": round(passages / seconds, 1),
        "close_seconds": round(time.perf_counter() - started, 2),
        "peak_mb": memory(os.getpid())["peak"],
    }


def through_http(base: str, every: Iterable[Document]) -> dict[str, Any]:
    """Figures of sending documents to a server, ``BATCH`` a request."""
    seconds, count = 0.0, 0
    with httpx.Client(base_url=base, timeout=600) as client:
        for batch in batches(every):
            body = {"documents": [{"id": one.id, "text": one.text} for one in batch]}
            started = time.perf_counter()
            client.post("/v1/documents", json=body).raise_for_status()
            seconds += time.perf_counter() - started
            count += len(batch)
        started = time.perf_counter()
        reply = client.post("/v1/ask", json={"question": _QUESTION}).raise_for_status()
        seconds += time.perf_counter() - started
    passages = reply.json()["index"]["passages"]
    return {
        "documents": count,
        "passages": passages,
        "seconds": round(seconds, 2),
        "passages_per_second": round(passages / seconds, 1),
    }


def read_documents(lines: Iterable[str]) -> Iterator[Document]:
    """Documents from lines of JSON."""
    for line in lines:
        row = json.loads(line)
        yield Document(row["id"], row["text"], "bench")


def main() -> None:
    """Put documents from standard input, one JSON object a line, into a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    figures = through_library(options.folder, read_documents(sys.stdin))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()

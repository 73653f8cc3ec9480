"""``make bench-while-adding``: how long questions wait while many documents are added.

A third of the documents is there first. The rest is sent to the server in batches, while one client
asks question after question, each over a connection of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from qa.types import Document
from tests.benchmarks import corpus, load
from tests.benchmarks.ingest import through_http
from tests.benchmarks.sentence_pools import told_present
from tests.benchmarks.server import fundstelle_command, running

_SETTLE_SECONDS = 3.0
"""Until what was there first is indexed, and all processes have begun."""


def figures(
    base: str, first: list[Document], rest: list[Document], questions: list[str]
) -> dict[str, Any]:
    """Add documents to a server, the rest of them while it is asked; milliseconds of the answers.

    Raises:
        LoadError: a question was not answered.
    """
    through_http(base, first)
    time.sleep(_SETTLE_SECONDS)
    added: dict[str, Any] = {}
    adding = threading.Thread(target=lambda: added.update(through_http(base, rest)))
    target = load.fundstelle(base)
    waited: list[float] = []
    adding.start()
    while adding.is_alive():
        question = questions[len(waited) % len(questions)]
        started = time.perf_counter()
        load.ask_once(target, question)
        waited.append(1000 * (time.perf_counter() - started))
    adding.join()
    p50, p95 = np.percentile(waited, [50, 95])
    return {
        "asked": len(waited),
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "max": round(max(waited), 1),
        "passages_per_second": added["passages_per_second"],
    }


def main() -> None:
    """Print the figures of one process and of two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=30_000)
    parser.add_argument("--data", type=Path, default=Path("../shared"))
    options = parser.parse_args()
    if not told_present(options.data):
        return
    sources = corpus.read_sources(options.data)
    documents = list(corpus.documents(sources, options.passages))
    questions = corpus.load_questions(sources, 2_000)
    third = len(documents) // 3
    for workers in (1, 2):
        with TemporaryDirectory(prefix="fundstelle-adding-") as name:
            folder = Path(name)
            with running(fundstelle_command(folder / "data", workers), folder / "log") as server:
                found = figures(server.base, documents[:third], documents[third:], questions)
        sys.stdout.write(f"{workers} process(es): {json.dumps(found)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

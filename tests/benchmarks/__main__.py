"""``make bench``: how fast the parts and the whole are, here and now.

Timings depend on the machine and on what else it does: compare figures of one run. Each is the
median of several, after a warm-up.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import numpy as np

from embeddings.bundled import BUNDLED
from embeddings.interaction import LateInteraction
from embeddings.static import StaticEncoder
from qa.collection import Collection
from qa.settings import Settings
from qa.types import Document
from tests.benchmarks.soak import QUESTIONS, document, seed_sentences, wait_ready

PORT = 8766
DOCUMENTS = 5_000
VERIFIED = 10_000
VERIFIED_EDITS: dict[str, Callable[[str], str]] = {
    "verbatim": lambda quote: quote,
    "in capitals": str.upper,
    "one word changed": lambda quote: quote.replace(quote.split()[9], "vermutlich", 1),
    "from nowhere": lambda quote: quote[::-1],
}


def main() -> None:
    """Measure and print, one line a figure."""
    for name, value in measurements():
        sys.stdout.write(f"{name:<58} {value}\n")
        sys.stdout.flush()


def measurements() -> Iterator[tuple[str, str]]:
    """Name and value of each figure, as it is measured."""
    yield "cores", str(os.cpu_count())
    yield from model_figures()
    yield from collection_figures()
    yield from verification_figures()
    yield from process_figures()


def model_figures() -> Iterator[tuple[str, str]]:
    """The bundled model alone."""
    size = sum(path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file())
    yield "bundled model, size", f"{size / 1e6:.1f} MB"
    yield "bundled model, load", milliseconds(lambda: StaticEncoder(BUNDLED).dimension, 5)
    encoder = StaticEncoder(BUNDLED)
    questions = list(QUESTIONS) * 250
    yield "encode short questions", rate(lambda: encoder.encode_queries(questions), len(questions))
    passages = [" ".join(seed_sentences()[n : n + 3])[:600] for n in range(60)] * 10
    yield (
        "encode passages of 600 characters",
        rate(lambda: encoder.encode_passages(passages), len(passages)),
    )
    interaction = LateInteraction(encoder)
    asked = interaction.prepare(QUESTIONS[0])
    ids = [np.unique(each) for each in encoder.tokenize(passages[:100])]
    yield (
        "late interaction with 100 passages",
        milliseconds(lambda: interaction.score(asked, ids), 50),
    )


def collection_figures() -> Iterator[tuple[str, str]]:
    """A collection in this process."""
    rng, sentences = random.Random(1), seed_sentences()
    texts = [document(rng, sentences) for _ in range(DOCUMENTS)]
    documents = [Document(f"d{n}", text, "bench") for n, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.open(Settings(data_dir=Path(folder)))
        started = time.perf_counter()
        for first in range(0, DOCUMENTS, 250):
            collection.put(documents[first : first + 250])
        collection.ask(QUESTIONS[0])
        seconds = time.perf_counter() - started
        passages = collection.status().passages
        yield f"put {DOCUMENTS} documents in batches of 250", f"{passages / seconds:.0f} passages/s"
        every = list(QUESTIONS) * 12
        times = [elapsed(partial(collection.ask, question)) for question in every]
        yield f"ask, over {passages} passages, median", f"{1000 * statistics.median(times):.1f} ms"
        yield f"ask, over {passages} passages, 95%", f"{1000 * np.quantile(times, 0.95):.1f} ms"
        yield (
            "put one document and ask",
            milliseconds(
                lambda: (
                    collection.put([Document("x", document(rng, sentences), "bench")]),
                    collection.ask(QUESTIONS[0]),
                ),
                10,
            ),
        )
        collection.close()
        yield (
            "open it again",
            milliseconds(lambda: Collection.open(Settings(data_dir=Path(folder))).close(), 3),
        )


def verification_figures() -> Iterator[tuple[str, str]]:
    """Quotes of 300 characters over many documents."""
    rng, sentences = random.Random(2), seed_sentences()
    documents = [
        Document(f"d{n}", f"Nummer {n}. {document(rng, sentences)}", "bench", language="de")
        for n in range(VERIFIED)
    ]
    said = [d.text[:300] for d in rng.sample(documents, 20)]
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.open(Settings(data_dir=Path(folder)))
        for first in range(0, VERIFIED, 250):
            collection.put(documents[first : first + 250])
        yield f"verify, first quote over {VERIFIED} documents", f"{elapsed_ms(collection, said[0])}"
        for name, edit in VERIFIED_EDITS.items():
            quotes = [edit(quote) for quote in said]
            times = [elapsed(partial(collection.verify, quote)) for quote in quotes]
            yield f"verify, {name}, median", f"{1000 * statistics.median(times):.1f} ms"
            yield f"verify, {name}, 95%", f"{1000 * np.quantile(times, 0.95):.1f} ms"
        collection.close()


def elapsed_ms(collection: Collection, quote: str) -> str:
    """How long one quote takes."""
    return f"{1000 * elapsed(lambda: collection.verify(quote)):.0f} ms"


def process_figures() -> Iterator[tuple[str, str]]:
    """Whole processes over the seeds."""
    program = [sys.executable, "-m", "qa.cli"]
    with tempfile.TemporaryDirectory() as folder:
        where = ["--data-dir", folder]
        serve = [*program, "serve", "--seeds", "--port", str(PORT), *where]
        yield "serve over the seeds, first start to ready", seconds_to_ready(serve)
        yield "serve over the seeds, later start to ready", seconds_to_ready(serve)
        ask = [*program, "ask", QUESTIONS[0], *where]
        yield (
            "ask on the command line, whole process",
            milliseconds(lambda: subprocess.run(ask, check=True, stdout=subprocess.DEVNULL), 5),
        )


def seconds_to_ready(command: list[str]) -> str:
    """From starting the process until ``/readyz`` answers 200; then it is stopped."""
    started = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{PORT}"
        wait_ready(base)
        seconds = time.perf_counter() - started
        httpx.get(f"{base}/v1/ask", params={"question": QUESTIONS[0]}).raise_for_status()
    finally:
        server.terminate()
        server.wait(timeout=30)
    return f"{seconds:.2f} s"


def elapsed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def milliseconds(work: Callable[[], object], times: int) -> str:
    """The median time."""
    work()
    return f"{1000 * statistics.median(elapsed(work) for _ in range(times)):.1f} ms"


def rate(work: Callable[[], object], items: int) -> str:
    """Items a second, from the median time."""
    work()
    return f"{items / statistics.median(elapsed(work) for _ in range(5)):.0f}/s"


if __name__ == "__main__":
    main()

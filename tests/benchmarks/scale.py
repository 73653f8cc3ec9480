"""``make bench-scale``: one size of collection after the other, everything that users feel.

``python -m tests.benchmarks.scale 10000 100000 --data ../shared`` makes each collection in a fresh
folder, measures it and puts the figures into one JSON file. ``--folder`` keeps the collections
there, ``--reuse`` measures them again without making them, ``--only load,stages`` does a part.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from qa import serialise
from qa.collection import Collection
from qa.embedded import DATABASE
from qa.evaluation.run import judge
from qa.lexical_compaction import FOLDER, compact, worth_it
from qa.opening import opened
from qa.representation_writing import write
from qa.settings import Settings
from tests.benchmarks import corpus, limits, load, machine
from tests.benchmarks.changes import change_figures
from tests.benchmarks.ingest import through_http
from tests.benchmarks.recall import NotMeasured, recall_figures
from tests.benchmarks.results import DEFAULT, add_result, load_results, save_results
from tests.benchmarks.sentence_pools import present
from tests.benchmarks.server import fundstelle_command, running
from tests.benchmarks.stages import stage_times

PARTS = ("ingest", "http", "load", "stages", "recall", "quality", "limits")
LEVELS = (1, 8, 32)
HTTP_PASSAGES = 5_000
"""As many as are sent over HTTP, into a collection of their own, whatever the size."""

_JUDGED_EACH = 400
_TRACED, _COMPARED, _COUNTED = 400, 1_000, 100
_WARM = 50


@dataclass(frozen=True, slots=True)
class Run:
    """One size to be measured."""

    passages: int
    folder: Path
    work: Path
    sources: corpus.Sources
    questions: list[str]
    seconds: int


def main() -> None:
    """Measure sizes and save the figures."""
    options = _options()
    if not present(options.data):
        sys.stdout.write(
            f"Skipped: the texts that collections are made of are not in {options.data}; name "
            "their folder by --data (make: DATA=).\n"
        )
        return
    load.wrk()
    sources = corpus.read_sources(options.data)
    questions = corpus.load_questions(sources, options.questions)
    description = machine.describe()
    results = {**load_results(options.output), "machine": description}
    save_results(options.output, results)
    for passages in options.sizes:
        with _folder(options.folder, passages) as folder, TemporaryDirectory() as work:
            run = Run(passages, folder, Path(work), sources, questions, options.seconds)
            for part, figures in _measured(run, options.only, reuse=options.reuse):
                _say(passages, part, figures)
                add_result(options.output, "sizes", str(passages), {part: figures})
            add_result(options.output, "sizes", str(passages), {"machine": description})


def _measured(
    run: Run, only: tuple[str, ...], *, reuse: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and figures of each part, as it is measured."""
    if "ingest" in only and not reuse:
        yield "ingest", _ingest(run)
    elif not run.folder.is_dir():
        sys.exit(f"There is no collection in {run.folder} to measure again; leave out --reuse.")
    if worth_it(run.folder / FOLDER):
        yield "settle", _settled(run)
    write(run.folder / DATABASE)  # of what is kept from before there were such files
    if "http" in only:
        yield "http", _http_ingest(run)
    yield "disk", {"bytes": machine.disk(run.folder), "passages": _passages(run.folder)}
    if "load" in only:
        yield from _served(run)
    inside = [(part, work) for part, work in _INSIDE.items() if part in only]
    if inside:
        with opened(Settings(data_dir=run.folder)) as collection:
            for question in run.questions[-_WARM:]:
                collection.ask(question)
            for part, work in inside:
                yield part, work(run, collection)


def _ingest(run: Run) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.ingest", str(run.folder)]
    made = corpus.documents(run.sources, run.passages)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        for one in made:
            process.stdin.write(json.dumps({"id": one.id, "text": one.text}) + "\n")
        process.stdin.close()
        output = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def _settled(run: Run) -> dict[str, Any]:
    """Seconds to do at once what a server does when nobody adds documents to it."""
    started = time.monotonic()
    compact(run.folder / DATABASE)
    compacted = time.monotonic()
    write(run.folder / DATABASE)
    return {
        "seconds": round(compacted - started, 2),
        "representations": round(time.monotonic() - compacted, 2),
    }


def _http_ingest(run: Run) -> dict[str, Any]:
    folder = run.work / "http"
    made = corpus.documents(run.sources, min(run.passages, HTTP_PASSAGES))
    with running(fundstelle_command(folder), run.work / "log") as server:
        return {**through_http(server.base, made), "memory_mb": machine.memory(server.pid)}


def _passages(folder: Path) -> int:
    with opened(Settings(data_dir=folder)) as collection:
        return collection.status().passages


def _served(run: Run) -> Iterator[tuple[str, dict[str, Any]]]:
    """A server over the collection: start, memory, answers under load, and single changes."""
    with running(fundstelle_command(run.folder), run.work / "log") as server:
        resting = machine.memory(server.pid)
        target = load.fundstelle(server.base)
        for question in run.questions[-_WARM:]:
            load.ask_once(target, question)
        levels = load.load(
            target, run.questions[:-_WARM], run.work, LEVELS, run.seconds, server.pid
        )
        yield "load", {"seconds": run.seconds, "levels": levels}
        loaded = machine.memory(server.pid)
        yield "start", {"seconds_to_ready": round(server.seconds_to_ready, 2)}
        yield "memory", {"resting_mb": resting, "after_load_mb": loaded}
        yield "changes", change_figures(server.base)
    workers = os.cpu_count() or 1
    with running(fundstelle_command(run.folder, workers), run.work / "log") as server:
        target = load.fundstelle(server.base)
        for question in run.questions[-_WARM:]:
            load.ask_once(target, question)
        levels = load.load(
            target, run.questions[:-_WARM], run.work, LEVELS, run.seconds, server.pid
        )
        memory = machine.memory(server.pid)
        yield "load_by_all", {"workers": workers, "levels": levels, "after_load_mb": memory}


def _stages(run: Run, collection: Collection) -> dict[str, Any]:
    def ask(question: str) -> bytes:
        return serialise.to_json(serialise.answer_to_dict(collection.ask(question)))

    return stage_times(ask, run.questions[:_TRACED])


def _recall(run: Run, collection: Collection) -> dict[str, Any]:
    try:
        return recall_figures(collection, run.questions[:_COMPARED])
    except NotMeasured as reason:
        return {"not_measured": str(reason)}


def _quality(run: Run, collection: Collection) -> dict[str, Any]:
    asked = corpus.judged_questions(run.sources, run.passages, _JUDGED_EACH)
    judged = {
        language: list(judge(collection, some, evidence=("fused",)))
        for language, some in asked.items()
    }
    every = list(chain.from_iterable(judged.values()))
    return {
        "questions": len(every),
        "nDCG@10": _mean([one.value("nDCG@10") for one in every]),
        "recall@10": _mean([one.value("recall@10") for one in every]),
        "by_language": {
            language: {
                "questions": len(found),
                "nDCG@10": _mean([one.value("nDCG@10") for one in found]),
                "recall@10": _mean([one.value("recall@10") for one in found]),
            }
            for language, found in judged.items()
        },
    }


def _limits(run: Run, collection: Collection) -> dict[str, Any]:
    return limits.touched(collection, run.folder, run.questions[:_COUNTED])


_INSIDE: dict[str, Callable[[Run, Collection], dict[str, Any]]] = {
    "stages": _stages,
    "recall": _recall,
    "quality": _quality,
    "limits": _limits,
}


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0


@contextmanager
def _folder(kept: Path | None, passages: int) -> Iterator[Path]:
    if kept is not None:
        yield kept / str(passages)
        return
    with TemporaryDirectory(prefix="fundstelle-scale-") as folder:
        yield Path(folder) / "data"


def _say(passages: int, part: str, figures: dict[str, Any]) -> None:
    sys.stdout.write(f"{passages} {part}: {json.dumps(figures, ensure_ascii=False)}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000], help="passages")
    parser.add_argument("--data", type=Path, default=Path("../shared"))
    parser.add_argument("--output", type=Path, default=DEFAULT)
    parser.add_argument("--folder", type=Path, help="where the collections are kept")
    parser.add_argument("--reuse", action="store_true", help="measure what is kept in --folder")
    parser.add_argument("--seconds", type=int, default=15, help="of each number of clients")
    parser.add_argument("--questions", type=int, default=20_000, help="distinct ones for the load")
    parser.add_argument("--only", type=_parts, default=PARTS, help=f"some of {','.join(PARTS)}")
    options = parser.parse_args()
    if options.reuse and options.folder is None:
        parser.error("--reuse needs the --folder that the collections are kept in")
    return options


def _parts(names: str) -> tuple[str, ...]:
    wanted = tuple(names.split(","))
    if unknown := [name for name in wanted if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there is {PARTS}")
    return wanted


if __name__ == "__main__":
    main()

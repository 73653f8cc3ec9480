"""Times the stages of a question from outside, by wrapping the functions that do them.

The table below is the only place that names functions of the program. One that is gone is
reported and left out; its time then falls to the stage that calls it, or to "other".
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

STAGES: tuple[tuple[str, str, str], ...] = (
    ("language", "qa.language", "detect_question"),
    ("language", "qa.interrogatives", "asking_words"),
    ("language", "qa.interrogatives", "blanked"),
    ("encode", "embeddings.static", "StaticEncoder.tokenize_with_offsets"),
    ("encode", "embeddings.static", "StaticEncoder.encode_tokens"),
    ("encode", "embeddings.interaction", "LateInteraction.prepare"),
    ("dense", "embeddings.vector_index", "VectorIndex.search"),
    ("lexical", "qa.lexical_view", "LexicalView.search"),
    ("candidates", "qa.representation_files", "RepresentationFiles.columns"),
    ("glance", "qa.shortlist", "shortlist"),
    ("BM25", "qa.bm25", "question_terms"),
    ("BM25", "qa.bm25", "term_scores"),
    ("BM25", "qa.bm25", "sound_scores"),
    ("re-rank", "qa.ranking", "rank"),
    ("citations", "qa.answers", "Responder._shown"),
    ("citations", "qa.answers", "Responder._results"),
    ("citations", "qa.answers", "Responder._sentence"),
    ("citations", "qa.embedded", "EmbeddedEngine.shown"),
    ("JSON", "qa.serialise", "answer_to_dict"),
    ("JSON", "qa.serialise", "to_json"),
)
"""(stage, module, attribute). Listed in the order in which a question passes them."""

ORDER = (*dict.fromkeys(stage for stage, _, _ in STAGES), "other")
PACKAGES = ("qa", "api", "embeddings")


class Tracer:
    """Adds up exclusive time by stage: a stage that calls another is not charged for it.

    Stages that run in further threads count in full, so their sum can exceed the whole.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """``clock`` tells seconds, of the day or of the thread that asks it."""
        self.seconds = Counter[str]()
        self._clock = clock
        self._local = threading.local()

    def wrap(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        @functools.wraps(function)
        def timed(*args: object, **named: object) -> object:
            outer = getattr(self._local, "inner", 0.0)
            self._local.inner = 0.0
            started = self._clock()
            try:
                return function(*args, **named)
            finally:
                whole = self._clock() - started
                self.seconds[stage] += whole - self._local.inner
                self._local.inner = outer + whole

        return timed


@contextmanager
def traced(tracer: Tracer, table: Sequence[tuple[str, str, str]] = STAGES) -> Iterator[list[str]]:
    """While this lasts, the functions of the table are timed; yields those that are gone."""
    undo: list[tuple[object, str, object]] = []
    gone = []
    for stage, module, attribute in table:
        try:
            places = _places(module, attribute)
        except (ImportError, AttributeError):
            gone.append(f"{module}.{attribute}")
            continue
        timed = tracer.wrap(stage, getattr(*places[0]))
        for owner, name in places:
            undo.append((owner, name, getattr(owner, name)))
            setattr(owner, name, timed)
    try:
        yield gone
    finally:
        for owner, name, function in reversed(undo):
            setattr(owner, name, function)


def _places(module: str, attribute: str) -> list[tuple[Any, str]]:
    """Where it is defined, then every module of the program that imported it by name."""
    *path, name = attribute.split(".")
    owner = functools.reduce(getattr, path, importlib.import_module(module))
    function = getattr(owner, name)
    if path:
        return [(owner, name)]
    imported = [
        (found, name)
        for known, found in list(sys.modules.items())
        if known.partition(".")[0] in PACKAGES
        and found is not owner
        and getattr(found, name, None) is function
    ]
    return [(owner, name), *imported]


def stage_times(
    ask: Callable[[str], object],
    questions: Sequence[str],
    table: Sequence[tuple[str, str, str]] = STAGES,
) -> dict[str, Any]:
    """Milliseconds a question: the mean and the median of each stage, and of the whole.

    The first half of the questions is timed by the clock and the second by processor time. Not both
    at once: to read processor time is a call to the kernel, at which it likes to let others run.
    """
    half = len(questions) // 2
    with_clock = Tracer(time.perf_counter), time.perf_counter
    with_cpu = Tracer(time.thread_time), time.process_time
    clock, wholes, gone = _pass(ask, questions[:half], table, *with_clock)
    cpu, used, _ = _pass(ask, questions[half:], table, *with_cpu)
    return {
        "questions": half,
        "mean_ms": {stage: _ms(np.mean(times)) for stage, times in clock.items()},
        "median_ms": {stage: _ms(np.median(times)) for stage, times in clock.items()},
        "cpu_ms": {stage: _ms(np.mean(times)) for stage, times in cpu.items()},
        "whole_ms": {"mean": _ms(np.mean(wholes)), **percentiles(wholes)},
        "whole_cpu_ms": _ms(np.mean(used)),
        "gone": gone,
    }


def _pass(
    ask: Callable[[str], object],
    questions: Sequence[str],
    table: Sequence[tuple[str, str, str]],
    tracer: Tracer,
    clock: Callable[[], float],
) -> tuple[dict[str, list[float]], list[float], list[str]]:
    """Seconds of each stage and of the whole for each question, and what is gone."""
    stages = (*dict.fromkeys(stage for stage, _, _ in table), "other")
    each: dict[str, list[float]] = {stage: [] for stage in stages}
    wholes = []
    with traced(tracer, table) as gone:
        for question in questions:
            tracer.seconds.clear()
            started = clock()
            ask(question)
            wholes.append(clock() - started)
            for stage, times in each.items():
                times.append(tracer.seconds[stage])
            each["other"][-1] = max(0.0, wholes[-1] - tracer.seconds.total())
    return each, wholes, gone


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds, by linear interpolation."""
    found = np.quantile(seconds, (0.5, 0.95, 0.99))
    return {name: _ms(value) for name, value in zip(("p50", "p95", "p99"), found, strict=True)}


def _ms(seconds: float | np.floating[Any]) -> float:
    return round(float(seconds) * 1000, 4)

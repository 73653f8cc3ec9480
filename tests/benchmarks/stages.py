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
    ("encode", "embeddings.static", "StaticEncoder.encode_queries"),
    ("encode", "embeddings.interaction", "LateInteraction.prepare"),
    ("dense", "embeddings.vector_index", "VectorIndex.search"),
    ("lexical", "qa.lexical_view", "LexicalView.search"),
    ("lexical", "qa.lexical_view", "LexicalView.scores"),
    ("candidates", "qa.passages", "candidates"),
    ("re-rank", "qa.ranking", "rank"),
    ("citations", "qa.answers", "Responder._result"),
    ("citations", "qa.answers", "Responder._sentence"),
    ("citations", "qa.embedded", "EmbeddedEngine.described"),
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

    def __init__(self) -> None:
        self.seconds = Counter[str]()
        self._local = threading.local()

    def wrap(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        @functools.wraps(function)
        def timed(*args: object, **named: object) -> object:
            started, outer = time.perf_counter(), getattr(self._local, "inner", 0.0)
            self._local.inner = 0.0
            try:
                return function(*args, **named)
            finally:
                whole = time.perf_counter() - started
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
    """Milliseconds a question: the mean and the median of each stage, and of the whole."""
    each: dict[str, list[float]] = {}
    wholes = []
    tracer = Tracer()
    with traced(tracer, table) as gone:
        for question in questions:
            tracer.seconds.clear()
            started = time.perf_counter()
            ask(question)
            whole = time.perf_counter() - started
            wholes.append(whole)
            taken = dict(tracer.seconds)
            taken["other"] = max(0.0, whole - sum(taken.values()))
            for stage in (*dict.fromkeys(stage for stage, _, _ in table), "other"):
                each.setdefault(stage, []).append(taken.get(stage, 0.0))
    return {
        "questions": len(questions),
        "mean_ms": {stage: _ms(np.mean(times)) for stage, times in each.items()},
        "median_ms": {stage: _ms(np.median(times)) for stage, times in each.items()},
        "whole_ms": {"mean": _ms(np.mean(wholes)), **percentiles(wholes)},
        "gone": gone,
    }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds, by linear interpolation."""
    found = np.quantile(seconds, (0.5, 0.95, 0.99))
    return {name: _ms(value) for name, value in zip(("p50", "p95", "p99"), found, strict=True)}


def _ms(seconds: float) -> float:
    return round(float(seconds) * 1000, 4)

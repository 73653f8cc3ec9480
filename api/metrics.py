"""What the service measures about itself, for Prometheus. Each app has its own registry.

Several processes behind one port count into files of a folder that the environment names; the
library reads it when it is imported, and each process then answers for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from qa.types import IndexStatus

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Metrics:
    """Counters and histograms of one app."""

    def __init__(self, status: Callable[[], IndexStatus | None]) -> None:
        """Measure an app; ``status`` is asked for the collection's size at each scrape."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fundstelle_requests_total",
            "HTTP requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "fundstelle_request_seconds",
            "Seconds from a request's arrival to the end of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._gauges = _IndexGauges(status)
        self._registry.register(self._gauges)

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. ``route`` is a template; unknown methods share one label."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    def exposition(self) -> bytes:
        """Everything in the Prometheus text format 0.0.4."""
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, os.environ[FOLDER])  # type: ignore[no-untyped-call]
        together.register(self._gauges)
        return generate_latest(together)


class _IndexGauges(Collector):
    """The collection's size, read when it is scraped."""

    def __init__(self, status: Callable[[], IndexStatus | None]) -> None:
        self._status = status

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge per number; only readiness while there is no collection."""
        status = self._status()
        ready = 0.0 if status is None else 1.0
        yield GaugeMetricFamily("fundstelle_ready", "1 when questions are answered.", value=ready)
        if status is None:
            return
        for name, meaning, value in (
            ("documents", "Documents in the collection.", status.documents),
            ("passages", "Passages in the collection.", status.passages),
            ("sequence", "Changes committed to the collection.", status.sequence),
        ):
            yield GaugeMetricFamily(f"fundstelle_{name}", meaning, value=float(value))

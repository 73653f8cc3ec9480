"""Writes the tables of ``docs/benchmarks/README.md`` from the saved results.

``python -m tests.benchmarks.tables`` puts them between two marks in that file, so that no number in
it was ever typed. A figure that was not measured is an en dash.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.limits import STAGE_OF, bounds_ms
from tests.benchmarks.results import DEFAULT, Figures, load_results

PAGE = DEFAULT.with_name("README.md")
BEGIN = "<!-- tables: written by python -m tests.benchmarks.tables -->"
END = "<!-- /tables -->"
NONE = "–"


def render(results: Figures) -> str:
    """All tables as Markdown."""
    sizes = {int(name): figures for name, figures in results["sizes"].items()}
    parts: list[str] = []
    if sizes:
        parts += [_machine(results.get("machine") or {}), *_of_sizes(sizes)]
    if results["peers"]:
        parts += _peers(results["peers"])
    return "\n\n".join(parts) if parts else "Nothing has been measured yet."


def written(page: str, tables: str) -> str:
    """The page with its tables replaced.

    Raises:
        ValueError: the page lacks the marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected {BEGIN!r} and {END!r} in the page")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def get(figures: Any, *path: str | int) -> Any:  # noqa: ANN401
    """A figure by its path, or None where any step is missing."""
    for step in path:
        try:
            figures = figures[step]
        except (KeyError, IndexError, TypeError):
            return None
    return figures


def number(value: float | None, digits: int = 1) -> str:
    """A number with thousands parted by commas."""
    return NONE if value is None else f"{value:,.{digits}f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right of their cells."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _machine(machine: Figures) -> str:
    read = get(machine, "bandwidth_gb_s", "read_one_core")
    every = get(machine, "bandwidth_gb_s", "read_all_cores")
    return (
        f"{machine.get('cpu', 'Unknown processor')}, {machine.get('cores', NONE)} cores, "
        f"{number(machine.get('memory_gb'), 0)} GB of memory read at {number(read)} GB/s by one "
        f"core and {number(every)} GB/s by all; {machine.get('system', '')}, Python "
        f"{machine.get('python', NONE)}; {machine.get('date', NONE)}. Before it began, "
        f"{number(machine.get('load_before'))} other processes were running or waiting to."
    )


def _of_sizes(sizes: dict[int, Figures]) -> list[str]:
    parts = []
    for title, rendered in (
        ("Asking", _asking(sizes)),
        ("Where the time goes", _stages(sizes)),
        ("Adding, memory and disk", _resources(sizes)),
        ("What is found", _found(sizes)),
        ("One document more or less", _changes(sizes)),
    ):
        parts += [f"### {title}", rendered]
    return parts


def _asking(sizes: dict[int, Figures]) -> str:
    measures = ("p50", "p95", "p99", "per_second", "cpu_ms_each")
    head = ("passages", "processes", "clients", "p50 ms", "p95 ms", "p99 ms", "requests/s")
    return table(
        (*head, "CPU ms/request", "not 200", "broken"),
        (
            (
                number(get(figures, "disk", "passages") or size, 0),
                str(get(figures, part, "workers") or 1),
                str(level["clients"]),
                *(number(level.get(name)) for name in measures),
                str(level["not_ok"]),
                str(level["broken"]),
            )
            for size, figures in sizes.items()
            for part in ("load", "load_by_all")
            for level in get(figures, part, "levels") or ()
        ),
    )


def _stages(sizes: dict[int, Figures]) -> str:
    """Mean milliseconds of each stage, by both clocks; below some, the least that memory allows."""
    bounds = {size: stage_bounds(figures) for size, figures in sizes.items()}
    stages = dict.fromkeys(
        stage
        for figures in sizes.values()
        for stage in get(figures, "stages", "mean_ms") or ()
    )  # fmt: skip

    def row(name: str, figures: Iterable[Sequence[float | None]]) -> list[str]:
        return [name, *(number(value, 2) for pair in figures for value in pair)]

    def rows() -> Iterator[list[str]]:
        every = sizes.values()
        for stage in stages:
            kinds = ("mean_ms", "cpu_ms")
            yield row(stage, ([get(f, "stages", kind, stage) for kind in kinds] for f in every))
            if any(stage in bound for bound in bounds.values()):
                least = ((bound.get(stage), None) for bound in bounds.values())
                yield row(f"*{stage}, at least*", least)
        whole = (("whole_ms", "mean"), ("whole_cpu_ms",))
        yield row("**whole**", ([get(f, "stages", *path) for path in whole] for f in every))

    head = [f"{number(size, 0)}, {kind}" for size in sizes for kind in ("clock", "CPU")]
    return table(("mean ms a question", *head), rows())


def stage_bounds(figures: Figures) -> dict[str, float]:
    """The least milliseconds of the stages that read much memory, by one core's bandwidth."""
    sizes = get(figures, "limits", "bytes") or {}
    speed = get(figures, "machine", "bandwidth_gb_s", "read_one_core")
    if not speed:
        return {}
    return {STAGE_OF[kind]: value for kind, value in bounds_ms(sizes, speed).items()}


_RESOURCES: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("documents", ("ingest", "documents"), 0),
    ("passages", ("disk", "passages"), 0),
    ("added by the library, passages/s", ("ingest", "passages_per_second"), 0),
    ("added over HTTP, passages/s", ("http", "passages_per_second"), 0),
    ("adding, peak MB", ("ingest", "peak_mb"), 0),
    ("then one segment of words, s", ("settle", "seconds"), 1),
    ("start to ready, s", ("start", "seconds_to_ready"), 2),
    ("server at rest, MB", ("memory", "resting_mb", "rss"), 0),
    ("of which anonymous", ("memory", "resting_mb", "anonymous"), 0),
    ("of which mapped files", ("memory", "resting_mb", "file"), 0),
    ("server after load, MB", ("memory", "after_load_mb", "rss"), 0),
    ("of which anonymous", ("memory", "after_load_mb", "anonymous"), 0),
    ("server, peak MB", ("memory", "after_load_mb", "peak"), 0),
)


def _resources(sizes: dict[int, Figures]) -> str:
    rows = [
        [name, *(number(get(figures, *path), digits) for figures in sizes.values())]
        for name, path, digits in _RESOURCES
    ]
    kinds = sorted({kind for f in sizes.values() for kind in get(f, "disk", "bytes") or ()})
    for kind in kinds:
        each = (_each_passage(figures, kind) for figures in sizes.values())
        rows.append([f"disk, {kind}, bytes/passage", *(number(value, 0) for value in each)])
    return table(("", *(number(size, 0) for size in sizes)), rows)


def _each_passage(figures: Figures, kind: str) -> float | None:
    size, passages = get(figures, "disk", "bytes", kind), get(figures, "disk", "passages")
    return None if size is None or not passages else size / passages


_FOUND: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("vector search, recall@10 against exact", ("recall", "dense@10")),
    ("vector search, recall of all candidates", ("recall", "dense@all")),
    ("final ten, shared with exact vector search", ("recall", "final@10")),
    ("nDCG@10, SQuAD in two languages", ("quality", "nDCG@10")),
    ("recall@10, SQuAD in two languages", ("quality", "recall@10")),
)


def _found(sizes: dict[int, Figures]) -> str:
    return table(
        ("per cent", *(number(size, 0) for size in sizes)),
        (
            [name, *(number(_percent(get(figures, *path))) for figures in sizes.values())]
            for name, path in _FOUND
        ),
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _changes(sizes: dict[int, Figures]) -> str:
    steps = ("put", "ask_after_put", "delete", "ask_after_delete")
    head = ["ms"] + [f"{number(s, 0)}, {p}" for s in sizes for p in ("p50", "p95")]
    return table(
        head,
        (
            [
                step.replace("_", " "),
                *(
                    number(get(figures, "changes", step, p))
                    for figures in sizes.values()
                    for p in ("p50", "p95")
                ),
            ]
            for step in steps
        ),
    )


def _peers(peers: dict[str, Figures]) -> list[str]:
    """Fundstelle first, then by name."""
    order = sorted(peers, key=lambda name: (name != "Fundstelle", name))
    head = ("", "ingest/s", "p50 ms", "p99 ms", "req/s", "8 clients: p50", "p99", "req/s", "CPU ms")
    rows = []
    for name in order:
        by = {level["clients"]: level for level in get(peers[name], "levels") or ()}
        figures = [
            number(get(by, clients, one))
            for clients in (1, 8)
            for one in ("p50", "p99", "per_second")
        ]
        figures.append(number(get(by, 1, "cpu_ms_each")))
        ingest = number(get(peers[name], "ingest", "passages_per_second"), 0)
        rest = [
            number(get(peers[name], "memory_mb", "rss"), 0),
            number(_percent(get(peers[name], "quality", "nDCG@10"))),
            number(get(peers[name], "asked_for"), 0),
        ]
        rows.append([name, ingest, *figures, *rest])
    versions = dict.fromkeys(v for name in order if (v := get(peers[name], "versions")))
    told = f"Versions: {'; '.join(versions)}." if versions else ""
    return ["### Peers", table((*head, "MB", "nDCG@10", "passages"), rows), told]


def main() -> None:
    """Write the tables into the page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--results", type=Path, default=DEFAULT)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    page = options.page.read_text(encoding="utf-8")
    options.page.write_text(written(page, render(load_results(options.results))), encoding="utf-8")
    sys.stdout.write(f"{options.page}: tables written from {options.results}\n")


if __name__ == "__main__":
    main()

"""``make bench-plots``: draws the saved results as PNG beside them. Needs the extra ``bench``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from tests.benchmarks.results import DEFAULT, Figures, load_results
from tests.benchmarks.stages import ORDER
from tests.benchmarks.tables import get, stage_bounds

GOALS = ((100_000, "p50", 5.0), (100_000, "p99", 20.0), (1_000_000, "p50", 12.0))
"""(passages, percentile, milliseconds) that one client is to wait at most."""

COLOURS = {"p50": "#2f6fa8", "p95": "#d98b1f", "p99": "#b5362f"}
MEGABYTE = 1_000_000


def latency(sizes: dict[int, Figures], axes: Axes) -> None:
    """Milliseconds against passages, one client."""
    for name, colour in COLOURS.items():
        points = [
            (get(f, "disk", "passages") or size, level[name])
            for size, f in sizes.items()
            for level in get(f, "load", "levels") or ()
            if level["clients"] == 1
        ]
        if points:
            axes.plot(*zip(*points, strict=True), "o-", color=colour, label=name)
    for size, name, goal in GOALS:
        axes.hlines(goal, size / 1.6, size * 1.6, color=COLOURS[name], linestyle="--")
        text = f"goal, {name}: {goal:g} ms"
        axes.annotate(
            text, (size, goal), (0, 4), textcoords="offset points", ha="center", fontsize=8
        )
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="ms to an answer over HTTP")
    axes.set_xlim(5_000, 2_000_000)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.legend(title="one client")
    axes.set_title("Answer time by size of collection")


def throughput(sizes: dict[int, Figures], axes: Axes) -> None:
    """Requests a second against clients."""
    colours = dict(zip(sizes, plt.get_cmap("tab10").colors, strict=False))
    for size, figures in sizes.items():
        for part, style in (("load", "o--"), ("load_by_all", "o-")):
            levels = get(figures, part, "levels") or ()
            processes = get(figures, part, "workers") or 1
            clients = [level["clients"] for level in levels]
            served = [level["per_second"] for level in levels]
            label = f"{size:,} passages, {processes} process{'es' if processes > 1 else ''}"
            axes.plot(clients, served, style, color=colours[size], label=label)
    axes.set(xscale="log", xlabel="clients at the same time", ylabel="answers a second")
    axes.set_xticks([1, 8, 32], ["1", "8", "32"])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.legend()
    axes.set_title("Answers a second by number of clients")


def stages(sizes: dict[int, Figures], axes: Axes) -> None:
    """Where the time of a question goes, stacked; beside it what memory allows at best."""
    shown = {size: f for size, f in sizes.items() if get(f, "stages", "mean_ms")}
    colours = dict(zip(ORDER, plt.get_cmap("tab20").colors, strict=False))
    for row, figures in enumerate(shown.values()):
        for place, share, values in (
            (row + 0.2, 0.36, get(figures, "stages", "mean_ms")),
            (row - 0.2, 0.2, stage_bounds(figures)),
        ):
            left = 0.0
            for stage in ORDER:
                width = values.get(stage, 0.0)
                axes.barh(place, width, share, left=left, color=colours[stage])
                left += width
            axes.annotate(
                f"{left:.3g} ms", (left, place), (4, 0), textcoords="offset points", va="center"
            )
    ticks = [(row + side, name) for row, size in enumerate(shown) for side, name in (
        (0.2, f"{size:,}"), (-0.2, "memory's bound"))]  # fmt: skip
    axes.set_yticks([place for place, _ in ticks], [name for _, name in ticks])
    handles = [plt.Rectangle((0, 0), 1, 1, color=colours[stage]) for stage in ORDER]
    axes.legend(handles, ORDER, loc="upper left", bbox_to_anchor=(1.01, 1), title="stage")
    axes.set(xlabel="mean ms a question, in the process, one at a time", ylabel="passages")
    axes.margins(x=0.14)
    axes.set_title("Where the time goes")


def resources(sizes: dict[int, Figures], axes: tuple[Axes, Axes]) -> None:
    """Memory of the server and files on disk."""
    names = [f"{size:,}" for size in sizes]
    rows = np.arange(len(names))
    memory, disk = axes
    for shift, state in ((-0.2, "resting_mb"), (0.2, "after_load_mb")):
        bottom = np.zeros(len(names))
        for kind, colour in (("anonymous", "#2f6fa8"), ("file", "#9fc4e3")):
            values = [get(f, "memory", state, kind) or 0.0 for f in sizes.values()]
            label = {"anonymous": "anonymous", "file": "mapped files"}[kind]
            memory.bar(
                rows + shift, values, 0.36, bottom=bottom, color=colour,
                label=label if shift < 0 else None,
            )  # fmt: skip
            bottom += values
        for row, top in zip(rows, bottom, strict=True):
            told = {"resting_mb": "at rest", "after_load_mb": "after load"}[state]
            memory.annotate(
                f"{told}\n{top:,.0f}", (row + shift, top), (0, 3),
                textcoords="offset points", ha="center", fontsize=8,
            )  # fmt: skip
    memory.set_xticks(rows, names)
    memory.margins(y=0.22)
    memory.set(xlabel="passages", ylabel="MB in memory", title="The server's memory")
    memory.legend()
    kinds = sorted({kind for f in sizes.values() for kind in get(f, "disk", "bytes") or ()})
    bottom = np.zeros(len(names))
    for kind in kinds:
        values = [(get(f, "disk", "bytes", kind) or 0) / MEGABYTE for f in sizes.values()]
        disk.bar(rows, values, 0.5, bottom=bottom, label=kind)
        bottom += values
    for row, top, f in zip(rows, bottom, sizes.values(), strict=True):
        each = top * MEGABYTE / (get(f, "disk", "passages") or 1)
        disk.annotate(
            f"{top:,.0f} MB\n{each:,.0f} B/passage", (row, top), (0, 3),
            textcoords="offset points", ha="center", fontsize=8,
        )  # fmt: skip
    disk.set_xticks(rows, names)
    disk.margins(y=0.22)
    disk.set(xlabel="passages", ylabel="MB on disk", title="Files")
    disk.legend(fontsize=8, loc="upper left")


PEER_PANELS: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    ("ms to an answer, one client, p50", ("levels", 0, "p50"), "log"),
    ("answers a second, 8 clients", ("levels", 1, "per_second"), "log"),
    ("passages added a second", ("ingest", "passages_per_second"), "log"),
    ("nDCG@10, SQuAD in two languages", ("quality", "nDCG@10"), "linear"),
)


def peers(found: dict[str, Figures], panels: np.ndarray) -> None:
    """The same work on other programs."""
    names = sorted(found, key=lambda name: (name == "Fundstelle", name), reverse=True)[::-1]
    for axes, (title, path, scale) in zip(panels, PEER_PANELS, strict=True):
        values = [get(found[name], *path) for name in names]
        colours = ["#b5362f" if name == "Fundstelle" else "#8a98a8" for name in names]
        axes.barh(names, [value or 0 for value in values], color=colours)
        axes.set_xscale(scale)
        known = [value for value in values if value]
        axes.set_xlim(
            min(known) / 3 if scale == "log" else 0, max(known) * (4, 1.2)[scale != "log"]
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
        for row, value in enumerate(values):
            where = (
                ((0, row), ("axes fraction", "data")) if value is None else ((value, row), "data")
            )
            axes.annotate(
                _told(value), where[0], (4, 0), xycoords=where[1],
                textcoords="offset points", va="center", fontsize=8,
            )  # fmt: skip
        axes.set_title(title, fontsize=10)


def _told(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def draw(results: Figures, folder: Path) -> Iterator[Path]:
    """Draw what there is; the files written."""
    sizes = {int(name): figures for name, figures in results["sizes"].items()}
    single: dict[str, Callable[[dict[int, Figures], Axes], None]] = {
        "latency": latency,
        "throughput": throughput,
        "stages": stages,
    }
    if sizes:
        for name, drawing in single.items():
            with _figure(folder / f"{name}.png", (8, 4.8), 1, 1) as axes:
                drawing(sizes, axes)
            yield folder / f"{name}.png"
        with _figure(folder / "resources.png", (10, 4.8), 1, 2) as axes:
            resources(sizes, axes)
        yield folder / "resources.png"
    if results["peers"]:
        height = 1.2 + 0.42 * len(results["peers"])
        with _figure(folder / "peers.png", (12, 2 * height), 2, 2, sharey=True) as axes:
            peers(results["peers"], axes.ravel())
        yield folder / "peers.png"


@contextmanager
def _figure(
    path: Path, size: tuple[float, float], rows: int, columns: int, **options: object
) -> Iterator[Any]:
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", **options)
    for one in np.atleast_1d(axes).ravel():
        one.grid(visible=True, color="#e6e6e6", linewidth=0.6)
        one.set_axisbelow(True)
        one.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Draw the saved results."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--results", type=Path, default=DEFAULT)
    options = parser.parse_args()
    for path in draw(load_results(options.results), options.results.parent):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()

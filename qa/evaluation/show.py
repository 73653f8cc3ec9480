"""Prints reports: tables in a terminal and plain in a file, or JSON. Computes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from rich.table import Table as RichTable
from rich.text import Text

from qa.console import Bar, out
from qa.evaluation.report import Report, Table


def show(report: Report, *, as_json: bool) -> None:
    """Everything in a report, on standard output."""
    if as_json:
        content = {**report.data, "notes": report.notes}
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        return
    console = out()
    for table in report.tables:
        console.print()
        console.print(Text(table.title, style="bold"))
        console.print(_rich(table))
        if table.note:
            console.print(Text(table.note, style="dim"))
    for note in report.notes:
        console.print()
        console.print(Text(note))


def counting(bar: Bar, doing: str, total: int) -> Callable[[], None]:
    """Moves a progress bar by one at each call."""
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        bar.update(doing, done, total)

    return tick


def _rich(table: Table) -> RichTable:
    rich = RichTable(box=None, pad_edge=False)
    for number, heading in enumerate(table.columns):
        rich.add_column(heading, justify="left" if number == 0 else "right")
    for row in table.rows:
        rich.add_row(*map(Text, row))
    return rich

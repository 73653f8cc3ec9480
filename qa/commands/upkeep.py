"""``fundstelle check`` and ``eval``: whether the store is sound, and the answers good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa.commands.options import DataDir, Json, Model, echo_json
from qa.opening import existing, settings_from


def check(data_dir: DataDir = None, model: Model = None, json: Json = False) -> None:
    """Re-read the whole store and prove that everything in it is as it should be."""
    from qa import console

    with existing(data_dir=data_dir, model=model) as collection:
        problems = list(collection.check())
        status = collection.status()
    if json:
        echo_json(
            {
                "problems": problems,
                "sequence": status.sequence,
                "documents": status.documents,
                "passages": status.passages,
            }
        )
    else:
        for problem in problems:
            console.error(problem)
        verdict = f"{len(problems)} problems" if problems else "all is well"
        typer.echo(f"{status.documents} documents, {status.passages} passages: {verdict}")
    if problems:
        raise typer.Exit(1)


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Questions and the quotes that answer them (CSV, JSON lines), or a BEIR folder.",
            show_default=False,
        ),
    ],
    documents: Annotated[
        list[Path] | None,
        typer.Option(help="Ask these files or folders instead of the collection."),
    ] = None,
    data_dir: DataDir = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Ask a file of questions and judge the answers by the spans they should find."""
    from qa.evaluation.cli import cli_eval

    settings = settings_from(data_dir=data_dir, model=model)
    cli_eval(file, settings=settings, documents=documents or (), as_json=json)

"""Options that several commands share, and how they print JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DataDir = Annotated[
    Path | None, typer.Option(help="Folder of the collection; FUNDSTELLE_DATA_DIR.")
]
Model = Annotated[
    str | None,
    typer.Option(help="bundled, or a model by folder, name or address; FUNDSTELLE_MODEL."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, as the HTTP service answers.")]


def echo_json(value: dict[str, Any]) -> None:
    """Print one line of JSON in UTF-8."""
    from qa.serialise import to_json

    typer.echo(to_json(value))

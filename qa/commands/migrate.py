"""``fundstelle migrate``: a collection from one engine to another."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from qa.commands.options import Json, Model, echo_json
from qa.opening import settings_from

_PLACE = "A data folder, or a Milvus as FUNDSTELLE_ENGINE names it."


def migrate(
    source: Annotated[str, typer.Argument(metavar="FROM", help=_PLACE, show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TO", help=_PLACE, show_default=False)],
    into_existing: Annotated[
        bool,
        typer.Option("--into-existing", help="Also when TO holds documents that FROM lacks."),
    ] = False,
    model: Model = None,
    json: Json = False,
) -> None:
    """Copy a collection from a data folder to a Milvus or back, and prove that all of it is there.

    FROM is only read. Make it again to resume one that was interrupted.
    """
    from qa import console
    from qa.migrating import movable
    from qa.migration import migrate as move

    settings = settings_from(model=model)
    with console.Bar() as bar, movable(settings, source, target) as (engines, preparer):
        made = move(*engines, preparer, into_existing=into_existing, progress=bar.update)
    if json:
        echo_json(asdict(made))
        return
    typer.echo(
        f"{made.documents} documents: {made.copied} copied, {made.prepared} prepared again, "
        f"{made.unchanged} unchanged; {made.old_versions} old versions, "
        f"{made.tombstones} tombstones; all is verified"
    )

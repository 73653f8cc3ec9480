"""``fundstelle cite``: a citation by its id, as other programs want it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from qa.commands.options import DataDir, Json, Model, echo_json
from qa.opening import existing

if TYPE_CHECKING:
    from qa.citations import CitationCheck


class Format(StrEnum):
    """How a citation can be written."""

    text = "text"
    markdown = "markdown"
    bibtex = "bibtex"
    csl = "csl"
    jsonld = "jsonld"
    json = "json"


def cite(
    id: Annotated[str, typer.Argument(metavar="ID", help="Id of a citation.", show_default=False)],
    format: Annotated[
        Format, typer.Option(help="json is what the HTTP service answers.")
    ] = Format.text,
    data_dir: DataDir = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Look a citation up and write it, as text or for another program."""
    from qa.citation_formats import FORMATS
    from qa.serialise import citation_check_to_dict

    with existing(data_dir=data_dir, model=model) as collection:
        check = collection.citation(id)
    if json or format is Format.json:
        echo_json(citation_check_to_dict(check))
        return
    typer.echo(FORMATS[format](check.citation).encode(), nl=False)
    if check.status != "valid":
        typer.echo(_what_became(check), err=True)


def _what_became(check: CitationCheck) -> str:
    """Said beside an older version, on standard error, so that what is written can be piped."""
    name = check.citation.document_id
    if check.status == "deleted":
        return f"note: {name} has been removed since"
    if check.current is None:
        return f"note: {name} has been changed since; these words are no longer in it"
    return f"note: {name} has been changed since; the words are now at {check.current.start}"

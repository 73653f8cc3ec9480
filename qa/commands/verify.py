"""``fundstelle verify``: does a document say this?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa.commands.options import DataDir, Json, Model, echo_json
from qa.errors import InvalidInput
from qa.opening import existing

_SAID = ("exact", "normalised", "ambiguous")


def verify(
    quote: Annotated[
        str | None, typer.Argument(metavar="QUOTE", help="As cited or pasted.", show_default=False)
    ] = None,
    document: Annotated[str | None, typer.Option(help="Said to be in this document.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Verify every quotation in this file instead.")
    ] = None,
    data_dir: DataDir = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Check whether the documents say a quote; exit status 1 when they do not."""
    if (quote is None) == (file is None):
        raise InvalidInput(
            "Expected either a quote or --file: `fundstelle verify QUOTE` verifies one, "
            "`fundstelle verify --file PATH` every quotation in a file."
        )
    if file is not None:
        said = _file(file, document, data_dir, model, json)
    else:
        said = _quote(quote or "", document, data_dir, model, json)
    if not said:
        raise typer.Exit(1)


def _quote(
    quote: str, document: str | None, data_dir: Path | None, model: str | None, json: bool
) -> bool:
    from qa import console
    from qa.serialise import verification_to_dict

    with existing(data_dir=data_dir, model=model) as collection:
        found = collection.verify(quote, document)
    if json:
        echo_json(verification_to_dict(found))
    else:
        console.show_verification(found)
    return found.verdict in _SAID


def _file(
    file: Path, document: str | None, data_dir: Path | None, model: str | None, json: bool
) -> bool:
    from qa import console
    from qa.serialise import verified_text_to_dict

    text = _read(file)
    with existing(data_dir=data_dir, model=model) as collection:
        found = collection.verify_text(text, document)
    if json:
        echo_json(verified_text_to_dict(found))
    else:
        for quotation, verification in found.quotations:
            typer.echo(f"{quotation.start}..{quotation.end}: {quotation.quote}")
            console.show_verification(verification)
        counts = ", ".join(f"{count} {verdict}" for verdict, count in found.counts.items())
        typer.echo(f"{counts or 'no quotations'}; {found.skipped} skipped")
    return all(verification.verdict in _SAID for _, verification in found.quotations)


def _read(file: Path) -> str:
    """The text of a file of any kind that can be added."""
    from qa.files import document_id_for
    from qa.readers import read_document

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error
    name = file.name
    return read_document(data, name, document_id=document_id_for(name), source=str(file)).text

"""``fundstelle documents`` and ``remove``: what is in the collection, and out of it."""

from __future__ import annotations

from typing import Annotated

import typer

from qa.commands.options import DataDir, Json, Model, echo_json
from qa.opening import existing


def documents(data_dir: DataDir = None, model: Model = None, json: Json = False) -> None:
    """List the documents."""
    from qa.serialise import document_to_dict

    with existing(data_dir=data_dir, model=model) as collection:
        listed = collection.documents(None, 1000)
        page = listed
        while len(page) == 1000:
            page = collection.documents(page[-1].id, 1000)
            listed = listed + page
    if json:
        described = [document_to_dict(document) for document in listed]
        echo_json({"documents": described, "next_cursor": None})
    else:
        from qa import console

        console.show_documents(listed)


def remove(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Ids of documents.", show_default=False)
    ],
    data_dir: DataDir = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Remove documents: all of those named or, if one does not exist, none."""
    with existing(data_dir=data_dir, model=model) as collection:
        sequence = collection.remove(ids)
    if json:
        gone = [{"id": each, "sequence": sequence, "status": "deleted"} for each in ids]
        echo_json({"documents": gone, "sequence": sequence})
    else:
        typer.echo(f"{len(ids)} removed")

"""``fundstelle add``: files and folders into the collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.commands.options import DataDir, Json, Model, echo_json
from qa.opening import opened, settings_from

if TYPE_CHECKING:
    from qa.intake import Refused, Taken


def add(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Files, or folders of files.", show_default=False),
    ],
    document_id: Annotated[
        str | None, typer.Option("--id", help="Id of the document; for a single file.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title, when the file has a worse one.")] = None,
    published: Annotated[str | None, typer.Option(help="Date, YYYY[-MM[-DD]].")] = None,
    language: Annotated[str | None, typer.Option(help="Language, such as de.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace documents that came from another file.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that read and prepare documents.")
    ] = 1,
    part: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Only the I-th of N parts, for N machines over one list."),
    ] = None,
    data_dir: DataDir = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Add text, Markdown, HTML, PDF and DOCX files, or replace what they were before.

    What is as it was is left alone, so that adding the same again resumes what was interrupted.
    """
    from qa import console
    from qa.adding import Adding
    from qa.adding_workers import added, partitioned
    from qa.files import discover
    from qa.intake import Taken

    settings = settings_from(data_dir=data_dir, model=model)
    found = list(partitioned(discover(paths), part))
    if document_id is not None and (len(found) != 1 or paths[0].is_dir()):
        raise typer.BadParameter(f"needs a single file; there are {len(found)}.", param_hint="--id")
    taken: list[Taken] = []
    refused: list[Refused] = []
    how = Adding(
        max_bytes=settings.max_upload_bytes,
        title=title,
        published=published,
        language=language,
        document_id=document_id,
        replace=replace,
    )
    with console.Bar() as bar, opened(settings, bar.update) as collection:
        for outcome in added(settings, collection, found, how, workers):
            if isinstance(outcome, Taken):
                taken.append(outcome)
            else:
                refused.append(outcome)
            bar.update("adding", len(taken) + len(refused), len(found))
    _report(taken, refused, json)
    if refused:
        raise typer.Exit(1)


def _report(taken: list[Taken], refused: list[Refused], json: bool) -> None:
    from qa import console
    from qa.serialise import change_to_dict

    console.show_refused(refused)
    if json:
        failed = [{"name": each.name, "problem": {"detail": str(each.error)}} for each in refused]
        done = [change_to_dict(each.change) for each in taken]
        echo_json({"documents": done, "failed": failed})
    else:
        console.show_added(taken, refused)

"""``fundstelle gc``: drops old texts that no document has any more."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from qa.commands.options import DataDir, Json, Model, echo_json
from qa.opening import existing

if TYPE_CHECKING:
    from qa.engine import OldText

MAX_DAYS = 36_500


def gc(
    older_than: Annotated[
        int,
        typer.Option(
            metavar="DAYS", min=0, max=MAX_DAYS, help="Only texts replaced or removed so long ago."
        ),
    ] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be dropped.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first, in a terminal.")] = False,
    data_dir: DataDir = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Drop texts that were replaced or removed; citations of them end.

    Without it every text is kept, so that every citation can be looked up. Citations of current
    texts are not touched, and those that end are valid again when the same text is added again.
    """
    ended_by = datetime.now(UTC) - timedelta(days=older_than)
    with existing(data_dir=data_dir, model=model) as collection:
        texts = collection.drop_old_texts(ended_by, dry_run=True)
        if not dry_run:
            if not yes and texts and sys.stdin.isatty():
                _show(texts, "would be dropped", err=True)
                typer.confirm("Drop them?", abort=True, err=True)
            texts = collection.drop_old_texts(ended_by)
    if json:
        echo_json({"dry_run": dry_run, "texts": [_described(text) for text in texts]})
    else:
        _show(texts, "would be dropped" if dry_run else "dropped")


def _described(text: OldText) -> dict[str, object]:
    return {
        "sha256": text.sha256,
        "document_ids": list(text.document_ids),
        "characters": text.characters,
        "ended": text.ended,
    }


def _show(texts: Sequence[OldText], verb: str, *, err: bool = False) -> None:
    """One line for each text, and how many they are."""
    for text in texts:
        names = ", ".join(text.document_ids)
        facts = f"{text.characters:,} characters, replaced or removed on {text.ended[:10]}"
        typer.echo(f"{names} ({text.sha256[:12]}): {facts}", err=err)
    characters = sum(text.characters for text in texts)
    noun = "text" if len(texts) == 1 else "texts"
    typer.echo(f"{len(texts)} old {noun} {verb}, {characters:,} characters", err=err)

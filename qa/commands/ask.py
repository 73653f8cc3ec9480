"""``fundstelle ask``: a question in, passages with their places out."""

from __future__ import annotations

from typing import Annotated

import typer

from qa.commands.options import DataDir, Json, Model, echo_json
from qa.errors import NotFound
from qa.opening import existing


def ask(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="In any language.", show_default=False)
    ],
    top_k: Annotated[int, typer.Option(min=1, max=50, help="How many passages to show.")] = 5,
    language: Annotated[
        list[str] | None, typer.Option(help="Only passages in this language, such as de.")
    ] = None,
    document: Annotated[list[str] | None, typer.Option(help="Only this document.")] = None,
    published_from: Annotated[
        str | None, typer.Option("--from", help="Only documents published from YYYY[-MM[-DD]].")
    ] = None,
    published_to: Annotated[
        str | None, typer.Option("--to", help="Only documents published until YYYY[-MM[-DD]].")
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(min=0, max=1, help="Leave out passages scored lower.")
    ] = None,
    data_dir: DataDir = None,
    model: Model = None,
    json: Json = False,
) -> None:
    """Ask a question; get the passages that answer it."""
    from qa.serialise import answer_to_dict
    from qa.types import Filters

    filters = Filters(
        languages=tuple(language or ()),
        document_ids=tuple(document or ()),
        published_from=published_from,
        published_to=published_to,
    )
    with existing(data_dir=data_dir, model=model) as collection:
        answer = collection.ask(question, top_k=top_k, filters=filters, min_score=min_score)
    if json:
        echo_json(answer_to_dict(answer))
        return
    if answer.index.documents == 0:
        raise NotFound(
            "The collection has no documents; add some with `fundstelle add PATH`, "
            "or try the shipped ones with `fundstelle serve --seeds`."
        )
    from qa import console

    console.show_answer(answer)

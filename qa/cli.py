"""The command line. Gives the commands their names and turns errors into one line.

Everything heavy is imported inside the commands, so that ``fundstelle ask`` stays under a second.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from embeddings.errors import EmbeddingError
from qa.commands.add import add
from qa.commands.ask import ask
from qa.commands.cite import cite
from qa.commands.documents import documents, remove
from qa.commands.gc import gc
from qa.commands.migrate import migrate
from qa.commands.serve import serve
from qa.commands.upkeep import check, evaluate
from qa.commands.verify import verify
from qa.errors import FundstelleError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Ask documents in any language; get the exact passage, with a citation to check.",
)


def main(arguments: list[str] | None = None) -> None:
    """Run the program; its own errors become one line and exit status 1."""
    try:
        app(args=arguments, prog_name="fundstelle")
    except (FundstelleError, EmbeddingError) as failure:
        from qa import console

        console.error(str(failure))
        sys.exit(1)


def _show_version(wanted: bool) -> None:
    if wanted:
        from qa.version import installed_version

        typer.echo(f"fundstelle {installed_version()}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Options before the command."""


for _command in (serve, ask, verify, cite, add, remove, documents, check, gc, migrate):
    app.command()(_command)
app.command("eval")(evaluate)


if __name__ == "__main__":
    main()

"""``fundstelle serve``: the page and the HTTP interface."""

from __future__ import annotations

import os
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa.commands.options import DataDir, Model
from qa.errors import InvalidInput
from qa.opening import settings_from

if TYPE_CHECKING:
    from uvicorn import Config

    from qa.settings import Settings

SHUTDOWN_SECONDS = 10


def serve(
    host: Annotated[str | None, typer.Option(help="Address. FUNDSTELLE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port. FUNDSTELLE_PORT.")] = None,
    data_dir: DataDir = None,
    model: Model = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that answer. FUNDSTELLE_WORKERS.")
    ] = None,
    seeds: Annotated[
        bool | None,
        typer.Option(help="Add the shipped documents. FUNDSTELLE_SEEDS."),
    ] = None,
) -> None:
    """Serve the page and the HTTP interface."""
    from pydantic import SecretStr

    from qa.engines import one_process

    settings = settings_from(
        host=host, port=port, data_dir=data_dir, model=model, seeds=seeds, workers=workers
    )
    # The application reads its settings from the environment, in whichever process it is made.
    for name, value in settings:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        os.environ[f"FUNDSTELLE_{name.upper()}"] = str(plain)
    if settings.workers > 1:
        if one_process(settings):
            raise InvalidInput("Milvus Lite serves one process; serve with one worker.")
        _prepare(settings)
    import uvicorn

    options: dict[str, Any] = {
        "factory": True,
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
        "server_header": False,
        # Off unless asked for: an address may hold a question, and who asked it stands beside it.
        "access_log": settings.access_log,
    }
    # By name: the layers below the HTTP interface do not import it.
    if settings.workers > 1:
        _serve_by_several(uvicorn.Config("api.app:create_app", **options))
    else:
        uvicorn.run("api.app:create_app", **options)


def _serve_by_several(config: Config) -> None:
    from uvicorn.supervisors import Multiprocess

    from qa.commands.sockets import sockets_for_each

    with TemporaryDirectory(prefix="fundstelle-metrics-") as folder, suppress(KeyboardInterrupt):
        # In it they count what ``/metrics`` says, so that each says it for all.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        Multiprocess(config, sockets_for_each(config.bind_socket())).run()


def _prepare(settings: Settings) -> None:
    """Open the collection once before several processes do.

    What is wrong with it ends the program with the reason, and what has to be built is built once.
    """
    from qa.opening import opened
    from qa.seeds import add_missing

    with opened(settings) as collection:
        if settings.seeds:
            add_missing(collection)
        collection.ask("?!")

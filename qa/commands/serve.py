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
HUNG_SECONDS = 30
"""Silence after which one of several processes is replaced."""


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
    if settings.workers > 1 and one_process(settings):
        raise InvalidInput("Milvus Lite serves one process; serve with one worker.")
    settings = settings.model_copy(update={"workers": settings.workers or _worth_it(settings)})
    # The application reads its settings from the environment, in whichever process it is made.
    for name, value in settings:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        os.environ[f"FUNDSTELLE_{name.upper()}"] = str(plain)
    import uvicorn

    options: dict[str, Any] = {
        "factory": True,
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
        "timeout_worker_healthcheck": HUNG_SECONDS,
        "server_header": False,
        # Off unless asked for: an address may hold a question, and who asked it stands beside it.
        "access_log": settings.access_log,
    }
    # By name: the layers below the HTTP interface do not import it.
    if settings.workers > 1:
        _serve_by_several(uvicorn.Config("api.app:create_app", **options))
    else:
        uvicorn.run("api.app:create_app", **options)


def _worth_it(settings: Settings) -> int:
    """How many processes answer most where nobody says how many.

    Two on two cores answer half again to twice as many questions as one; more than two would be
    more memory than one person's machine need give. Of replicas over a Milvus there are many
    already, and Milvus Lite serves one.
    """
    from qa.commands.sockets import SPREADS
    from qa.settings import EMBEDDED

    several = SPREADS and settings.engine == EMBEDDED and (os.cpu_count() or 1) > 1
    return 2 if several else 1


def _serve_by_several(config: Config) -> None:
    from qa.commands.processes import Processes
    from qa.commands.sockets import sockets_for_each

    with TemporaryDirectory(prefix="fundstelle-metrics-") as folder, suppress(KeyboardInterrupt):
        # In it they count what ``/metrics`` says, so that each says it for all.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        processes = Processes(config, sockets_for_each(config.bind_socket()))
        processes.run()
        if processes.failed:
            raise typer.Exit(1)

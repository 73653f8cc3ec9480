"""The HTTP application, put together. ``uvicorn --factory api.app:create_app`` serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import middleware, problems
from api.metrics import Metrics
from api.routes import ask, citations, documents, files, operations, page, page_check, page_data
from api.service import Service
from qa.catalogue import Catalogue
from qa.settings import Settings
from qa.version import installed_version

DESCRIPTION = """\
Ask a collection of documents in any language and get the exact passages that answer, each with a
citation that can be checked: `document.text[start:end] == quote`. Offsets are half-open and count
Unicode code points. Errors are `application/problem+json` (RFC 9457)."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """An application over the collection that the settings name; environment variables if None.

    The collection is opened when the application starts and closed when it stops.
    """
    service = Service(settings or Settings())
    metrics = Metrics(service.status)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(
        title="Fundstelle",
        version=installed_version(),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # Paths are exact: a redirect would lose the problem document and the body.
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.metrics = metrics
    app.state.catalogue = Catalogue()
    problems.install(app)
    for routes in (ask, documents, files, citations, operations, page, page_data, page_check):
        app.include_router(routes.router)
    page.mount_assets(app)
    # The last one added is the outermost.
    app.add_middleware(middleware.BodyLimit, max_bytes=service.settings.max_upload_bytes)
    app.add_middleware(middleware.LastResort)
    app.add_middleware(middleware.SecurityHeaders)
    app.add_middleware(middleware.Measured, metrics=metrics)
    app.add_middleware(_PlainStartupErrors, service=service)
    return app


class _PlainStartupErrors:
    """Replaces the traceback that the framework would log when starting fails by the reason."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def shortened(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self._service.failed:
                message = {"type": "lifespan.startup.failed", "message": ""}
            await send(message)

        await self._app(scope, receive, shortened)

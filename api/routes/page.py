"""What people look at: the page, a document where citations' links lead, the API's documentation.

Nothing is loaded from elsewhere, so all of it works without a network. What the page asks for
once it is there is in ``page_data``.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.negotiation import prefers_html
from api.problems import NotReady
from api.routes.shared import DocumentIdPath, ServiceDep
from api.service import Service
from qa.errors import NotFound

PAGE = Path(__file__).resolve().parent.parent / "page"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI sets styles on elements and draws its icons from data: URLs.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
@router.api_route("/documents", methods=["GET", "HEAD"])
@router.api_route("/check", methods=["GET", "HEAD"])
async def index() -> Response:
    """The page; which of its views is shown is in its address."""
    return _html("index.html", _PAGE_POLICY)


@router.api_route("/docs", methods=["GET", "HEAD"])
async def docs() -> Response:
    """The API, to read and to try."""
    return _html("docs.html", _DOCS_POLICY)


@router.api_route("/documents/{id}", methods=["GET", "HEAD"])
def document(id: DocumentIdPath, request: Request, service: ServiceDep) -> Response:
    """Where citations' links lead: for browsers the page, for programs the text, verbatim.

    Plain text because the links' fragments (RFC 5147, ``#char=``) are defined for that.
    """
    if prefers_html(request.headers.get("accept", "")):
        response = _html("index.html", _PAGE_POLICY, _status(service, id))
    else:
        response = PlainTextResponse(service.collection.text(id))
    response.headers["Vary"] = "Accept"
    return response


def mount_assets(app: FastAPI) -> None:
    """Serve the page's files, and Swagger UI's from the package that brings them."""
    app.mount("/page", _Assets(directory=PAGE))
    spec = importlib.util.find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package fastapi-offline is missing; run `pip install .` again.")
    app.mount("/docs/assets", StaticFiles(directory=Path(spec.origin).parent / "static"))


class _Assets(StaticFiles):
    """The page's files, asked for again each time: modules of two releases must never mix."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or that it has not changed."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _status(service: Service, document_id: str) -> int:
    """The page is sent in any case and says what is wrong; the status says so to others."""
    try:
        service.collection.document(document_id)
    except NotFound:
        return 404
    except NotReady:
        return 503
    return 200


def _html(name: str, policy: str, status: int = 200) -> Response:
    return FileResponse(
        PAGE / name,
        status_code=status,
        media_type="text/html",
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"},
    )

"""What people look at: the page, a document's text, and the interactive API documentation.

Nothing is loaded from elsewhere, so all of it works without a network.
"""

from __future__ import annotations

import importlib.util
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Response
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.staticfiles import StaticFiles

from api.routes.shared import CollectionDep, DocumentIdPath, json_response
from api.schemas import AskQuery
from qa.pieces import pieces
from qa.serialise import answer_to_dict

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
async def index() -> FileResponse:
    """The page: ask, and see passages with their evidence."""
    return _html("index.html", _PAGE_POLICY)


@router.get("/page/answer")
def page_answer(query: Annotated[AskQuery, Query()], collection: CollectionDep) -> Response:
    """What ``/v1/ask`` answers, with each result's text cut at its highlights.

    For the page only, which cannot cut: JavaScript counts UTF-16 units, offsets code points.
    """
    answer = collection.ask(
        query.question, top_k=query.top_k, filters=query.filters(), min_score=query.min_score
    )
    body = answer_to_dict(answer)
    for shown, result in zip(body["results"], answer.results, strict=True):
        shown["pieces"] = [asdict(piece) for piece in pieces(result)]
    return json_response(body)


@router.api_route("/docs", methods=["GET", "HEAD"])
async def docs() -> FileResponse:
    """The API, to read and to try."""
    return _html("docs.html", _DOCS_POLICY)


@router.get("/documents/{id}")
def document_text(id: DocumentIdPath, collection: CollectionDep) -> Response:
    """A document's text, verbatim, where citations' links lead.

    As plain text because their fragments (RFC 5147, ``#char=``) are defined for that.
    """
    return PlainTextResponse(collection.text(id))


def mount_assets(app: FastAPI) -> None:
    """Serve the page's files, and Swagger UI's from the package that brings them."""
    app.mount("/page", StaticFiles(directory=PAGE))
    spec = importlib.util.find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package fastapi-offline is missing; run `pip install .` again.")
    app.mount("/docs/assets", StaticFiles(directory=Path(spec.origin).parent / "static"))


def _html(name: str, policy: str) -> FileResponse:
    return FileResponse(
        PAGE / name,
        media_type="text/html",
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"},
    )

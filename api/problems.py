"""Every error as RFC 9457 ``application/problem+json``. Knows no routes.

``type`` is ``about:blank`` where the status says it all, otherwise a name that programs can rely
on: one of the ``KINDS`` below, or of the few given where they arise. ``errors`` names each
offending field: ``pointer`` is an RFC 6901 pointer into the body, ``parameter`` the name of a
query, path or header parameter.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from embeddings.errors import ModelError, ModelUnavailable
from qa.errors import (
    Conflict,
    EmptyDocument,
    FundstelleError,
    InvalidDate,
    InvalidId,
    InvalidInput,
    NotFound,
    StoreError,
    TextDropped,
    TooLarge,
    UnreadableFile,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
MEND_SECONDS = 30  # for what somebody has to mend first
_TYPE = "urn:problem-type:fundstelle:"
_log = logging.getLogger("fundstelle")

KINDS: dict[type[FundstelleError], tuple[int, str, str]] = {
    InvalidId: (422, "invalid-id", "Invalid id"),
    InvalidDate: (422, "invalid-date", "Invalid date"),
    EmptyDocument: (422, "empty-document", "Document without text"),
    UnreadableFile: (422, "unreadable-file", "Unreadable file"),
    TooLarge: (413, "too-large", "Too large"),
    InvalidInput: (422, "invalid-input", "Invalid value"),
    TextDropped: (410, "text-dropped", "Text dropped"),
    NotFound: (404, "not-found", "Not found"),
    Conflict: (409, "conflict", "Conflict"),
    StoreError: (503, "store", "Store unavailable"),
    FundstelleError: (500, "internal", "Internal error"),
}
"""Status, name and title of each error; the first class in an error's ancestry that is here."""


class NotReady(Exception):
    """The collection is still being opened, or could not be."""


def problem(
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    title: str | None = None,
    **members: object,
) -> dict[str, Any]:
    """A problem as a dict; ``members`` are extension members such as ``errors``."""
    body: dict[str, Any] = {
        "type": _TYPE + kind if kind else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return body | members


def problem_of(error: FundstelleError) -> dict[str, Any]:
    """The problem that one of the program's own errors is."""
    status, kind, title = next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)
    return problem(status, str(error), kind=kind, title=title)


def respond(
    request: Request, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """The response that carries a problem; ``instance`` is the path that was asked for."""
    content = {**body, "instance": request.scope["path"]}
    return Response(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace"),
        status_code=body["status"],
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Let the app answer every error that it foresees as a problem."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(FundstelleError, _own_error)
    app.add_exception_handler(ModelError, _no_vectors)
    app.add_exception_handler(NotReady, _not_ready)
    app.add_exception_handler(HTTPException, _http_error)


def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if errors and errors[0]["type"] == "json_invalid":
        where = errors[0]["loc"][-1]
        reason = errors[0]["ctx"]["error"]
        return respond(
            request,
            problem(400, f"The body is not JSON: {reason} at character {where}.", kind="json"),
        )
    wrong_type = _unsupported_media_type(request, errors)
    if wrong_type is not None:
        return respond(request, wrong_type)
    items = [_field_error(item) for item in errors]
    detail = "; ".join(f"{_name(item)}: {item['detail']}" for item in items[:3])
    if len(items) > 3:
        detail += f"; and {len(items) - 3} more"
    return respond(
        request,
        problem(422, detail, kind="invalid-request", title="Invalid request", errors=items),
    )


def _unsupported_media_type(
    request: Request, errors: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """A body of another type than asked for fails as a whole, at ``body`` itself."""
    if not any(tuple(item["loc"]) == ("body",) for item in errors):
        return None
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found == "application/json" or found.endswith("+json"):
        return None
    if request.headers.get("content-length", "0") == "0" and not found:
        return None
    return problem(
        415,
        f"Expected a body of type application/json, found {found or 'no type'}; "
        "send the header Content-Type: application/json.",
    )


def _field_error(item: Mapping[str, Any]) -> dict[str, str]:
    place, *path = item["loc"]
    detail = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        detail = "is not a field of this request; check its spelling"
    if place != "body":
        return {"parameter": ".".join(map(str, path)), "detail": detail}
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return {"pointer": "#" + "".join(f"/{part}" for part in parts), "detail": detail}


def _name(item: Mapping[str, str]) -> str:
    if "parameter" in item:
        return item["parameter"]
    return item["pointer"].removeprefix("#/") or "body"


def _own_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FundstelleError)
    body = problem_of(error)
    if body["status"] >= 500:
        _log.error("%s %s: %s", request.method, request.scope["path"], error, exc_info=error)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if body["status"] == 503 else {}
    return respond(request, body, headers)


def _no_vectors(request: Request, error: Exception) -> Response:
    """The model cannot be asked: nothing that the client can mend, and nothing was changed.

    Where the model is and what it said is for the log; clients need not know the inner network.
    """
    away = isinstance(error, ModelUnavailable)
    _log.error("%s %s: %s", request.method, request.scope["path"], error, exc_info=not away)
    wait = math.ceil(error.retry_after) if isinstance(error, ModelUnavailable) else MEND_SECONDS
    reason = (
        "The embedding model does not answer at the moment"
        if away
        else "The embedding model cannot be used; the service's log says why"
    )
    detail = f"{reason}. Send the same request again in {wait} s."
    body = problem(503, detail, kind="model", title="Model unavailable")
    return respond(request, body, {"Retry-After": str(wait)})


def _not_ready(request: Request, error: Exception) -> Response:
    body = problem(503, str(error), kind="not-ready", title="Not ready")
    return respond(request, body, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail
    if error.status_code == 404 and detail == phrase:
        detail = f"There is nothing at {request.scope['path']}; /docs lists what there is."
    elif error.status_code == 405 and detail == phrase:
        allowed = (error.headers or {}).get("Allow", "")
        detail = f"{request.method} is not possible here; allowed: {allowed}."
    return respond(request, problem(error.status_code, detail), error.headers)


def unexpected(request: Request, error: Exception) -> Response:
    """The response to a defect: its cause goes to the log, not to the client."""
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return respond(
        request,
        problem(500, "Something went wrong inside the service; its log has the details."),
    )

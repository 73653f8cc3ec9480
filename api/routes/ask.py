"""``/v1/ask``: a question in, passages with citations out."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from api import examples
from api.replies import AnswerOut
from api.routes.shared import ServiceDep, errors, example, json_response
from api.schemas import AskIn, AskQuery
from api.service import Service
from qa.serialise import answer_to_dict
from qa.types import Asking, Filters


class _Plain(APIRoute):
    """Reads a body that is plainly a question itself; all else, and every error, the framework.

    What the framework does for any body and any dependency takes a 30th of a question's time.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """A handler that tries to read the body first."""
        otherwise = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.headers.get("content-type") != "application/json":
                return await otherwise(request)
            try:
                asked = AskIn.model_validate(json.loads(await request.body()))
            except Exception:
                return await otherwise(request)  # which says what is wrong with it
            return await ask(asked, request.app.state.service)

        return handler


router = APIRouter(tags=["ask"], route_class=_Plain)
by_url = APIRouter(tags=["ask"])


@router.post(
    "/v1/ask",
    response_model=AnswerOut,
    responses={
        200: example(examples.ANSWER, "The best passages, best first."),
        **errors(400, 413, 415, 422, 503),
    },
)
async def ask(request: AskIn, service: ServiceDep) -> Response:
    """Ask a question in any language."""
    filters = request.filters.filters() if request.filters else Filters()
    return await _answer(
        service, Asking(request.question, request.top_k, filters, request.min_score)
    )


@by_url.get(
    "/v1/ask",
    response_model=AnswerOut,
    responses={
        200: example(examples.ANSWER, "The best passages, best first."),
        **errors(422, 503),
    },
)
async def ask_by_url(query: Annotated[AskQuery, Query()], service: ServiceDep) -> Response:
    """Ask the same with everything in the URL."""
    return await _answer(
        service, Asking(query.question, query.top_k, query.filters(), query.min_score)
    )


async def _answer(service: Service, asking: Asking) -> Response:
    collection = service.collection
    answer = await service.together.answer(asking)
    if answer is None:
        [answer] = await run_in_threadpool(collection.ask_all, [asking])
    body = answer_to_dict(answer)
    return json_response(body, headers={"Server-Timing": f"ask;dur={body['took_ms']}"})


router.include_router(by_url)

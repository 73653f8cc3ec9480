"""``/v1/ask``: a question in, passages with citations out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool

from api import examples
from api.replies import AnswerOut
from api.routes.shared import ServiceDep, errors, example, json_response
from api.schemas import AskIn, AskQuery
from api.service import Service
from qa.serialise import answer_to_dict
from qa.types import Asking, Filters

router = APIRouter(tags=["ask"])


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


@router.get(
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

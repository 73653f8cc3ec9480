"""What every route needs: the collection, JSON out, and errors documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response

from api import examples
from api.problems import MEDIA_TYPE
from api.replies import ProblemOut
from api.schemas import ID_PATTERN
from api.service import Service
from qa.collection import Collection
from qa.serialise import to_json


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _collection(request: Request) -> Collection:
    service: Service = request.app.state.service
    return service.collection


ServiceDep = Annotated[Service, Depends(_service)]
CollectionDep = Annotated[Collection, Depends(_collection)]
DocumentIdPath = Annotated[
    str,
    Path(
        pattern=ID_PATTERN,
        description="1..200 characters of A-Z a-z 0-9 . _ -",
        examples=["000_0213957b6fa26305.txt"],
    ),
]


def json_response(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON as it is, without the validation that a returned model would go through again."""
    return Response(
        to_json(body),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/json",
    )


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problems that an operation can answer with."""
    schema = ProblemOut.model_json_schema()
    return {
        status: {
            "description": examples.PROBLEMS[status]["title"],
            "content": {MEDIA_TYPE: {"schema": schema, "example": examples.PROBLEMS[status]}},
        }
        for status in statuses
    }


def example(value: object, description: str = "Done.") -> dict[str, Any]:
    """An OpenAPI entry with an example of a successful response."""
    return {"description": description, "content": {"application/json": {"example": value}}}

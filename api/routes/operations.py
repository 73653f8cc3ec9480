"""Health, readiness and metrics, for whoever runs the service."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from api import examples
from api.metrics import Metrics
from api.replies import HealthOut, ReadyOut
from api.routes.shared import CollectionDep, errors, example, json_response
from qa.serialise import index_to_dict

router = APIRouter(tags=["operations"])


@router.get("/healthz", response_model=HealthOut, responses={200: example(examples.HEALTH)})
async def health() -> Response:
    """The process is up; says nothing of whether it can answer questions."""
    return json_response({"status": "ok"})


@router.get(
    "/readyz",
    response_model=ReadyOut,
    responses={200: example(examples.READY), **errors(503)},
)
def ready(collection: CollectionDep) -> Response:
    """The collection is open and questions are answered."""
    return json_response(
        {"status": "ready", **index_to_dict(collection.status(), collection.model)}
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Counters and gauges in the Prometheus text format.",
            "content": {"text/plain": {"example": "fundstelle_ready 1.0\n"}},
        }
    },
)
def metrics(request: Request) -> Response:
    """What the service measures about itself."""
    measured: Metrics = request.app.state.metrics
    return Response(measured.exposition(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

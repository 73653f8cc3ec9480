"""``/v1/citations``: what became of a cited passage."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api import examples
from api.replies import CitationCheckOut
from api.routes.shared import CollectionDep, errors, example, json_response
from qa.serialise import citation_check_to_dict

router = APIRouter(tags=["citations"])


@router.get(
    "/v1/citations/{id}",
    response_model=CitationCheckOut,
    responses={200: example(examples.CITATION_CHECK), **errors(404, 422, 503)},
)
def look_up_citation(
    id: Annotated[str, Path(examples=[examples.CITATION_CHECK["citation"]["id"]])],
    collection: CollectionDep,
) -> Response:
    """Look a citation up, long after it was issued."""
    return json_response(citation_check_to_dict(collection.citation(id)))

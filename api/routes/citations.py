"""``/v1/citations``: what became of a cited passage, and whether documents say a quote."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api import examples
from api.replies import CitationCheckOut
from api.routes.shared import CollectionDep, errors, example, json_response
from api.schemas import VerifyIn, VerifyTextIn
from api.verification_replies import VerificationOut, VerifiedTextOut
from qa.serialise import citation_check_to_dict, verification_to_dict, verified_text_to_dict

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


@router.post(
    "/v1/citations/verify",
    response_model=VerificationOut,
    responses={200: example(examples.VERIFICATION), **errors(400, 404, 413, 415, 422, 503)},
)
def verify_quote(request: VerifyIn, collection: CollectionDep) -> Response:
    """Check whether the documents say these words, where, and what they say instead."""
    found = collection.verify(request.quote, request.document_id)
    return json_response(verification_to_dict(found))


@router.post(
    "/v1/citations/verify-text",
    response_model=VerifiedTextOut,
    responses={200: example(examples.VERIFIED_TEXT), **errors(400, 404, 413, 415, 422, 503)},
)
def verify_text(request: VerifyTextIn, collection: CollectionDep) -> Response:
    """Check every quotation in a text."""
    found = collection.verify_text(request.text, request.document_id)
    return json_response(verified_text_to_dict(found))

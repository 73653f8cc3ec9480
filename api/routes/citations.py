"""``/v1/citations``: what became of a cited passage, in many formats; whether a quote is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api import examples
from api.citation_media import CONTENT_TYPES, MEDIA_TYPES, Format, chosen
from api.replies import CitationCheckOut
from api.routes.shared import CollectionDep, errors, example, json_response
from api.schemas import VerifyIn, VerifyTextIn
from api.verification_replies import VerificationOut, VerifiedTextOut
from qa.citation_formats import FORMATS
from qa.serialise import citation_check_to_dict, verification_to_dict, verified_text_to_dict
from qa.types import Citation

router = APIRouter(tags=["citations"])

_VARY = {"Vary": "Accept"}
_FOUND: dict[str, Any] = {
    "description": "The citation, in the format that was asked for.",
    "content": {
        MEDIA_TYPES["json"]: {"example": examples.CITATION_CHECK},
        MEDIA_TYPES["jsonld"]: {"schema": {"type": "object"}, "example": examples.ANNOTATION},
        MEDIA_TYPES["csl"]: {"schema": {"type": "array"}, "example": examples.CSL},
        MEDIA_TYPES["bibtex"]: {"schema": {"type": "string"}, "example": examples.BIBTEX},
        MEDIA_TYPES["markdown"]: {"schema": {"type": "string"}, "example": examples.MARKDOWN},
        MEDIA_TYPES["text"]: {"schema": {"type": "string"}, "example": examples.TEXT_CITATION},
    },
}


@router.get(
    "/v1/citations/{id}",
    response_model=CitationCheckOut,
    responses={200: _FOUND, **errors(404, 410, 422, 503)},
)
def look_up_citation(
    request: Request,
    id: Annotated[str, Path(examples=[examples.CITATION_CHECK["citation"]["id"]])],
    collection: CollectionDep,
    format: Annotated[
        Format | None, Query(description="Wins over the header `Accept`; without both, json.")
    ] = None,
) -> Response:
    """Look a citation up, long after it was issued.

    JSON says what became of it; the other formats write the citation itself, for reference
    managers, annotation tools and texts: by the header `Accept`, or by `format`.
    """
    check = collection.citation(id)
    wanted = chosen(", ".join(request.headers.getlist("accept")), format)
    if wanted == "json":
        return json_response(citation_check_to_dict(check), headers=_VARY)
    body = FORMATS[wanted](_with_server(check.citation, request))
    return Response(body, headers={**_VARY, "Content-Type": CONTENT_TYPES[wanted]})


def _with_server(citation: Citation, request: Request) -> Citation:
    """These formats leave for other programs, where a link without its server leads nowhere."""
    if not citation.url.startswith("/"):
        return citation
    return replace(citation, url=str(request.base_url).rstrip("/") + citation.url)


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

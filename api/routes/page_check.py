"""What the view that checks quotes asks for: verdicts, with both sides cut where they differ.

For the page only, like ``page_data``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.routes.shared import CollectionDep, json_response
from api.schemas import DocumentId
from qa.pieces import drawn
from qa.serialise import verification_to_dict
from qa.verification import Verification

router = APIRouter(prefix="/page", include_in_schema=False)

Pasted = Annotated[str, StringConstraints(min_length=1)]


class QuoteIn(BaseModel):
    """A quote, and the one document it should be in."""

    model_config = ConfigDict(extra="forbid")

    quote: Pasted
    document_id: DocumentId | None = None


class TextIn(BaseModel):
    """A text with quotations in it, and the one document they should be in."""

    model_config = ConfigDict(extra="forbid")

    text: Pasted
    document_id: DocumentId | None = None


@router.post("/verify")
def verify(body: QuoteIn, collection: CollectionDep) -> Response:
    """What ``/v1/citations/verify`` answers, with both sides cut at their differences."""
    return json_response(_shown(collection.verify(body.quote, body.document_id)))


@router.post("/verify-text")
def verify_text(body: TextIn, collection: CollectionDep) -> Response:
    """What ``/v1/citations/verify-text`` answers, with the text cut at its quotations."""
    found = collection.verify_text(body.text, body.document_id)
    marks = [(place.start, place.end, each.verdict) for place, each in found.quotations]
    return json_response(
        {
            "quotations": [_shown(each) for _, each in found.quotations],
            "pieces": [asdict(piece) for piece in drawn(body.text, 0, marks)],
        }
    )


def _shown(verification: Verification) -> dict[str, Any]:
    """A verification with ``drawn``: the quote and what the document says instead, or null."""
    closest = [*verification.matches, *(citation for _, citation in verification.nearest)]
    body = verification_to_dict(verification) | {"drawn": None}
    if verification.differences and closest:
        found = closest[0]
        differences = verification.differences
        expected = [(each.expected_start, each.expected_end, each.kind) for each in differences]
        actual = [(each.found_start, each.found_end, each.kind) for each in differences]
        body["drawn"] = {
            "quote": [asdict(each) for each in drawn(verification.quote, 0, expected)],
            "found": [asdict(each) for each in drawn(found.quote, found.start, actual)],
        }
    return body

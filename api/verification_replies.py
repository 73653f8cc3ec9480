"""The shapes of responses about quotes, for the OpenAPI document only; see ``api.replies``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.replies import CitationOut, DifferenceOut


class SpanOut(BaseModel):
    """A place in the document of the first match."""

    start: int
    end: int


class NearOut(BaseModel):
    """A place that says something like the quote."""

    similarity: float = Field(description="0..1.")
    citation: CitationOut


Verdict = Literal["exact", "normalised", "altered", "ambiguous", "other_document", "not_found"]


class VerificationOut(BaseModel):
    """What became of a quote. `matches` has at most 50 of the `places`."""

    verdict: Verdict
    quote: str
    matches: list[CitationOut]
    differences: list[DifferenceOut] = Field(description="From the first match, when altered.")
    nearest: list[NearOut] = Field(description="At most three, when not found.")
    parts: list[SpanOut] = Field(description="The parts of a quote with ellipses.")
    places: int


class QuotationOut(BaseModel):
    """A quotation of the text and what became of it. Offsets count in the text that was sent."""

    start: int
    end: int
    quote: str
    verdict: Verdict
    matches: list[CitationOut]
    differences: list[DifferenceOut]
    nearest: list[NearOut]
    parts: list[SpanOut]
    places: int


class VerifiedTextOut(BaseModel):
    """The quotations of a text; `skipped` were too short to be verified."""

    quotations: list[QuotationOut]
    counts: dict[Verdict, int] = Field(description="How many there are of each verdict.")
    skipped: int

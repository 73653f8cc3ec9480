"""What the page asks for: the contract's answers, with every text cut into pieces.

For the page only, which cannot cut: JavaScript counts UTF-16 units, offsets code points. Programs
use ``/v1``, which is stable; this is not.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field

from api.routes.shared import CollectionDep, DocumentIdPath, json_response
from api.schemas import AskQuery, Dates, Language
from qa import reading
from qa.catalogue import Catalogue
from qa.citations import citation_id
from qa.collection import Collection
from qa.dates import from_text_start
from qa.graphemes import boundary_before
from qa.pieces import pieces
from qa.serialise import answer_to_dict, citation_to_dict, document_to_dict
from qa.types import Citation, Filters, Span, StoredDocument, text_sha256

OPENING_CHARACTERS = 160
_OPENING_LIMIT = 200_000  # longer texts are not read only to show how they begin

router = APIRouter(prefix="/page", include_in_schema=False)


class DocumentsQuery(Dates):
    """Which documents to list."""

    model_config = ConfigDict(strict=False)

    words: str = Field(default="", max_length=200)
    language: list[Language] = Field(default=[], max_length=100)
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=50, ge=1, le=200)

    def filters(self) -> Filters:
        """The same as the program's own value."""
        return Filters(
            languages=tuple(self.language),
            published_from=self.published_from,
            published_to=self.published_to,
        )


@router.get("/answer")
def answer(query: Annotated[AskQuery, Query()], collection: CollectionDep) -> Response:
    """What ``/v1/ask`` answers, with each result's text cut at its highlights."""
    found = collection.ask(
        query.question, top_k=query.top_k, filters=query.filters(), min_score=query.min_score
    )
    body = answer_to_dict(found)
    for shown, result in zip(body["results"], found.results, strict=True):
        shown["pieces"] = [asdict(piece) for piece in pieces(result)]
    return json_response(body)


@router.get("/documents")
def documents(
    query: Annotated[DocumentsQuery, Query()], request: Request, collection: CollectionDep
) -> Response:
    """Documents that match, newest first, each with how it begins."""
    catalogue: Catalogue = request.app.state.catalogue
    listing = catalogue.list(collection, query.words, query.filters(), query.offset, query.limit)
    return json_response(
        {
            "documents": [
                document_to_dict(each) | {"opening": _opening(collection, each)}
                for each in listing.documents
            ],
            "matching": listing.matching,
            "total": listing.total,
            "languages": [
                {"language": code, "documents": count} for code, count in listing.languages
            ],
        }
    )


@router.get("/document/{id}")
def document(
    id: DocumentIdPath,
    collection: CollectionDep,
    start: Annotated[int | None, Query(ge=0)] = None,
    end: Annotated[int | None, Query(ge=0)] = None,
    before: Annotated[int | None, Query(ge=0)] = None,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """A document around the cited span, or the part before or after what is shown already.

    ``citation`` is null when there is no such span in the document as it is now.
    """
    described, text = _consistent(collection, id)
    cited = None
    if start is not None and end is not None and start < end <= len(text):
        cited = Span(start, end)
    if before is not None:
        part = reading.part_before(text, min(before, len(text)))
    elif after is not None:
        part = reading.part_after(text, min(after, len(text)))
    else:
        part = reading.window(text, cited)
    first_line = _cite(collection, described, part.start).lines[0] if part.start < part.end else 1
    shown = reading.lines(text, part, first_line, cited, described.pages)
    body: dict[str, Any] = {
        "document": document_to_dict(described),
        "citation": cited
        and citation_to_dict(_cite(collection, described, cited.start, cited.end)),
        "start": part.start,
        "end": part.end,
        "continues": reading.continues(text, part.start),
        "lines": [asdict(line) for line in shown],
    }
    return json_response(body)


def _consistent(collection: Collection, document_id: str) -> tuple[StoredDocument, str]:
    """A document and its text, of the same version even while it is being replaced."""
    while True:
        described = collection.document(document_id)
        text = collection.text(document_id)
        if text_sha256(text) == described.sha256:
            return described, text


def _cite(
    collection: Collection, document: StoredDocument, start: int, end: int | None = None
) -> Citation:
    """The citation of a span, or of the one character at ``start``, for the line it is in."""
    stop = start + 1 if end is None else end
    return collection.citation(citation_id(document.id, document.sha256, start, stop)).citation


def _opening(collection: Collection, document: StoredDocument) -> str | None:
    """How a text begins, to recognise it by; for the eye only, so white space is folded."""
    if document.characters > _OPENING_LIMIT:
        return None
    text = collection.text(document.id)
    date = from_text_start(text)
    first = date.end if date else 0
    text = " ".join(text[first : first + 4 * OPENING_CHARACTERS].split())
    if len(text) <= OPENING_CHARACTERS:
        return text
    cut = text[: boundary_before(text, OPENING_CHARACTERS, 0)]
    return cut.rpartition(" ")[0] or cut

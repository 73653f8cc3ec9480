"""``/v1/documents``: add, replace, list, describe, read, remove."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError

from api import examples
from api.replies import ChangeOut, ChangesOut, DocumentOut, DocumentsOut, RemovedOut, TextOut
from api.routes.shared import (
    CollectionDep,
    DocumentIdPath,
    errors,
    example,
    json_response,
)
from api.schemas import ID_PATTERN, DocumentIn, DocumentsIn
from qa.serialise import change_to_dict, document_to_dict
from qa.types import Document, text_sha256

router = APIRouter(tags=["documents"])


@router.put(
    "/v1/documents/{id}",
    response_model=ChangeOut,
    responses={
        200: example(examples.CHANGE | {"status": "updated"}, "Replaced, or unchanged."),
        201: example(examples.CHANGE, "Added.") | {"model": ChangeOut},
        **errors(400, 413, 415, 422, 503),
    },
)
def put_document(id: DocumentIdPath, body: DocumentIn, collection: CollectionDep) -> Response:
    """Add or replace a document; it is durable and searchable when this answers."""
    (change,) = collection.put([_document(id, body)])
    return json_response(change_to_dict(change), 201 if change.status == "created" else 200)


@router.post(
    "/v1/documents",
    response_model=ChangesOut,
    responses={
        200: example(examples.CHANGES, "All were replaced, or unchanged."),
        201: example(examples.CHANGES, "At least one was added.") | {"model": ChangesOut},
        **errors(400, 413, 415, 422, 503),
    },
)
def put_documents(body: DocumentsIn, collection: CollectionDep) -> Response:
    """Add or replace many documents: all of them, or none."""
    changes = collection.put([_document(each.id, each) for each in body.documents])
    return json_response(
        {
            "documents": [change_to_dict(change) for change in changes],
            "sequence": max(change.sequence for change in changes),
        },
        201 if any(change.status == "created" for change in changes) else 200,
    )


@router.get(
    "/v1/documents",
    response_model=DocumentsOut,
    responses={200: example(examples.DOCUMENTS), **errors(422, 503)},
)
def list_documents(
    collection: CollectionDep,
    cursor: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """List documents in order of id."""
    # One more than asked for says whether there is another page.
    found = collection.documents(cursor, limit + 1)
    return json_response(
        {
            "documents": [document_to_dict(document) for document in found[:limit]],
            "next_cursor": found[limit - 1].id if len(found) > limit else None,
        }
    )


@router.get(
    "/v1/documents/{id}",
    response_model=DocumentOut,
    responses={200: example(examples.DOCUMENT), **errors(404, 422, 503)},
)
def describe_document(id: DocumentIdPath, collection: CollectionDep) -> Response:
    """Describe a document."""
    return json_response(document_to_dict(collection.document(id)))


@router.get(
    "/v1/documents/{id}/text",
    response_model=TextOut,
    responses={200: example(examples.TEXT), **errors(404, 422, 503)},
)
def read_document(
    id: DocumentIdPath,
    collection: CollectionDep,
    start: Annotated[int, Query(ge=0, description="First code point.")] = 0,
    end: Annotated[int | None, Query(ge=0, description="One past the last.")] = None,
) -> Response:
    """Read a document's current text, or a slice of it in code points."""
    text = collection.text(id)
    stop = len(text) if end is None else end
    if stop > len(text):
        raise _out_of_range("end", stop, f"at most {len(text)}, the length of the text")
    if start > stop:
        raise _out_of_range("start", start, f"at most {stop}, where the slice ends")
    return json_response(
        {
            "id": id,
            # Of the very text that is sliced, even if the document is being replaced.
            "sha256": text_sha256(text),
            "start": start,
            "end": stop,
            "text": text[start:stop],
            "length": len(text),
        }
    )


@router.delete(
    "/v1/documents/{id}",
    response_model=RemovedOut,
    responses={200: example(examples.REMOVED), **errors(404, 422, 503)},
)
def remove_document(id: DocumentIdPath, collection: CollectionDep) -> Response:
    """Remove a document. Citations of it can still be looked up."""
    sequence = collection.remove([id])
    return json_response({"id": id, "sequence": sequence, "status": "deleted"})


def _document(id: str, body: DocumentIn) -> Document:
    return Document(
        id=id,
        text=body.text,
        source=body.source,
        title=body.title,
        language=body.language,
        published=body.published,
        metadata=body.metadata,
    )


def _out_of_range(name: str, value: int, expected: str) -> RequestValidationError:
    return RequestValidationError(
        [
            {
                "type": "out_of_range",
                "loc": ("query", name),
                "msg": f"should be {expected}; found {value}",
                "input": value,
            }
        ]
    )

"""``/v1/files``: documents as files, whose text is taken out of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.problems import problem, problem_of, respond
from api.replies import FilesOut
from api.routes.shared import CollectionDep, errors, example, json_response
from api.schemas import Date, DocumentId, Label, Language
from qa.errors import FundstelleError
from qa.files import document_id_for
from qa.intake import Refused, Taken, put_each
from qa.readers import read_document
from qa.serialise import change_to_dict
from qa.types import Document

router = APIRouter(tags=["documents"])


class FilesIn(BaseModel):
    """Files, and what is known of them better than they know themselves."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[list[UploadFile], File(description="One file or several.")] = Field(default=[])
    files: Annotated[list[UploadFile], File(description="The same, by another name.")] = Field(
        default=[]
    )
    id: DocumentId | None = Field(default=None, description="For a single file only.")
    title: Label | None = None
    source: Label | None = None
    language: Language | None = None
    published: Date | None = None


@router.post(
    "/v1/files",
    response_model=FilesOut,
    responses={
        200: example(examples.FILES, "Files were replaced, or unchanged."),
        201: example(examples.FILES, "At least one was added.") | {"model": FilesOut},
        **errors(400, 413, 422, 503),
    },
)
def put_files(
    request: Request,
    form: Annotated[FilesIn, Form(media_type="multipart/form-data")],
    collection: CollectionDep,
) -> Response:
    """Add or replace txt, md, html, pdf and docx files; ids come from their names.

    The good files are in even when others are not: those are named in `failed` with the reason. A
    single file that fails, or several that all fail, are an error.
    """
    uploads = form.file + form.files
    _check(form, uploads)
    outcomes = list(put_each(collection, _documents(form, uploads)))
    taken = [outcome.change for outcome in outcomes if isinstance(outcome, Taken)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    failed = [{"name": each.name, "problem": problem_of(each.error)} for each in refused]
    if not taken:
        if len(refused) == 1:
            return respond(request, problem_of(refused[0].error))
        detail = f"None of the {len(failed)} files could be taken; `failed` says why for each."
        title = "No file taken"
        return respond(
            request, problem(422, detail, kind="no-file-taken", title=title, failed=failed)
        )
    return json_response(
        {"documents": [change_to_dict(change) for change in taken], "failed": failed},
        201 if any(change.status == "created" for change in taken) else 200,
    )


def _documents(
    form: FilesIn, uploads: list[UploadFile]
) -> Iterator[tuple[str, Document | FundstelleError]]:
    for upload in uploads:
        name = upload.filename or ""
        try:
            yield (
                name,
                read_document(
                    upload.file.read(),
                    name,
                    document_id=form.id or document_id_for(name),
                    source=form.source or name,
                    published=form.published,
                    title=form.title,
                    language=form.language,
                ),
            )
        except FundstelleError as error:
            yield name, error


def _check(form: FilesIn, uploads: list[UploadFile]) -> None:
    if not uploads:
        raise _invalid("file", "at least one file is needed, as the form field `file`")
    if form.id is not None and len(uploads) > 1:
        raise _invalid("id", f"can be given for a single file only; there are {len(uploads)}")
    for upload in uploads:
        if not upload.filename:
            raise _invalid("file", "each file needs a filename: its ending says what it is")


def _invalid(field: str, message: str) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "value_error", "loc": ("body", field), "msg": message, "input": None}]
    )

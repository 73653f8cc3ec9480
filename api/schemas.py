"""The shapes of requests, checked. Fields that are not known are refused. Knows no behaviour."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from qa.dates import bounds
from qa.errors import InvalidDate
from qa.types import Filters

ID_PATTERN = r"^[A-Za-z0-9._-]{1,200}$"
MAX_DOCUMENTS = 10_000


def _date(value: str) -> str:
    try:
        bounds(value)
    except InvalidDate as error:
        raise ValueError(str(error)) from None
    return value


def _encodable(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start} is half of a surrogate pair, which no text can hold"
        ) from None
    return value


Text = Annotated[str, AfterValidator(_encodable)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_encodable)]
DocumentId = Annotated[
    str, Field(pattern=ID_PATTERN, description="1..200 characters of A-Z a-z 0-9 . _ -")
]
Language = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}$", description="ISO 639-1 code, such as `de`.")
]
Date = Annotated[
    str, AfterValidator(_date), Field(description="`YYYY`, `YYYY-MM` or `YYYY-MM-DD`.")
]
Question = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_encodable),
    Field(description="In any language; surrounding white space does not count."),
]
TopK = Annotated[int, Field(ge=1, le=50, description="How many passages to return.")]
MinScore = Annotated[
    float,
    Field(ge=0, le=1, allow_inf_nan=False, description="Leave out results scored lower."),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Dates(_Request):
    """A range of dates of publication."""

    published_from: Date | None = None
    published_to: Date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        first, last = self.published_from, self.published_to
        if first and last and bounds(first)[0] > bounds(last)[1]:
            raise ValueError(f"published_from ({first}) is after published_to ({last})")
        return self


class FiltersIn(Dates):
    """Restricts the search itself, so that `top_k` results come back when they exist."""

    language: list[Language] = Field(default=[], max_length=100)
    document_ids: list[DocumentId] = Field(default=[], max_length=1000)

    def filters(self) -> Filters:
        """The same as the program's own value."""
        return Filters(
            languages=tuple(self.language),
            document_ids=tuple(self.document_ids),
            published_from=self.published_from,
            published_to=self.published_to,
        )


class AskIn(_Request):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"question": "Will Belarus send soldiers to Ukraine?", "top_k": 5}]
        }
    )

    question: Question
    top_k: TopK = 5
    filters: FiltersIn | None = None
    min_score: MinScore | None = None


class AskQuery(Dates):
    """The same question in a URL."""

    # A URL has only strings, so numbers are read from them.
    model_config = ConfigDict(strict=False)

    question: Question = Field(examples=["Will Belarus send soldiers to Ukraine?"])
    top_k: TopK = 5
    language: list[Language] = Field(default=[], max_length=100)
    document_id: list[DocumentId] = Field(default=[], max_length=1000)
    min_score: MinScore | None = None

    def filters(self) -> Filters:
        """The same as the program's own value."""
        return Filters(
            languages=tuple(self.language),
            document_ids=tuple(self.document_id),
            published_from=self.published_from,
            published_to=self.published_to,
        )


class DocumentIn(_Request):
    """A document without its id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "Der Hafen von Odessa ist seit Montag wieder geöffnet.",
                    "title": "Hafen wieder offen",
                    "source": "https://example.org/hafen",
                    "published": "2022-08-01",
                }
            ]
        }
    )

    text: Text = Field(description="Kept exactly as it is; every offset counts in it.")
    title: Label | None = None
    source: Label = "api"
    language: Language | None = Field(default=None, description="Detected when left out.")
    published: Date | None = None
    metadata: dict[str, Any] = Field(default={}, description="Kept and returned; not searched.")


class DocumentWithIdIn(DocumentIn):
    """A document."""

    id: DocumentId


class DocumentsIn(_Request):
    """Documents to add or replace together: all of them, or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "documents": [
                        {"id": "hafen", "text": "Der Hafen von Odessa ist wieder geöffnet."},
                        {"id": "port.en", "text": "The port of Odesa has reopened."},
                    ]
                }
            ]
        }
    )

    documents: list[DocumentWithIdIn] = Field(min_length=1, max_length=MAX_DOCUMENTS)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[str] = set()
        for document in self.documents:
            if document.id in seen:
                raise ValueError(f"the id {document.id!r} is given twice; send it once")
            seen.add(document.id)
        return self


class VerifyIn(_Request):
    """A quote, and the document that is said to hold it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"quote": "seine Soldaten an die Front zu schicken"}]}
    )

    quote: Annotated[Text, Field(min_length=1, max_length=20_000)]
    document_id: DocumentId | None = None


class VerifyTextIn(_Request):
    """A text that quotes, and the document that it quotes from."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "Man liest: „seine Soldaten an die Front zu schicken“."}]
        }
    )

    text: Annotated[Text, Field(min_length=1, max_length=200_000)]
    document_id: DocumentId | None = None

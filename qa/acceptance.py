"""What every engine refuses to store. Knows prepared documents, no storage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qa.errors import Conflict, InvalidInput
from qa.types import Document, PreparedPassage


def require_distinct(document_ids: Sequence[str]) -> None:
    """Raise Conflict when a document is given twice in one change."""
    seen: set[str] = set()
    for document_id in document_ids:
        if document_id in seen:
            raise Conflict(
                f"document {document_id!r} is given twice in one change; send it once, or under "
                "two ids"
            )
        seen.add(document_id)


def require_sound(document: Document, one: PreparedPassage, dimension: int) -> None:
    """Raise InvalidInput unless a passage lies in its document and has a finite vector."""
    passage = one.passage
    if not 0 <= passage.start < passage.end <= len(document.text):
        raise InvalidInput(
            f"expected a passage within the {len(document.text)} characters of document "
            f"{document.id!r}, found {passage.start}..{passage.end}"
        )
    if one.vector.shape != (dimension,) or not np.isfinite(one.vector).all():
        raise InvalidInput(
            f"expected finite vectors of length {dimension}, document {document.id!r} has one of "
            f"shape {one.vector.shape}; prepare it with the model that this engine was opened for"
        )

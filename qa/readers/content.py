"""What a reader makes of a file. Knows no ids and no file names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Content:
    """A text, and what the file says about it.

    Attributes:
        text: decoded once; from here on never rewritten.
        title: as the file states it, or None.
        published: ``YYYY[-MM[-DD]]``, or None.
        language: ISO 639-1 as the file declares it, or None.
        metadata: anything else worth keeping, as JSON can hold it.
        pages: offset of each page's first character; empty without pages.
    """

    text: str
    title: str | None = None
    published: str | None = None
    language: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pages: tuple[int, ...] = ()

"""Reads Word documents by python-docx: paragraphs and tables, in order. Knows no layout.

Blocks are set apart by blank lines, the cells of a table row by tabs.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from qa.errors import UnreadableFile
from qa.readers.content import Content


def read(data: bytes) -> Content:
    """Text of the body, with title, date and author of the core properties.

    Raises:
        UnreadableFile: not a Word document, or damaged.
    """
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError

    try:
        document = docx.Document(io.BytesIO(data))
        blocks = [block for block in _blocks(document) if block.strip()]
        facts = document.core_properties
        titled = facts.title.strip() or _titled(document)
        moment = facts.created or facts.modified
        author = facts.author.strip()
    except (PackageNotFoundError, zipfile.BadZipFile, LxmlError, KeyError, ValueError) as error:
        raise UnreadableFile(
            f"expected a Word document (.docx), found a damaged or different file ({error}); "
            "open it in a word processor and save it as .docx again"
        ) from error
    return Content(
        text="\n\n".join(blocks),
        title=titled or None,
        published=moment.date().isoformat() if moment else None,
        metadata={"author": author} if author else {},
    )


def _blocks(container: Any) -> Iterator[str]:  # noqa: ANN401 - python-docx has no types
    from docx.table import Table

    for block in container.iter_inner_content():
        yield _table(block) if isinstance(block, Table) else block.text


def _table(table: Any) -> str:  # noqa: ANN401 - python-docx has no types
    rows = []
    for row in table.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:  # a merged cell comes once for every column it spans
            if id(cell._tc) not in seen:
                seen.add(id(cell._tc))
                cells.append(" ".join(part for block in _blocks(cell) for part in block.split()))
        rows.append("\t".join(cells))
    return "\n".join(row for row in rows if row.strip())


def _titled(document: Any) -> str:  # noqa: ANN401 - python-docx has no types
    """The first paragraph in the style "Title", or else in "Heading 1"."""
    for style in ("Title", "Heading 1"):
        for paragraph in document.paragraphs:
            if paragraph.style is not None and paragraph.style.name == style:
                if title := paragraph.text.strip():
                    return str(title)
    return ""

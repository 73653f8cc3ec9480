"""Turns the bytes of a file into a Document. Knows no folders and no store.

The kind of a file is told by its content where that is unmistakable (PDF, Word), and otherwise by
the suffix of its name. Libraries are imported when a file needs them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

from qa import dates
from qa import language as languages
from qa.errors import EmptyDocument, TooLarge, UnreadableFile
from qa.files import document_id_for
from qa.readers.content import Content
from qa.types import Document

SUPPORTED = ".txt .text .md .markdown .html .htm .xhtml .pdf .docx".split()
"""Suffixes that are read for certain; a file with an unknown one is read if it is text."""

_MODULES = {
    ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html",
    ".xhtml": "html", ".pdf": "pdf", ".docx": "docx",
}  # fmt: skip
# Text to a computer, but no documents: nobody asks questions of a log.
_DATA = frozenset(
    ".csv .tsv .json .jsonl .ndjson .xml .yaml .yml .toml .ini .log .sql .svg".split()
)
_OTHER_WORD = frozenset(".doc .odt .rtf .pages .wps".split())


def read_document(
    data: bytes,
    name: str,
    *,
    document_id: str | None = None,
    source: str | None = None,
    published: str | None = None,
    title: str | None = None,
    language: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    max_characters: int | None = None,
) -> Document:
    """The document in a file. What the caller knows goes before what the file says.

    Args:
        data: the file's bytes.
        name: the file's name; its suffix tells the format.
        document_id: instead of the one made from the name.
        source: where the file came from, for people; its name by default.
        published: ``YYYY[-MM[-DD]]``.
        title: instead of the one found.
        language: ISO 639-1, instead of the one detected.
        metadata: added to what the file says.
        max_characters: the longest text to accept.

    Raises:
        UnreadableFile: not text, damaged, encrypted or of a kind that is not supported.
        EmptyDocument: no text in it.
        TooLarge: more than ``max_characters``.
        InvalidDate: ``published`` is not a date.
    """
    if published is not None:
        dates.validate(published)
    content = _content(data, name)
    text = content.text
    if not text.strip():
        raise EmptyDocument(f"{name} has no text in it; leave it out or fill it")
    if max_characters is not None and len(text) > max_characters:
        raise TooLarge(
            f"{name} has {len(text):,} characters, more than the {max_characters:,} allowed; "
            "split it or raise FUNDSTELLE_MAX_DOCUMENT_CHARACTERS"
        )
    return Document(
        id=document_id or document_id_for(name),
        text=text,
        source=source or name,
        title=title or content.title,
        # A declared language is often a template's; what is written decides.
        language=language or languages.detect(text) or content.language,
        published=published or content.published,
        metadata={**content.metadata, **(metadata or {})},
        pages=content.pages,
    )


def _content(data: bytes, name: str) -> Content:
    suffix = PurePosixPath(name).suffix.lower()
    if not data.strip():
        raise EmptyDocument(f"{name} is empty; leave it out or fill it")
    try:
        return _reader(_kind(data, suffix))(data)
    except UnreadableFile as error:
        if suffix in SUPPORTED:
            raise UnreadableFile(f"{name}: {error}") from error
        raise UnreadableFile(f"{name}: {error}. Supported: {' '.join(SUPPORTED)}") from error


def _reader(module: str) -> Callable[[bytes], Content]:
    reader: Callable[[bytes], Content] = import_module(f"qa.readers.{module}").read
    return reader


def _kind(data: bytes, suffix: str) -> str:
    """Which reader a file needs; raises UnreadableFile when there is none."""
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return "docx" if suffix == ".docx" or _is_word(data) else _refuse("an archive")
    if suffix in SUPPORTED:
        return _MODULES.get(suffix, "text")
    if suffix in _OTHER_WORD or data.startswith((b"{\\rtf", b"\xd0\xcf\x11\xe0")):
        return _refuse("a document of another word processor; save it as .docx")
    if suffix in _DATA:
        return _refuse(f"data ({suffix}), not a document; turn it into text first")
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" if start.startswith((b"<!doctype html", b"<html")) else "text"


def _is_word(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "word/document.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _refuse(found: str) -> str:
    raise UnreadableFile(f"expected a document, found {found}")

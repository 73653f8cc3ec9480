"""Finds files on disk and names the documents made of them. Does not know what is in a file."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyascii import anyascii

from qa.errors import TooLarge, UnreadableFile

_LEGAL = re.compile(r"[A-Za-z0-9._-]{1,200}", re.ASCII)
_SLUG_LENGTH = 200 - 1 - 8


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: where it is.
        name: what its document is called: the file's name, or its path below the given folder,
            with ``/`` between the parts on every system.
        source: the same for people, beginning with the given folder's name.
    """

    path: Path
    name: str
    source: str


def document_id_for(name: str) -> str:
    """The id of the document of this name: 1..200 characters of ``[A-Za-z0-9._-]``.

    A name that is a legal id is its own id. Any other becomes readable ASCII, and part of its
    SHA-256 keeps different names apart.
    """
    # "." and ".." are legal characters but vanish from URLs.
    if _LEGAL.fullmatch(name) and name.strip("."):
        return name
    slug = re.sub(r"[^A-Za-z0-9._]+", "-", anyascii(name)).strip("-.")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{slug[:_SLUG_LENGTH] or 'document'}-{digest}"


def discover(paths: Sequence[Path]) -> Iterator[FoundFile]:
    """Every file given or below a given folder, each once, in a stable order.

    Hidden files and folders below a given folder are passed over; everything else is named,
    whether or not it can be read, so that nothing is left out in silence. A path that does not
    exist is named too: `read_bytes` says what is wrong with it.
    """
    seen: set[tuple[Path, str]] = set()
    for path in paths:
        for found in _below(path) if path.is_dir() else [FoundFile(path, path.name, path.name)]:
            key = (found.path.absolute(), found.name)
            if key not in seen:
                seen.add(key)
                yield found


def read_bytes(found: FoundFile, max_bytes: int | None = None) -> bytes:
    """The bytes of a found file.

    Raises:
        UnreadableFile: missing, not permitted or not a regular file; the message says which.
        TooLarge: more than ``max_bytes``; found out before anything is read.
    """
    try:
        if not found.path.is_file():
            what = "is not a regular file" if found.path.exists() else "does not exist"
            raise UnreadableFile(f"{found.source} {what}; name a file or a folder of files")
        size = found.path.stat().st_size
        if max_bytes is not None and size > max_bytes:
            raise TooLarge(
                f"{found.source} has {size:,} bytes, more than the {max_bytes:,} allowed; "
                "split it or raise FUNDSTELLE_MAX_UPLOAD_BYTES"
            )
        return found.path.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            f"{found.source} cannot be read: {error.strerror or error}; check that it still "
            "exists and that you may read it"
        ) from error


def _below(folder: Path) -> Iterator[FoundFile]:
    top = folder.resolve().name
    for path in _walk(folder, frozenset()):
        name = path.relative_to(folder).as_posix()
        yield FoundFile(path, name, f"{top}/{name}" if top else name)


def _walk(folder: Path, above: frozenset[tuple[int, int]]) -> Iterator[Path]:
    """Files in order of their names. A link back to a folder above is not followed again."""
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except PermissionError:
        yield folder  # named, so that reading it says why nothing below it was found
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), above | {here})
        else:
            yield Path(entry.path)

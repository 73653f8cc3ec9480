"""The files of a tantivy index on disk: proves them undamaged, removes them. Knows no terms.

tantivy ends each segment file with a footer: JSON with the CRC-32 of what comes before, then its
length and a magic number, both little-endian uint32. It does not check them when it opens an
index, and a damaged one may crash a search or answer wrongly.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_MAGIC = 1337
_ENDS = struct.Struct("<II")
_PIECE = 1 << 20


def segment_sizes(folder: Path) -> list[int]:
    """How many passages each segment of an index was made with.

    Raises:
        OSError: there is no index.
        ValueError: it cannot be read.
    """
    segments = json.loads((folder / "meta.json").read_bytes())["segments"]
    return [int(segment["max_doc"]) for segment in segments]


def damaged(folder: Path) -> Iterator[str]:
    """One sentence for each committed file that is not as it was written.

    Reads every byte, about a second per GB. Nothing to say when there is no index.
    """
    try:
        segments = json.loads((folder / "meta.json").read_bytes())["segments"]
        names = {segment["segment_id"].replace("-", "") for segment in segments}
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield f"meta.json cannot be read: {error}"
        return
    for path in sorted(folder.iterdir()):
        if path.name.split(".")[0] in names and not _is_whole(path):
            yield f"{path.name} is damaged"


def clear(folder: Path) -> None:
    """Remove an index so that it can be built again."""
    if folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            end = file.seek(-_ENDS.size, os.SEEK_END)
            length, magic = _ENDS.unpack(file.read())
            body = file.seek(end - length)
            footer = json.loads(file.read(length))
            file.seek(0)
            return bool(magic == _MAGIC and footer["crc"] == _crc32(file, body))
    except FileNotFoundError:
        return True  # another process merged it away since we read its name
    except (OSError, struct.error, ValueError, KeyError, TypeError):
        return False


def _crc32(file: BinaryIO, size: int) -> int:
    """Of so many bytes, a piece at a time: a file may be larger than the memory that is free."""
    found = 0
    while size and (piece := file.read(min(size, _PIECE))):
        found, size = zlib.crc32(piece, found), size - len(piece)
    return found

"""Writes vectors and their ids to a file, and maps them again. Knows nothing of searching.

The file is in safetensors format: ``ids`` (n,) int64, ``vectors`` (n, dim) float16, ``alive`` (n,)
uint8, ``index`` (m,) uint8 for whatever searches them faster, a checksum, and a header that says
what they were computed from.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import VectorIndexError
from embeddings.tensors import TensorFile, map_tensors, tensor_header

Ids = NDArray[np.int64]
Halves = NDArray[np.float16]

FORMAT = "fundstelle-vectors-2"
CHUNK = 4096  # rows copied at a time
_KINDS = {"ids": np.int64, "vectors": np.float16, "alive": np.uint8, "index": np.uint8}


@dataclass(frozen=True, slots=True)
class VectorFile:
    """What is in a file; the arrays are read-only mappings.

    Attributes:
        ids: (n,) ids.
        vectors: (n, dim).
        alive: (n,) 1 for rows that are not removed.
        index: (m,) bytes; none where the rows are few.
        header: as it was given.
    """

    ids: Ids
    vectors: Halves
    alive: NDArray[np.uint8]
    index: NDArray[np.uint8]
    header: Mapping[str, Any]


def write_vectors(
    path: Path,
    parts: Sequence[tuple[Ids, NDArray[Any], NDArray[np.bool_]]],
    index: NDArray[np.uint8],
    header: Mapping[str, Any],
) -> None:
    """Write parts one after the other, replacing the file in one step.

    A crash leaves the old file or the new one.

    Args:
        path: of the file; its folder must exist.
        parts: ids (n,), float vectors (n, dim) and alive (n,) of each.
        index: (m,) uint8.
        header: JSON values, given back by ``read_vectors``.
    """
    crc = 0
    for block in _blocks(parts, index):
        crc = zlib.crc32(block, crc)
    rows, dimension = sum(len(ids) for ids, _, _ in parts), parts[0][1].shape[1]
    shapes = {
        "ids": ("I64", (rows,)),
        "vectors": ("F16", (rows, dimension)),
        "alive": ("U8", (rows,)),
        "index": ("U8", index.shape),
    }
    metadata = {"format": FORMAT, "crc32": str(crc), "header": json.dumps(dict(header))}
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(tensor_header(shapes, metadata))
            for block in _blocks(parts, index):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read_vectors(path: Path, *, verify: bool) -> VectorFile:
    """Map a file.

    Args:
        path: of the file.
        verify: also read every byte and compare the checksum.

    Raises:
        FileNotFoundError: there is none.
        VectorIndexError: the file is damaged or of another format.
    """
    try:
        return _contents(map_tensors(path), verify=verify)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VectorIndexError(
            f"{path} is not a usable vector index: {error}; delete it, it is rebuilt"
        ) from error


def _contents(file: TensorFile, *, verify: bool) -> VectorFile:
    if file.metadata.get("format") != FORMAT:
        raise ValueError(f"expected format {FORMAT}, found {file.metadata.get('format')}")
    tensors = {name: file.tensors[name] for name in _KINDS}
    for name, kind in _KINDS.items():
        if tensors[name].dtype != kind:
            raise ValueError(f"expected {name} to be {kind.__name__}, found {tensors[name].dtype}")
    rows = {len(tensors[name]) for name in ("ids", "vectors", "alive")}
    if tensors["vectors"].ndim != 2 or len(rows) > 1:
        raise ValueError(
            f"ids of shape {tensors['ids'].shape} do not fit vectors of {tensors['vectors'].shape}"
        )
    if verify:
        crc = 0
        for name in _KINDS:
            crc = zlib.crc32(tensors[name].data, crc)
        if str(crc) != file.metadata["crc32"]:
            raise ValueError(f"expected checksum {file.metadata['crc32']}, found {crc}")
    return VectorFile(**tensors, header=json.loads(file.metadata["header"]))


def _blocks(
    parts: Sequence[tuple[Ids, NDArray[Any], NDArray[np.bool_]]], index: NDArray[np.uint8]
) -> Iterator[memoryview]:
    """The file's bytes, a few megabytes at a time."""
    for ids, _, _ in parts:
        yield np.ascontiguousarray(ids).data
    for _, vectors, _ in parts:
        for first in range(0, len(vectors), CHUNK):
            yield np.ascontiguousarray(vectors[first : first + CHUNK], dtype="<f2").data
    for _, _, alive in parts:
        yield alive.astype(np.uint8).data
    yield index.data


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

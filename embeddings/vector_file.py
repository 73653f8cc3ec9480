"""Writes vectors and their ids to a file, and maps them again. Knows nothing of searching.

The file is in safetensors format: ``ids`` (n,) int64, ``vectors`` (n, dim) float32, a checksum,
and a header that says what they were computed from.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors
from embeddings.errors import VectorIndexError
from embeddings.tensors import TensorFile, map_tensors, tensor_header

Ids = NDArray[np.int64]

FORMAT = "fundstelle-vectors-1"
CHUNK = 4096  # rows copied at a time


def write_vectors(
    path: Path, ids: Ids, vectors: Vectors, rows: NDArray[np.int64], header: Mapping[str, Any]
) -> None:
    """Write the chosen rows, replacing the file in one step: a crash leaves the old or the new.

    Args:
        path: of the file; its folder must exist.
        ids: (n,) int64.
        vectors: (n, dim) float32.
        rows: which of the n to write.
        header: JSON values, given back by ``read_vectors``.
    """
    crc = 0
    for part in _parts(ids, vectors, rows):
        crc = zlib.crc32(part, crc)
    shapes = {"ids": ("I64", (len(rows),)), "vectors": ("F32", (len(rows), vectors.shape[1]))}
    metadata = {"format": FORMAT, "crc32": str(crc), "header": json.dumps(dict(header))}
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(tensor_header(shapes, metadata))
            for part in _parts(ids, vectors, rows):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read_vectors(path: Path, *, verify: bool) -> tuple[Ids, Vectors, dict[str, Any]]:
    """Ids (n,), vectors (n, dim), both read-only mappings, and the header.

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


def _contents(file: TensorFile, *, verify: bool) -> tuple[Ids, Vectors, dict[str, Any]]:
    if file.metadata.get("format") != FORMAT:
        raise ValueError(f"expected format {FORMAT}, found {file.metadata.get('format')}")
    ids, vectors = file.tensors["ids"], file.tensors["vectors"]
    if vectors.ndim != 2 or ids.shape != vectors.shape[:1]:
        raise ValueError(f"ids of shape {ids.shape} do not fit vectors of {vectors.shape}")
    if ids.dtype != np.int64 or vectors.dtype != np.float32:
        raise ValueError(f"expected int64 ids and float32, found {ids.dtype} and {vectors.dtype}")
    if verify:
        crc = zlib.crc32(vectors.data, zlib.crc32(ids.data))
        if str(crc) != file.metadata["crc32"]:
            raise ValueError(f"expected checksum {file.metadata['crc32']}, found {crc}")
    header: dict[str, Any] = json.loads(file.metadata["header"])
    return ids, vectors, header


def _parts(ids: Ids, vectors: Vectors, rows: NDArray[np.int64]) -> Iterator[memoryview]:
    """The chosen rows' bytes, a few megabytes at a time."""
    yield ids[rows].data
    for first in range(0, len(rows), CHUNK):
        yield vectors[rows[first : first + CHUNK]].data


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""Memory-maps the tensors of a safetensors file. Knows nothing of what they mean.

The safetensors library copies every tensor out of the file for numpy. A mapping costs nothing to
open, is shared by all processes that serve the same model, and is dropped by the system when
memory is short. Format: https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES: dict[str, np.dtype[Any]] = {
    "I8": np.dtype("<i1"),
    "U8": np.dtype("<u1"),
    "U16": np.dtype("<u2"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
MAX_HEADER = 100_000_000  # bytes; the format's own limit


@dataclass(frozen=True, slots=True)
class TensorFile:
    """An open file.

    Attributes:
        tensors: read-only arrays over the mapping, by name.
        metadata: the strings stored beside them.
        data: the whole file, for hashing.
    """

    tensors: Mapping[str, NDArray[Any]]
    metadata: Mapping[str, str]
    data: mmap.mmap


def map_tensors(path: Path) -> TensorFile:
    """Map a file.

    Raises:
        OSError: there is no such file or it cannot be read.
        ValueError: it is not a complete safetensors file; the message says what is wrong with it.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # ValueError when empty
    header, begin = _header(data)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise ValueError("its metadata is not a JSON object")
    try:
        tensors = {name: _tensor(data, begin, entry) for name, entry in header.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its header describes no tensors: {error!r}") from error
    return TensorFile(tensors, metadata, data)


def tensor_header(
    shapes: Mapping[str, tuple[str, tuple[int, ...]]], metadata: Mapping[str, str]
) -> bytes:
    """The bytes that precede the tensors, which follow in the given order without gaps.

    Args:
        shapes: dtype (a key of ``DTYPES``) and shape by name; widest dtype first keeps all aligned.
        metadata: strings to store beside them.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    offset = 0
    for name, (dtype, shape) in shapes.items():
        end = offset + DTYPES[dtype].itemsize * prod(shape)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode("ascii")
    text += b" " * (-len(text) % 64)  # rows of floats start at a multiple of 8
    return len(text).to_bytes(8, "little") + text


def _header(data: mmap.mmap) -> tuple[dict[str, Any], int]:
    """The parsed header and the offset at which tensor bytes begin."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(MAX_HEADER, len(data) - 8):
        raise ValueError(f"its header should be {size} bytes, the file has {len(data)}")
    try:
        header = json.loads(data[8 : 8 + size])
    except ValueError as error:
        raise ValueError(f"its header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    return header, 8 + size


def _tensor(data: mmap.mmap, begin: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    """The array that a header entry describes; ValueError when it does not lie in the file."""
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"a tensor is {entry['dtype']}, expected one of {', '.join(DTYPES)}")
    dtype = DTYPES[entry["dtype"]]
    shape: tuple[int, ...] = tuple(entry["shape"])
    start, end = entry["data_offsets"]
    count = prod(shape)
    if min((start, *shape)) < 0 or end - start != dtype.itemsize * count:
        raise ValueError(f"a tensor of {shape} {dtype} cannot lie at bytes {start} to {end}")
    if begin + end > len(data):
        raise ValueError(f"it should have {begin + end} bytes, it has {len(data)}")
    if not count:
        return np.empty(shape, dtype)
    flat: NDArray[Any] = np.frombuffer(data, dtype, count, begin + start)
    return flat.reshape(shape)

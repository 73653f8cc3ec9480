"""Mapped tensors against the safetensors library, both ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from embeddings.tensors import DTYPES, map_tensors, tensor_header


def test_every_type_reads_as_the_library_reads_it(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    saved = {
        name: random.integers(0, 100, (3, 5)).astype(dtype) for name, dtype in DTYPES.items()
    } | {"none": np.empty((0, 4), np.float32), "one": np.array(7, np.int64)}
    save_file(saved, tmp_path / "file", metadata={"made": "hier"})
    file = map_tensors(tmp_path / "file")
    assert file.metadata == {"made": "hier"}
    assert file.tensors.keys() == saved.keys()
    for name, tensor in load_file(tmp_path / "file").items():
        np.testing.assert_array_equal(file.tensors[name], tensor, strict=True)
    assert file.data[:] == (tmp_path / "file").read_bytes()


def test_mapped_tensors_cannot_be_written_to(tmp_path: Path) -> None:
    save_file({"a": np.ones(3)}, tmp_path / "file")
    with pytest.raises(ValueError, match="read-only"):
        map_tensors(tmp_path / "file").tensors["a"][0] = 2


def test_the_library_reads_what_follows_our_header(tmp_path: Path) -> None:
    ids, rows = np.arange(3), np.ones((3, 2), np.float32)
    header = tensor_header({"ids": ("I64", (3,)), "rows": ("F32", (3, 2))}, {"of": "„uns“"})
    (tmp_path / "file").write_bytes(header + ids.tobytes() + rows.tobytes())
    loaded = load_file(tmp_path / "file")
    np.testing.assert_array_equal(loaded["ids"], ids, strict=True)
    np.testing.assert_array_equal(loaded["rows"], rows, strict=True)
    assert map_tensors(tmp_path / "file").metadata == {"of": "„uns“"}

"""Collections in Milvus Lite, in a file of their data folder, for all tests below this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qa.collection import Collection
from qa.milvus.address import FILE, LITE
from tests.seeded import copies_of, folder_with_seeds, opened


@pytest.fixture(scope="package", autouse=True)
def _in_milvus() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUNDSTELLE_ENGINE", LITE)
        yield


@pytest.fixture(scope="package")
def seeded_dir(_in_milvus: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = folder_with_seeds(tmp_path_factory)
    assert (folder / FILE).exists()
    return folder


@pytest.fixture(scope="package")
def copy_of_seeded(
    seeded_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    return copies_of(seeded_dir, tmp_path_factory)


@pytest.fixture(scope="package")
def collection(copy_of_seeded: Callable[[], Path]) -> Iterator[Collection]:
    yield from opened(copy_of_seeded())

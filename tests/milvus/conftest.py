"""Collections in Milvus Lite, in a file of their data folder, for all tests below this folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qa import seeds
from qa.collection import Collection
from qa.milvus.address import FILE, LITE
from qa.settings import Settings


@pytest.fixture(scope="package", autouse=True)
def _in_milvus() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUNDSTELLE_ENGINE", LITE)
        yield


@pytest.fixture(scope="package")
def seeded_dir(_in_milvus: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeded") / "data"
    collection = Collection.open(Settings(data_dir=folder))
    try:
        seeds.add_missing(collection)
    finally:
        collection.close()
    assert (folder / FILE).exists()
    return folder


@pytest.fixture(scope="package")
def copy_of_seeded(
    seeded_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    def copy() -> Path:
        folder = tmp_path_factory.mktemp("copy") / "data"
        shutil.copytree(seeded_dir, folder)
        return folder

    return copy


@pytest.fixture(scope="package")
def collection(copy_of_seeded: Callable[[], Path]) -> Iterator[Collection]:
    opened = Collection.open(Settings(data_dir=copy_of_seeded()))
    yield opened
    opened.close()

"""Data folders with the shipped documents, for the fixtures of every engine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qa import seeds
from qa.collection import Collection
from qa.settings import Settings


def folder_with_seeds(factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds them; closed."""
    folder = factory.mktemp("seeded") / "data"
    collection = Collection.open(Settings(data_dir=folder))
    try:
        seeds.add_missing(collection)
    finally:
        collection.close()
    return folder


def copies_of(folder: Path, factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes copies of a data folder that may be changed."""

    def copy() -> Path:
        copied = factory.mktemp("copy") / "data"
        shutil.copytree(folder, copied)
        return copied

    return copy


def opened(folder: Path) -> Iterator[Collection]:
    """The collection in a folder, for as long as a fixture lasts."""
    collection = Collection.open(Settings(data_dir=folder))
    yield collection
    collection.close()

"""Collections over the shipped documents, with the bundled model, for every test that wants one."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from embeddings.static import StaticEncoder
from qa.collection import Collection
from qa.settings import Settings
from tests import tiny_model
from tests.browser import Visits, launched, served
from tests.seeded import copies_of, folder_with_seeds, opened


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FUNDSTELLE_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _bundled_model_read_once() -> Iterator[None]:
    """Reading it takes most of the time of opening a collection, and it never changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.collection.StaticEncoder", functools.cache(StaticEncoder))
        yield


@pytest.fixture(scope="session")
def seeded_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the seeds; closed, to be copied and not to be changed."""
    return folder_with_seeds(tmp_path_factory)


@pytest.fixture(scope="session")
def copy_of_seeded(
    seeded_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    """Makes a data folder with the seeds that may be changed."""
    return copies_of(seeded_dir, tmp_path_factory)


@pytest.fixture(scope="session")
def collection(copy_of_seeded: Callable[[], Path]) -> Iterator[Collection]:
    """The seeds, open; for tests that only read."""
    yield from opened(copy_of_seeded())


@pytest.fixture(scope="session")
def tiny_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small static model with words in many scripts; not to be changed."""
    return tiny_model.build(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium; one for each module, because Playwright keeps the thread's event loop."""
    with launched() as started:
        yield started


@pytest.fixture(scope="module")
def site(copy_of_seeded: Callable[[], Path]) -> Iterator[str]:
    """The address of a server over the seeds, which tests leave as they found them."""
    with served(Settings(data_dir=copy_of_seeded())) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visits]:
    """Opens pages of the site, and fails if a script failed or a request left the host."""
    visits = Visits(browser, site)
    try:
        yield visits
        assert visits.wrong() == []
    finally:
        visits.close()

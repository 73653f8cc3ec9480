"""Runs the HTTP application inside a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.testclient import TestClient

from api.app import create_app
from qa.settings import Settings


@contextmanager
def serving(settings: Settings) -> Iterator[TestClient]:
    """A client of an application whose collection is open, however slow the machine is.

    Defects are answered as a server would, not raised into the test.
    """
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        app.state.service.opening.join(60)
        yield client

"""A real Chromium and a real server, for the tests of the page and its screenshots.

Knows nothing of the page's views.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

from api.app import create_app
from qa.settings import Settings

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox, because CI runs as root; no traffic of the browser's own.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-lcd-text",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 60


def chromium() -> str:
    """Path of the browser: ``CHROMIUM``, or the first of ``NAMES`` on the path."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        wanted = f"CHROMIUM={named}, which cannot be run" if named else f"none of {NAMES}"
        raise RuntimeError(
            f"The page is tested in Chromium, but there is {wanted}. Install the package chromium "
            "(Debian: apt-get install chromium), or name a Chrome or Chromium in CHROMIUM."
        )
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """One headless browser."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of a server over a collection, on a port that is free."""
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=5)
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            deadline = time.monotonic() + START_SECONDS
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.02)
            app.state.service.opening.join(START_SECONDS)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)


class Visits:
    """Opens pages of one site, each in a profile of its own, and notes what goes wrong there."""

    def __init__(self, browser: Browser, site: str) -> None:
        self.site = site
        self.requests: list[str] = []
        self._browser = browser
        self._errors: list[str] = []
        self._contexts: list[BrowserContext] = []

    def __call__(
        self,
        path: str,
        *,
        locale: str = "en-GB",
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        scripts: bool = True,
    ) -> Page:
        """A page at this path, as a reader with such a browser sees it."""
        context = self._browser.new_context(
            locale=locale,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            is_mobile=width < 500,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", self._note)
        page.goto(path if path.startswith("about:") else self.site + path)
        return page

    def wrong(self) -> list[str]:
        """Errors of scripts, breaches of the policy, and requests to other hosts."""
        away = [url for url in self.requests if not url.startswith(self.site)]
        return self._errors + away

    def forget(self) -> None:
        """Take what went wrong so far as meant."""
        self._errors.clear()
        self.requests.clear()

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _note(self, message: ConsoleMessage) -> None:
        # An answer of 404 is noted by the browser, too, and is no error of the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._errors.append(message.text)


@dataclass(frozen=True, slots=True)
class Load:
    """What a browser with nothing kept fetches for a page."""

    requests: int
    bytes: int


def first_load(visit: Visits) -> Load:
    """Everything that the page fetches until it is quiet; bodies and headers, uncompressed."""
    page = visit("about:blank")
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))
    page.goto(visit.site)
    page.wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in finished]
    return Load(
        len(finished),
        sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes),
    )

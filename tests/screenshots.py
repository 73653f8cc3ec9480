"""Takes the README's pictures of the page, and says what it weighs and how fast it answers.

``python -m tests.screenshots`` writes into ``docs/``; with a folder as argument, every view in
every guise goes there, to be looked at after a change of the design.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, expect

from qa.settings import Settings
from tests.browser import Visits, first_load, launched, served

DOCS = Path(__file__).resolve().parent.parent / "docs"
MAX_BYTES = 150_000
ENGLISH = "Will Belarus send soldiers to Ukraine?"
UKRAINIAN = "Чи вступить Білорусь у війну?"
SEED = "000_0213957b6fa26305.txt"
ALTERED = (
    "In Belarus soll es nach Angaben der staatlichen Nachrichtenagentur BelTA mehr als zwei "
    "Millionen freiwillige Soldaten außerhalb des Militärs geben."
)
VIEWS = {
    "blank": "/",
    "answer": f"/?q={quote(ENGLISH)}",
    "source": f"/?q={quote(ENGLISH)}&source={SEED}&char=75,165",
    "filters": f"/?q={quote(UKRAINIAN)}&language=de&from=2022-01",
    "unanswered": f"/?q={quote('What is the recipe for apple strudel?')}",
    "documents": "/documents",
    "document": f"/documents/{SEED}#char=1025,1207",
    "gone": "/documents/gone",
    "check": "/check",
}
GUISES = {
    "desktop": {"width": 1280, "height": 860},
    "desktop-dark-de": {"width": 1280, "height": 860, "dark": True, "locale": "de-DE"},
    "phone-de": {"width": 360, "height": 740, "locale": "de-DE"},
    "phone-dark": {"width": 360, "height": 740, "dark": True},
}


def main() -> None:
    """Take the README's two pictures, or all of them."""
    with (
        tempfile.TemporaryDirectory() as data,
        served(Settings(data_dir=Path(data) / "data", seeds=True)) as site,
        launched() as browser,
    ):
        visits = Visits(browser, site)
        try:
            load = first_load(visits)
            sys.stdout.write(f"first load: {load.requests} requests, {load.bytes:,} bytes\n")
            sys.stdout.write(f"from Enter to results: {_milliseconds(visits):.0f} ms (median)\n")
            if len(sys.argv) > 1:
                _all(visits, Path(sys.argv[1]))
            else:
                _readme(visits)
        finally:
            visits.close()


def _milliseconds(visits: Visits) -> float:
    """Median time from Enter to the frame that shows the results, over different questions."""
    page = visits(VIEWS["answer"])
    expect(page.locator(".result").first).to_be_visible()
    took = [
        page.evaluate(
            """question => new Promise((resolve) => {
                const frame = () => requestAnimationFrame(() => resolve(performance.now() - begun));
                const seen = new MutationObserver(() => { seen.disconnect(); frame(); });
                seen.observe(document.getElementById("results"), { childList: true });
                document.getElementById("question").value = question;
                const begun = performance.now();
                document.getElementById("ask-form").requestSubmit();
            })""",
            f"{question} {number}",
        )
        for number in range(10)
        for question in (ENGLISH, UKRAINIAN, "Wie viele Soldaten sind in Belarus?")
    ]
    return float(statistics.median(took))


def _readme(visits: Visits) -> None:
    DOCS.mkdir(exist_ok=True)
    page = visits(VIEWS["answer"], width=1040, height=580)
    page.locator(".result a.citation").first.click()
    expect(page.locator("#source mark.cited").first).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    _save(page, DOCS / "page.png")
    page = visits(f"/?q={quote(UKRAINIAN)}", width=360, height=740, dark=True)
    expect(page.locator(".result").first).to_be_visible()
    _save(page, DOCS / "page-phone.png")


def _all(visits: Visits, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for guise, how in GUISES.items():
        for view, path in VIEWS.items():
            page = visits(path, **how)  # type: ignore[arg-type]
            page.wait_for_load_state("networkidle")
            if view == "check":
                page.locator("#quote").fill(ALTERED)
                page.locator("button.primary").nth(1).click()
                page.wait_for_load_state("networkidle")
            _save(page, folder / f"{view}-{guise}.png", limit=None)


def _save(page: Page, path: Path, limit: int | None = MAX_BYTES) -> None:
    page.evaluate("document.activeElement?.blur()")
    picture = page.screenshot(path=path, animations="disabled")
    if limit is not None and len(picture) > limit:
        raise SystemExit(f"{path} has {len(picture):,} bytes; at most {limit:,} are wanted.")
    sys.stdout.write(f"{path}: {len(picture):,} bytes\n")


if __name__ == "__main__":
    main()

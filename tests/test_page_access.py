"""The page for everyone: accessible, on small screens, dark, without scripts; quick to load.

axe-core is run over every view; it finds what a program can find.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import Visits, first_load

ASKED = f"/?q={quote('Will Belarus send soldiers to Ukraine?')}"
SEED = "000_0213957b6fa26305.txt"
MAX_REQUESTS = 5
MAX_BYTES = 100_000
VIEWS = {
    "blank": ("/", "#question"),
    "answer": (ASKED, ".result"),
    "filters": (f"{ASKED}&language=de&from=2022-01", ".result"),
    "source": (f"{ASKED}&source={SEED}&char=75,165", "#source mark"),
    "documents": ("/documents", ".row-document"),
    "document": (f"/documents/{SEED}#char=75,165", "#document mark"),
    "nothing": ("/documents/gone", ".state.problem"),
    "check": ("/check", "#quote"),
}


def opened(visit: Visits, view: str, *, width: int = 1280, dark: bool = False) -> Page:
    path, shown = VIEWS[view]
    page = visit(path, width=width, dark=dark)
    expect(page.locator(shown).first).to_be_visible()
    return page


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_has_an_accessibility_fault_or_is_wider_than_its_screen(
    visit: Visits, view: str
) -> None:
    for width, dark in ((1280, False), (360, True)):
        page = opened(visit, view, width=width, dark=dark)
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [n["html"] for n in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_first_load_is_small(visit: Visits) -> None:
    load = first_load(visit)
    assert load.requests <= MAX_REQUESTS
    assert load.bytes < MAX_BYTES


def test_the_policy_forbids_scripts_and_styles_that_are_not_files(visit: Visits) -> None:
    page = visit("/")
    breaches = page.evaluate(
        """async () => {
            const seen = [];
            addEventListener("securitypolicyviolation", (e) => seen.push(e.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "document.title = 'taken'";
            const style = document.createElement("style");
            style.textContent = "body { display: none }";
            document.body.append(script, style);
            await fetch("http://127.0.0.1:1/").catch(() => {});
            await new Promise((resolve) => setTimeout(resolve, 100));
            return seen.sort();
        }"""
    )
    assert breaches == ["connect-src", "script-src-elem", "style-src-elem"]
    assert page.title() == "Fundstelle"
    visit.forget()  # this test's own breaches


def test_without_scripts_it_says_what_is_missing(visit: Visits) -> None:
    page = visit("/", scripts=False)
    expect(page.locator("noscript p")).to_contain_text("This page needs JavaScript.")


def test_motion_is_left_out_for_those_who_ask(visit: Visits) -> None:
    page = opened(visit, "source")
    page.emulate_media(reduced_motion="reduce")
    page.locator("#source").evaluate("pane => pane.scrollTo(0, 0)")
    page.get_by_role("button", name="To the passage").click()
    assert page.locator("#source").evaluate("pane => pane.scrollTop") >= 0
    expect(page.locator("#source mark.cited").first).to_be_in_viewport()

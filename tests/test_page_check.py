"""Checking quotes in a real browser: verdicts, and the difference drawn where it is."""

from __future__ import annotations

import re

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from qa import seeds
from tests.browser import Visits

SEEDS = {document.id: document.text for document in seeds.documents()}
SEED = "003_a97152fd53e54b8e.txt"
EXACT = (
    "In Belarus soll es nach Angaben der staatlichen Nachrichtenagentur BelTA mehr als eine "
    "Million freiwillige Soldaten außerhalb des Militärs geben."
)
NUMBER = "seien bis zu 1,5 Millionen Personen abrufbar"
NEGATION = (
    "Machthaber Lukaschenko lehnt es bisher jedoch nicht ab, "
    "seine Soldaten an die Front zu schicken."
)


def check(page: Page, text: str, button: str = "Check as one quote") -> None:
    page.locator("#quote").fill(text)
    page.get_by_role("button", name=button).click()
    expect(page.locator(".outcome .verdict").first).to_be_visible()


def verdict(page: Page) -> str | None:
    return page.locator(".outcome .verdict").first.get_attribute("data-verdict")


def side(page: Page, which: str) -> str:
    """The whole text of one side, marked or not."""
    return str(page.locator(f".side.{which} .quote").evaluate("quote => quote.textContent"))


def test_an_exact_quote_is_found_and_opens_beside(visit: Visits) -> None:
    assert EXACT in SEEDS[SEED]
    page = visit("/check")
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_role("link", name="Check a quote").click()
    expect(page.locator("#quote")).to_be_focused()
    check(page, EXACT)
    assert verdict(page) == "exact"
    expect(page.locator(".side")).to_have_count(0)
    page.locator(".outcome a.citation").first.click()
    expect(page.locator("#source mark.cited").first).to_be_visible()
    marks = page.locator("#source mark.cited").evaluate_all("all => all.map(m => m.textContent)")
    assert "".join(marks) == EXACT
    # What was found is still there.
    assert verdict(page) == "exact"


@pytest.mark.parametrize(
    ("quote", "kind", "shown"),
    [
        (NUMBER.replace("1,5", "2,5"), "number", "2"),
        (NEGATION, "negation", "nicht"),
    ],
)
def test_an_altered_quote_shows_what_was_altered(
    visit: Visits, quote: str, kind: str, shown: str
) -> None:
    page = visit("/check")
    check(page, quote)
    assert verdict(page) == "altered"
    api = httpx2.post(f"{visit.site}/v1/citations/verify", json={"quote": quote}).json()
    assert kind in {each["kind"] for each in api["differences"]}
    assert side(page, "del") == quote
    assert shown in "".join(page.locator(".side.del del").all_text_contents())
    closest = api["matches"] or [api["nearest"][0]["citation"]]
    assert side(page, "ins") == closest[0]["quote"]
    assert side(page, "ins") in SEEDS[closest[0]["document_id"]]
    marked = page.locator(".side.ins ins").evaluate_all("all => all.map(m => m.textContent)")
    assert marked == [each["found"] for each in api["differences"] if each["found"]]
    expect(page.locator(".changes li")).to_have_count(len(api["differences"]))
    expect(page.locator(".changes")).to_contain_text(f"{kind}")


def test_what_is_nowhere_is_said(visit: Visits) -> None:
    page = visit("/check", locale="de-DE")
    check(page, "Der Apfelstrudel wird mit Rosinen gefüllt.", "Als ein Zitat prüfen")
    assert verdict(page) == "not_found"
    expect(page.locator(".verdict h2")).to_contain_text("Steht nicht in diesen Dokumenten.")


def test_every_quotation_of_a_text_is_checked(visit: Visits) -> None:
    altered = NUMBER.replace("1,5", "2,5")
    text = f"Die Agentur schreibt: „{EXACT}“ 🚢 Und weiter: „{altered}“, heißt es."
    page = visit("/check")
    check(page, text, "Check every quotation in it")
    expect(page.locator(".outcome > h2")).to_have_text("2 quotations checked.")
    assert page.locator(".checked-text").evaluate("node => node.textContent") == text
    verdicts = page.locator(".checked-text mark").evaluate_all(
        "all => all.map(m => m.dataset.verdict)"
    )
    assert verdicts == ["exact", "altered"]
    page.locator("details.verdict summary").nth(1).click()
    expect(page.locator("details.verdict .side.del del").first).to_be_visible()


def test_it_is_accessible_and_fits_a_phone(visit: Visits) -> None:
    for width, dark in ((1280, True), (360, False)):
        page = visit("/check", width=width, dark=dark)
        check(page, NUMBER.replace("1,5", "2,5"))
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [n["html"] for n in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_empty_field_is_not_sent_and_one_document_can_be_named(visit: Visits) -> None:
    page = visit(f"/check?document={SEED}")
    page.get_by_role("button", name="Check as one quote").click()
    expect(page.locator("#quote")).to_be_focused()
    expect(page.locator(".outcome")).to_be_empty()
    expect(page.locator(".check-form")).to_contain_text(f"Only in {SEED}.")
    check(page, NUMBER)
    expect(page.locator(".outcome .verdict")).to_have_attribute(
        "data-verdict", re.compile("exact|normalised")
    )

"""Asking and reading in a real browser: what the reader sees is what the API says."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route, expect

from qa import seeds
from tests.browser import Visits

QUESTION = "Will Belarus send soldiers to Ukraine?"
ASKED = f"/?q={quote(QUESTION)}"
SEED = "000_0213957b6fa26305.txt"
SEEDS = {document.id: document.text for document in seeds.documents()}


def ask(page: Page, question: str) -> None:
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    expect(page.locator(".result").first).to_be_visible()


def marked(page: Page, inside: str = "#source") -> str:
    """The text that is marked as cited, with its line ends."""
    expect(page.locator(f"{inside} mark.cited").first).to_be_visible()
    return "".join(
        page.locator(f"{inside} mark.cited").evaluate_all("all => all.map(m => m.textContent)")
    )


def in_sight(page: Page, selector: str) -> bool:
    return bool(
        page.locator(selector).first.evaluate(
            """element => {
                const box = element.getClientRects()[0];
                const seen = document.elementFromPoint(box.left + 3, box.top + 3);
                return box.top >= 0 && box.top < innerHeight && element.contains(seen);
            }"""
        )
    )


@pytest.mark.parametrize(
    ("locale", "question"),
    [
        ("en-GB", QUESTION),
        ("de-DE", "Wie viele russische Soldaten sind in Belarus?"),
        ("ru-RU", "Отправит ли Беларусь солдат в Украину?"),
    ],
)
def test_a_question_is_typed_and_answered(visit: Visits, locale: str, question: str) -> None:
    page = visit("/", locale=locale)
    expect(page.locator("#question")).to_be_focused()
    ask(page, question)
    api = httpx2.get(f"{visit.site}/v1/ask", params={"question": question, "top_k": 10}).json()
    shown = page.locator(".result .quote").evaluate_all("all => all.map(q => q.textContent)")
    assert shown == [result["text"] for result in api["results"]]
    evidence = page.locator(".result .quote mark").evaluate_all(
        "all => all.map(m => m.textContent)"
    )
    assert evidence == [h["text"] for result in api["results"] for h in result["highlights"]]
    answer = page.locator("#answer .quote")
    if api["answer"]:
        assert answer.text_content() == api["answer"]["text"]
        assert answer.get_attribute("lang") == api["answer"]["citation"]["language"]
    else:
        expect(answer).to_be_hidden()
    assert page.title() == f"{question} – Fundstelle"
    assert page.url.endswith(
        f"?{page.evaluate('q => String(new URLSearchParams({ q }))', question)}"
    )


def test_the_interface_speaks_the_browsers_language(visit: Visits) -> None:
    german = visit(ASKED, locale="de-AT")
    expect(german.locator(".result").first).to_contain_text("Zitat kopieren")
    expect(german.locator(".result .chance").first).to_contain_text("wahrscheinlich")
    assert german.locator("html").get_attribute("lang") == "de"
    english = visit(ASKED, locale="fr-FR")
    expect(english.locator(".result").first).to_contain_text("Copy quote")
    expect(english.locator("header.top")).to_contain_text("Check a quote")


def test_what_is_not_answered_is_said(visit: Visits) -> None:
    question = "What is the recipe for apple strudel?"
    page = visit(f"/?q={quote(question)}")
    assert (
        httpx2.get(f"{visit.site}/v1/ask", params={"question": question}).json()["answer"] is None
    )
    expect(page.locator("#ask-message")).to_contain_text("Not answered by these documents.")
    expect(page.locator("#results-heading")).to_have_text("The nearest passages")
    expect(page.locator("#answer")).to_be_hidden()


def test_a_citation_opens_its_source_beside_with_the_very_words_marked(visit: Visits) -> None:
    page = visit(ASKED)
    results = httpx2.get(f"{visit.site}/v1/ask", params={"question": QUESTION, "top_k": 10}).json()
    citation = results["results"][1]["citation"]
    page.locator(".result a.citation").nth(1).click()
    assert marked(page) == citation["quote"]
    assert in_sight(page, "#source mark.cited")
    strip = page.locator("#source .cited-strip")
    expect(strip).to_contain_text(citation["document_sha256"])
    expect(strip).to_contain_text(f"characters {citation['start']:,}–{citation['end']:,}")
    text = page.locator("#source .text")
    assert text.evaluate("text => text.textContent") == SEEDS[citation["document_id"]]
    # Still there, side by side.
    expect(page.locator(".result").first).to_be_visible()
    opened = page.url
    page.go_back()
    expect(page.locator("#source")).to_be_hidden()
    page.go_forward()
    assert marked(page) == citation["quote"]
    # The address opens the same for someone else.
    assert marked(visit(opened.removeprefix(visit.site))) == citation["quote"]


@pytest.mark.parametrize(
    ("name", "begins"), [("Markdown", "> Auch von"), ("BibTeX", "@misc{"), ("CSL-JSON", "[")]
)
def test_a_citation_is_copied_as_programs_write_it(visit: Visits, name: str, begins: str) -> None:
    page = visit(f"/documents/{SEED}#char=14,75")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(begins)
    assert f"/documents/{SEED}#char=14,75" in copied


def test_pages_and_lines_are_those_of_the_quote(visit: Visits) -> None:
    page = visit("/")
    say = "({pages, lines}) => import('/page/facts.js').then(f => f.whereabouts({pages, lines}))"
    assert page.evaluate(say, {"pages": [2, 3], "lines": [40, 44]}) == "pages 2–3, lines 40–44"
    assert page.evaluate(say, {"pages": [2, 2], "lines": [40, 40]}) == "page 2, line 40"
    assert page.evaluate(say, {"pages": None, "lines": [1, 2]}) == "lines 1–2"


def test_a_shared_link_opens_the_passage(visit: Visits) -> None:
    page = visit(f"/documents/{SEED}#char=1025,1207")
    assert marked(page, "#document") == SEEDS[SEED][1025:1207]
    assert in_sight(page, "#document mark.cited")
    expect(page.locator("#document h1")).to_have_text(f"seeds/{SEED}")
    assert page.title() == f"seeds/{SEED} – Fundstelle"
    # Another passage of the same document, as when a second link is pasted.
    page.evaluate("location.hash = '#char=75,165'")
    expect(page.locator("#document .cited-place")).to_contain_text("75–165")
    assert marked(page, "#document") == SEEDS[SEED][75:165]


def test_a_link_is_copied_that_tells_when_its_words_have_changed(visit: Visits) -> None:
    address = f"{visit.site}/v1/documents/bericht"
    httpx2.put(address, json={"text": "Der Hafen von Odessa ist seit Montag wieder offen.\n"})
    page = visit("/documents/bericht#char=4,9")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = urlsplit(page.evaluate("navigator.clipboard.readText()"))
    assert link.fragment == "char=4,9"
    link_path = f"{link.path}?{link.query}#{link.fragment}"
    page.get_by_role("button", name="Copy quote").click()
    # The other button may still say so, too.
    expect(page.get_by_role("button", name="Copy quote")).to_have_count(0)
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0] == "“Hafen”"
    assert copied[2] == link.geturl()
    try:
        expect(visit(link_path).locator(".state")).to_contain_text("Unchanged since it was cited")
        httpx2.put(address, json={"text": "Neu: Der Hafen von Odessa ist wieder offen.\n"})
        moved = visit(link_path)
        expect(moved.locator(".state")).to_contain_text("at another place")
        assert marked(moved, "#document") == "Hafen"
        httpx2.put(address, json={"text": "Der Bahnhof von Odessa ist seit Montag wieder offen.\n"})
        altered = visit(link_path)
        expect(altered.locator(".state")).to_contain_text("have been changed since")
        expect(altered.locator(".state .quote")).to_have_text("Hafen")
    finally:
        httpx2.delete(address)
    deleted = visit(link_path)
    expect(deleted.locator(".state")).to_contain_text("has been deleted since")
    expect(deleted.locator(".state .quote")).to_have_text("Hafen")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/documents/gone", "There is no such document."),
        ("/documents/gone#char=1,2", "There is no such document."),
        (f"/documents/{SEED}#char=5,999999", "a passage that this document does not have"),
        (f"/documents/{SEED}?citation=nonsense#char=75,165", "no such citation"),
    ],
)
def test_links_that_lead_nowhere_say_so(visit: Visits, path: str, message: str) -> None:
    expect(visit(path).locator("#document .state")).to_contain_text(message)


def test_everything_is_done_with_the_keyboard(visit: Visits) -> None:
    page = visit("/")
    ask(page, QUESTION)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    focused = page.locator(".result a.citation").first
    expect(focused).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#source mark.cited").first).to_be_visible()
    expect(page.locator("#source h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(focused).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#question")).to_be_focused()


def test_a_second_source_takes_the_place_of_the_first(visit: Visits) -> None:
    page = visit(ASKED)
    citations = page.locator(".result a.citation")
    citations.nth(0).click()
    first = marked(page)
    citations.nth(1).click()
    expect(citations.nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator("#source mark.cited").first).not_to_have_text(first)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#source")).to_be_hidden()
    expect(citations.nth(1)).to_be_focused()


def test_the_first_link_skips_to_the_content_and_keeps_the_address(visit: Visits) -> None:
    page = visit(f"/documents/{SEED}#char=75,165")
    marked(page, "#document")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url.endswith("#char=75,165")


def test_on_a_phone_the_source_covers_everything_and_back_closes_it(visit: Visits) -> None:
    page = visit(ASKED, width=360, height=740)
    page.locator(".result a.citation").first.click()
    expect(page.locator("#source mark.cited").first).to_be_visible()
    assert in_sight(page, "#source mark.cited")
    box = page.locator("#source").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 740}
    assert page.locator("main").evaluate("main => main.inert")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#source")).to_be_hidden()
    assert not page.locator("main").evaluate("main => main.inert")
    assert page.url == visit.site + ASKED


def test_filters_are_in_the_address(visit: Visits) -> None:
    page = visit(ASKED)
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label(re.compile("^German")).check()
    page.get_by_label("to", exact=True).fill("2022-03-31")
    page.get_by_label("to", exact=True).press("Tab")
    expect(page.locator("#ask-filters summary")).to_have_text("Filters (2)")
    expect(page.locator(".result").first).to_contain_text("March 2022")
    assert "language=de&to=2022-03-31" in page.url
    again = visit(page.url.removeprefix(visit.site))
    expect(again.locator("#ask-filters summary")).to_have_text("Filters (2)")
    expect(again.locator(".result").first).to_be_visible()
    places = again.locator(".result a.citation").evaluate_all(
        "all => all.map(a => a.dataset.document)"
    )
    assert set(places) == {"001_010e3c4c887097cd.txt"}


def test_going_back_shows_the_question_before(visit: Visits) -> None:
    page = visit("/")
    ask(page, "мобилизация")
    page.locator("#question").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page).to_have_title(f"{QUESTION} – Fundstelle")
    page.get_by_role("link", name="Documents").click()
    expect(page.locator("#documents h1")).to_be_visible()
    assert page.title() == "Documents – Fundstelle"
    page.go_back()
    expect(page.locator("#question")).to_have_value(QUESTION)
    page.go_back()
    expect(page.locator("#question")).to_have_value("мобилизация")
    page.go_back()
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator(".result")).to_have_count(0)


def test_an_answer_that_comes_late_does_not_appear_under_an_empty_question(visit: Visits) -> None:
    page = visit("/")
    ask(page, "мобилизация")
    held: list[Route] = []
    page.route("**/page/answer?*", lambda route: held.append(route))
    page.locator("#question").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#ask")).to_have_attribute("aria-busy", "true")
    page.go_back()
    page.go_back()
    expect(page.locator("#question")).to_have_value("")
    for route in held:
        with suppress(PlaywrightError):  # the page may have let go of it
            route.continue_()
    page.wait_for_timeout(300)
    expect(page.locator(".result")).to_have_count(0)
    expect(page.locator("#ask")).not_to_have_attribute("aria-busy", "true")


def test_a_service_that_is_gone_is_said_and_can_be_tried_again(visit: Visits) -> None:
    page = visit("/")
    page.route("**/page/answer?*", lambda route: route.abort())
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#ask-message")).to_contain_text("The service does not answer.")
    page.unroute("**/page/answer?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".result").first).to_be_visible()
    expect(page.locator("#ask-message")).to_be_hidden()


def test_a_service_that_is_starting_is_asked_again(visit: Visits) -> None:
    page = visit("/")
    problem = {
        "type": "urn:problem-type:fundstelle:not-ready",
        "title": "Not ready",
        "status": 503,
        "detail": "Not ready yet: reading documents again (3 of 9).",
    }
    page.route("**/page/answer?*", lambda route: route.fulfill(status=503, json=problem), times=1)
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#ask-message")).to_contain_text("3 of 9")
    expect(page.locator(".result").first).to_be_visible()

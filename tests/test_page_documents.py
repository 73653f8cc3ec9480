"""The documents view in a real browser: list, filter, upload, delete and undo, hostile texts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import FilePayload, Page, expect

from qa import seeds
from qa.settings import Settings
from tests.browser import Visits, served

SEEDS = {document.id: document.text for document in seeds.documents()}
SEED = "002_1c36b2a049c756f3.txt"
TITLE = "Wird sich Belarus dem Krieg gegen die Ukraine anschließen?"
HOSTILE = (
    "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">\r\n"
    "هل سترسل بيلاروسيا جنودًا إلى أوكرانيا؟ 🚢\r\n"
    "क्या बेलारूस यूक्रेन में सैनिक भेजेगा? 👩‍👩‍👧‍👦\r\n"
    "</mark></div> &amp; &lt;b&gt; The port of Odesa has been open again since Monday.\r\n"
)


@pytest.fixture(scope="module")
def site(copy_of_seeded: Callable[[], Path]) -> Iterator[str]:
    """A server of its own, because documents come and go here."""
    with served(Settings(data_dir=copy_of_seeded())) as address:
        yield address


@pytest.fixture(autouse=True)
def _left_as_found(site: str) -> Iterator[None]:
    yield
    for document in httpx2.get(f"{site}/v1/documents").json()["documents"]:
        if document["id"] not in SEEDS:
            httpx2.delete(f"{site}/v1/documents/{document['id']}")


def rows(page: Page) -> list[str]:
    shown = page.locator(".row-document:not([hidden]) h2")
    expect(shown.first).to_be_visible()
    return shown.all_inner_texts()


def exists(site: str, id: str) -> bool:
    return httpx2.get(f"{site}/v1/documents/{id}").status_code == 200


def test_documents_are_listed_found_and_opened(visit: Visits) -> None:
    page = visit("/documents")
    assert len(rows(page)) == 5
    expect(page.locator(".count-line")).to_have_text("5 documents")
    page.get_by_label("Find by title or source").fill("KRIEG ukraine")
    expect(page.locator(".count-line")).to_have_text("1 of 5 documents")
    expect(page.locator(".row-document h2")).to_have_text(TITLE)
    assert page.url.endswith("/documents?words=KRIEG+ukraine")
    page.get_by_role("link", name=TITLE).click()
    expect(page.locator("#document .text")).to_contain_text("militärische Aufrüstung")
    assert page.locator("#document .text").evaluate("t => t.textContent") == SEEDS[SEED]
    assert page.locator("#document .text").get_attribute("lang") == "de"
    page.go_back()
    expect(page.get_by_label("Find by title or source")).to_have_value("KRIEG ukraine")


def test_filters_by_language_and_date(visit: Visits, site: str) -> None:
    httpx2.put(f"{site}/v1/documents/port", json={"text": "The port is open.", "language": "en"})
    page = visit("/documents?language=en")
    expect(page.locator(".count-line")).to_have_text("1 of 6 documents")
    page.get_by_label(re.compile("^English")).uncheck()
    page.get_by_label("Published from").fill("2022-05-01")
    expect(page.locator(".count-line")).to_have_text("1 of 6 documents")
    expect(page.locator(".row-document h2")).to_have_text("seeds/000_0213957b6fa26305.txt")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".count-line")).to_have_text("6 documents")


def test_files_are_uploaded_and_what_cannot_be_read_is_named(visit: Visits, site: str) -> None:
    page = visit("/documents")
    rows(page)
    files: list[FilePayload] = [
        {"name": "hafen.txt", "mimeType": "text/plain", "buffer": HOSTILE.encode()},
        {"name": "bild.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n\0\0"},
        {"name": "leer.txt", "mimeType": "text/plain", "buffer": b" \n"},
    ]
    page.locator("#files").set_input_files(files)
    uploads = page.locator(".uploads li")
    expect(uploads.nth(0)).to_contain_text("added")
    expect(uploads.nth(1)).to_have_class(re.compile("failed"))
    expect(uploads.nth(1)).to_contain_text("bild.png")
    expect(uploads.nth(2)).to_contain_text("is empty")
    expect(page.locator(".count-line")).to_have_text("6 documents")
    expect(page.locator(".row-document h2").first).to_have_text("hafen.txt")
    assert httpx2.get(f"{site}/v1/documents/hafen.txt/text").json()["text"] == HOSTILE
    page.get_by_role("button", name="Clear list").click()
    expect(uploads).to_have_count(0)


def test_files_are_dropped(visit: Visits) -> None:
    page = visit("/documents")
    rows(page)
    data = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["Der Hafen ist offen."], "eins.txt", { type: "text/plain" }));
            data.items.add(new File(["Die Brücke ist zu."], "zwei.md", { type: "text/markdown" }));
            return data;
        }"""
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": data})
    expect(page.locator("body")).to_have_class(re.compile("dropping"))
    page.dispatch_event("main", "drop", {"dataTransfer": data})
    expect(page.locator("body")).not_to_have_class(re.compile("dropping"))
    expect(page.locator(".uploads .done")).to_have_count(2)
    expect(page.locator(".count-line")).to_have_text("7 documents")


def test_a_delete_is_undone(visit: Visits, site: str) -> None:
    page = visit("/documents")
    before = rows(page)
    page.get_by_role("button", name=f"Delete {TITLE}").click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    assert rows(page) == [name for name in before if name != TITLE]
    assert exists(site, SEED)  # nothing has happened yet
    # The list is drawn anew in the meantime, without it.
    page.get_by_label("Find by title or source").fill("seeds")
    expect(page.locator(".row-document[hidden]")).to_have_count(0)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".notice")).to_have_count(0)
    expect(page.locator(".row-document")).to_have_count(5)
    assert rows(page) == before
    expect(page.get_by_role("button", name=f"Delete {TITLE}")).to_be_focused()
    assert exists(site, SEED)


def test_a_delete_happens_when_its_time_is_over(visit: Visits, site: str) -> None:
    httpx2.put(f"{site}/v1/documents/weg", json={"text": "Das soll weg."})
    page = visit("/documents")
    rows(page)
    page.clock.install()
    page.get_by_role("button", name="Delete weg").click()
    page.clock.run_for(9000)
    expect(page.get_by_role("button", name="Undo")).to_contain_text("(1)")
    assert exists(site, "weg")
    page.clock.run_for(1500)
    expect(page.locator(".count-line")).to_have_text("5 documents")
    assert not exists(site, "weg")


def test_a_document_that_was_changed_meanwhile_is_not_deleted(visit: Visits, site: str) -> None:
    httpx2.put(f"{site}/v1/documents/neu", json={"text": "Erste Fassung."})
    page = visit("/documents")
    rows(page)
    page.clock.install()
    page.get_by_role("button", name="Delete neu").click()
    httpx2.put(f"{site}/v1/documents/neu", json={"text": "Zweite Fassung, die niemand kennt."})
    page.clock.run_for(10_500)
    expect(page.locator(".notice")).to_contain_text("changed in the meantime")
    assert exists(site, "neu")


def test_leaving_the_page_deletes_at_once(visit: Visits, site: str) -> None:
    httpx2.put(f"{site}/v1/documents/fort", json={"text": "Das soll fort."})
    page = visit("/documents")
    rows(page)
    page.get_by_role("button", name="Delete fort").click()
    page.goto(f"{site}/docs")
    # The page that could wait for the answer is gone, so the server is asked.
    deadline = time.monotonic() + 10
    while exists(site, "fort") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not exists(site, "fort")


def test_a_document_with_markup_shows_it_and_every_script_keeps_its_direction(
    visit: Visits, site: str
) -> None:
    title = "<img src=x onerror=alert(1)> " + "sehr lang " * 40
    body = {"text": HOSTILE, "title": title, "source": "<b>x</b>"}
    httpx2.put(f"{site}/v1/documents/hostile", json=body)
    start, end = HOSTILE.index("سترسل"), HOSTILE.index("भेजेगा")
    page = visit(f"/documents/hostile#char={start},{end}")
    expect(page.locator("h1.name")).to_have_text(title.strip())
    text = page.locator("#document .text")
    assert text.evaluate("t => t.textContent") == HOSTILE
    marks = page.locator("#document mark").evaluate_all("all => all.map(m => m.textContent)")
    assert "".join(marks) == HOSTILE[start:end]
    directions = page.locator("#document .line").evaluate_all(
        "all => all.map(line => getComputedStyle(line).direction)"
    )
    assert directions == ["ltr", "rtl", "ltr", "ltr"]
    found = visit("/?q=Is+the+port+of+Odesa+open%3F")
    expect(found.locator(".result").first).to_contain_text("</mark></div> &amp; &lt;b&gt;")
    listed = visit("/documents", width=360)
    assert rows(listed)[0] == title.strip()
    for each in (page, found, listed):
        assert "taken" not in each.title()
        assert each.locator("main img, main script, main b").count() == 0
        assert each.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_long_text_is_read_in_parts(visit: Visits, site: str) -> None:
    lines = "".join(f"Zeile {n}: der Hafen von Odessa 🚢\n" for n in range(9000))
    httpx2.put(f"{site}/v1/documents/gross", json={"text": lines, "language": "de"})
    start = lines.index("Zeile 4500:")
    page = visit(f"/documents/gross#char={start},{start + 11}")
    mark = page.locator("mark.cited")
    expect(mark).to_have_text("Zeile 4500:")
    line = mark.locator("xpath=..")
    assert line.get_attribute("data-number") == "4501"
    before = page.locator(".line").count()
    place = line.bounding_box()
    page.get_by_role("button", name="Show more above").evaluate("button => button.click()")
    expect(page.locator(".line")).not_to_have_count(before)
    moved = line.bounding_box()
    assert place is not None
    assert moved is not None
    assert abs(moved["y"] - place["y"]) < 4  # what was being read stays where it was
    page.get_by_role("button", name="Show more below").evaluate("button => button.click()")
    page.wait_for_function("n => document.querySelectorAll('.line').length > n", arg=2 * before)
    shown = page.locator(".text").evaluate("t => t.textContent")
    assert shown in lines
    assert page.locator("mark.cited").count() == 1

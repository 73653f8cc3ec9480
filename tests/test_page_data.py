"""What the page is sent: views by address, documents in windows, lists; cut by the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from qa import reading, seeds
from qa.settings import Settings
from tests.serving import serving

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SEEDS = {document.id: document.text for document in seeds.documents()}
SEED = "000_0213957b6fa26305.txt"
LONG = "".join(f"Absatz {n} über den Hafen von Odessa 🚢.\n" for n in range(4000))


@pytest.fixture(scope="module")
def client(copy_of_seeded: Callable[[], Path]) -> Iterator[TestClient]:
    with serving(Settings(data_dir=copy_of_seeded())) as client:
        client.put("/v1/documents/lang", json={"text": LONG, "language": "de"})
        yield client


def read(client: TestClient, id: str, **query: int) -> dict[str, Any]:
    response = client.get(f"/page/document/{id}", params=query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def text_of(body: dict[str, Any], *, cited: bool = False) -> str:
    pieces = [piece for line in body["lines"] for piece in line["pieces"]]
    return "".join(piece["text"] for piece in pieces if piece["cited"] or not cited)


@pytest.mark.parametrize("path", ["/", "/documents", "/check", f"/documents/{SEED}"])
def test_every_view_has_an_address_that_browsers_can_open(client: TestClient, path: str) -> None:
    for response in (
        client.get(path, headers={"Accept": BROWSER}),
        client.head(path, headers={"Accept": BROWSER}),
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "script-src 'self';" in response.headers["content-security-policy"]


def test_a_document_is_a_page_for_browsers_and_text_for_programs(client: TestClient) -> None:
    page = client.get(f"/documents/{SEED}", headers={"Accept": BROWSER})
    text = client.get(f"/documents/{SEED}")
    assert page.text.startswith("<!doctype html>")
    assert text.text == SEEDS[SEED]
    assert page.headers["vary"] == text.headers["vary"] == "Accept"
    gone = client.get("/documents/gone", headers={"Accept": BROWSER})
    assert (gone.status_code, gone.headers["content-type"]) == (404, page.headers["content-type"])
    assert client.get("/documents/gone").headers["content-type"] == "application/problem+json"


def test_a_document_is_sent_by_lines_with_the_cited_span(client: TestClient) -> None:
    body = read(client, SEED, start=75, end=165)
    assert text_of(body) == SEEDS[SEED]
    assert text_of(body, cited=True) == SEEDS[SEED][75:165] == body["citation"]["quote"]
    assert body["citation"]["document_sha256"] == body["document"]["sha256"]
    assert body["citation"]["lines"] == [1, 1]
    assert [line["number"] for line in body["lines"]] == list(range(1, len(body["lines"]) + 1))


@pytest.mark.parametrize("span", [{}, {"start": 5, "end": 5}, {"start": 5, "end": 10**6}])
def test_a_span_that_is_not_there_is_not_cited(client: TestClient, span: dict[str, int]) -> None:
    body = read(client, SEED, **span)
    assert body["citation"] is None
    assert text_of(body, cited=True) == ""
    assert text_of(body) == SEEDS[SEED]


def test_a_long_document_is_read_part_by_part(client: TestClient) -> None:
    start = LONG.index("Absatz 2000 ")
    place = {"start": start, "end": start + 11}
    body = read(client, "lang", **place)
    assert text_of(body, cited=True) == "Absatz 2000"
    assert LONG[body["start"] : body["end"]] == text_of(body)
    assert body["end"] - body["start"] <= 2 * reading.AROUND + 100
    marked = next(n for n in body["lines"] if n["pieces"][0]["cited"])
    assert marked["number"] == 2001
    above = read(client, "lang", **place, before=body["start"])
    below = read(client, "lang", **place, after=body["end"])
    assert above["end"] == body["start"]
    assert below["start"] == body["end"]
    assert text_of(above) + text_of(body) + text_of(below) == LONG[above["start"] : below["end"]]
    assert above["lines"][-1]["number"] + 1 == body["lines"][0]["number"]
    assert body["lines"][-1]["number"] + 1 == below["lines"][0]["number"]
    last = read(client, "lang", after=len(LONG))
    assert (last["lines"], last["start"], last["end"]) == ([], len(LONG), len(LONG))


def test_a_document_that_is_not_there_is_a_problem(client: TestClient) -> None:
    assert client.get("/page/document/gone").json()["type"].endswith("not-found")
    assert client.get("/page/document/gone?start=-1").status_code == 422


def test_documents_are_listed_with_what_they_can_be_filtered_by(client: TestClient) -> None:
    body = client.get("/page/documents").json()
    assert (body["matching"], body["total"]) == (6, 6)
    assert body["documents"][0]["id"] == "lang"
    assert {each["id"] for each in body["documents"]} == {*SEEDS, "lang"}
    assert sum(each["documents"] for each in body["languages"]) == 6
    assert body["languages"][0]["language"] == "de"
    (march,) = client.get(
        "/page/documents", params={"words": "SEEDS", "published_to": "2022-03", "language": "de"}
    ).json()["documents"]
    assert march["opening"].startswith("Der ukrainische Militärgeheimdienst")
    assert len(march["opening"]) <= 160
    assert client.get("/page/documents?limit=2&offset=5").json()["documents"][0]["id"] in SEEDS
    assert client.get("/page/documents?published_from=gestern").status_code == 422
    assert client.get("/page/documents?color=red").status_code == 422

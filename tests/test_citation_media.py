"""Which format of a citation is answered, and what the answer says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from fastapi.testclient import TestClient

from api import examples
from api.citation_media import CONTENT_TYPES, MEDIA_TYPES, Format, chosen
from qa.commands.cite import Format as CommandFormat
from qa.settings import Settings
from tests.serving import serving

PATH = f"/v1/citations/{examples.CITATION_CHECK['citation']['id']}"
CSL = "application/vnd.citationstyles.csl+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
def client(copy_of_seeded: Callable[[], Path]) -> Iterator[TestClient]:
    with serving(Settings(data_dir=copy_of_seeded())) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "json"),
        ("*/*", "json"),
        (BROWSER, "json"),
        ("text/html", "json"),
        ("image/png", "json"),
        ("application/*", "json"),
        ("application/json, text/plain, */*", "json"),
        ("application/ld+json", "jsonld"),
        ('application/ld+json; profile="http://www.w3.org/ns/anno.jsonld, x;q=0"', "jsonld"),
        ("Application/LD+JSON ; Q=0.5", "jsonld"),
        (CSL, "csl"),
        ("application/x-bibtex", "bibtex"),
        ("text/markdown", "markdown"),
        ("text/plain", "text"),
        ("text/*", "text"),
        ("text/*, text/markdown", "markdown"),
        ("text/plain, */*; q=0.01", "text"),
        ("text/markdown, */*", "markdown"),
        (f"application/x-bibtex;q=0.3, {CSL};q=0.7", "csl"),
        ("text/plain;q=0.5, text/markdown;q=0.500", "text"),
        ("text/markdown;q=0.9, application/json;q=0.8", "markdown"),
        ("text/markdown;q=0, */*;q=0.1", "json"),
        ("text/*;q=0.9, text/plain;q=0.1, application/json;q=0.5", "markdown"),
        ("text/html, text/markdown;q=0.9, */*;q=0.8", "markdown"),
        ("application/json;q=0, text/plain;q=0.2", "text"),
        ("text/plain;q=0", "json"),
        ("text/plain;q=2", "json"),
        ("text/plain;q=high", "json"),
        (';;,,/, q=1,"', "json"),
    ],
)
def test_accept_is_respected(accept: str, expected: str) -> None:
    assert chosen(accept) == expected
    assert chosen(accept, "csl") == "csl"


def test_the_same_formats_are_offered_everywhere() -> None:
    assert set(MEDIA_TYPES) == set(CONTENT_TYPES) == set(get_args(Format)) == set(CommandFormat)


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("jsonld", examples.ANNOTATION),
        ("csl", examples.CSL),
        ("bibtex", examples.BIBTEX),
        ("markdown", examples.MARKDOWN),
        ("text", examples.TEXT_CITATION),
    ],
)
def test_the_documented_examples_are_what_is_sent(
    client: TestClient, format: Format, expected: object
) -> None:
    by_header = client.get(PATH, headers={"accept": MEDIA_TYPES[format]})
    by_query = client.get(f"{PATH}?format={format}", headers={"accept": BROWSER})
    assert by_header.content == by_query.content
    text = by_header.content.decode().replace("http://testserver", "http://127.0.0.1:8000")
    assert (text if isinstance(expected, str) else json.loads(text)) == expected
    for response in (by_header, by_query):
        assert response.status_code == 200
        assert response.headers["content-type"] == CONTENT_TYPES[format]
        assert response.headers["vary"] == "Accept"


def test_without_a_format_it_is_the_json_it_always_was(client: TestClient) -> None:
    for headers in ({}, {"accept": BROWSER}):
        response = client.get(PATH, headers=headers)
        assert response.json() == examples.CITATION_CHECK
        assert response.headers["content-type"] == "application/json"
        assert response.headers["vary"] == "Accept"
    headers = {"accept": "text/markdown"}
    assert client.get(f"{PATH}?format=json", headers=headers).json() == examples.CITATION_CHECK


def test_several_accept_headers_are_one(client: TestClient) -> None:
    headers = [("accept", "text/plain;q=0.2"), ("accept", "text/markdown;q=0.4")]
    response = client.get(PATH, headers=headers)
    assert response.headers["content-type"].startswith("text/markdown")


def test_an_unknown_format_is_refused_and_an_unknown_citation_a_problem(
    client: TestClient,
) -> None:
    refused = client.get(f"{PATH}?format=xml")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["parameter"] == "format"
    missing = client.get("/v1/citations/none", headers={"accept": "text/plain"})
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


def test_every_format_is_documented(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/v1/citations/{id}"]["get"]
    content = operation["responses"]["200"]["content"]
    assert set(content) == set(MEDIA_TYPES.values())
    assert content["application/json"]["schema"]
    assert content["application/x-bibtex"]["example"] == examples.BIBTEX
    assert "format" in {parameter["name"] for parameter in operation["parameters"]}

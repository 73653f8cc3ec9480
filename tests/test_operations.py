"""Health, metrics, the OpenAPI document, and what browsers are told."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import replies
from api.service import YOUNG
from qa.settings import Settings
from tests.serving import serving

OPERATIONS = {
    ("get", "/v1/ask"),
    ("post", "/v1/ask"),
    ("put", "/v1/documents/{id}"),
    ("get", "/v1/documents/{id}"),
    ("delete", "/v1/documents/{id}"),
    ("get", "/v1/documents/{id}/text"),
    ("get", "/v1/documents"),
    ("post", "/v1/documents"),
    ("post", "/v1/files"),
    ("get", "/v1/citations/{id}"),
    ("post", "/v1/citations/verify"),
    ("post", "/v1/citations/verify-text"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}


@pytest.fixture(scope="module")
def client(copy_of_seeded: Callable[[], Path]) -> Iterator[TestClient]:
    with serving(Settings(data_dir=copy_of_seeded())) as client:
        yield client


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    body = client.get("/readyz").json()
    replies.ReadyOut.model_validate(body)
    assert (body["status"], body["documents"], body["model"]) == ("ready", 5, "bundled")
    assert body["passages"] > 20


def test_the_shipped_documents_are_added_and_removed_ones_stay_removed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", seeds=True)
    with serving(settings) as client:
        assert client.get("/readyz").json()["documents"] == 5
        client.delete("/v1/documents/003_a97152fd53e54b8e.txt")
        before = client.get("/readyz").json()
    with serving(settings) as client:
        assert client.get("/readyz").json() == before
        assert client.get("/v1/documents/003_a97152fd53e54b8e.txt").status_code == 404


def test_metrics_count_requests_by_route(copy_of_seeded: Callable[[], Path]) -> None:
    with serving(Settings(data_dir=copy_of_seeded())) as client:
        client.get("/v1/documents/a")
        client.get("/v1/documents/b")
        client.post("/v1/ask", json={"question": "Warum?"})
        client.get("/nowhere/at/all")
        text = client.get("/metrics").text
    counted = {
        (labels["method"], labels["route"], labels["status"]): float(value)
        for labels, value in (
            (dict(re.findall(r'(\w+)="([^"]*)"', line)), line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith("fundstelle_requests_total{")
        )
    }
    assert counted == {
        ("GET", "/v1/documents/{id}", "404"): 2.0,
        ("POST", "/v1/ask", "200"): 1.0,
        ("GET", "unmatched", "404"): 1.0,
    }
    assert "fundstelle_documents 5.0" in text
    assert 'fundstelle_request_seconds_count{method="POST",route="/v1/ask"} 1.0' in text


def test_two_apps_do_not_share_metrics(tmp_path: Path, client: TestClient) -> None:
    client.get("/healthz")
    with serving(Settings(data_dir=tmp_path / "data")) as other:
        assert "fundstelle_requests_total{" not in other.get("/metrics").text


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def test_openapi_names_every_operation_with_examples(openapi: dict[str, Any]) -> None:
    operations = {
        (method, path): operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == OPERATIONS
    assert len({each["operationId"] for each in operations.values()}) == len(operations)
    for operation in operations.values():
        assert operation["description"]
        for status, response in operation["responses"].items():
            assert response["content"]
            for name, media in response["content"].items():
                assert "example" in media, (operation["operationId"], status)
                assert (name == "application/problem+json") == (int(status) >= 400)


def test_openapi_references_resolve_and_requests_refuse_more(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(openapi)))
    assert references == set(schemas)
    assert "HTTPValidationError" not in schemas
    for name in ("AskIn", "FiltersIn", "DocumentIn", "DocumentWithIdIn", "DocumentsIn"):
        assert schemas[name]["additionalProperties"] is False
    for name in ("AskIn", "DocumentIn", "DocumentsIn"):
        assert schemas[name]["examples"]


def test_openapi_lets_files_be_chosen(openapi: dict[str, Any]) -> None:
    content = openapi["paths"]["/v1/files"]["post"]["requestBody"]["content"]
    assert list(content) == ["multipart/form-data"]
    field = openapi["components"]["schemas"]["FilesIn"]["properties"]["file"]
    assert field["type"] == "array"
    assert "format" in field["items"] or "contentMediaType" in field["items"]


def test_the_documented_question_can_be_asked(client: TestClient, openapi: dict[str, Any]) -> None:
    (example,) = openapi["components"]["schemas"]["AskIn"]["examples"]
    assert client.post("/v1/ask", json=example).json()["results"]


class _Links(HTMLParser):
    """Collects what a page loads and what it has inline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag == "style" else []
        if tag in ("script", "link", "img"):
            self.loaded.append(given.get("src") or given.get("href") or "")
        self._script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_everything_from_here_and_have_nothing_inline(
    client: TestClient, path: str
) -> None:
    response = client.get(path)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    links = _Links(response.text)
    assert links.inline == []
    assert len(links.loaded) >= 3
    for link in links.loaded:
        assert re.match(r"/[a-z]", link), link
        assert client.get(link).status_code == 200, link


def test_browsers_are_told_to_run_and_guess_nothing(client: TestClient) -> None:
    for path in ("/v1/documents", "/healthz", "/none", "/page/app.js"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "access-control-allow-origin" not in headers


def test_garbage_is_looked_for_seldom_while_a_collection_is_served(tmp_path: Path) -> None:
    before = gc.get_threshold()
    with serving(Settings(data_dir=tmp_path / "data")):
        assert gc.get_threshold() == (YOUNG, *before[1:])
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0

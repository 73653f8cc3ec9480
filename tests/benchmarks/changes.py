"""What one more and one less document costs a server that is up. Knows HTTP only.

A document is put, then asked for by words that only it has; then it is removed, and the same
question must not find it. A change is durable and searchable when the call returns, so the ask that
follows pays for whatever was put off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.benchmarks.stages import percentiles


def change_figures(base: str, times: int = 20) -> dict[str, Any]:
    """Milliseconds of putting, asking, removing and asking again.

    Raises:
        RuntimeError: a document that was put was not found, or one that was removed was.
    """
    seconds: dict[str, list[float]] = {"put": [], "ask_after_put": [], "delete": []}
    seconds["ask_after_delete"] = []
    with httpx.Client(base_url=base, timeout=120) as client:
        for number in range(times):
            # Letters only: words that no other document has, made of the number.
            name = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")
            document = f"/v1/documents/one-more-{number}"
            text = f"The quarzolith {name} of Xyberon was weighed by Plimberton. " * 8
            question = {"question": f"Who weighed the quarzolith {name} of Xyberon?"}

            def put(url: str = document, text: str = text) -> httpx.Response:
                return client.put(url, json={"text": text})

            def ask(body: dict[str, str] = question) -> httpx.Response:
                return client.post("/v1/ask", json=body)

            def delete(url: str = document) -> httpx.Response:
                return client.delete(url)

            _timed(put, seconds["put"])
            _expect(f"one-more-{number}", _timed(ask, seconds["ask_after_put"]), there=True)
            _timed(delete, seconds["delete"])
            _expect(f"one-more-{number}", _timed(ask, seconds["ask_after_delete"]), there=False)
    return {"times": times, **{name: percentiles(taken) for name, taken in seconds.items()}}


def _timed(work: Callable[[], httpx.Response], into: list[float]) -> Any:  # noqa: ANN401
    started = time.perf_counter()
    reply = work()
    into.append(time.perf_counter() - started)
    return reply.raise_for_status().json()


def _expect(document_id: str, answer: dict[str, Any], *, there: bool) -> None:
    found = {result["citation"]["document_id"] for result in answer["results"]}
    if (document_id in found) is not there:
        raise RuntimeError(
            f"{document_id} was {'put and not found' if there else 'removed and found'}: "
            f"{sorted(found)}"
        )

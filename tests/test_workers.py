"""Several processes behind one port: each answers from the newest state of the same folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from embeddings.bundled import load_encoder
from qa.commands.sockets import SPREADS
from tests.benchmarks.server import PORT, Running, free_port, fundstelle_command, running
from tests.model_server import Fault, model_server

QUESTION = "Wie viele Soldaten standen an der Grenze?"


def command(folder: Path, port: int) -> list[str]:
    return [str(port) if part == PORT else part for part in fundstelle_command(folder, 2)]


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.05)


def status(url: str) -> int:
    return httpx.get(url).status_code


@contextmanager
def serving(folder: Path, *more: str, ready: str = "/readyz") -> Iterator[Running]:
    given = [*fundstelle_command(folder / "data", 2), *more]
    with running(given, folder / "log", ready=ready) as server:
        yield server


def listening(base: str) -> list[str]:
    """Inodes of the sockets that accept connections to it."""
    port = f"{int(base.rpartition(':')[2]):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [one[9] for one in lines if one[1].endswith(f":{port}") and one[3] == "0A"]


def holder(inode: str) -> int:
    """The process that has a socket."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(link) == f"socket:[{inode}]":
                return int(link.parts[2])
    raise LookupError(inode)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("workers"), "--seeds") as server:
        if SPREADS:
            until(lambda: len(listening(server.base)) == 2)
        yield server.base


def cited(base: str, question: str) -> tuple[str, int]:
    """The best document and the state of the collection, over a connection of its own."""
    answer = httpx.post(f"{base}/v1/ask", json={"question": question}).raise_for_status().json()
    return answer["results"][0]["citation"]["document_id"], answer["index"]["sequence"]


def test_every_process_sees_every_change(base: str) -> None:
    for number in range(4):
        text = f"An der Grenze standen am Tag {number} genau {100 + number} Soldaten."
        put = httpx.put(f"{base}/v1/documents/grenze", json={"text": text})
        sequence = put.raise_for_status().json()["sequence"]
        for _ in range(8):
            assert cited(base, QUESTION) == ("grenze", sequence)
    httpx.delete(f"{base}/v1/documents/grenze").raise_for_status()
    assert {cited(base, QUESTION)[0] for _ in range(8)} != {"grenze"}
    listed = httpx.get(f"{base}/v1/documents").json()["documents"]
    assert len(listed) == 5  # the seeds, added once


def test_each_process_counts_for_all(base: str) -> None:
    def counted() -> int:
        line = r'fundstelle_requests_total\{method="POST",route="/v1/ask",status="200"\} (\d+)'
        found = re.search(line, httpx.get(f"{base}/metrics").raise_for_status().text)
        return int(found[1]) if found else 0

    before = counted()
    for _ in range(20):
        cited(base, QUESTION)
    assert {counted() for _ in range(20)} == {before + 20}
    assert "fundstelle_ready 1.0" in httpx.get(f"{base}/metrics").text


@pytest.mark.skipif(not SPREADS, reason="only Linux spreads connections over sockets")
def test_one_that_dies_is_replaced(base: str) -> None:
    """Each listens for itself, so the other answers meanwhile."""
    dying, other = listening(base)
    os.kill(holder(dying), signal.SIGKILL)
    until(lambda: dying not in listening(base))
    until(lambda: len(listening(base)) == 2)
    assert other in listening(base)
    assert cited(base, "Wer ist Präsident von Belarus?")[0].startswith("00")


@pytest.mark.skipif(not SPREADS, reason="only Linux spreads connections over sockets")
def test_the_first_says_what_it_waits_for_and_the_others_wait_for_it(tmp_path: Path) -> None:
    with model_server(load_encoder("bundled").encode_passages) as model:
        model.down = Fault(503)
        given = ("--seeds", "--model", model.tei())
        with serving(tmp_path, *given, ready="/healthz") as server:
            url = server.base
            assert status(f"{url}/readyz") == 503
            time.sleep(1.5)
            assert status(f"{url}/healthz") == 200
            assert "Not ready yet" in httpx.get(f"{url}/readyz").text
            assert len(listening(url)) == 1
            model.down = None
            until(lambda: len(listening(url)) == 2)
            assert {status(f"{url}/readyz") for _ in range(8)} == {200}


@pytest.mark.skipif(not SPREADS, reason="only Linux says so in /proc")
def test_none_outlives_the_one_that_started_them(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        until(lambda: len(listening(server.base)) == 2)
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not listening(server.base), 15)


def test_a_port_that_is_taken_is_not_shared(base: str, tmp_path: Path) -> None:
    run = subprocess.run(
        command(tmp_path, int(base.rpartition(":")[2])),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    assert "address already in use" in run.stderr.lower()
    assert "Traceback" not in run.stderr


def test_what_is_wrong_with_the_folder_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / "fundstelle.sqlite").write_bytes(b"not a database, but long enough to be one" * 50)
    run = subprocess.run(
        command(tmp_path, free_port()),
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert run.returncode != 0
    assert "not a database" in run.stderr
    assert "Traceback" not in run.stderr

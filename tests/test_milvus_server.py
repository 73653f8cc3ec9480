"""The engine over the network: a server that several processes share, and another kind of index.

The server is Milvus Lite's own, which speaks the protocol of a Milvus, one write at a time.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api import service
from qa.collection import Collection
from qa.errors import StoreError, StoreUnavailable
from qa.milvus.address import parse
from qa.milvus.engine import MilvusEngine
from qa.settings import Settings
from qa.types import Filters
from tests.prepared import DIMENSION, one, quotes, search
from tests.serving import serving

ANOTHER = """
import sys
from pathlib import Path
from qa.milvus.address import parse
from qa.milvus.engine import MilvusEngine
from tests.prepared import DIMENSION, one, quotes
engine = MilvusEngine.open(parse(sys.argv[1], Path()), "", DIMENSION)
print(sorted(quotes(engine)))
engine.put([one("a", "Zweite Soldaten"), one("b", "Neue Grenze")])
engine.close()
"""


@dataclass
class Server:
    """A process, and its address without a scheme."""

    process: subprocess.Popen[bytes]
    address: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(folder)]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield Server(process, f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def server(running: Server) -> str:
    return running.address


def opened(address: str) -> MilvusEngine:
    return MilvusEngine.open(parse(address, Path()), "", DIMENSION)


def test_processes_share_a_server(server: str) -> None:
    address = f"milvus://{server}?prefix=shared_"
    engine = opened(address)
    engine.put([one("a", "Erste Soldaten")])
    ran = subprocess.run(
        [sys.executable, "-c", ANOTHER, address],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "['Erste Soldaten']\n"
    assert quotes(engine) == {"Zweite Soldaten", "Neue Grenze"}
    assert (engine.status().sequence, engine.status().documents) == (2, 2)
    assert list(engine.check()) == []
    engine.close()


def test_a_server_that_hangs_is_away(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened(f"milvus://{running.address}?prefix=hanging_")
    engine.put([one("a", "Soldaten")])
    monkeypatch.setattr("qa.milvus.client._SECONDS", 0.5)
    running.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable, match=r"Milvus at \S+: Deadline Exceeded; see that"):
            quotes(engine)
    finally:
        running.process.send_signal(signal.SIGCONT)
    monkeypatch.undo()
    assert quotes(engine) == {"Soldaten"}
    engine.close()


def test_a_graph_finds_what_exact_search_finds(server: str) -> None:
    engine = opened(f"milvus://{server}?prefix=graph_")
    engine.put([one(f"d{n}", f"Soldaten {n}\nGrenze {n}\nWetter {n}") for n in range(40)])
    found = search(engine, "Soldaten", 30, Filters(document_ids=("d7", "d8")))
    assert len(found) == 6
    assert len(search(engine, "Nebel", 30)) == 30
    assert list(engine.check()) == []
    engine.close()


def test_a_closed_engine_says_so(server: str) -> None:
    engine = opened(f"milvus://{server}?prefix=closed_")
    engine.close()
    with pytest.raises(StoreError, match="open it again"):
        engine.status()


def test_a_service_waits_for_a_milvus_that_is_away(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AWAY_SECONDS", 0.2)
    opened = Collection.open

    def away_at_first(settings: Settings, *rest: Any) -> Collection:  # noqa: ANN401
        tried.append(settings.engine)
        first = len(tried) == 1
        nobody = settings.model_copy(update={"engine": "milvus://127.0.0.1:9"})
        return opened(nobody if first else settings, *rest)

    tried: list[str] = []
    monkeypatch.setattr(Collection, "open", away_at_first)
    with serving(Settings(data_dir=tmp_path, engine=f"milvus://{server}?prefix=away")) as client:
        assert client.get("/readyz").status_code == 200
    assert len(tried) == 2

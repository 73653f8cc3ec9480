"""A real model server on loopback that speaks both protocols, and misbehaves when told to.

Its vectors come from a real encoder, so that what is tested is the whole way there and back.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from embeddings.encoder import Vectors

Encode = Callable[[list[str]], Vectors]
Rows = list[list[float]]
KEY = "sk-swordfish"


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of a good answer.

    Attributes:
        status: answered instead of 200.
        message: what the error says.
        code: its code.
        headers: of the answer.
        body: sent instead of JSON.
        hang: seconds before anything happens.
        drop: break off in the middle of the answer.
        change: made to the vectors.
        reorder: made to the items of an OpenAI answer.
    """

    status: int = 200
    message: str = "no"
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    hang: float = 0.0
    drop: bool = False
    change: Callable[[Rows], Any] | None = None
    reorder: Callable[[list[dict[str, Any]]], Any] | None = None


@dataclass
class ModelServer:
    """What the server has been told, and what it has seen."""

    encode: Encode
    model: str = "tests/real-model"
    sha: str | None = "f00d"
    kind: str = "embedding"
    key: str = ""
    most_texts: int = 64
    most_characters: int = 1_000_000
    text_limit: int | None = None
    slowly: float = 0.0
    shuffled: bool = False
    faults: deque[Fault] = field(default_factory=deque)
    down: Fault | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    tls: ssl.SSLContext | None = None

    def openai(self, parameters: str = "") -> str:
        return f"openai+http://127.0.0.1:{self.port}/v1?model=alias{parameters}"

    def tei(self, parameters: str = "") -> str:
        return f"tei+http://127.0.0.1:{self.port}{parameters and '?' + parameters}"

    def address(self, protocol: str, **parameters: object) -> str:
        """An address with parameters that need no escaping."""
        joined = "&".join(f"{name}={value}" for name, value in parameters.items())
        return self.tei(joined) if protocol == "tei" else self.openai(joined and "&" + joined)

    @property
    def texts(self) -> list[list[str]]:
        """The texts of every request for vectors, in order of arrival."""
        return [request.get("inputs") or request.get("input") or [] for request in self.requests]

    def info(self) -> dict[str, Any]:
        return {
            "model_id": self.model,
            "model_sha": self.sha,
            "model_dtype": "float32",
            "model_type": {self.kind: {"pooling": "mean"}},
            "max_concurrent_requests": 512,
            "max_input_length": 512,
            "max_batch_tokens": 16384,
            "max_client_batch_size": self.most_texts,
            "auto_truncate": False,
            "tokenization_workers": 2,
            "version": "1.8.3",
        }


@contextmanager
def model_server(encode: Encode, **told: object) -> Iterator[ModelServer]:
    """A server that runs until the end of the block."""
    server = ModelServer(encode)
    for name, value in told.items():
        setattr(server, name, value)
    with listening(server):
        yield server


@contextmanager
def listening(server: ModelServer) -> Iterator[None]:
    """Serve at the server's port, which is chosen the first time."""

    class Handler(_Handler):
        state = server

    http = _Threaded(("127.0.0.1", server.port), Handler)
    if server.tls is not None:
        http.socket = server.tls.wrap_socket(http.socket, server_side=True)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        http.shutdown()
        thread.join()
        http.close_all()


class _Threaded(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._open: list[Any] = []

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        self._open.append(connection)
        return connection, address

    def close_all(self) -> None:
        """As when the process ends: connections that clients kept are gone as well."""
        self.server_close()
        for connection in self._open:
            self.shutdown_request(connection)

    def handle_error(self, *_: object) -> None:
        """Clients that went away are no errors of the server."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ModelServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self._route == "/info" and self._allowed():
            self._json(200, self.state.info())
        else:
            self._json(404, {"error": "not found"})

    def do_POST(self) -> None:
        state = self.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            state.requests.append(body)
            state.keys.append(self.headers["Authorization"])
            state.at_once += 1
            state.most_at_once = max(state.most_at_once, state.at_once)
            fault = state.down or (state.faults.popleft() if state.faults else Fault())
        try:
            time.sleep(state.slowly + fault.hang)
            self._answer(body, fault)
        finally:
            with state.lock:
                state.at_once -= 1

    @property
    def _route(self) -> str:
        """The path, also when the server is asked as if it were a proxy."""
        return urlsplit(self.path).path

    def _allowed(self) -> bool:
        return not self.state.key or self.headers["Authorization"] == f"Bearer {self.state.key}"

    def _answer(self, body: dict[str, Any], fault: Fault) -> None:
        if not self._allowed():
            said = f"Incorrect API key provided: {self.headers['Authorization']}"
            self._json(401, {"error": {"message": said, "code": "invalid_api_key"}})
        elif fault.body is not None:
            self._send(fault.status, fault.body, fault.headers)
        elif fault.status != 200:
            self._refuse(fault.status, fault.message, fault.headers, fault.code)
        elif self._route == "/embed":
            self._embed(body["inputs"], fault)
        elif self._route == "/v1/embeddings":
            self._embeddings(body, fault)
        else:
            self._json(404, {"error": {"message": f"no {self.path}", "code": "not_found"}})

    def _refuse(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, code: str = ""
    ) -> None:
        if self._route == "/embed":
            self._json(status, {"error": message, "error_type": "Overloaded"}, headers)
        else:
            self._json(status, {"error": {"message": message, "code": code}}, headers)

    def _too_much(self, texts: list[str]) -> bool:
        state = self.state
        if len(texts) > state.most_texts:
            limit = f"batch size {len(texts)} > maximum allowed batch size {state.most_texts}"
            self._refuse(413 if self._route == "/embed" else 400, limit)
        elif sum(map(len, texts)) > state.most_characters:
            self._send(413, b"Failed to buffer the request body: length limit exceeded", {})
        elif state.text_limit is not None and max(map(len, texts)) > state.text_limit:
            self._refuse(400, f"This model's maximum context length is {state.text_limit} tokens.")
        else:
            return False
        return True

    def _embed(self, texts: list[str], fault: Fault) -> None:
        if not self._too_much(texts):
            self._json(200, self._vectors(texts, fault), fault.headers, drop=fault.drop)

    def _embeddings(self, body: dict[str, Any], fault: Fault) -> None:
        texts = body["input"]
        if self._too_much(texts):
            return
        rows: Any = self._vectors(texts, fault)
        data: Any = [
            {"object": "embedding", "index": index, "embedding": row}
            for index, row in enumerate(rows)
        ]
        if self.state.shuffled:
            data = data[::-1]
        if fault.reorder:
            data = fault.reorder(data)
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        answer = {"object": "list", "data": data, "model": self.state.model, "usage": usage}
        self._json(200, answer, fault.headers, drop=fault.drop)

    def _vectors(self, texts: list[str], fault: Fault) -> object:
        rows = self.state.encode(texts).astype(float).tolist()
        changed: object = fault.change(rows) if fault.change else rows
        return changed

    def _json(
        self,
        status: int,
        body: object,
        headers: Mapping[str, str] | None = None,
        *,
        drop: bool = False,
    ) -> None:
        self._send(status, json.dumps(body).encode(), headers or {}, drop=drop)

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str], *, drop: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if drop else body)
        if drop:
            self.close_connection = True

"""Runs a server as a process of its own for as long as it is measured. Knows no questions."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PORT = "{port}"
"""Stands in a command for the port that is chosen when it is run."""

READY_SECONDS = 1200
_LOG_TAIL = 2000


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready."""

    base: str
    pid: int
    seconds_to_ready: float


def fundstelle_command(folder: Path, workers: int = 1) -> list[str]:
    """``fundstelle serve`` over a folder, by so many processes."""
    program = [sys.executable, "-m", "qa.cli", "serve", "--workers", str(workers)]
    return [*program, "--port", PORT, "--data-dir", str(folder)]


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    ready: str = "/readyz",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """The server that a command starts, once ``ready`` answers 200; then it is stopped.

    Raises:
        RuntimeError: it ended or did not become ready; the message ends with its log.
    """
    port = str(free_port())
    base = f"http://127.0.0.1:{port}"
    command = [port if part == PORT else part for part in command]
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        while not _answers(base + ready):
            seconds = time.perf_counter() - started
            if process.poll() is not None or seconds > READY_SECONDS:
                tail = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
                raise RuntimeError(f"{' '.join(command)} was not ready in {seconds:.0f} s:\n{tail}")
            time.sleep(0.02)
        yield Running(base, process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on, so that no other server answers in place of this one."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False

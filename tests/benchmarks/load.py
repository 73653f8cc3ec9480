"""Puts a server under load with wrk, a different question each time. Knows no server.

wrk is a C program with an event loop: it takes little of the two cores that it shares with the
server. It is a closed loop: a client sends its next question when it has the answer, so a slow
server is asked less, and a pause hides the questions that would have been sent meanwhile
("coordinated omission"). wrk 4 makes up for a part of that: for an answer that took more than
twice the mean it counts further ones, as if they had been sent at the mean interval. Percentiles
are of all of these. No rate of arrivals is set, so none of them says how long a queue would be.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from tests.benchmarks.machine import cpu_seconds

SCRIPT = Path(__file__).with_name("questions.lua")
TIMEOUT_SECONDS = 60


class LoadError(Exception):
    """There is no wrk, or it could not measure."""


@dataclass(frozen=True, slots=True)
class Target:
    """How a server is asked.

    Attributes:
        base: scheme, host and port.
        method: GET or POST.
        path: before what ``line`` gives.
        line: the body (POST) or the rest of the path (GET) that asks a question, on one line.
    """

    base: str
    method: str
    path: str
    line: Callable[[str], str]


def fundstelle(base: str, top_k: int = 5) -> Target:
    """How Fundstelle is asked."""
    return Target(base, "POST", "/v1/ask", lambda q: json.dumps({"question": q, "top_k": top_k}))


def wrk() -> str:
    """The program, or LoadError."""
    found = shutil.which("wrk")
    if found is None:
        raise LoadError("There is no wrk on this machine; install wrk (Debian: apt install wrk).")
    return found


def ask_once(target: Target, question: str) -> httpx.Response:
    """The answer to one question as wrk asks it; raises unless it is 200.

    Of several processes, the first may be ready before the others are: that is waited for.
    """
    line, url = target.line(question), target.base + target.path
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        if target.method == "GET":
            reply = httpx.get(url + line, timeout=TIMEOUT_SECONDS)
        else:
            headers = {"Content-Type": "application/json"}
            reply = httpx.post(url, content=line, headers=headers, timeout=TIMEOUT_SECONDS)
        if reply.status_code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    if reply.status_code != HTTPStatus.OK:
        raise LoadError(f"{url} answered {reply.status_code}: {reply.text[:500]}")
    return reply


def load(
    target: Target,
    questions: Sequence[str],
    folder: Path,
    levels: Sequence[int],
    seconds: int,
    pid: int,
) -> list[dict[str, float]]:
    """What wrk measures at each number of clients, no question twice as long as they last.

    Args:
        target: the server.
        questions: asked in turn, those of one level after those of the level before.
        folder: for the file that wrk reads.
        levels: numbers of clients.
        seconds: how long each.
        pid: of the server, whose processor time is told as well.
    """
    program = wrk()
    lines = folder / "questions.txt"
    lines.write_text("\n".join(map(target.line, questions)) + "\n", encoding="utf-8")
    measured, first = [], 0
    for clients in levels:
        command = [program, "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={TIMEOUT_SECONDS}s"]
        command += ["--latency", "-s", str(SCRIPT), target.base, "--"]
        command += [target.method, target.path, str(lines), str(first)]
        before = cpu_seconds(pid)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LoadError(f"wrk ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        used = cpu_seconds(pid) - before
        found = parse(done.stdout)
        each = round(1000 * used / found["requests"], 3)
        measured.append({"clients": clients, **found, "cpu_ms_each": each})
        first += int(found["requests"])
    return measured


def parse(output: str) -> dict[str, float]:
    """Milliseconds and requests a second from what wrk and its script print.

    Raises:
        LoadError: there is no line of figures, or nothing was answered.
    """
    told = [line for line in output.splitlines() if line.startswith("{")]
    if not told:
        raise LoadError(f"wrk printed no figures: {output.strip()[-500:]!r}")
    raw = json.loads(told[-1])
    if not raw["requests"]:
        raise LoadError("no request was answered")
    seconds = raw["microseconds"] / 1e6
    return {
        "requests": raw["requests"],
        "per_second": round(raw["requests"] / seconds, 2),
        **{name: round(raw[name] / 1000, 3) for name in ("p50", "p90", "p95", "p99", "max")},
        "not_ok": raw["refused"],
        "broken": raw["broken"] + raw["late"],
        "bytes_each": round(raw["bytes"] / raw["requests"]),
    }

"""Sends JSON to a server that may be busy, and gets JSON back. Knows no models.

A request is repeated until its deadline when trying again can help: the server cannot be reached,
breaks off, or says that it is overloaded. Waits grow exponentially, with jitter so that many
clients do not come back at once (Brooker 2015, "Exponential backoff and jitter"), and are never
shorter than what the server asks for in Retry-After.
"""

from __future__ import annotations

import json
import logging
import random
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import urllib3

from embeddings.errors import ModelError, ModelUnavailable

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may succeed."""

AWAY = frozenset({502, 503, 504})
"""Answers of a proxy whose server is being started again, perhaps with something else."""

FIRST_WAIT = 0.1  # seconds before the second try, doubled before each further one
LONGEST_WAIT = 5.0
CONNECT_SECONDS = 5.0  # to a host that drops packets, so that there is time for another try
ANSWER_BYTES = 256 * 1024 * 1024  # far over 2,048 vectors of 4,096 numbers in decimal
CHUNK = 65_536
SHOWN = 300  # characters of what a server says, in messages

_POOL = re.compile(r"^\w+\(host=[^)]*\): ")
"""What urllib3 puts before a reason; the address is said already."""

_log = logging.getLogger("fundstelle")


class Refused(Exception):
    """The server understood and will not do it: a 4xx status other than those in ``BUSY``."""

    def __init__(self, status: int, reason: str) -> None:
        """The status, and what the server said."""
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class Deadline:
    """A moment after which nothing more is tried. ``cancelled`` brings it forward."""

    def __init__(self, seconds: float, cancelled: threading.Event | None = None) -> None:
        """So many seconds from now, or as soon as the event is set."""
        self._end = time.monotonic() + seconds
        self._cancelled = cancelled or threading.Event()

    @property
    def left(self) -> float:
        """Seconds left; 0 when cancelled."""
        return 0.0 if self._cancelled.is_set() else max(0.0, self._end - time.monotonic())

    def wait(self, seconds: float) -> None:
        """Let time pass, at most until the deadline."""
        self._cancelled.wait(min(seconds, self.left))


class PatientHttp:
    """A client of one server, for any number of threads. Holds its open connections."""

    def __init__(self, url: str, key: str, connections: int) -> None:
        """Nothing is sent yet.

        Args:
            url: of the server; paths are appended.
            key: sent as a bearer token unless empty, and kept out of every message. White space
                around it is not part of it: files that hold keys end in a newline.
            connections: how many to keep open between requests.

        Raises:
            ModelError: the key cannot be one.
        """
        self.url = url
        self._key = key = key.strip()
        if not (key.isascii() and key.isprintable()):
            # Checked here, because the error of whoever sends it would show it.
            raise ModelError("FUNDSTELLE_MODEL_KEY has characters in it that no header can have")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._pool = _pool(url, connections)
        self.interrupted = False
        """Whether the server, or a proxy before it, was away since this was last set to False."""

    def send(self, method: str, path: str, body: object, deadline: Deadline) -> object:
        """Parsed JSON of the answer.

        Raises:
            ModelUnavailable: it could not be had before the deadline.
            Refused: the server will not.
            ModelError: the answer is not one, or trying again cannot help.
        """
        encoded = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        tries = 0
        while True:
            if not deadline.left:
                raise ModelUnavailable(f"no time was left to ask the model server at {self.url}")
            tries += 1
            retry_after = 0.0
            try:
                status, headers, content = self._once(method, path, encoded, deadline)
            except (urllib3.exceptions.SSLError, urllib3.exceptions.LocationValueError) as error:
                raise ModelError(
                    f"{self.url} cannot be spoken to: {self._clean(str(error))}; correct the "
                    "address, or name the authority that signed its certificate in SSL_CERT_FILE"
                ) from error
            except urllib3.exceptions.HTTPError as error:
                self.interrupted = True
                problem = self._clean(_POOL.sub("", str(error)))
            else:
                if status == 200:
                    return self._parsed(content)
                problem = self._refused(status, content)
                retry_after = _retry_after(headers.get("Retry-After"))
            self._wait(problem, tries, retry_after, deadline)

    @property
    def closer(self) -> Callable[[], None]:
        """What closes the connections, without holding this object."""
        return self._pool.clear

    def _once(
        self, method: str, path: str, body: bytes | None, deadline: Deadline
    ) -> tuple[int, Mapping[str, str], bytes]:
        left = max(deadline.left, 0.001)  # 0 is no valid time limit
        response = self._pool.request(
            method,
            self.url + path,
            body=body,
            headers=self._headers,
            timeout=urllib3.Timeout(connect=min(left, CONNECT_SECONDS), read=left),
            retries=False,
            # A redirect would take the key to wherever it points.
            redirect=False,
            preload_content=False,
        )
        try:
            content = bytearray()
            while chunk := response.read1(CHUNK):
                content += chunk
                if len(content) > ANSWER_BYTES:
                    raise ModelError(f"{self.url} answers without end; check the address")
                if not deadline.left:
                    raise urllib3.exceptions.TimeoutError("the answer takes too long")
        except BaseException:
            response.close()  # with what is left of the answer in it, the connection is spoilt
            raise
        response.release_conn()
        return response.status, response.headers, bytes(content)

    def _parsed(self, content: bytes) -> object:
        try:
            parsed: object = json.loads(content)
        except ValueError as error:
            raise ModelError(
                f"{self.url} answered something that is not JSON; expected a model server there, "
                "check the address"
            ) from error
        return parsed

    def _refused(self, status: int, content: bytes) -> str:
        """What a busy server says; raises when it is more than busy."""
        code, said = _said(content)
        said = self._clean(said)
        if status in (401, 403):
            raise ModelError(
                f"{self.url} answered {status}: {said}; expected a valid key in "
                "FUNDSTELLE_MODEL_KEY"
            )
        if status not in BUSY:
            raise Refused(status, said)
        self.interrupted |= status in AWAY
        if "insufficient_quota" in code:
            raise ModelError(f"{self.url} has no quota left for this key: {said}")
        return f"{status} {said}".strip()

    def _wait(self, problem: str, tries: int, retry_after: float, deadline: Deadline) -> None:
        """Wait before the next try, or give up if the deadline comes before it."""
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(tries - 1, 20))
        wait = max(retry_after, random.uniform(longest / 2, longest))
        if wait >= deadline.left:
            noun = "try" if tries == 1 else "tries"
            raise ModelUnavailable(
                f"the model server at {self.url} does not answer: {problem} ({tries} {noun}); "
                "check that it runs and can be reached from here",
                retry_after=max(1.0, retry_after),
            )
        _log.warning("%s: %s; trying again in %.1f s", self.url, problem, wait)
        deadline.wait(wait)

    def _clean(self, text: str) -> str:
        """Cut, on one line, and without the key, which servers like to repeat."""
        if self._key:
            text = text.replace(self._key, "***")
        return " ".join(text.split())[:SHOWN]


def _pool(url: str, connections: int) -> urllib3.PoolManager:
    """Through the proxy that the environment names for this host, if it names one."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.netloc):
        return urllib3.ProxyManager(proxy, maxsize=connections)
    return urllib3.PoolManager(maxsize=connections)


def _said(content: bytes) -> tuple[str, str]:
    """Code and message of an error, in whichever of the usual forms it comes."""
    text = content.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        return "", text
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return "", str(error)
    message = error.get("message") or error.get("detail") or text
    return f"{error.get('code')} {error.get('type')}", str(message)


def _retry_after(value: str | None) -> float:
    """Seconds that a server asks to wait (RFC 9110, 10.2.3): a number of them, or a date."""
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())

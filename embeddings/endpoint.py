"""Reads the address of a model server, as the setting names it. Sends nothing.

``openai+http://host:8000/v1?model=NAME`` and ``tei+https://host:8080`` name the protocol, the
server and, after the question mark, how to use it. A key is never a part of the address: addresses
end up in logs, process lists and shell histories.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args
from urllib.parse import SplitResult, parse_qsl, urlsplit

from embeddings.errors import ModelError

Protocol = Literal["openai", "tei"]
_ADDRESS = re.compile(rf"({'|'.join(get_args(Protocol))})\+(https?://.+)", re.IGNORECASE)
_LIKE_AN_ADDRESS = re.compile(r"[A-Za-z0-9+.-]+://")
_KEY_NAMES = re.compile(r"key|token|secret|passw", re.IGNORECASE)
_FORMS = (
    "openai+http://HOST:PORT/v1?model=NAME or tei+http://HOST:PORT, each also with https, "
    "in FUNDSTELLE_MODEL"
)
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model server and how to use it.

    Attributes:
        protocol: which requests it understands.
        url: of the server, without a slash at its end; ``/embeddings`` or ``/embed`` follow.
        model: which of the server's models, or None for the only one.
        revision: anything that the user changes when the server's model changes under one name.
        query_prompt: put before questions; None when the model's known one is to be taken.
        passage_prompt: put before passages; likewise.
        dimensions: to which the server is asked to shorten its vectors, or None.
        batch: most texts in one request.
        characters: most characters in one request, unless a single text has more.
        concurrency: most requests under way at once, of all threads together.
        timeout: seconds for one request for passages, all its repetitions included.
        query_timeout: seconds for one request for questions, for which somebody waits.
    """

    protocol: Protocol
    url: str
    model: str | None = None
    revision: str = ""
    query_prompt: str | None = None
    passage_prompt: str | None = None
    dimensions: int | None = None
    batch: int = 32
    characters: int = 100_000
    concurrency: int = 8
    timeout: float = 60.0
    query_timeout: float = 10.0


_USUAL = Endpoint("tei", "")


def names_endpoint(name: str) -> bool:
    """Whether a model's name is an address and not a folder, a hub name or ``bundled``."""
    return _LIKE_AN_ADDRESS.match(name) is not None


def parse_endpoint(name: str) -> Endpoint:
    """What an address says.

    Raises:
        ModelError: it is not one, or says something that is not understood. The message does not
            repeat the address where a secret may be in it.
    """
    found = _ADDRESS.fullmatch(name)
    if found is None:
        scheme = name.partition("://")[0]
        raise ModelError(f"{scheme}:// is not the address of a model server; expected {_FORMS}")
    try:
        parts = urlsplit(found[2])
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ModelError(f"the model server's address is not one: {error}; use {_FORMS}") from error
    if parts.username is not None or parts.password is not None:
        raise ModelError(
            "the model server's address has a user name or password in it; take it out, and give "
            "the server's key as FUNDSTELLE_MODEL_KEY"
        )
    if not host or parts.fragment:
        raise ModelError(f"the model server's address has no host, or a part after #; use {_FORMS}")
    protocol: Protocol = "openai" if found[1].lower() == "openai" else "tei"
    return _described(protocol, parts)


def _described(protocol: Protocol, parts: SplitResult) -> Endpoint:
    given = _parameters(parts.query)
    model = given.get("model") or None
    if protocol == "openai" and model is None:
        raise ModelError(
            "the address of an OpenAI-compatible server names no model; add ?model=NAME, one of "
            f"those that {parts.scheme}://{parts.netloc}{parts.path}/models lists"
        )
    return Endpoint(
        protocol=protocol,
        url=f"{parts.scheme}://{parts.netloc}{_base(parts.path, protocol)}",
        model=model,
        revision=given.get("revision", ""),
        query_prompt=given.get("query_prompt"),
        passage_prompt=given.get("passage_prompt"),
        dimensions=_number(given, "dimensions", 0, int, 1, 100_000) or None,
        batch=_number(given, "batch", _USUAL.batch, int, 1, 2048),
        characters=_number(given, "characters", _USUAL.characters, int, 1, 10_000_000),
        concurrency=_number(given, "concurrency", _USUAL.concurrency, int, 1, 256),
        timeout=_number(given, "timeout", _USUAL.timeout, float, 0.1, 3600),
        query_timeout=_number(given, "query_timeout", _USUAL.query_timeout, float, 0.1, 600),
    )


def _base(path: str, protocol: Protocol) -> str:
    """The path below which the calls are, also when the address of a call was given."""
    call = "/embeddings" if protocol == "openai" else "/embed"
    return path.rstrip("/").removesuffix(call).rstrip("/")


_PARAMETERS = (
    *("model", "revision", "query_prompt", "passage_prompt", "dimensions", "batch"),
    *("characters", "concurrency", "timeout", "query_timeout"),
)


def _parameters(query: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _PARAMETERS:
            if _KEY_NAMES.search(name):
                raise ModelError(
                    f"the model server's address has a parameter {name!r}; take it out, and give "
                    "the server's key as FUNDSTELLE_MODEL_KEY"
                )
            raise ModelError(
                f"the model server's address has a parameter {name!r}; there are "
                + ", ".join(_PARAMETERS)
            )
        if name in given:
            raise ModelError(f"the model server's address has {name!r} twice; leave one")
        given[name] = value
    return given


def _number(
    given: Mapping[str, str],
    name: str,
    default: Number,
    read: Callable[[str], Number],
    least: float,
    most: float,
) -> Number:
    """A parameter's number, or the default where it is not given."""
    if name not in given:
        return default
    try:
        value = read(given[name])
    except ValueError:
        value = read("-1")  # out of every range
    if not (math.isfinite(value) and least <= value <= most):
        raise ModelError(
            f"the model server's address has {name}={given[name]!r}; it can be {least:g} to "
            f"{most:g}"
        )
    return value

"""What model servers are asked and what they answer. Knows two protocols, sends nothing.

OpenAI's ``POST /embeddings``, which vLLM, llama.cpp, Ollama and many gateways speak as well, and
``POST /embed`` and ``GET /info`` of Hugging Face's text-embeddings-inference (TEI).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.endpoint import Endpoint
from embeddings.errors import ModelError

Rows = NDArray[np.float64]
"""(n, dim), finite, of any length: what a server answered."""


@dataclass(frozen=True, slots=True)
class Served:
    """Which model a server has, as far as it says so.

    Attributes:
        model: its name.
        traits: whatever else the server tells that makes the vectors what they are.
        batch: most texts that the server takes at once, or None when it does not say.
    """

    model: str
    traits: tuple[str, ...] = ()
    batch: int | None = None

    @property
    def identity(self) -> tuple[str, tuple[str, ...]]:
        """What is different when the vectors are."""
        return self.model, self.traits


@dataclass(frozen=True, slots=True)
class Reply:
    """Vectors in the order of the texts, and the model that made them if the answer names it."""

    rows: Rows
    model: str | None


def batches(texts: Sequence[str], most: int, characters: int) -> Iterator[list[str]]:
    """Texts for one request each: at most so many, and so many characters unless one has more."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == most or size + len(text) > characters):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def call(endpoint: Endpoint, texts: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Path and body of the request for the vectors of some texts."""
    sized = {} if endpoint.dimensions is None else {"dimensions": endpoint.dimensions}
    if endpoint.protocol == "openai":
        body = {"model": endpoint.model, "input": list(texts), "encoding_format": "float"}
        return "/embeddings", body | sized
    # Cut at the model's limit, as sentence-transformers does, where TEI would refuse by default.
    return "/embed", {"inputs": list(texts), "normalize": True, "truncate": True} | sized


def reply(endpoint: Endpoint, answer: object, count: int) -> Reply:
    """The vectors in an answer.

    Raises:
        ModelError: it is not an answer of the protocol, or not as many vectors as texts.
    """
    if endpoint.protocol == "tei":
        return Reply(_rows(endpoint, answer, count), None)
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or not isinstance(data, list):
        raise _unlike(endpoint, "an object with the list `data`")
    items = [item for item in data if isinstance(item, Mapping)]
    numbers = [item.get("index") for item in items]
    # Compared with type, because True == 1 and 1.0 == 1.
    if sorted(map(repr, numbers)) != sorted(map(repr, range(count))):
        raise _unlike(endpoint, f"each `index` from 0 to {count - 1} once, of {len(data)} items")
    by_index = {item["index"]: item.get("embedding") for item in items}
    told = answer.get("model")
    rows = _rows(endpoint, [by_index[index] for index in range(count)], count)
    return Reply(rows, told if isinstance(told, str) and told else None)


def served(endpoint: Endpoint, info: object) -> Served:
    """The model that TEI's ``/info`` describes.

    The number format (float16, float32) is left out: it moves a cosine by less than what tells
    two passages apart, and would have a collection encoded again when a server gets a GPU.

    Raises:
        ModelError: it is no description, not an embedding model, or not the one asked for.
    """
    if not isinstance(info, Mapping) or not isinstance(info.get("model_id"), str):
        raise _unlike(endpoint, "an object with `model_id` from /info")
    model, kind = info["model_id"], info.get("model_type")
    if endpoint.model is not None and endpoint.model != model:
        raise ModelError(
            f"the server at {endpoint.url} has the model {model}, not {endpoint.model}; correct "
            "FUNDSTELLE_MODEL, or start the server with that model"
        )
    embedding = kind.get("embedding") if isinstance(kind, Mapping) else None
    if isinstance(kind, Mapping) and not isinstance(embedding, Mapping):
        raise ModelError(
            f"the server at {endpoint.url} has {model}, which is of the kind "
            f"{', '.join(map(str, kind))}; start it with an embedding model"
        )
    pooling = embedding.get("pooling") if isinstance(embedding, Mapping) else None
    traits = (info.get("model_sha"), pooling, info.get("max_input_length"))
    most = info.get("max_client_batch_size")
    return Served(
        model,
        tuple("" if trait is None else str(trait) for trait in traits),
        most if isinstance(most, int) and most > 0 else None,
    )


def _rows(endpoint: Endpoint, found: object, count: int) -> Rows:
    if not isinstance(found, list) or len(found) != count:
        number = len(found) if isinstance(found, list) else "no list of"
        raise _unlike(endpoint, f"{count} vectors for {count} texts, found {number}")
    try:
        rows = np.array(found, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _unlike(endpoint, "vectors of numbers, all of one length") from error
    if rows.ndim != 2 or not rows.shape[1]:
        raise _unlike(endpoint, f"a vector for each text, found numbers of shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ModelError(
            f"the server at {endpoint.url} answered a vector with NaN or infinity in it; its model "
            "overflows: run it with float32 or bfloat16 numbers"
        )
    return rows


def _unlike(endpoint: Endpoint, expected: str) -> ModelError:
    return ModelError(
        f"the server at {endpoint.url} did not answer as {endpoint.protocol} servers do: expected "
        f"{expected}; check the address and the protocol before the + in FUNDSTELLE_MODEL"
    )

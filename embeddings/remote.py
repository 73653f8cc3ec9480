"""Encodes texts with a model on another machine. Knows batches, not how they are sent.

Opening asks the server once: what model it has, and of which dimension its vectors are.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from embeddings.encoder import Vectors
from embeddings.endpoint import Endpoint, parse_endpoint
from embeddings.errors import ModelError
from embeddings.model_protocols import Rows, Served, batches, call, reply, served
from embeddings.patient_http import Deadline, PatientHttp, Refused
from embeddings.places import Places
from embeddings.spans import valid_unicode
from embeddings.transformer import known_prompts

FORMAT = "1"  # of what goes into a fingerprint
CHECK_SECONDS = 30.0  # between two looks at what model the server has, while it is asked questions
PROBE = "Where is it written?"
SHORTEST = 100  # characters: a text that is refused at this length is not refused for its length

TOO_MUCH = re.compile(
    r"too (long|large|many|big)|larger than|maximum|exceed|length|batch size|context|at most",
    re.IGNORECASE,
)
"""How servers say that a batch or a text is too large with a status that says less than 413."""


class RemoteEncoder:
    """A model behind an HTTP endpoint; an ``Encoder``. Threads share it.

    No more requests than the endpoint's ``concurrency`` are under way at once.
    """

    def __init__(self, name: str, key: str = "") -> None:
        """Ask the server what it has.

        Args:
            name: its address, see ``embeddings.endpoint``.
            key: the bearer token that it wants, if any.

        Raises:
            ModelUnavailable: it does not answer.
            ModelError: the address is not one, or the server cannot be used.
        """
        self._endpoint = parse_endpoint(name)
        self._places = Places(self._endpoint.concurrency)
        self._http = PatientHttp(self._endpoint.url, key, self._endpoint.concurrency)
        weakref.finalize(self, self._http.closer)
        deadline = Deadline(self._endpoint.query_timeout)
        self._served = self._described(deadline)
        self.query_prompt, self.passage_prompt = _prompts(self._endpoint, self._served.model)
        self._dimension: int | None = None
        self._dimension = self._probe(deadline)
        self._checked = time.monotonic()

    @property
    def name(self) -> str:
        """Protocol and model, for display. Not the address: answers carry this to everybody."""
        return f"{self._endpoint.protocol}:{self._endpoint.model or self._served.model}"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        assert self._dimension is not None
        return self._dimension

    @property
    def fingerprint(self) -> str:
        """Of what the server says of its model, and of how it is asked.

        Not of the server's address: the same model elsewhere makes the same vectors. An OpenAI
        server says no more than a name, so that another model under an old name goes unseen
        unless its dimension differs; ``revision`` is there for that.
        """
        parts = (
            *(FORMAT, self._endpoint.protocol, self._served.model, self._served.traits),
            *(self.dimension, self._endpoint.revision, self.query_prompt, self.passage_prompt),
        )
        return f"remote-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows; zero rows for blank texts.

        Raises:
            ModelUnavailable: the server does not answer in time.
            ModelError: it refuses, or answers something else than such vectors.
        """
        return self._encode(texts, self.query_prompt, for_question=True)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The same for passages, with more patience."""
        return self._encode(texts, self.passage_prompt, for_question=False)

    def _encode(self, texts: Sequence[str], prompt: str, *, for_question: bool) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        prompted = [prompt + valid_unicode(texts[row]) for row in rows]
        most = min(self._endpoint.batch, self._served.batch or self._endpoint.batch)
        split = list(batches(prompted, most, self._endpoint.characters))
        found = self._all(split, for_question=for_question)
        if found:
            vectors[rows] = _unit(np.concatenate(found))
            self._check_server(kept=not for_question)
        return vectors

    def _all(self, split: Sequence[Sequence[str]], *, for_question: bool) -> list[Rows]:
        """Vectors of all batches, several at a time; when one fails, the others are given up."""
        cancelled = threading.Event()

        def one(batch: Sequence[str]) -> Rows:
            return self._one(batch, cancelled, for_question=for_question)

        if len(split) <= 1:
            return [one(batch) for batch in split]
        at_once = min(len(split), self._endpoint.concurrency)
        with ThreadPoolExecutor(at_once, thread_name_prefix="encoding") as threads:
            try:
                return list(threads.map(one, split))
            except BaseException:
                cancelled.set()
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _one(self, batch: Sequence[str], cancelled: threading.Event, *, for_question: bool) -> Rows:
        """Vectors of a batch, once there is a place for it.

        For passages the time begins with the place: each that is taken is given back in time.
        """
        if for_question:
            deadline = Deadline(self._endpoint.query_timeout, cancelled)
            with self._places.for_question(deadline.left):
                return self._vectors(batch, deadline)
        with self._places.for_passages():
            return self._vectors(batch, Deadline(self._endpoint.timeout, cancelled))

    def _vectors(self, texts: Sequence[str], deadline: Deadline) -> Rows:
        """Vectors of texts, in halves where the server finds them too much at once.

        A single text that is too long loses its end, as with any other encoder.
        """
        path, body = call(self._endpoint, texts)
        try:
            answer = self._http.send("POST", path, body, deadline)
        except Refused as refused:
            if not _too_much(refused):
                raise self._unusable(refused) from refused
            if len(texts) > 1:
                half = len(texts) // 2
                parts = (texts[:half], texts[half:])
                return np.concatenate([self._vectors(part, deadline) for part in parts])
            if len(texts[0]) <= SHORTEST:
                raise self._unusable(refused) from refused
            return self._vectors([texts[0][: len(texts[0]) // 2]], deadline)
        found = reply(self._endpoint, answer, len(texts))
        now = self._served
        if self._endpoint.protocol == "openai":
            now = Served(found.model or now.model)
        if self._dimension is None:
            self._served = now
        else:
            self._expect(found.rows.shape[1], now)
        return found.rows

    def _check_server(self, *, kept: bool) -> None:
        """Ask TEI, whose answers do not say so, whether it still has the same model.

        After whatever is ``kept``, so that vectors of two models never lie side by side; for
        questions only when it was away, and now and then.
        """
        due = time.monotonic() - self._checked > CHECK_SECONDS or self._http.interrupted
        if self._endpoint.protocol != "tei" or not (kept or due):
            return
        deadline = Deadline(self._endpoint.query_timeout)
        with self._places.for_question(deadline.left):
            self._expect(self.dimension, self._described(deadline))
        self._checked = time.monotonic()
        self._http.interrupted = False

    def _expect(self, dimension: int, now: Served) -> None:
        """That an answer is from the model that was there at the beginning."""
        if dimension != self._dimension or now.identity != self._served.identity:
            raise ModelError(
                f"the server at {self._endpoint.url} now has another model: expected "
                f"{self._served.model} with {self._dimension} numbers in a vector, found "
                f"{now.model} with {dimension}; put the old one back, or start Fundstelle again, "
                "which encodes all documents with the new one"
            )

    def _described(self, deadline: Deadline) -> Served:
        if self._endpoint.protocol == "openai":
            return Served(self._endpoint.model or "")
        try:
            return served(self._endpoint, self._http.send("GET", "/info", None, deadline))
        except Refused as refused:
            raise self._unusable(refused) from refused

    def _probe(self, deadline: Deadline) -> int:
        """The dimension, by encoding something."""
        dimension = int(self._vectors([self.query_prompt + PROBE], deadline).shape[1])
        wanted = self._endpoint.dimensions
        if wanted is not None and dimension != wanted:
            raise ModelError(
                f"{self.name} was asked for {wanted} dimensions and answered {dimension}; it "
                "cannot shorten its vectors: leave dimensions out of FUNDSTELLE_MODEL"
            )
        return dimension

    def _unusable(self, refused: Refused) -> ModelError:
        """What a refusal means for whoever runs this."""
        mends = {
            404: "check the path and the model's name in FUNDSTELLE_MODEL",
            405: "check the path and the protocol before the + in FUNDSTELLE_MODEL",
            424: "the server's model is not an embedding model, or failed; see the server's log",
        }
        mend = mends.get(refused.status, "see what the server says")
        if 300 <= refused.status < 400:
            mend = "it points elsewhere; put the address that it points to into FUNDSTELLE_MODEL"
        return ModelError(f"the model server at {self._endpoint.url} answered {refused}; {mend}")


def _too_much(refused: Refused) -> bool:
    """Whether less at once could help."""
    return refused.status == 413 or (
        refused.status in (400, 422) and TOO_MUCH.search(refused.reason) is not None
    )


def _unit(rows: Rows) -> Vectors:
    """Unit float32 rows; a zero row stays zero."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    scaled = rows / np.where(largest > 0, largest, 1)  # so that squares neither over- nor underflow
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    return (scaled / np.where(norms > 0, norms, 1)).astype(np.float32)


def _prompts(endpoint: Endpoint, model: str) -> tuple[str, str]:
    """Prompts for questions and for passages: those given, else those the model is known for."""
    given = (endpoint.query_prompt, endpoint.passage_prompt)
    if given == (None, None):
        return known_prompts(model)
    return given[0] or "", given[1] or ""

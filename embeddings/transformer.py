"""Encodes texts with any sentence-transformers model. Knows prompts, loads torch on first use.

Importing this module is free; opening an encoder imports torch and takes seconds.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.encoder import Vectors
from embeddings.errors import ModelError
from embeddings.spans import valid_unicode

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
HUB_TIMEOUT = 10.0  # seconds to wait for the hub to say whether it has a model
BATCH = 32  # texts in one forward pass

PASSAGE_PROMPTS = ("document", "passage", "corpus")
"""Names under which models keep the prompt for passages."""

KNOWN_PROMPTS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"(^|[-_])e5([-_]|$)(?!.*instruct)", re.IGNORECASE), "query: ", "passage: "),
)
"""Models trained with prompts that their configuration leaves out: name, for questions, for
passages. E5: Wang 2022, section 4.3, and its model cards. The instruct variants bring their own."""

UNREAD = (".md", ".onnx", ".xml", ".h5", ".msgpack", ".lock", ".png")
"""Suffixes of files in a model folder from which no vector is computed."""


class TransformerEncoder:
    """A sentence-transformers model; an ``Encoder``. Threads take turns."""

    def __init__(self, name: str) -> None:
        """Load a model.

        Args:
            name: a folder, or the name of a model on the hub (``organisation/model``), which is
                downloaded unless it is in the local cache.

        Raises:
            ModelError: there is no such model, or it cannot be loaded.
        """
        self.name = name
        self._folder = _locate(name)
        self._model = _load(name, self._folder)
        self._turn = threading.Lock()  # fast tokenizers cannot be shared between threads
        self.query_prompt, self.passage_prompt = _prompts(self._model.prompts, name)
        self._dimension = int(self._model.get_embedding_dimension() or 0) or self._probe()

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 over the folder's files and the prompts, computed on first use."""
        digest = hashlib.sha256(f"{self.query_prompt}\0{self.passage_prompt}".encode())
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and path.suffix not in UNREAD and not path.name.startswith("."):
                with path.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256")
                digest.update(path.relative_to(self._folder).as_posix().encode())
                digest.update(content.digest())
        return f"transformer-{digest.hexdigest()[:32]}"

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows, by the model's prompt for questions."""
        return self._encode(self._model.encode_query, texts, self.query_prompt)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows, by the model's prompt for passages."""
        return self._encode(self._model.encode_document, texts, self.passage_prompt)

    def _encode(self, encode: Callable[..., Vectors], texts: Sequence[str], prompt: str) -> Vectors:
        """Unit rows; zero rows for blank texts, of which models make something arbitrary."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        if not rows:
            return vectors
        with self._turn:
            found = encode(
                [valid_unicode(texts[row]) for row in rows],
                prompt=prompt,
                batch_size=BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        vectors[rows] = found / np.where(norms > 0, norms, 1)
        return vectors

    def _probe(self) -> int:
        """The dimension of a model that does not declare one."""
        return len(self._model.encode("a", show_progress_bar=False))


def _locate(name: str) -> Path:
    """The folder of a model, downloading it if need be; ModelError without touching torch."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not any((folder / file).is_file() for file in ("modules.json", "config.json")):
            raise ModelError(
                f"{folder} is not a model: expected modules.json or config.json in it; name the "
                "folder that SentenceTransformer.save wrote"
            )
        return folder
    if not HUB_NAME.fullmatch(name):
        raise ModelError(
            f"no model at {name}: expected a folder, a hub name such as "
            f"sentence-transformers/{folder.name or 'all-MiniLM-L6-v2'}, or bundled"
        )
    return _from_hub(name)


def _from_hub(name: str) -> Path:
    """The cached folder of a hub model, downloaded first when it is not there."""
    import huggingface_hub as hub

    # Weights in other frameworks' formats can be several times the model's size.
    unread = ["*.onnx", "*.h5", "*.msgpack", "*.ot", "onnx/*", "openvino/*"]
    cached = _cached(name)
    if cached is not None:
        return cached
    try:
        # Asked once, because a download retries for minutes when there is no network.
        hub.model_info(name, timeout=HUB_TIMEOUT)
        return Path(hub.snapshot_download(name, ignore_patterns=unread))
    except Exception as error:
        raise ModelError(
            f"no folder {name}, and the model hub did not give a model of that name ({error}); "
            "check the name and the network, or copy the model here and name its folder"
        ) from error


def _cached(name: str) -> Path | None:
    """The folder of a hub model in the local cache, if its download was finished."""
    import huggingface_hub as hub

    try:
        folder = Path(hub.snapshot_download(name, local_files_only=True))
    except hub.errors.LocalEntryNotFoundError:
        return None
    complete = any(folder.rglob("*.safetensors")) or any(folder.rglob("*.bin"))
    return folder if complete else None


def _load(name: str, folder: Path) -> SentenceTransformer:
    """The ``SentenceTransformer`` of a folder, never from the network."""
    try:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(folder), local_files_only=True)
    except Exception as error:  # each kind of model fails in its own way
        raise ModelError(
            f"the model {name} in {folder} cannot be loaded: {error}; get its folder again"
        ) from error


def _prompts(configured: Mapping[str, str | None], name: str) -> tuple[str, str]:
    """Prompts for questions and for passages: the model's own, else the known ones.

    Chosen here because the library looks under ``document`` only, where it puts an empty prompt
    itself, and so never uses one that a model keeps under ``passage``.
    """
    query = configured.get("query") or ""
    passage = next(filter(None, map(configured.get, PASSAGE_PROMPTS)), "")
    if query or passage:
        return query, passage
    return known_prompts(name)


def known_prompts(name: str) -> tuple[str, str]:
    """Prompts that a model of this folder or hub name was trained with, if they are known."""
    for pattern, known_query, known_passage in KNOWN_PROMPTS:
        if pattern.search(name.rstrip("/").rsplit("/", 1)[-1]):
            return known_query, known_passage
    return "", ""

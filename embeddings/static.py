"""Encodes texts as the mean of token vectors from a table. Knows tokens, not documents.

Reads a sentence-transformers ``StaticEmbedding`` folder, either with a float table
(``embedding.weight``) or in the model2vec layout: ``embeddings`` (rows, dim), often int8, with
``weights`` (tokens,) and ``mapping`` (tokens,), so that token ``t`` is
``embeddings[mapping[t]] * weights[t]``. Needs tokenizers and numpy; never imports torch.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from embeddings.encoder import Vectors
from embeddings.errors import ModelError
from embeddings.kernels import Table
from embeddings.tensors import TensorFile, map_tensors

TokenIds = NDArray[np.uint32]

BATCH = 1024  # texts tokenised at a time: bounds the memory held by encodings
SURROGATE = re.compile("[\ud800-\udfff]")
UNKNOWN_ID = re.compile(rb'"unk_id"\s*:\s*(\d+)')  # unigram tokenizers do not expose it


MARK = re.compile(
    "[^\u0000-\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u20cf\u2100-\u2cee\u2e00-\u3029"
    "\u3030-\u3098\u309b-\ua66e\uac00-\ud7ff\uf900-\ufb1d\ufe30-\uffff]"
)
"""A letter that may be a combining mark; most texts have none."""
SPACES = np.array([chr(code).isspace() for code in range(0x3002)])


class Placed(NamedTuple):
    """``ids`` (n,) of a text's tokens, and ``spans`` (n, 2) in code points of it."""

    ids: TokenIds
    spans: NDArray[np.int64]


class StaticEncoder:
    """A token table and its tokenizer; an ``Encoder``. Safe to share between threads."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        """Open a model folder.

        Args:
            folder: holds ``tokenizer.json`` and ``model.safetensors``.
            name: for display; the folder when None.

        Raises:
            ModelError: a file is missing or damaged, or the two do not fit together.
        """
        self.name = name or str(folder)
        self._file = _read_tensors(folder / "model.safetensors")
        definition, self._tokenizer = _read_tokenizer(folder / "tokenizer.json")
        self._definition_sha256 = hashlib.sha256(definition).digest()
        self._rows, self._weights, self._mapping = _table(self._file.tensors, folder)
        tokens = len(self._weights)
        if self._tokenizer.get_vocab_size() > tokens:
            raise ModelError(
                f"{folder}: tokenizer.json has {self._tokenizer.get_vocab_size()} tokens, "
                f"model.safetensors {tokens}; both must come from one training run"
            )
        unknown = _unknown_id(self._tokenizer, definition)
        if unknown is not None:
            self._weights[unknown] = 0.0  # two unknown words have nothing in common
        self.table = Table(self._rows, self._mapping, self._weights)

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return int(self._rows.shape[1])

    @property
    def vocabulary(self) -> int:
        """Number of token ids; every id is below it."""
        return len(self._weights)

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 over both files, computed on first use (some 50 ms for 50 MB)."""
        digest = hashlib.sha256(self._definition_sha256)
        digest.update(self._file.data)
        return f"static-{digest.hexdigest()[:32]}"

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows; zero rows for texts without a known token."""
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) unit float32 rows; zero rows for texts without a known token.

        A text's vector does not depend on the texts beside it, to the last bit.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for first in range(0, len(texts), BATCH):
            some = self.tokenize(texts[first : first + BATCH])
            vectors[first : first + BATCH] = self.encode_tokens(some)
        return vectors

    def encode_tokens(self, texts: Sequence[TokenIds]) -> Vectors:
        """As ``encode_passages``, of texts that are tokenised already."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, ids in enumerate(texts):
            vectors[row] = self.table.sum(ids)
        norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        norms[norms == 0.0] = 1.0
        vectors /= norms[:, None]
        return vectors

    def tokenize(self, texts: Sequence[str]) -> list[TokenIds]:
        """Token ids of each text, in order; no special tokens."""
        if len(texts) == 1:  # does not wake the tokenizer's thread pool
            return [_ids(self._encode(texts[0]))]
        try:
            encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        except TypeError:  # a lone surrogate somewhere
            whole = [valid_unicode(text) for text in texts]
            encodings = self._tokenizer.encode_batch_fast(whole, add_special_tokens=False)
        return [_ids(encoding) for encoding in encodings]

    def tokenize_with_offsets(self, text: str) -> Placed:
        """Token ids (n,) and where they stand in the text (n, 2).

        Offsets are half-open and count code points of ``text`` as given. White space that the
        tokenizer counts to a token is left out; a token of nothing else has an empty span.
        Combining marks that no token covers, because normalising composed or dropped them, belong
        to the letter before them.
        """
        encoding = self._encode(text)
        return Placed(_ids(encoding), _visible(text, encoding.offsets))

    def tokenize_all_with_offsets(self, texts: Sequence[str]) -> list[Placed]:
        """As ``tokenize_with_offsets``, for many at once."""
        try:
            encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        except TypeError:  # a lone surrogate somewhere
            whole = [valid_unicode(text) for text in texts]
            encodings = self._tokenizer.encode_batch(whole, add_special_tokens=False)
        return [
            Placed(_ids(encoding), _visible(text, encoding.offsets))
            for text, encoding in zip(texts, encodings, strict=True)
        ]

    def token_rows(self, ids: NDArray[Any]) -> tuple[Vectors, NDArray[np.float32]]:
        """Table rows (n, dim) and weights (n,); a token's vector is their product.

        The norm of that vector says how much the token matters. Rows are not normalised.
        """
        places = ids if self._mapping is None else self._mapping[ids]
        return self._rows[places].astype(np.float32), self._weights[ids]

    def _encode(self, text: str) -> Encoding:
        try:
            return self._tokenizer.encode(text, add_special_tokens=False)
        except TypeError:  # a lone surrogate somewhere
            return self._tokenizer.encode(valid_unicode(text), add_special_tokens=False)


def _ids(encoding: Encoding) -> TokenIds:
    return np.array(encoding.ids, dtype=np.uint32)


def valid_unicode(text: str) -> str:
    """A copy of the same length with lone surrogates replaced: tokenizers refuse them."""
    return SURROGATE.sub("\ufffd", text)


def _visible(text: str, offsets: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Offsets (n, 2) without white space at their ends and with the marks that follow."""
    spans = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    if MARK.search(text) or _touch_space(text, spans):
        spans = np.array(_corrected(text, offsets), dtype=np.int64).reshape(-1, 2)
    return spans


def _touch_space(text: str, spans: NDArray[np.int64]) -> bool:
    """Whether a token begins or ends with white space; most tokenizers' never do."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    full = spans[spans[:, 0] < spans[:, 1]]
    ends = codes[np.concatenate([full[:, 0], full[:, 1] - 1])]
    return bool(SPACES[np.minimum(ends, len(SPACES) - 1)].any())


def _corrected(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    spans = []
    following = [*(start for start, _ in offsets), len(text)][1:]
    for (start, end), limit in zip(offsets, following, strict=True):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        while start < end < limit and unicodedata.combining(text[end]):
            end += 1
        spans.append((start, end))
    return spans


def _read_tensors(path: Path) -> TensorFile:
    try:
        return map_tensors(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not a readable model: {error}; restore the folder") from error


def _read_tokenizer(path: Path) -> tuple[bytes, Tokenizer]:
    try:
        definition = path.read_bytes()
    except OSError as error:
        raise ModelError(f"no tokenizer at {path}: {error}; restore the folder") from error
    try:
        tokenizer = Tokenizer.from_buffer(definition)
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{path} is damaged: {error}; restore the folder") from error
    tokenizer.no_padding()
    return definition, tokenizer


def _table(
    tensors: Mapping[str, NDArray[Any]], folder: Path
) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[Any] | None]:
    """Rows (rows, dim), weights (tokens,) and mapping (tokens,) or None when it is the identity."""
    rows = tensors.get("embeddings", tensors.get("embedding.weight"))
    if rows is None or rows.ndim != 2:
        raise ModelError(
            f"{folder}/model.safetensors holds {', '.join(tensors) or 'nothing'}; expected a table "
            "named embeddings or embedding.weight. Other models open as transformers"
        )
    mapping = tensors.get("mapping")
    tokens = len(rows) if mapping is None else len(mapping)
    weights = np.ones(tokens) if "weights" not in tensors else tensors["weights"]
    if weights.shape != (tokens,) or not _within(mapping, len(rows)):
        raise ModelError(
            f"{folder}/model.safetensors: {tokens} tokens, weights of shape {weights.shape} and "
            f"{len(rows)} rows do not fit together; restore the folder"
        )
    return rows, weights.astype(np.float32), mapping


def _within(mapping: NDArray[Any] | None, rows: int) -> bool:
    """Whether every token has a row."""
    return mapping is None or bool(mapping.min(initial=0) >= 0 and mapping.max(initial=0) < rows)


def _unknown_id(tokenizer: Tokenizer, definition: bytes) -> int | None:
    token = getattr(tokenizer.model, "unk_token", None)
    if token is not None:
        return tokenizer.token_to_id(token)
    match = UNKNOWN_ID.search(definition)
    return int(match[1]) if match else None

"""Cuts texts into tokens: compiled by the bundled model's rules, by the library by all others.

Knows tokenizers and no vectors. ``tokenizer_at`` opens a ``tokenizer.json``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from embeddings.errors import ModelError
from embeddings.spans import Placed, TokenIds, valid_unicode, visible
from embeddings.wordpiece import WordPiece

_BARE = re.compile(r"^(?:##|[▁Ġ]+)")
UNKNOWN_ID = re.compile(rb'"unk_id"\s*:\s*(\d+)')  # unigram tokenizers do not expose it


class Tokenizing(Protocol):
    """Turns texts into tokens, without special ones. Safe to share between threads."""

    @property
    def vocabulary(self) -> int:
        """Every id is below it."""
        ...

    @property
    def unknown(self) -> int | None:
        """The id of what is in no token, where there is one."""
        ...

    def ids(self, texts: Sequence[str]) -> list[TokenIds]:
        """Tokens of each text, in order."""
        ...

    def placed(self, texts: Sequence[str]) -> list[Placed]:
        """Tokens of each text and where they stand."""
        ...

    def numbers(self) -> NDArray[np.bool_]:
        """(vocabulary,) whether each token begins with a decimal digit of any script."""
        ...


def tokenizer_at(path: Path) -> tuple[bytes, Tokenizing]:
    """The file's bytes, and the tokenizer that they define.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        definition = path.read_bytes()
    except OSError as error:
        raise ModelError(f"no tokenizer at {path}: {error}; restore the folder") from error
    try:
        return definition, WordPiece.of(definition) or ByLibrary(definition)
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{path} is damaged: {error}; restore the folder") from error


class ByLibrary:
    """Any tokenizer that the library ``tokenizers`` reads."""

    def __init__(self, definition: bytes) -> None:
        """Read a ``tokenizer.json``; raises what the library does."""
        self._tokenizer = Tokenizer.from_buffer(definition)
        self._tokenizer.no_padding()
        self.vocabulary = self._tokenizer.get_vocab_size()
        self.unknown = _unknown_id(self._tokenizer, definition)

    def ids(self, texts: Sequence[str]) -> list[TokenIds]:
        """Tokens of each text."""
        return [_ids(encoding) for encoding in self._encoded(texts, placed=False)]

    def placed(self, texts: Sequence[str]) -> list[Placed]:
        """Tokens of each text and their places."""
        return [
            Placed(_ids(encoding), visible(text, encoding.offsets))
            for text, encoding in zip(texts, self._encoded(texts, placed=True), strict=True)
        ]

    def numbers(self) -> NDArray[np.bool_]:
        """Which tokens are numbers; marks of word beginnings do not count."""
        found = np.zeros(self.vocabulary, dtype=np.bool_)
        for piece, number in self._tokenizer.get_vocab().items():
            found[number] = _BARE.sub("", piece)[:1].isdecimal()
        return found

    def _encoded(self, texts: Sequence[str], *, placed: bool) -> list[Encoding]:
        try:
            return self._encode(texts, placed)
        except TypeError:  # a lone surrogate somewhere
            return self._encode([valid_unicode(text) for text in texts], placed)

    def _encode(self, texts: Sequence[str], placed: bool) -> list[Encoding]:
        if len(texts) == 1:  # does not wake the library's pool of threads
            return [self._tokenizer.encode(texts[0], add_special_tokens=False)]
        all_at_once = self._tokenizer.encode_batch if placed else self._tokenizer.encode_batch_fast
        return all_at_once(list(texts), add_special_tokens=False)


def _ids(encoding: Encoding) -> TokenIds:
    return np.array(encoding.ids, dtype=np.uint32)


def _unknown_id(tokenizer: Tokenizer, definition: bytes) -> int | None:
    token = getattr(tokenizer.model, "unk_token", None)
    if token is not None:
        return tokenizer.token_to_id(token)
    match = UNKNOWN_ID.search(definition)
    return int(match[1]) if match else None

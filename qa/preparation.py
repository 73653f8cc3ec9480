"""Turns documents into passages with everything that search needs of them.

Knows no storage. What it makes depends only on the document and on ``pipeline``, a fingerprint of
the encoder, the token table, the splitter and the analysis of words: when that changes, documents
are prepared again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors
from embeddings.spans import Placed, TokenIds
from embeddings.static import StaticEncoder
from qa import analysis, language, splitter
from qa.bm25 import passage_terms
from qa.types import Document, Passage, PreparedDocument, PreparedPassage

_FORMAT = "4"
_BATCH = 2048


@dataclass(frozen=True, slots=True)
class _Read:
    """A passage as it is read: its own words, and the words around it that explain it."""

    document: int
    passage: Passage
    text: str
    context: str


class Preparer:
    """Splits, encodes and tokenises documents."""

    def __init__(self, encoder: Encoder, tokens: StaticEncoder) -> None:
        """Vectors come from ``encoder``, token ids for late interaction from ``tokens``."""
        self._encoder = encoder
        self._tokens = tokens
        parts = (
            *(_FORMAT, encoder.fingerprint, tokens.fingerprint),
            *(splitter.FINGERPRINT, analysis.VERSION),
        )
        self.pipeline = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def prepare(self, documents: Sequence[Document]) -> list[PreparedDocument]:
        """Passages with everything that search needs of them, for each document in order.

        The language is detected where it is None.
        """
        documents = [_told(document) for document in documents]
        reads = [
            read for number, document in enumerate(documents) for read in _read(number, document)
        ]
        passages: list[list[PreparedPassage]] = [[] for _ in documents]
        for first in range(0, len(reads), _BATCH):
            batch = reads[first : first + _BATCH]
            own = self._tokens.tokenize_all_with_offsets([read.text for read in batch])
            around = self._tokens.tokenize([read.context for read in batch])
            vectors, hubness = self._vectors(batch, own, around)
            each = zip(batch, vectors, own, around, hubness.tolist(), strict=True)
            for read, vector, placed, context_ids, hub in each:
                passages[read.document].append(
                    PreparedPassage(
                        read.passage,
                        vector,
                        placed.ids,
                        placed.spans,
                        np.unique(context_ids) if len(context_ids) > 1 else context_ids,
                        passage_terms(read.text, read.passage.language),
                        hub,
                    )
                )
        return [
            PreparedDocument(document, tuple(of_document), self.pipeline)
            for document, of_document in zip(documents, passages, strict=True)
        ]

    def _vectors(
        self, batch: Sequence[_Read], own: Sequence[Placed], around: Sequence[TokenIds]
    ) -> tuple[Vectors, NDArray[np.float32]]:
        """Of each passage with its context, and the hubness of that."""
        # The line break between the two parts tokens, so those of both are those of the whole.
        pairs = zip(around, own, strict=True)
        means = self._tokens.encode_tokens([np.concatenate([a, o.ids]) for a, o in pairs])
        hubness = self._tokens.hubness(means)
        if self._encoder is self._tokens:
            return means, hubness
        return self._encoder.encode_passages([_joined(read) for read in batch]), hubness


def _told(document: Document) -> Document:
    if document.language is not None:
        return document
    return replace(document, language=language.detect(document.text))


def _read(number: int, document: Document) -> list[_Read]:
    text = document.text
    reads = []
    for passage in splitter.split(text, language=document.language):
        quote = text[passage.start : passage.end]
        parts = [text[span.start : span.end] for span in passage.context]
        if document.title and document.title not in quote and document.title not in parts:
            parts.insert(0, document.title)
        reads.append(_Read(number, passage, quote, "\n".join(parts)))
    return reads


def _joined(read: _Read) -> str:
    return f"{read.context}\n{read.text}" if read.context else read.text

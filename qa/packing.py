"""Prepared documents as a few long arrays, for the way from one process to another.

Knows no process. Thousands of small arrays take longer to pickle than much of what is in them took
to make, and what is sent waits for Python's lock on the other side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from qa.types import Document, Passage, PassageTerms, PreparedDocument, PreparedPassage, Span


@dataclass(frozen=True, slots=True)
class Packed:
    """What was made of n documents with m passages, without the documents.

    Attributes:
        pipeline: that made it.
        languages: (n,) of the documents.
        counts: (n,) of their passages.
        places: (m,) start, end, language and context of each passage.
        vectors: (m, dim).
        hubness: (m,).
        lengths: (m, 3) of ``PassageTerms``.
        joined: arrays of all passages, joined, in the order of ``_arrays``.
        sizes: for each of those, (m,) how much of it is each passage's.
    """

    pipeline: str
    languages: list[str | None]
    counts: list[int]
    places: list[tuple[int, int, str | None, tuple[tuple[int, int], ...]]]
    vectors: NDArray[np.float32]
    hubness: list[float]
    lengths: NDArray[np.uint32]
    joined: list[NDArray[np.generic]]
    sizes: list[list[int]]


def pack(documents: Sequence[PreparedDocument], pipeline: str) -> Packed:
    """All that preparing added to them."""
    passages = [passage for document in documents for passage in document.passages]
    columns = list(zip(*map(_arrays, passages), strict=True))
    return Packed(
        pipeline,
        [document.document.language for document in documents],
        [len(document.passages) for document in documents],
        [_place(one.passage) for one in passages],
        np.array([one.vector for one in passages], np.float32),
        [one.hubness for one in passages],
        np.array([one.terms.lengths for one in passages], np.uint32),
        [np.concatenate(column) for column in columns],
        [[len(array) for array in column] for column in columns],
    )


def unpack(packed: Packed, documents: Sequence[Document]) -> list[PreparedDocument]:
    """The prepared documents, from what was sent and what came back."""
    passages = iter(_passages(packed))
    told = (
        replace(document, language=language) if document.language is None else document
        for document, language in zip(documents, packed.languages, strict=True)
    )
    return [
        PreparedDocument(document, tuple(next(passages) for _ in range(count)), packed.pipeline)
        for document, count in zip(told, packed.counts, strict=True)
    ]


def _arrays(one: PreparedPassage) -> tuple[NDArray[np.generic], ...]:
    terms = one.terms
    return (one.tokens, one.spans, one.context_tokens, terms.ids, terms.counts, terms.sound)


def _place(of: Passage) -> tuple[int, int, str | None, tuple[tuple[int, int], ...]]:
    return of.start, of.end, of.language, tuple((span.start, span.end) for span in of.context)


def _passages(packed: Packed) -> Iterator[PreparedPassage]:
    parts = (
        [array[begin:end] for begin, end in pairwise(accumulate(sizes, initial=0))]
        for array, sizes in zip(packed.joined, packed.sizes, strict=True)
    )
    whole = zip(packed.places, packed.vectors, packed.hubness, packed.lengths, *parts, strict=True)
    for (start, end, language, context), vector, hubness, lengths, *arrays in whole:
        tokens, spans, context_tokens, ids, counts, sound = arrays
        yield PreparedPassage(
            Passage(start, end, language, tuple(Span(*span) for span in context)),
            vector,
            tokens,
            spans,
            context_tokens,
            PassageTerms(ids, counts, sound, lengths),
            hubness,
        )

"""The least time that memory allows a question: bytes it must touch over bytes a second.

Three kinds of bytes are counted; all else (texts, SQLite's pages, the interpreter) is not, so the
bound is low. They are estimates:

* *vectors*: the whole file of the vector index, as if all of it were read. An index that looks
  into a part of it touches less, and so can be faster than this.
* *postings*: for each term that the question looks up, one posting for each passage that has it,
  with gaps and counts bit-packed (log2 of the mean gap and two bits more) and one byte for the
  passage's length. Block-max pruning skips some of them.
* *tokens*: the ids of all tokens of the candidates and of what stands around them, and one row of
  the token table for each distinct one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.bundled import BUNDLED
from embeddings.static import StaticEncoder
from qa.collection import Collection
from qa.ranking import Ranked
from tests.benchmarks.machine import disk

STAGE_OF = {"vectors": "dense", "postings": "lexical", "tokens": "re-rank"}
"""The measured stage that each kind of bytes belongs to."""

_ID_BYTES = 4


def posting_bytes(frequency: int, passages: int) -> float:
    """Bytes of one term's postings, about."""
    if frequency <= 0:
        return 0.0
    gap = max(1.0, math.log2(max(2.0, passages / frequency)))
    return frequency * ((gap + 2) / 8 + 1)


def token_bytes(found: Iterable[Ranked], row_bytes: float) -> float:
    """Bytes of the candidates' tokens and of the rows of the table that they name."""
    lists = [ids for one in found for ids in (one.candidate.tokens, one.candidate.context_tokens)]
    if not lists:
        return 0.0
    together = np.concatenate(lists)
    return len(together) * _ID_BYTES + len(np.unique(together)) * row_bytes


def touched(collection: Collection, folder: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Mean bytes a question, by kind; what cannot be counted any more is named in ``gone``."""
    kinds: dict[str, float] = {}
    gone: list[str] = []
    vectors = sum(size for name, size in disk(folder).items() if name.startswith("vectors"))
    if vectors:
        kinds["vectors"] = vectors
    else:
        gone.append("vectors: no file of that name")
    try:
        kinds["postings"] = float(np.mean([_postings(collection, one) for one in questions]))
    except (AttributeError, TypeError, ValueError) as error:
        gone.append(f"postings: {error}")
    try:
        row = _row_bytes()
        found = (collection.retrieve(one, top_k=None) for one in questions)
        kinds["tokens"] = float(np.mean([token_bytes(one, row) for one in found]))
    except (AttributeError, TypeError) as error:
        gone.append(f"tokens: {error}")
    return {"bytes": {kind: round(size) for kind, size in kinds.items()}, "gone": gone}


def bounds_ms(sizes: dict[str, float], gigabytes_a_second: float) -> dict[str, float]:
    """Milliseconds that reading these bytes takes at least."""
    return {kind: round(size / gigabytes_a_second / 1e6, 4) for kind, size in sizes.items()}


def _row_bytes() -> float:
    table = (BUNDLED / "model.safetensors").stat().st_size
    return table / StaticEncoder(BUNDLED).vocabulary


def _postings(collection: Collection, question: str) -> float:
    derived = collection._engine._derived  # type: ignore[attr-defined]
    with derived.moment() as moment:
        view, passages = moment.lexical, len(moment.vectors)
        terms = [
            pair
            for kind in ("terms", "sounds")
            for word in view._asked(question, kind)
            for pair in word
        ]
        counts = [view._searcher.doc_freq(field, term) for field, term in terms]
    return sum(posting_bytes(count, passages) for count in counts)

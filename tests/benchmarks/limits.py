"""The least time that memory allows a question: bytes it must touch over bytes a second.

Three kinds of bytes are counted; all else (texts, SQLite's pages, the interpreter) is not, so the
bound is low. They are estimates:

* *vectors*: the whole file of the vector index, as if all of it were read. An index that looks
  into a part of it touches less, and so can be faster than this.
* *postings*: for each term that the question looks up, one posting for each passage that has it,
  with gaps and counts bit-packed (log2 of the mean gap and two bits more) and one byte for the
  passage's length. Block-max pruning skips some of them.
* *tokens*: what the candidates are scored by (vectors, tokens and those around them, terms,
  sounds), and one row of the token table for each distinct token.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.bundled import BUNDLED
from embeddings.static import StaticEncoder
from qa.bm25 import question_terms
from qa.collection import Collection
from qa.representation import Columns
from qa.types import Filters
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


def representation_bytes(read: Columns, row_bytes: float) -> float:
    """Bytes of what the candidates are scored by, and of the rows of the table that it names."""
    tokens = np.unique(np.concatenate([read.tokens.values, read.context.values]))
    parts = (
        read.vectors.size * 2,
        (2 * read.tokens.values.size + read.context.values.size + read.terms.values.size)
        * _ID_BYTES,
        read.counts.values.size + read.sounds.values.size,
    )
    return sum(parts) + len(tokens) * row_bytes


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
        found = (_representations(collection, one) for one in questions)
        kinds["tokens"] = float(np.mean([representation_bytes(one, row) for one in found]))
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
        asked, passages = question_terms(question, moment.lexical.languages), len(moment.vectors)
        statistics = moment.lexical.statistics
        counts = [*statistics.terms(asked.ids), *statistics.pieces(asked.pieces)]
    return sum(posting_bytes(int(count), passages) for count in counts)


def _representations(collection: Collection, question: str) -> Columns:
    responder = collection._responder
    [ranking] = responder._find([responder._read(question)], [Filters()])
    found: Columns = ranking.found.passages
    return found

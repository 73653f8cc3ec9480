"""What Milvus searches and filters passages by, made of what they are scored by. Knows no texts.

Made when passages are written, and made again to prove that it is right.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qa.milvus import sparse
from qa.milvus.client import Row
from qa.representation import Columns, terms_of

NEVER, ALWAYS = -1, 99_999_999
"""Days before and after all others: an undated document is in no range of them."""

FIELDS = ("language", "published_first", "published_last", "vector", "terms", "sounds")
_CLOSE = 1e-4


def searched(columns: Columns, days: tuple[int, int] | None) -> Iterator[Row]:
    """The fields of each passage of a document of a first and a last day, or of none."""
    first, last = (ALWAYS, NEVER) if days is None else days
    found = sparse.pieces(columns.sounds)
    edges = np.searchsorted(found.owners, np.arange(len(columns) + 1))
    for number in range(len(columns)):
        terms, mine = terms_of(columns, number), slice(edges[number], edges[number + 1])
        words, stems, sounds = terms.lengths.tolist()
        yield {
            "language": columns.languages[number] or "",
            "published_first": first,
            "published_last": last,
            "vector": columns.vectors[number].tolist(),
            "terms": sparse.term_vector(terms.ids, terms.counts, words + stems),
            "sounds": sparse.piece_vector(found.ids[mine], found.counts[mine], sounds),
        }


def wrong(stored: Row, expected: Row) -> list[str]:
    """Names of the fields that are not as they should be."""
    found = [name for name in FIELDS[:3] if stored[name] != expected[name]]
    if not np.allclose(stored["vector"], expected["vector"], rtol=0, atol=_CLOSE):
        found.append("vector")
    return found + [n for n in FIELDS[4:] if not _same(stored[n], expected[n])]


def _same(stored: sparse.Sparse, expected: sparse.Sparse) -> bool:
    return stored.keys() == expected.keys() and all(
        abs(stored[place] - worth) < _CLOSE for place, worth in expected.items()
    )

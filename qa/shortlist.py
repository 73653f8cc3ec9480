"""Chooses which of the passages that the indexes find are read and ranked. Knows no storage.

To read a passage and compare its tokens costs far more than to find it, and most of what is found
by one kind of evidence alone ranks nowhere. So what is already known of each, its cosine and what
the index of words scored it by, says which are worth it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from qa.lexical_view import Hits

WORDS_WORTH = 0.1
"""What the best hit by words is worth, and the best by sounds, as a cosine."""

Ids = NDArray[np.int64]


def shortlist(
    by_vector: Ids,
    by_terms: Iterable[Hits],
    products: Callable[[Ids], NDArray[np.float32]],
    most: int | None,
) -> Ids:
    """The passages to rank, ascending.

    Args:
        by_vector: (n,) ids found by their vectors.
        by_terms: what is found by words, and by sounds, best first.
        products: of passages (n,), the inner products with the question's vector.
        most: how many at most; None for all that is found.
    """
    by_terms = list(by_terms)
    ids: Ids = np.unique(np.concatenate([by_vector, *(hits.ids for hits in by_terms)]))
    if most is None or len(ids) <= most:
        return ids
    worth = products(ids).astype(np.float64)
    for hits in by_terms:
        if len(hits.ids) and hits.scores[0] > 0:
            worth[np.searchsorted(ids, hits.ids)] += WORDS_WORTH / hits.scores[0] * hits.scores
    best: Ids = np.sort(ids[np.argsort(-worth, kind="stable")[:most]])
    return best

"""Chooses which of the passages that the indexes find are read and ranked. Knows no storage.

To read a passage and compare its tokens costs far more than to find it, and most of what is found
by one kind of evidence alone ranks nowhere. So what is already known of each, its cosine and what
the index of words scored it by, says which are worth it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.lexical_view import Hits

WORDS_WORTH, SOUNDS_WORTH = 0.3, 0.6
"""What a best hit by words, or by sounds, is worth as a cosine, if all others match in nothing."""

Ids = NDArray[np.int64]


def shortlist(
    by_vector: Ids,
    by_terms: Sequence[Hits],
    products: Callable[[Ids], NDArray[np.float32]],
    *,
    limit: int,
    most: int | None,
) -> Ids:
    """The passages to rank, ascending.

    A hit by words counts by how far its score is above the last one's, as a share of the first
    one's: what was not found may be as good as the last. Then a list that says little, in which all
    are alike, adds little.

    Args:
        by_vector: (n,) ids found by their vectors.
        by_terms: what is found by words, and by sounds, best first.
        products: of passages (n,), the inner products with the question's vector.
        limit: how many hits were asked for; of fewer, the others have none of the terms.
        most: how many to choose at most; None for all that is found.
    """
    ids = _distinct(np.concatenate([by_vector, *(hits.ids for hits in by_terms)]))
    if most is None or len(ids) <= most:
        return ids
    worth = products(ids).astype(np.float64)
    for share, (found, scores) in zip((WORDS_WORTH, SOUNDS_WORTH), by_terms, strict=True):
        if len(found) and scores[0] > 0:
            above = scores - (scores[-1] if len(found) >= limit else 0)
            worth[np.searchsorted(ids, found)] += share / scores[0] * above
    best: Ids = np.sort(ids[np.argsort(-worth, kind="stable")[:most]])
    return best


def _distinct(ids: Ids) -> Ids:
    """Each once, ascending; of so few, sooner than ``np.unique``."""
    ids.sort()
    first = np.ones(len(ids), np.bool_)
    np.not_equal(ids[1:], ids[:-1], out=first[1:])
    found: Ids = ids[first]
    return found

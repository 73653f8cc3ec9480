"""Chooses which of the passages that the indexes find are ranked. Knows no storage.

To compare all tokens of a passage with a question costs far more than to find it, and most of what
is found by one kind of evidence alone ranks nowhere. So what the indexes know of each, and a glance
at its tokens, say which are worth it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa.engine import Search
from qa.lexical_view import Hits
from qa.representation import Columns

WORDS_WORTH, SOUNDS_WORTH = 0.3, 0.6
"""What a best hit by words, or by sounds, is worth as a cosine, if all others match in nothing."""
GLANCE_WORTH = 2.0
"""What late interaction in passing is worth as a cosine."""

Ids = NDArray[np.int64]


def together(by_vector: Ids, by_terms: Sequence[Hits]) -> Ids:
    """(n,) all that is found, each once, ascending; of so few, sooner than by ``np.unique``."""
    ids = np.concatenate([by_vector, *(hits.ids for hits in by_terms)])
    ids.sort()
    first = np.ones(len(ids), np.bool_)
    np.not_equal(ids[1:], ids[:-1], out=first[1:])
    found: Ids = ids[first]
    return found


def shortlist(found: Columns, by_terms: Sequence[Hits], search: Search) -> Columns:
    """Those that are worth ranking, in the same order.

    A hit by words counts by how far its score is above the last one's, as a share of the first
    one's: what was not found may be as good as the last. Then a list that says little, in which all
    are alike, adds little.

    Args:
        found: the passages, ascending by id.
        by_terms: what is found by words, and by sounds, best first; all of them among the others.
        search: what they were found for.
    """
    if search.worth is None or len(found) <= search.worth:
        return found
    worth = found.products(search.vector).astype(np.float64)
    for share, (ids, scores) in zip((WORDS_WORTH, SOUNDS_WORTH), by_terms, strict=True):
        if len(ids) and scores[0] > 0:
            above = scores - (scores[-1] if len(ids) >= search.lexical else 0)
            worth[np.searchsorted(found.ids, ids)] += share / scores[0] * above
    if search.glance is not None:
        worth += GLANCE_WORTH * search.glance(found.tokens)
    return found.taking(np.sort(np.argsort(-worth, kind="stable")[: search.worth]))

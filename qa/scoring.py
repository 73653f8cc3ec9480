"""Scores the candidates that an engine has found. Knows their columns, no index and no storage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qa import bm25
from qa.engine import Found, Search
from qa.representation import Columns
from qa.types import IndexStatus


def scored(
    columns: Columns,
    search: Search,
    asked: bm25.QuestionTerms,
    statistics: bm25.Statistics,
    token_counts: NDArray[np.uint32],
    status: IndexStatus,
) -> Found:
    """The candidates with all three scores, counted in one way for every engine."""
    return Found(
        columns,
        columns.products(search.vector).astype(np.float64),
        bm25.term_scores(asked, columns.terms, columns.counts, columns.lengths, statistics),
        bm25.sound_scores(asked, columns.sounds, columns.lengths, statistics),
        token_counts,
        status,
    )

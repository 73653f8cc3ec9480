"""Tokens and where they stand in their text. Knows Unicode, and no tokenizer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.uint32]

SURROGATE = re.compile("[\ud800-\udfff]")
MARK = re.compile(
    "[^\u0000-\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u20cf\u2100-\u2cee\u2e00-\u3029"
    "\u3030-\u3098\u309b-\ua66e\uac00-\ud7ff\uf900-\ufb1d\ufe30-\uffff]"
)
"""A letter that may be a combining mark; most texts have none."""
SPACES = np.array([chr(code).isspace() for code in range(0x3002)])


class Placed(NamedTuple):
    """``ids`` (n,) of a text's tokens, and ``spans`` (n, 2) in code points of it.

    Spans are half-open and count code points of the text as given. White space that a tokenizer
    counts to a token is left out; a token of nothing else has an empty span. Combining marks that
    no token covers, because normalising composed or dropped them, belong to the letter before them.
    """

    ids: TokenIds
    spans: NDArray[np.int64]


def valid_unicode(text: str) -> str:
    """A copy of the same length with lone surrogates replaced: tokenizers refuse them."""
    return SURROGATE.sub("\ufffd", text)


def visible(text: str, offsets: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Offsets (n, 2) without white space at their ends and with the marks that follow."""
    spans = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    if MARK.search(text) or _touch_space(text, spans):
        spans = np.array(_corrected(text, offsets), dtype=np.int64).reshape(-1, 2)
    return spans


def _touch_space(text: str, spans: NDArray[np.int64]) -> bool:
    """Whether a token begins or ends with white space; most tokenizers' never do."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    full = spans[spans[:, 0] < spans[:, 1]]
    ends = codes[np.concatenate([full[:, 0], full[:, 1] - 1])]
    return bool(SPACES[np.minimum(ends, len(SPACES) - 1)].any())


def _corrected(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    spans = []
    following = [*(start for start, _ in offsets), len(text)][1:]
    for (start, end), limit in zip(offsets, following, strict=True):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        while start < end < limit and unicodedata.combining(text[end]):
            end += 1
        spans.append((start, end))
    return spans

"""Token counts: what the passages hold, after any history of changes and any damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa.bm25 import passage_terms
from qa.embedded import EmbeddedEngine
from qa.engine import Search
from qa.types import Document, Filters, Passage, PreparedDocument, PreparedPassage
from tests.prepared import find


def prepared(document_id: str, *passages: list[int]) -> PreparedDocument:
    text = "x " * max(1, len(passages))
    made = tuple(
        PreparedPassage(
            Passage(2 * n, 2 * n + 1),
            np.array([1.0, 0.0], np.float32),
            np.array(tokens, np.uint32),
            np.zeros((len(tokens), 2), np.int64),
            np.zeros(0, np.uint32),
            passage_terms("x", None),
            0.0,
        )
        for n, tokens in enumerate(passages)
    )
    return PreparedDocument(Document(document_id, text, "test"), made, "p")


def counts(engine: EmbeddedEngine) -> dict[int, int]:
    search = Search("x", np.array([1.0, 0.0], np.float32), 5, 5, Filters())
    found = find(engine, search).token_counts
    assert list(engine.check()) == []
    return {int(n): int(found[n]) for n in np.flatnonzero(found)}


def test_counts_follow_every_change(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path, 2)
    assert counts(engine) == {}
    engine.put([prepared("a", [1, 2], [2, 3]), prepared("b", [3])])
    assert counts(engine) == {1: 1, 2: 2, 3: 2}
    engine.put([prepared("a", [7])])
    assert counts(engine) == {3: 1, 7: 1}
    engine.put([prepared("c", [9])])
    engine.remove(["c"])  # added and removed between two searches
    engine.remove(["b"])
    assert counts(engine) == {7: 1}
    engine.close()


def test_they_are_kept_and_catch_up(tmp_path: Path) -> None:
    first = EmbeddedEngine.open(tmp_path, 2)
    first.put([prepared("a", [1, 2])])
    counts(first)
    first.close()
    second = EmbeddedEngine.open(tmp_path, 2)
    third = EmbeddedEngine.open(tmp_path, 2)
    second.put([prepared("b", [2])])
    assert counts(third) == {1: 1, 2: 2}
    third.remove(["a"])
    assert counts(second) == {2: 1}
    second.close()
    third.close()


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "foreign"])
def test_damaged_counts_are_counted_again(tmp_path: Path, damage: str) -> None:
    engine = EmbeddedEngine.open(tmp_path, 2)
    engine.put([prepared("a", [1, 2], [2])])
    engine.close()
    path = tmp_path / "token-counts"
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:-3])
    elif damage == "flipped":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        path.write_bytes(content.replace(b'"store": "', b'"store": "0'))
    again = EmbeddedEngine.open(tmp_path, 2)
    assert counts(again) == {1: 1, 2: 2}
    again.close()

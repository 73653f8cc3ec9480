"""faiss and bm25s in a plain loop: what the libraries alone take. No HTTP, store or citations.

``python -m tests.benchmarks.floor MODEL < work.json`` prints figures as JSON. Exact vector search
and BM25, joined by reciprocal rank fusion (Cormack 2009, k = 60). Needs the extra ``bench``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from tests.benchmarks.machine import memory
from tests.benchmarks.stages import percentiles

CANDIDATES = 100
_FUSION = 60


class Floor:
    """Both indexes over the same passages."""

    def __init__(self, model: str, passages: list[dict[str, str]]) -> None:
        self._ids = [one["id"] for one in passages]
        self._texts = [one["text"] for one in passages]
        self._model = SentenceTransformer(model, device="cpu")
        vectors = self._encode(self._texts)
        self._vectors = faiss.IndexFlatIP(vectors.shape[1])
        self._vectors.add(vectors)
        self._words = bm25s.BM25()
        self._words.index(self._tokens(self._texts), show_progress=False)

    def search(self, question: str, limit: int) -> list[tuple[str, str]]:
        """Ids and texts of the best."""
        k = min(CANDIDATES, len(self._ids))
        _, dense = self._vectors.search(self._encode([question]), k)
        lexical, scores = self._words.retrieve(self._tokens([question]), k=k, show_progress=False)
        fused = defaultdict[int, float](float)
        for found in (dense[0], lexical[0][scores[0] > 0]):
            for place, number in enumerate(found.tolist(), start=1):
                fused[number] += 1 / (_FUSION + place)
        best = sorted(fused, key=lambda number: -fused[number])[:limit]
        return [(self._ids[n], self._texts[n]) for n in best]

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        encode = self._model.encode
        found: NDArray[np.float32] = encode(
            texts, normalize_embeddings=True, show_progress_bar=False
        )
        return found

    def _tokens(self, texts: list[str]) -> list[list[str]]:
        # No list of stop words: the default one is English. The library splits words itself.
        found: list[list[str]] = bm25s.tokenize(
            texts, stopwords=None, return_ids=False, show_progress=False
        )
        return found


def measure(model: str, work: dict[str, Any]) -> dict[str, Any]:
    """Figures and rankings for ``passages``, ``questions`` and ``judged`` questions."""
    started = time.perf_counter()
    floor = Floor(model, work["passages"])
    seconds = time.perf_counter() - started
    for question in work["questions"][-20:]:
        floor.search(question, 5)
    before = time.process_time()
    times = list(_times(floor, work["questions"]))
    used = time.process_time() - before
    return {
        "ingest": {
            "passages": len(work["passages"]),
            "passages_per_second": round(len(work["passages"]) / seconds, 1),
        },
        "levels": [
            {
                "clients": 1,
                "requests": len(times),
                "per_second": round(len(times) / sum(times), 2),
                **percentiles(times),
                "not_ok": 0,
                "broken": 0,
                "cpu_ms_each": round(1000 * used / len(times), 3),
            }
        ],
        "memory_mb": memory(os.getpid()),
        "rankings": [[one for one, _ in floor.search(q, work["depth"])] for q in work["judged"]],
    }


def _times(floor: Floor, questions: Iterable[str]) -> Iterable[float]:
    for question in questions:
        started = time.perf_counter()
        floor.search(question, 5)
        yield time.perf_counter() - started


def main() -> None:
    """Measure what standard input names."""
    sys.stdout.write(json.dumps(measure(sys.argv[1], json.load(sys.stdin))) + "\n")


if __name__ == "__main__":
    main()

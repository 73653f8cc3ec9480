"""Whether Milvus answers as the embedded engine does: one collection in both, the same questions.

``python -m tests.benchmarks.agreement --passages 10000``. Paragraphs of SQuAD (Italian and Spanish)
and of NoMIRACL in nine languages are put into the embedded engine, moved to Milvus by the code of
``fundstelle migrate``, and asked in four directions. What is compared are the ten best passages of
a question, after ranking: how many of them are the same ones, and how often all are, in order.
Where both engines find the same candidates they rank them alike; what differs are candidates that
one index takes and the other does not, and BM25, whose statistics tantivy has of its last commit.

``--folder`` may be a collection that ``make bench-scale`` has made and kept.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from embeddings.bundled import BUNDLED, BUNDLED_NAME
from embeddings.static import StaticEncoder
from qa.collection import Collection
from qa.engines import open_engine
from qa.evaluation import nomiracl, squad
from qa.intake import Refused, put_each
from qa.migration import migrate
from qa.milvus import client
from qa.milvus.address import LITE
from qa.preparation import Preparer
from qa.settings import Settings
from qa.transfer import Movable
from qa.types import Document

TOP = 10
_PATIENCE = 900.0
"""Seconds that a request may take: at the first search, Milvus Lite reads the whole collection."""
_TOKENS = StaticEncoder(BUNDLED, BUNDLED_NAME)

Place = tuple[str, int, int]


@dataclass
class Measured:
    """What was seen of each question."""

    shared: list[float] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    identical: list[bool] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"embedded": [], "milvus": []})


def main() -> None:
    """Build both, ask both, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--data", type=Path, default=Path("../shared"))
    parser.add_argument("--engine", default=LITE, help="a Milvus; a file of its own by default")
    parser.add_argument("--folder", type=Path, help="where to build; kept, and used again")
    given = parser.parse_args()
    client._SECONDS = _PATIENCE
    if not squad.present(given.data / "dev" / "squad"):
        sys.exit(f"there is no development data in {given.data}; name it with --data")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        embedded = Settings(data_dir=folder)
        milvus = Settings(data_dir=folder, engine=given.engine)
        one, other = (open_engine(each, _TOKENS.dimension) for each in (embedded, milvus))
        try:
            _build(one, other, embedded, given.passages, given.data / "dev")
            measured = _ask([one, other], (embedded, milvus), given.questions, given.data / "dev")
        finally:
            one.close()
            other.close()
    _show("questions", f"{len(measured.shared)}")
    _show(f"passages shared among the best {TOP}", f"{100 * statistics.mean(measured.shared):.2f}%")
    _show("the same best passage", f"{100 * statistics.mean(measured.first):.2f}%")
    _show(f"the same {TOP} in the same order", f"{100 * statistics.mean(measured.identical):.2f}%")
    for name, seconds in measured.seconds.items():
        _show(f"ask, {name}, median", f"{1000 * statistics.median(seconds):.1f} ms")


def _build(embedded: Movable, milvus: Movable, settings: Settings, wanted: int, dev: Path) -> None:
    collection = Collection(embedded, _TOKENS, _TOKENS, settings)
    began = time.perf_counter()
    for outcome in put_each(collection, _incoming(embedded, wanted, dev)):
        if isinstance(outcome, Refused):
            sys.exit(str(outcome.error))
    status = embedded.status()
    _show("passages", f"{status.passages} of {status.documents} documents")
    _show("put into the embedded engine", f"{time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    migrate(embedded, milvus, Preparer(_TOKENS, _TOKENS))
    _show("moved to Milvus and verified", f"{time.perf_counter() - began:.0f} s")


def _incoming(engine: Movable, wanted: int, dev: Path) -> Iterator[tuple[str, Document]]:
    """Documents until there are so many passages; SQuAD first, as that is what is asked about."""
    pools = (
        pool
        for language in nomiracl.languages(dev / "nomiracl")
        for pool in nomiracl.pools(dev / "nomiracl", language)
    )
    seen = set[str]()
    for document in chain(
        *(squad.documents(dev / "squad", language) for language in squad.LANGUAGES),
        (document for pool in pools for document in nomiracl.documents([pool])),
    ):
        if len(seen) % 64 == 0 and engine.status().passages >= wanted:
            return
        if document.id not in seen:
            seen.add(document.id)
            yield document.id, document


def _ask(
    engines: list[Movable], settings: tuple[Settings, Settings], count: int, dev: Path
) -> Measured:
    questions = [
        question.text
        for asked_in, answered_in in squad.DIRECTIONS
        for question in random.Random(7).sample(
            squad.questions(dev / "squad", asked_in, answered_in), count // len(squad.DIRECTIONS)
        )
    ]
    collections = dict(
        zip(
            ("embedded", "milvus"),
            (Collection(e, _TOKENS, _TOKENS, s) for e, s in zip(engines, settings, strict=True)),
            strict=True,
        )
    )
    measured = Measured()
    for question in questions:
        found = dict[str, list[Place]]()
        for name, collection in collections.items():
            began = time.perf_counter()
            ranked = collection.retrieve(question, top_k=TOP)
            measured.seconds[name].append(time.perf_counter() - began)
            candidates = [each.candidate for each in ranked]
            found[name] = [(c.document_id, c.start, c.end) for c in candidates]
        mine, theirs = found["embedded"], found["milvus"]
        measured.shared.append(len(set(mine) & set(theirs)) / max(1, len(mine)))
        measured.first.append(mine[:1] == theirs[:1])
        measured.identical.append(mine == theirs)
    return measured


def _show(what: str, value: str) -> None:
    print(f"{what:<58} {value}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

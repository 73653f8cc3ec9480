"""``make sizing``: passages to machines, memory, disk and cost. Calculates; runs nothing.

Measured bytes of a passage come from ``docs/benchmarks/results.json`` (``bytes_per_passage``, see
``tests.benchmarks.passage_bytes``), or from ``MEASURED`` below when they are not there. What Milvus
makes of them is published by others; each number names its source. ``docs/sizing.md`` explains.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args

RESULTS = Path(__file__).parents[2] / "docs" / "benchmarks" / "results.json"
KEY = "bytes_per_passage"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)

GB = 1e9
HOURS = 730  # of a month
GRAPH = 24  # M of the HNSW index
STANDALONE = 100_000_000
"""Up to which "Milvus Standalone" is meant to scale (milvus.io/docs/install-overview.md)."""

LOADED = 1.5
"""Memory of query nodes over what vectors and graph add up to. Two published figures: 1.1 GB for
488.3 MB of vectors of 128 (zilliz.com/sizing-tool) and 31.2 GB for 22.9 GB of vectors of 768 with
M = 4 (Alibaba Cloud's documentation of Milvus, "resource estimation"): 1.5 and 1.3 times this
program's sum."""

FULL = 0.9
"""Share of its memory beyond which a query node loads no more (milvus issue 32714)."""

STORED = 1.5
"""Object storage over what lies in it: compaction writes segments anew before the old ones go. An
assumption; nothing is published."""


Mapped = Literal["nothing", "texts", "terms"]


@dataclass(frozen=True, slots=True)
class Passage:
    """Mean bytes of a passage's parts; see ``tests.benchmarks.passage_bytes``.

    ``passages`` is how many were measured.
    """

    passages: float
    text: float
    document: float
    words: float
    sounds: float
    tokens: float
    embedded_disk: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided by whoever runs it.

    Attributes:
        dimension: of the vectors.
        number_bytes: of each number in them: 4 for float32, 2 for float16.
        mapped: what is mapped from local disks (Milvus: mmap) and not kept in memory: ``nothing``,
            ``texts`` (and tokens), or ``terms`` as well.
        replicas: copies in memory, so that a node may fail.
        node_gb: memory of a node.
        node_price: of a node, per hour.
        disk_price: of local disk, per GB and month.
        object_price: of object storage, per GB and month.
    """

    dimension: int = 208
    number_bytes: int = 4
    mapped: Mapped = "texts"
    replicas: int = 2
    node_gb: float = 128.0
    node_price: float = 1.072
    disk_price: float = 0.08
    object_price: float = 0.023


@dataclass(frozen=True, slots=True)
class Size:
    """What a number of passages takes.

    Attributes:
        engine: ``embedded``, ``standalone`` or ``distributed``.
        memory_gb: of all query nodes together, or of the one process.
        nodes: machines with ``Plan.node_gb``, those for everything else included.
        disk_gb: local, of all nodes.
        object_gb: in object storage.
        cost: per month, in the currency of the prices.
    """

    passages: int
    engine: str
    memory_gb: float
    nodes: int
    disk_gb: float
    object_gb: float
    cost: float


MEASURED = Passage(
    passages=4964,
    text=753.2,
    document=754.8,
    words=1329.5,
    sounds=2029.7,
    tokens=573.1,
    embedded_disk=5693.2,
)
"""Of Wikipedia passages in nine languages, 500 of each, by ``tests.benchmarks.passage_bytes``."""


def graph_bytes(m: int = GRAPH) -> float:
    """Mean bytes of a vector's links in HNSW: 2M on the lowest layer, M on each above it.

    Malkov and Yashunin 2016, section 4.2.3: (Mmax0 + mL * Mmax) links of 4 bytes, mL = 1/ln(M).
    """
    return (2 * m + m / math.log(m)) * 4


def vector_bytes(plan: Plan) -> float:
    """Bytes of one vector."""
    return float(plan.dimension * plan.number_bytes)


def term_bytes(passage: Passage) -> float:
    """Bytes of a passage's postings: words, stems and pieces of sounds."""
    return passage.words + passage.sounds


def shown_bytes(passage: Passage) -> float:
    """Bytes that are read for the passages found only: texts and tokens."""
    return passage.text + passage.document + passage.tokens


def mapped_bytes(passage: Passage, plan: Plan) -> float:
    """Bytes of a passage that lie on local disks."""
    texts = 0.0 if plan.mapped == "nothing" else shown_bytes(passage)
    return texts + (term_bytes(passage) if plan.mapped == "terms" else 0.0)


def memory_bytes(passage: Passage, plan: Plan) -> float:
    """Bytes of a passage that are kept in memory: its vector, its links, and what is not mapped."""
    both = term_bytes(passage) + shown_bytes(passage)
    return vector_bytes(plan) + graph_bytes() + both - mapped_bytes(passage, plan)


def query_memory(passages: int, passage: Passage, plan: Plan) -> float:
    """GB of memory of all query nodes."""
    return passages * memory_bytes(passage, plan) * LOADED * plan.replicas / GB


def size(passages: int, passage: Passage, plan: Plan) -> Size:
    """What a number of passages takes; see the class."""
    if passages <= EMBEDDED:
        return _embedded(passages, passage, plan)
    memory = query_memory(passages, passage, plan)
    usable = plan.node_gb * FULL
    alone = memory / plan.replicas
    standalone = passages <= STANDALONE and alone <= usable
    if standalone:
        engine, nodes, memory, copies = "standalone", 1, alone, 1
    else:
        engine, copies = "distributed", plan.replicas
        nodes = max(plan.replicas, math.ceil(memory / usable)) + OTHER_NODES
    disk = passages * mapped_bytes(passage, plan) * copies / GB
    # Rows as they were written, and the indexes made of them.
    indexed = vector_bytes(plan) + term_bytes(passage)
    objects = passages * (2 * indexed + graph_bytes() + shown_bytes(passage)) * STORED / GB
    cost = nodes * plan.node_price * HOURS + disk * plan.disk_price + objects * plan.object_price
    return Size(passages, engine, memory, nodes, disk, objects, cost)


EMBEDDED = 1_000_000
"""Up to which one process is proposed: it compares a question with every vector, and a million of
them are 0.8 GB to read."""

PROCESS_GB = 0.3
"""Memory of the service without documents: 305 MB measured, with the bundled model."""

OTHER_NODES = 2
"""For proxy, coordinators, data nodes, etcd, object storage and the service itself: Alibaba
Cloud's example for 8 million vectors gives them 12 cores and 48 GB, the sizing tool etcd and MinIO
14 cores and 44 GB."""


def _embedded(passages: int, passage: Passage, plan: Plan) -> Size:
    """One process on one machine, whose vectors and tokens are mapped and want to be in memory."""
    memory = PROCESS_GB + passages * (plan.dimension * 4 + passage.tokens) / GB
    disk = passages * passage.embedded_disk / GB
    cost = plan.node_price * HOURS * max(8.0, 2 * memory) / plan.node_gb + disk * plan.disk_price
    return Size(passages, "embedded", memory, 1, disk, 0.0, cost)


def table(sizes: Sequence[Size]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield "| passages | engine | machines | memory | local disk | object storage | a month |"
    yield "|---|---|---|---|---|---|---|"
    for each in sizes:
        amounts = (each.memory_gb, each.disk_gb, each.object_gb)
        cells = (
            f"{each.passages:,}",
            each.engine,
            f"{each.nodes:,}",
            *(_gigabytes(amount) for amount in amounts),
            f"{_rounded(each.cost):,.0f}",
        )
        yield "| " + " | ".join(cells) + " |"


def read_passage(path: Path) -> tuple[Passage, str]:
    """Measured bytes, and where they come from."""
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8")).get(KEY)
        if isinstance(found, Mapping) and {each.name for each in fields(Passage)} <= found.keys():
            return Passage(**{each.name: float(found[each.name]) for each in fields(Passage)}), (
                f"the means of {found['passages']:,.0f} passages, saved in {path}"
            )
    return MEASURED, (
        f"none in {path}; the means of {MEASURED.passages:,.0f} passages measured before "
        "(python -m tests.benchmarks.passage_bytes measures again)"
    )


def _gigabytes(amount: float) -> str:
    """Two digits that count, because no more are known."""
    if amount == 0:
        return "–"
    if amount >= 1000:
        return f"{_rounded(amount / 1000):,g} TB"
    return f"{_rounded(amount):,g} GB"


def _rounded(amount: float) -> float:
    """To two digits that count."""
    return 0.0 if amount == 0 else round(amount, 1 - math.floor(math.log10(abs(amount))))


def main() -> None:
    """Print the table for the plan that the options say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--passages", type=int, nargs="+", default=list(SIZES))
    for each in fields(Plan):
        name, choices = f"--{each.name.replace('_', '-')}", None
        if each.name == "mapped":
            choices = get_args(Mapped)
        parser.add_argument(name, type=type(each.default), default=each.default, choices=choices)
    options = parser.parse_args()
    plan = Plan(**{each.name: getattr(options, each.name) for each in fields(Plan)})
    passage, source = read_passage(options.results)
    sys.stdout.write(f"Bytes of a passage: {source}.\nEverything below is calculated.\n\n")
    sys.stdout.write("\n".join(table([size(n, passage, plan) for n in options.passages])) + "\n")


if __name__ == "__main__":
    main()

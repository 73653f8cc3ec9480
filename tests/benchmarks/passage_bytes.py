"""Measures how many bytes a passage takes, part by part. Knows no cluster and no prices.

``python -m tests.benchmarks.passage_bytes --data ../shared/dev`` reads Wikipedia passages in nine
languages, twenty to a document, and writes the means into ``docs/benchmarks/results.json`` under
``bytes_per_passage``, from where ``tests.benchmarks.sizing`` takes them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from embeddings.bundled import BUNDLED
from embeddings.static import StaticEncoder
from qa.bm25 import pieces_of
from qa.collection import Collection
from qa.evaluation import nomiracl
from qa.preparation import Preparer
from qa.settings import Settings
from qa.types import Document, PreparedDocument
from tests.benchmarks.sizing import KEY, RESULTS

TOGETHER = 20  # Wikipedia passages in one document
EACH = 500  # Wikipedia passages of a language
POSTING = 8  # bytes of a sparse vector's entry: a 32-bit id and a 32-bit number

Bytes = dict[str, float]


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/dev"))
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    languages = nomiracl.languages(options.data / "nomiracl")
    if not languages:
        sys.stdout.write(f"Skipped: there are no Wikipedia passages in {options.data}.\n")
        return
    documents = [
        document
        for language in languages
        for document in _documents(options.data / "nomiracl", language)
    ]
    measured = measure(documents)
    saved = json.loads(options.output.read_text()) if options.output.is_file() else {}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**saved, KEY: measured}, ensure_ascii=False, indent=1)
    options.output.write_text(text + "\n", encoding="utf-8")
    for name, value in measured.items():
        sys.stdout.write(f"{name:<20}{value:>12,.0f}\n")


def measure(documents: Sequence[Document]) -> Bytes:
    """Mean bytes of each part of a passage, and how many passages that is a mean of.

    ``text`` is the passage's, ``document`` its share of the document's whole text; ``words`` and
    ``sounds`` are sparse vectors, ``tokens`` the ids for late interaction; ``embedded_disk`` is
    everything that the embedded engine writes.
    """
    encoder = StaticEncoder(BUNDLED)
    prepared = Preparer(encoder, encoder).prepare(documents)
    passages = sum(len(each.passages) for each in prepared)
    parts = [_parts(each) for each in prepared]
    sums = {name: sum(part[name] for part in parts) for name in parts[0]}
    sums["embedded_disk"] = _embedded(documents)
    return {"passages": passages} | {
        name: round(value / passages, 1) for name, value in sums.items()
    }


def _parts(prepared: PreparedDocument) -> Bytes:
    text = prepared.document.text
    quotes = [text[each.passage.start : each.passage.end] for each in prepared.passages]
    return {
        "text": sum(len(quote.encode()) for quote in quotes),
        "document": len(text.encode()),
        "words": sum(POSTING * len(p.terms.ids) for p in prepared.passages),
        "sounds": sum(POSTING * len({*pieces_of(p.terms.sound)}) for p in prepared.passages),
        "tokens": sum(4 * (2 * len(p.tokens) + len(p.context_tokens)) for p in prepared.passages),
    }


def _embedded(documents: Sequence[Document]) -> int:
    """Bytes in the folder of a collection of these documents, closed."""
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.open(Settings(data_dir=Path(folder) / "data"))
        collection.put(documents)
        collection.close()
        files = [path for path in (Path(folder) / "data").rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files if "cache" not in path.parts)


def _documents(folder: Path, language: str) -> list[Document]:
    single = nomiracl.documents(nomiracl.pools(folder, language))[:EACH]
    joined = [single[first : first + TOGETHER] for first in range(0, len(single), TOGETHER)]
    return [
        Document(f"{language}-{number}", "\n\n".join(d.text for d in some), "nomiracl")
        for number, some in enumerate(joined)
    ]


if __name__ == "__main__":
    main()

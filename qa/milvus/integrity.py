"""Proves the invariants of a store in Milvus by reading all of it. Repairs nothing.

Every text is hashed again, every passage compared with its text, its terms made anew, and the
statistics counted anew. What the wait of ``qa.milvus.sweeping`` leaves behind is no finding while
it is noted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from qa import bm25, representation
from qa.dates import bounds
from qa.errors import InvalidDate, NotFound, StoreError
from qa.milvus import descriptions, statistics
from qa.milvus.changes import Store
from qa.milvus.control import State
from qa.milvus.descriptions import DOCUMENTS, END, TOMBSTONES, VERSIONS, text_name
from qa.milvus.passages import Said
from qa.milvus.records import Record
from qa.milvus.statistics import Counts, Tally

_TEXTS = "t/"


@dataclass(slots=True)
class _Seen:
    """What was met on the way, to be compared with what was said of it."""

    texts: dict[str, int] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)
    tallies: list[Tally] = field(default_factory=list)
    documents: int = 0


def check(store: Store, state: State) -> Iterator[str]:
    """One sentence for each broken invariant."""
    seen = _Seen()
    documents = {
        record.key.removeprefix(DOCUMENTS): record
        for record in store.records.between(DOCUMENTS, DOCUMENTS + END, state.revision)
    }
    versions = list(store.records.between(VERSIONS, VERSIONS + END, state.revision))
    yield from _texts(store, versions, seen)
    yield from _versions(store, state, versions, documents)
    for sha256 in sorted({record.value["sha256"] for record in documents.values()}):
        text = _text(store, sha256)
        for document_id, record in documents.items():
            if record.value["sha256"] == sha256:
                yield from _document(document_id, record)
                yield from _passages(store, document_id, record, text, seen)
    yield from _counts(state, len(documents), seen)
    yield from _strays(store, seen)
    yield from _statistics(store, state, seen)


def _text(store: Store, sha256: str) -> str | None:
    try:
        name = text_name(sha256)
        return store.blobs.get([name])[name].decode("utf-8", "surrogatepass")
    except (NotFound, StoreError, UnicodeDecodeError):
        return None


def _texts(store: Store, versions: list[Record], seen: _Seen) -> Iterator[str]:
    wanted = {descriptions.names(record)[0]: record.value["characters"] for record in versions}
    for sha256, characters in wanted.items():
        text = _text(store, sha256)
        if text is None:
            yield f"The text {sha256} is lost or damaged."
            continue
        found = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if found != sha256:
            yield f"The text stored under {sha256} has the hash {found}."
        if len(text) != characters:
            yield f"The text {sha256} has {len(text)} characters, stored as {characters}."
        seen.texts[sha256] = len(text)
    # Texts that no version names are those of changes that are being made, or never were; `gc`
    # drops them.


def _versions(
    store: Store, state: State, versions: list[Record], documents: dict[str, Record]
) -> Iterator[str]:
    dropped = {
        descriptions.names(record)
        for record in store.records.between(TOMBSTONES, TOMBSTONES + END, state.revision)
    }
    known = set()
    for record in versions:
        sha256, document_id = descriptions.names(record)
        known.add((document_id, sha256))
        document = documents.get(document_id)
        current = document is not None and document.value["sha256"] == sha256
        ended = record.value["ended"]
        name = f"The text {sha256} of document {document_id}"
        if current and ended is not None:
            yield f"{name} is the current one, but is said to have ended on {ended}."
        if not current and ended is None:
            yield f"{name} is not the current one, but no time is stored at which it ended."
        if (sha256[: descriptions.PREFIX_DIGITS], document_id) in dropped:
            yield f"{name} is said to be dropped, but is here."
    for document_id, document in documents.items():
        if (document_id, document.value["sha256"]) not in known:
            yield f"The current text of document {document_id} is not among its versions."


def _document(document_id: str, record: Record) -> Iterator[str]:
    value = record.value
    published, filed = value["published"], (value["published_first"], value["published_last"])
    try:
        days = (None, None) if published is None else bounds(published)
    except InvalidDate as error:
        yield f"Document {document_id}: {error}."
    else:
        if days != filed:
            yield f"Document {document_id} of {published} is filed under {filed[0]}..{filed[1]}."


def _passages(
    store: Store, document_id: str, record: Record, text: str | None, seen: _Seen
) -> Iterator[str]:
    seen.documents += 1
    expected, count = record.value["passages"], 0
    for said, data in store.passages.of_version(record.version, expected):
        count += 1
        seen.numbers.add(said.passage_id)
        name = f"Passage {said.passage_id} ({document_id}, {said.start}..{said.end})"
        if (said.document_id, said.version) != (document_id, record.version):
            yield f"{name} is filed under {said.document_id}, version {said.version}."
        if text is not None:
            yield from (f"{name} {finding}" for finding in _passage(said, text))
        read = representation.columns([said.passage_id], [data], store.dimension)
        seen.tallies.append(Tally.of(read))
        if read.documents[0] != document_id:
            yield f"{name} is represented as one of {read.documents[0]}."
        if not np.isfinite(read.vectors).all():
            yield f"{name} has a vector with numbers that are not finite."
        if text is not None:
            anew = bm25.passage_terms(text[said.start : said.end], said.language)
            terms = representation.terms_of(read, 0)
            parts = ("ids", "counts", "sound", "lengths")
            if not all(np.array_equal(getattr(terms, p), getattr(anew, p)) for p in parts):
                yield f"{name} is found by other terms than its words have."
    first, last = record.value["published_first"], record.value["published_last"]
    days = None if first is None else (first, last)
    for passage_id, names in store.passages.faults(record.version, expected, days):
        yield f"Passage {passage_id} ({document_id}) is searched by a wrong {names}."
    if count != expected:
        yield f"Document {document_id} says {expected} passages, but has {count}."


def _passage(said: Said, text: str) -> Iterator[str]:
    if not 0 <= said.start < said.end <= len(text):
        yield f"lies outside its text of {len(text)} characters."
    elif said.text is not None and said.text != text[said.start : said.end]:
        yield "is stored as other words than its document has there."
    if not all(0 <= low < high <= len(text) for low, high in said.context):
        yield "has context outside its text."


def _counts(state: State, documents: int, seen: _Seen) -> Iterator[str]:
    for name, expected, found in (
        ("documents", state.documents, documents),
        ("passages", state.passages, len(seen.numbers)),
    ):
        if expected != found:
            yield f"The store counts {expected} {name}, but holds {found}."


def _strays(store: Store, seen: _Seen) -> Iterator[str]:
    # Read before the notes: what is written meanwhile is noted before it is there.
    rows = list(store.passages.versions())
    noted = {note.version for note in store.notes.all()}
    strays = sorted({v for number, v in rows if number not in seen.numbers and v not in noted})
    if strays:
        some = ", ".join(map(str, strays[:5])) + (", …" if len(strays) > 5 else "")
        yield f"There are passages of versions that no document has and no note names: {some}."


def _statistics(store: Store, state: State, seen: _Seen) -> Iterator[str]:
    moment = store.statistics.at(state)
    tokens = np.flatnonzero(moment.token_counts).astype(np.uint32)
    for name, found in (
        ("tokens", Counts(tokens, moment.token_counts[tokens].astype(np.int64))),
        ("terms", moment.terms.all()),
        ("pieces", moment.pieces.all()),
    ):
        counted = statistics.summed_counts(getattr(tally, name) for tally in seen.tallies)
        same = np.array_equal(counted.ids, found.ids) and np.array_equal(
            counted.numbers, found.numbers
        )
        if not same:
            yield f"The counts of {name} are not those of the passages."
    lengths = tuple(sum(tally.lengths[n] for tally in seen.tallies) for n in range(3))
    if lengths != state.lengths:
        yield f"The store says lengths of {state.lengths}, but its passages have {lengths}."

"""Changes of documents, each all or nothing for every reader. Knows the parts, not the engine.

A change is made in this order, of which every step can be done again and only the last shows:

1. texts and passages are written, each under a version of its own that no document names;
2. in a turn (``qa.milvus.turns``), what a dead writer began is put back;
3. documents and versions of texts are written for the revision after the current one, and what
   that adds to the statistics;
4. the state is written with that revision. This is the commit.

Whoever dies before leaves what nobody sees: rows of a revision that never came, which the next
writer puts back, and passages that are noted and will be swept. A call whose last request was lost
on the way cannot know whether it was carried out, and says so; to make the same change again is
harmless.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from qa.acceptance import require_distinct, require_sound
from qa.dates import bounds
from qa.errors import NotFound, StoreError
from qa.milvus import descriptions, statistics
from qa.milvus.blobs import Blobs
from qa.milvus.control import Control, State
from qa.milvus.descriptions import document_key, text_name, version_key
from qa.milvus.passages import Passages
from qa.milvus.records import Moved, Record, Records, Value, Written
from qa.milvus.statistics import StoredStatistics, Tally
from qa.milvus.sweeping import REPLACED_SECONDS, WRITTEN_SECONDS, Notes
from qa.milvus.turns import Turn, Turns
from qa.representation import columns, to_bytes
from qa.types import Change, PreparedDocument

_IDS = 1 << 20


@dataclass(frozen=True, slots=True)
class Store:
    """The parts of a store, as they work together."""

    control: Control
    turns: Turns
    records: Records
    blobs: Blobs
    passages: Passages
    statistics: StoredStatistics
    notes: Notes
    dimension: int

    def state(self) -> State:
        """The current state; StoreError when it is not of our vectors any more."""
        state = self.control.state()
        if state is None or state.dimension != self.dimension:
            found = "nothing" if state is None else state.dimension
            raise StoreError(
                f"expected a store of vectors of length {self.dimension}, found {found}: it was "
                "exchanged, or is used with another model now; start this program again"
            )
        return state

    @contextmanager
    def writing(self) -> Iterator[tuple[Turn, State]]:
        """A turn, and the state that holds during it, with nothing of a later one left over."""
        with self.turns.turn() as turn:
            state = self.state()
            if self.control.announced() > state.revision:
                self.records.roll_back(state.revision)
            yield turn, state

    def write(self, revision: int, changes: Mapping[str, Written]) -> None:
        """Write records for the revision after the current one. Only in a turn."""
        self.control.announce(revision)
        self.records.write(revision, changes)

    def commit(self, turn: Turn, state: State) -> None:
        """Make a state the current one."""
        turn.require()
        self.control.write(state)


class Numbers:
    """Numbers that no passage and no version ever had, of this process's own stock."""

    def __init__(self, store: Store) -> None:
        """Nothing is taken yet."""
        self._store = store
        self._next, self._end = 0, 0

    def take(self, count: int) -> int:
        """The first of so many; not to be called from two threads at once."""
        if self._end - self._next < count:
            with self._store.writing() as (turn, state):
                stock = max(count, _IDS)
                self._store.commit(turn, replace(state, next_id=state.next_id + stock))
                self._next, self._end = state.next_id, state.next_id + stock
        first, self._next = self._next, self._next + count
        return first


@dataclass(frozen=True, slots=True)
class _Written:
    """A document whose passages are written, under a version, and what they add."""

    prepared: PreparedDocument
    description: Value
    version: int
    tally: Tally


def put(
    store: Store,
    take: Callable[[int], int],
    documents: Sequence[PreparedDocument],
    times: Mapping[str, tuple[str, str]] | None = None,
) -> list[Change]:
    """Add or replace all of them, or none; Moved when it is worth to try again.

    Args:
        store: with all its parts.
        take: gives numbers for passages and versions.
        documents: with their passages.
        times: at which documents were added and updated, where that is known from elsewhere.
    """
    require_distinct([prepared.document.id for prepared in documents])
    described = [_accepted(prepared, store.dimension) for prepared in documents]
    state = store.state()
    known = store.records.get(descriptions.keys(p.document.id for p in documents), state.revision)
    if all(
        _unchanged(known.get(document_key(prepared.document.id)), description, prepared.pipeline)
        for prepared, description in zip(documents, described, strict=True)
    ):
        return [_as_it_is(known[document_key(prepared.document.id)]) for prepared in documents]
    deadline = time.monotonic() + WRITTEN_SECONDS / 2
    texts = {text_name(p.document.sha256): p.document.text for p in documents}
    keep(store, texts)
    written = _write(store, take, documents, described, known)
    with store.writing() as (turn, state):
        if time.monotonic() > deadline:
            raise StoreError("writing took too long; nothing was changed, put fewer at a time")
        keep(store, texts)  # unless `gc` of another process has dropped one of them meanwhile
        return _commit(store, turn, state, documents, described, written, times or {})


def remove(store: Store, document_ids: Sequence[str]) -> int:
    """Remove all of them; raises NotFound before anything is changed. The new sequence."""
    wanted = list(dict.fromkeys(document_ids))
    with store.writing() as (turn, state):
        known = store.records.get(descriptions.keys(wanted), state.revision)
        if missing := [i for i in wanted if document_key(i) not in known]:
            raise NotFound(f"nothing was removed: there is no document {', '.join(missing)}")
        if not wanted:
            return state.sequence
        changes = dict[str, Written]()
        for record in known.values():
            changes[record.key] = Written(None)
        _end_versions(store, state, list(known.values()), changes)
        after = _counted(store, turn, state, [], list(known.values()))
        after = replace(after, documents=after.documents - len(known), sequence=state.sequence + 1)
        store.write(after.revision, changes)
        store.commit(turn, after)
        return after.sequence


def _write(
    store: Store,
    take: Callable[[int], int],
    documents: Sequence[PreparedDocument],
    described: Sequence[Value],
    known: dict[str, Record],
) -> dict[str, _Written]:
    """Write the passages of those that change, where nobody sees them."""
    found = {}
    for prepared, description in zip(documents, described, strict=True):
        document_id = prepared.document.id
        if _unchanged(known.get(document_key(document_id)), description, prepared.pipeline):
            continue
        version = take(1 + len(prepared.passages))
        noted = (version, len(prepared.passages), document_id)
        store.notes.write([noted], wait=WRITTEN_SECONDS)
        store.passages.write(prepared, version, version + 1)
        data = [to_bytes(document_id, one) for one in prepared.passages]
        read = columns(range(len(data)), data, store.dimension) if data else None
        tally = Tally.of(read) if read is not None else Tally.empty()
        found[document_id] = _Written(prepared, description, version, tally)
    return found


def _commit(
    store: Store,
    turn: Turn,
    state: State,
    documents: Sequence[PreparedDocument],
    described: Sequence[Value],
    written: dict[str, _Written],
    times: Mapping[str, tuple[str, str]],
) -> list[Change]:
    known = store.records.get(descriptions.keys(p.document.id for p in documents), state.revision)
    made, changes, replaced = [], dict[str, Written](), list[Record]()
    added, sequence, created = list[Tally](), state.sequence + 1, 0
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    for prepared, description in zip(documents, described, strict=True):
        document = prepared.document
        before = known.get(document_key(document.id))
        if before is not None and _unchanged(before, description, prepared.pipeline):
            made.append(_as_it_is(before))
            continue
        new = written.get(document.id)
        if new is None:
            raise Moved(
                f"document {document.id!r} was changed by another process at the same time; "
                "nothing was changed, try again"
            )
        value = _value(prepared, description, before, sequence, now)
        if document.id in times:
            value["added"], value["updated"] = times[document.id]
        changes[document_key(document.id)] = descriptions.document_written(value, new.version)
        added.append(new.tally)
        replaced += [] if before is None else [before]
        created += before is None
        status = "created" if before is None else "updated"
        made.append(Change(document.id, value["sha256"], sequence, len(prepared.passages), status))
    if not changes:
        return made
    _begin_versions(store, state, sequence, changes)
    _end_versions(store, state, replaced, changes)
    after = _counted(store, turn, state, added, replaced)
    store.write(after.revision, changes)
    store.commit(turn, replace(after, sequence=sequence, documents=after.documents + created))
    return made


def _value(
    prepared: PreparedDocument, description: Value, before: Record | None, sequence: int, now: str
) -> Value:
    """What is stored of a document."""
    updated = now
    if before is not None and _same(before, description):
        updated = before.value["updated"]  # prepared in another way, it is still the same document
    document = prepared.document
    first, last = (None, None) if document.published is None else bounds(document.published)
    return {
        **description,
        "pipeline": prepared.pipeline,
        "published_first": first,
        "published_last": last,
        "characters": len(document.text),
        "passages": len(prepared.passages),
        "sequence": sequence,
        "added": now if before is None else before.value["added"],
        "updated": updated,
    }


def _begin_versions(store: Store, state: State, sequence: int, changes: dict[str, Written]) -> None:
    """Record the texts that documents have from now on as their versions."""
    wanted = {
        version_key(written.value["sha256"], key.removeprefix(descriptions.DOCUMENTS)): written
        for key, written in list(changes.items())
        if written.value is not None and key.startswith(descriptions.DOCUMENTS)
    }
    known = store.records.get(wanted, state.revision)
    for key, written in wanted.items():
        value = written.value or {}
        before = known.get(key)
        first = sequence if before is None else before.value["sequence"]
        changes[key] = Written(descriptions.of_version(value, first, value["characters"]))
        sha256, _, document_id = key.removeprefix(descriptions.VERSIONS).partition("/")
        changes[descriptions.tombstone_key(sha256, document_id)] = Written(None)
    stones = [key for key in changes if key.startswith(descriptions.TOMBSTONES)]
    there = store.records.get(stones, state.revision)
    for key in stones:
        if key not in there:
            del changes[key]


def _end_versions(
    store: Store, state: State, replaced: Sequence[Record], changes: dict[str, Written]
) -> None:
    """Say when the texts that these documents had stopped being theirs."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    keys = [
        version_key(record.value["sha256"], record.key.removeprefix(descriptions.DOCUMENTS))
        for record in replaced
    ]
    for key, record in store.records.get(keys, state.revision).items():
        if key not in changes:  # else it is the same text, described in another way
            changes[key] = Written({**record.value, "ended": now})


def _counted(
    store: Store, turn: Turn, state: State, added: list[Tally], replaced: Sequence[Record]
) -> State:
    """The next state, as far as passages go, after writing what changes in the statistics."""
    removed = []
    sizes = [(record.version, record.value["passages"]) for record in replaced]
    for chunk in store.passages.of_versions(sizes):
        removed.append(Tally.of(chunk))
        turn.renew()
    ids = [record.key.removeprefix(descriptions.DOCUMENTS) for record in replaced]
    store.notes.write(
        ((*size, document_id) for size, document_id in zip(sizes, ids, strict=True)),
        wait=REPLACED_SECONDS,
    )
    if statistics.sum_due(state):
        store.blobs.put([(statistics.sum_name(state.revision), store.statistics.summed(state))])
        _forget_statistics(store, state)
        state = replace(state, summed=state.revision, summed_before=state.summed)
        turn.renew()
    revision = state.revision + 1
    store.blobs.put([(statistics.blob_name(revision), statistics.to_bytes(added, removed))])
    signed = [(1, tally) for tally in added] + [(-1, tally) for tally in removed]
    languages = dict(state.languages)
    for sign, tally in signed:
        for code, count in tally.languages.items():
            languages[code] = languages.get(code, 0) + sign * count
    words, stems, sounds = (
        old + sum(sign * tally.lengths[n] for sign, tally in signed)
        for n, old in enumerate(state.lengths)
    )
    return replace(
        state,
        revision=revision,
        passages=state.passages + sum(sign * tally.passages for sign, tally in signed),
        lengths=(words, stems, sounds),
        languages={code: count for code, count in languages.items() if count > 0},
    )


def _forget_statistics(store: Store, state: State) -> None:
    """Delete what was summed before the last sum: who still needs it is hours behind."""
    old = range(state.summed_before + 1, state.summed + 1)
    store.blobs.delete(statistics.blob_name(revision) for revision in old)
    if state.summed_before:
        store.blobs.delete([statistics.sum_name(state.summed_before)])


def keep(store: Store, texts: dict[str, str]) -> None:
    """Write the texts that are not there."""
    there = store.blobs.existing(list(texts))
    store.blobs.put(
        (name, text.encode("utf-8", "surrogatepass"))
        for name, text in texts.items()
        if name not in there
    )


def _unchanged(before: Record | None, description: Value, pipeline: str) -> bool:
    return (
        before is not None and _same(before, description) and before.value["pipeline"] == pipeline
    )


def _same(before: Record, description: Value) -> bool:
    as_json = descriptions.as_json
    return as_json(descriptions.described(before.value)) == as_json(description)


def _as_it_is(record: Record) -> Change:
    value = record.value
    document_id = record.key.removeprefix(descriptions.DOCUMENTS)
    return Change(document_id, value["sha256"], value["sequence"], value["passages"], "unchanged")


def _accepted(prepared: PreparedDocument, dimension: int) -> Value:
    """A document's description, if all of it can be stored."""
    document = prepared.document
    if document.published is not None:
        bounds(document.published)
    for one in prepared.passages:
        require_sound(document, one, dimension)
    return descriptions.description(document)

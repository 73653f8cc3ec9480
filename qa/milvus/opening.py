"""Puts the parts of a store together, and makes a store where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qa.errors import StoreError
from qa.milvus import control as states
from qa.milvus import descriptions, schema, statistics
from qa.milvus.address import Address
from qa.milvus.blobs import Blobs
from qa.milvus.changes import Store
from qa.milvus.client import Client
from qa.milvus.control import Control, State
from qa.milvus.passages import Passages
from qa.milvus.records import Records
from qa.milvus.schema import Names
from qa.milvus.statistics import StoredStatistics
from qa.milvus.sweeping import Notes
from qa.milvus.turns import Turn, Turns

_AT_ONCE = 500


def found(address: Address, token: str) -> bool:
    """Whether there is a store below the address's prefix. Makes none, nor a file for one."""
    if address.lite and not Path(address.uri).exists():
        return False
    client = Client(address, token)
    try:
        return client.has(Names.of(address, 0).control)
    finally:
        client.close()


def stored_dimension(address: Address, token: str) -> int:
    """Length of the vectors of the store that is there; 0 when it has no state yet."""
    client = Client(address, token)
    try:
        with client.writing():
            client.raw.load_collection(Names.of(address, 0).control)
        state = Control(client, Names.of(address, 0).control).state()
        return 0 if state is None else state.dimension
    finally:
        client.close()


def opened(client: Client, dimension: int) -> Store:
    """The store, made if there is none, for vectors of a length.

    When the store's vectors are of another length, they are dropped, and every document is
    outdated until it is put again: vectors of two lengths can not be compared.
    """
    names = Names.of(client.address, dimension)
    schema.create(client, names, dimension)
    blobs = Blobs(client, names.blobs)
    store = Store(
        Control(client, names.control),
        Turns(client, names.control),
        Records(client, names.records, blobs),
        blobs,
        Passages(client, names.passages, blobs, dimension),
        StoredStatistics(blobs),
        Notes(client, names.notes),
        dimension,
    )
    state = store.control.state()
    if state is None or state.dimension != dimension:
        with store.turns.turn() as turn:
            _adopt(client, store, turn)
    return store


def _adopt(client: Client, store: Store, turn: Turn) -> None:
    state = store.control.state()  # again: another process may have been before us
    if state is None:
        if any(store.records.between("", "~", 0)):
            raise StoreError(
                "there are documents in Milvus, but not the row that says which: it was deleted; "
                "restore it from a copy, or choose another prefix and add all again"
            )
        turn.require()
        store.control.write(states.new(store.dimension))
    elif state.dimension != store.dimension:
        old = Names.of(client.address, state.dimension).passages
        _forget_passages(store, turn, state)
        client.drop(old)


def _forget_passages(store: Store, turn: Turn, state: State) -> None:
    """All documents have no passages, in one change."""
    revision = state.revision + 1
    store.records.roll_back(state.revision)
    changes = {}
    documents = store.records.between(
        descriptions.DOCUMENTS, descriptions.DOCUMENTS + descriptions.END, state.revision
    )
    for record in documents:
        value = {**record.value, "passages": 0, "pipeline": ""}
        changes[record.key] = descriptions.document_written(value, 0)
        if len(changes) == _AT_ONCE:
            store.write(revision, changes)
            turn.renew()
            changes = {}
    store.write(revision, changes)
    empty = statistics.to_bytes([], [])
    store.blobs.put([(statistics.sum_name(revision), empty)])
    store.commit(
        turn,
        replace(
            state,
            revision=revision,
            sequence=state.sequence + 1,
            dimension=store.dimension,
            passages=0,
            lengths=(0, 0, 0),
            languages={},
            summed=revision,
            summed_before=revision,
        ),
    )

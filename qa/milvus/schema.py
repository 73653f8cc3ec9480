"""The collections of Milvus that a store is made of. Knows their fields, not their meanings.

A collection of Milvus must have a vector, so those that are not searched have one of two numbers,
always the same, without use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qa.milvus.address import Address
from qa.milvus.client import Client

VARCHAR_BYTES = 65_535
_KEY_BYTES = 512
_ID_BYTES = 512
_CODE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Names:
    """What the collections are called; ``passages`` differs for vectors of another length."""

    control: str
    notes: str
    records: str
    blobs: str
    passages: str

    @classmethod
    def of(cls, address: Address, dimension: int) -> Names:
        """The names below an address's prefix."""
        prefix = address.prefix
        return cls(
            f"{prefix}control",
            f"{prefix}notes",
            f"{prefix}records",
            f"{prefix}blobs",
            f"{prefix}passages_{dimension}",
        )


def create(client: Client, names: Names, dimension: int) -> None:
    """Make what is missing, and load all of it. Several processes may do so at once."""
    from pymilvus import DataType

    key = ("key", DataType.VARCHAR, {"max_length": _KEY_BYTES, "is_primary": True})
    body = ("body", DataType.VARCHAR, {"max_length": VARCHAR_BYTES})
    unused = ("vector", DataType.FLOAT_VECTOR, {"dim": 2})
    numbers: list[tuple[str, Any, dict[str, Any]]] = [
        (name, DataType.INT64, {})
        for name in ("revision", "version", "before_revision", "before_version")
    ]
    labels = [
        (name, DataType.VARCHAR, {"max_length": _KEY_BYTES}) for name in ("label", "before_label")
    ]
    for name, fields in (
        (names.control, [key, body, unused]),
        (names.notes, [key, body, unused]),
        (names.blobs, [key, body, unused]),
        (names.records, [key, *numbers, *labels, body, unused]),
    ):
        _make(client, name, fields, [("vector", "FLAT", {})])
    _make(client, names.passages, _passages(dimension), _indexes(client.address))


def _passages(dimension: int) -> list[tuple[str, Any, dict[str, Any]]]:
    from pymilvus import DataType

    text = {"max_length": VARCHAR_BYTES}
    return [
        ("id", DataType.INT64, {"is_primary": True}),
        ("version", DataType.INT64, {}),
        ("document_id", DataType.VARCHAR, {"max_length": _ID_BYTES}),
        ("language", DataType.VARCHAR, {"max_length": _CODE_BYTES}),
        ("published_first", DataType.INT64, {}),
        ("published_last", DataType.INT64, {}),
        ("data", DataType.VARCHAR, text),
        ("text", DataType.VARCHAR, text),
        ("vector", DataType.FLOAT_VECTOR, {"dim": dimension}),
        ("terms", DataType.SPARSE_FLOAT_VECTOR, {}),
        ("sounds", DataType.SPARSE_FLOAT_VECTOR, {}),
    ]


def _indexes(address: Address) -> list[tuple[str, str, dict[str, Any]]]:
    """Exact search in a file; in a cluster, a graph (Malkov and Yashunin 2016)."""
    dense = ("vector", "FLAT", {}) if address.lite else ("vector", "HNSW", _GRAPH)
    return [dense, *((name, "SPARSE_INVERTED_INDEX", {}) for name in ("terms", "sounds"))]


_GRAPH = {"M": 24, "efConstruction": 200}


def _make(
    client: Client,
    name: str,
    fields: list[tuple[str, Any, dict[str, Any]]],
    indexes: list[tuple[str, str, dict[str, Any]]],
) -> None:
    with client.writing():
        if not client.raw.has_collection(name):
            schema = client.raw.create_schema(auto_id=False, enable_dynamic_field=False)
            for field, kind, more in fields:
                schema.add_field(field, kind, **more)
            prepared = client.raw.prepare_index_params()
            for field, index, parameters in indexes:
                prepared.add_index(field, index_type=index, metric_type="IP", params=parameters)
            # One shard: what a request writes to it becomes visible together.
            client.raw.create_collection(
                name, schema=schema, consistency_level="Strong", num_shards=1
            )
            # Loading waits for the indexes; waiting for each of them takes half a second at least.
            client.raw.create_index(name, prepared, sync=False)
        client.raw.load_collection(name)

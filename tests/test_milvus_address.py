"""What ``FUNDSTELLE_ENGINE`` can say of a Milvus, and what is said where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qa.collection import Collection
from qa.engines import exists
from qa.errors import InvalidInput, StoreError
from qa.milvus.address import Address, parse
from qa.milvus.client import Client
from qa.settings import Settings


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("milvus://host", Address("http://host:19530", "", "fundstelle_", False)),
        ("milvus://host:1/", Address("http://host:1", "", "fundstelle_", False)),
        (
            "milvus+tls://h.example/db",
            Address("https://h.example:19530", "db", "fundstelle_", False),
        ),
        ("milvus://[::1]:5?prefix=x_", Address("http://[::1]:5", "", "x_", False)),
        ("milvus-lite", Address("/data/milvus.db", "", "fundstelle_", True)),
        ("milvus-lite:///a/b%20c.db?prefix=p", Address("/a/b c.db", "", "p", True)),
    ],
)
def test_addresses(engine: str, expected: Address) -> None:
    assert parse(engine, Path("/data")) == expected


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ("milvus://", "names no host"),
        ("milvus://host:99999", "Port"),
        ("milvus://user:secret@host", "FUNDSTELLE_ENGINE_TOKEN"),
        ("milvus://host/a-b", "cannot be a database"),
        ("milvus://host/?prefix=1", "not made of letters"),
        ("milvus://host/?other=1", "prefix=… only"),
        ("milvus-lite:///tmp/file", "named [*].db"),
    ],
)
def test_what_is_not_one_is_refused_with_the_forms(engine: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason) as refused:
        parse(engine, Path())
    assert "milvus-lite:///path" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_no_other_engine(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'postgres'; it can be embedded"):
        Collection.open(Settings(data_dir=tmp_path, engine="postgres"))


def test_without_its_package_the_error_names_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(StoreError, match=r"pip install 'fundstelle\[milvus\]'"):
        Client(parse("milvus-lite", tmp_path), "")
    assert not (tmp_path / "milvus.db").exists()


def test_a_milvus_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.milvus.client._SECONDS", 0.5)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9.*FUNDSTELLE_ENGINE_TOKEN"):
        Client(parse("milvus://127.0.0.1:9", Path()), "")


def test_asking_makes_no_store(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, engine="milvus-lite")
    assert not exists(settings)
    assert list(tmp_path.iterdir()) == []

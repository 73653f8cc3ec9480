"""Addresses of model servers: what is understood, and what is refused with its mend."""

from __future__ import annotations

import pytest

from embeddings.endpoint import Endpoint, names_endpoint, parse_endpoint
from embeddings.errors import ModelError


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("tei+http://gpu:8080", Endpoint("tei", "http://gpu:8080")),
        ("TEI+HTTPS://gpu/", Endpoint("tei", "https://gpu")),
        ("tei+http://gpu/models/e5/embed", Endpoint("tei", "http://gpu/models/e5")),
        (
            "openai+https://api.example.org/v1?model=BAAI/bge-m3",
            Endpoint("openai", "https://api.example.org/v1", "BAAI/bge-m3"),
        ),
        (
            "openai+http://[::1]:8000/v1/embeddings/?model=m",
            Endpoint("openai", "http://[::1]:8000/v1", "m"),
        ),
        (
            "openai+http://h/v1?model=m&revision=2&query_prompt=query:%20&passage_prompt=&"
            "dimensions=256&batch=16&characters=9000&concurrency=4&timeout=30&query_timeout=2.5",
            Endpoint(
                *("openai", "http://h/v1", "m", "2", "query: ", "", 256, 16, 9000, 4, 30.0, 2.5)
            ),
        ),
    ],
)
def test_an_address_says_which_server_and_how(address: str, expected: Endpoint) -> None:
    assert names_endpoint(address)
    assert parse_endpoint(address) == expected


@pytest.mark.parametrize("name", ["bundled", "models/mine", "/srv/model", "intfloat/e5", "C:\\m"])
def test_folders_and_hub_names_are_no_addresses(name: str) -> None:
    assert not names_endpoint(name)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://gpu:8080", r"expected openai\+http"),
        ("cohere+https://api", r"cohere\+https:// is not .* expected openai\+http"),
        ("tei+http://", "expected"),
        ("tei+http://:8080", "no host"),
        ("tei+http://gpu:eighty", "not one"),
        ("tei+http://gpu#top", "after #"),
        ("openai+http://gpu/v1", r"add \?model=NAME.*http://gpu/v1/models"),
        ("tei+http://gpu?modle=x", "'modle'; there are model, revision"),
        ("tei+http://gpu?batch=0", "batch='0'; it can be 1 to 2048"),
        ("tei+http://gpu?batch=many", "batch='many'"),
        ("tei+http://gpu?timeout=nan", "timeout='nan'"),
        ("tei+http://gpu?concurrency=1000", "1 to 256"),
        ("tei+http://gpu?model=a&model=b", "'model' twice"),
    ],
)
def test_what_is_not_understood_is_refused(address: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse_endpoint(address)


@pytest.mark.parametrize(
    "address",
    [
        "openai+https://me:swordfish@api.example.org/v1?model=m",
        "openai+https://swordfish@api.example.org/v1?model=m",
        "openai+https://api.example.org/v1?model=m&api_key=swordfish",
        "openai+https://api.example.org/v1?model=m&access_token=swordfish",
    ],
)
def test_a_key_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ModelError, match="FUNDSTELLE_MODEL_KEY") as raised:
        parse_endpoint(address)
    assert "swordfish" not in str(raised.value)

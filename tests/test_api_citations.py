"""Verifying quotes over HTTP: the contract's shapes, limits and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import examples
from api import verification_replies as replies
from qa import seeds
from qa.settings import Settings
from tests.serving import serving
from tests.test_api import conforms

SEED = "000_0213957b6fa26305.txt"
SEEDS = {document.id: document.text for document in seeds.documents()}
QUOTE = SEEDS[SEED][75:165]


@pytest.fixture(scope="module")
def client(copy_of_seeded: Callable[[], Path]) -> Iterator[TestClient]:
    with serving(Settings(data_dir=copy_of_seeded())) as client:
        yield client


def post(client: TestClient, path: str, **body: object) -> dict[str, Any]:
    response = client.post(f"/v1/citations/{path}", json=body)
    assert response.status_code == 200, response.text
    answered: dict[str, Any] = response.json()
    return answered


@pytest.mark.parametrize(
    ("quote", "verdict"),
    [
        (QUOTE, "exact"),
        (QUOTE.upper(), "normalised"),
        ("Lukaschenko", "ambiguous"),
        (QUOTE.replace("Front", "Wand"), "altered"),
        ("Machthaber […] seine Soldaten an die Front", "normalised"),
        ("Die Katze schläft auf dem Sofa im Wohnzimmer.", "not_found"),
    ],
)
def test_each_verdict_in_the_contracts_shape(client: TestClient, quote: str, verdict: str) -> None:
    body = post(client, "verify", quote=quote)
    conforms(replies.VerificationOut, body)
    assert (body["verdict"], body["quote"]) == (verdict, quote)
    for match in body["matches"]:
        assert SEEDS[match["document_id"]][match["start"] : match["end"]] == match["quote"]
        assert client.get(f"/v1/citations/{match['id']}").json()["status"] == "valid"


def test_a_document_can_be_named(client: TestClient) -> None:
    assert post(client, "verify", quote=QUOTE, document_id=SEED)["verdict"] == "exact"
    other = post(client, "verify", quote=QUOTE, document_id=sorted(SEEDS)[1])
    assert other["verdict"] == "other_document"
    assert other["matches"][0]["document_id"] == SEED


def test_every_quotation_of_a_text(client: TestClient) -> None:
    text = f"Es heißt: „{QUOTE}“ Und: »Das ist keine Lüge«, so „Nascha Niwa“."
    body = post(client, "verify-text", text=text)
    conforms(replies.VerifiedTextOut, body)
    assert [q["verdict"] for q in body["quotations"]] == ["exact", "altered"]
    assert all(text[q["start"] : q["end"]] == q["quote"] for q in body["quotations"])
    assert (body["counts"], body["skipped"]) == ({"altered": 1, "exact": 1}, 1)
    assert body["quotations"][1]["differences"][0]["kind"] == "negation"


@pytest.mark.parametrize("path", ["verify", "verify-text"])
@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"document_id": "nothing"}, 404),
        ({"document_id": "no such id!"}, 422),
        ({"extra": 1}, 422),
        ({"quote": "", "text": ""}, 422),
        ({"quote": "x" * 20_001, "text": "x" * 200_001}, 422),
        ({"quote": 5, "text": 5}, 422),
    ],
)
def test_what_is_refused(
    client: TestClient, path: str, more: dict[str, object], status: int
) -> None:
    name = "quote" if path == "verify" else "text"
    other = "text" if path == "verify" else "quote"
    body = {name: QUOTE} | {key: value for key, value in more.items() if key != other}
    response = client.post(f"/v1/citations/{path}", json=body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_white_space_alone_is_no_quote(client: TestClient) -> None:
    response = client.post("/v1/citations/verify", json={"quote": " \n"})
    assert (response.status_code, response.json()["title"]) == (422, "Invalid value")


def test_the_examples_are_true(client: TestClient) -> None:
    conforms(replies.VerificationOut, examples.VERIFICATION)
    conforms(replies.VerifiedTextOut, examples.VERIFIED_TEXT)
    made = post(client, "verify", quote=examples.VERIFICATION["quote"])
    assert made["differences"] == examples.VERIFICATION["differences"]

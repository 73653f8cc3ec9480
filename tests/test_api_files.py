"""Uploading files: the good are in, the bad are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import replies
from qa.settings import Settings
from tests.serving import serving

GERMAN = "Der Hafen von Odessa ist seit Montag wieder geöffnet, sagte der Minister."
BINARY = bytes(range(256)) * 8


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(Settings(data_dir=tmp_path_factory.mktemp("files") / "data")) as client:
        yield client


@pytest.fixture
def client(shared: TestClient) -> Iterator[TestClient]:
    """A client of an empty collection."""
    yield shared
    for document in shared.get("/v1/documents").json()["documents"]:
        shared.delete(f"/v1/documents/{document['id']}")


def upload(
    client: TestClient, *files: tuple[str, bytes], field: str = "file", **form: str
) -> tuple[int, dict[str, Any]]:
    response = client.post("/v1/files", files=[(field, file) for file in files], data=form)
    return response.status_code, response.json()


def test_a_file_becomes_a_document(client: TestClient) -> None:
    status, body = upload(client, ("hafen.txt", GERMAN.encode()))
    assert status == 201
    replies.FilesOut.model_validate(body)
    assert body["failed"] == []
    (change,) = body["documents"]
    assert (change["id"], change["status"]) == ("hafen.txt", "created")
    document = client.get("/v1/documents/hafen.txt").json()
    assert (document["source"], document["language"]) == ("hafen.txt", "de")
    assert client.get("/v1/documents/hafen.txt/text").json()["text"] == GERMAN
    status, body = upload(client, ("hafen.txt", GERMAN.encode()))
    assert (status, body["documents"][0]["status"]) == (200, "unchanged")


def test_formats_are_read(client: TestClient) -> None:
    status, body = upload(
        client,
        ("notiz.md", f"# Hafen\n\n{GERMAN}".encode()),
        ("utf16.txt", ("\ufeff" + GERMAN).encode("utf-16-le")),
        field="files",
    )
    assert status == 201
    assert [change["id"] for change in body["documents"]] == ["notiz.md", "utf16.txt"]
    text = client.get("/v1/documents/utf16.txt/text").json()["text"]
    assert text.removeprefix("\ufeff") == GERMAN


def test_names_that_are_not_ids_become_ids(client: TestClient) -> None:
    _, body = upload(client, ("Über Größe.txt", GERMAN.encode()))
    assert body["documents"][0]["id"].startswith("Uber-Gro")
    assert client.get("/v1/documents").json()["documents"][0]["source"] == "Über Größe.txt"


def test_what_the_form_says_takes_precedence(client: TestClient) -> None:
    status, _ = upload(
        client,
        ("x.txt", GERMAN.encode()),
        id="hafen",
        title="Der Hafen",
        source="https://example.org/hafen",
        published="2022-08",
        language="de",
    )
    assert status == 201
    document = client.get("/v1/documents/hafen").json()
    assert document["title"] == "Der Hafen"
    assert document["source"] == "https://example.org/hafen"
    assert document["published"] == "2022-08"


def test_the_good_are_in_and_the_bad_are_named(client: TestClient) -> None:
    status, body = upload(
        client, ("gut.txt", GERMAN.encode()), ("bild.txt", BINARY), ("leer.txt", b" \n ")
    )
    assert status == 201
    assert [change["id"] for change in body["documents"]] == ["gut.txt"]
    assert [failed["name"] for failed in body["failed"]] == ["bild.txt", "leer.txt"]
    assert [failed["problem"]["type"].rpartition(":")[2] for failed in body["failed"]] == [
        "unreadable-file",
        "empty-document",
    ]
    assert all(failed["problem"]["detail"] for failed in body["failed"])


def test_a_single_bad_file_is_the_problem_itself(client: TestClient) -> None:
    status, body = upload(client, ("bild.txt", BINARY))
    assert (status, body["status"]) == (422, 422)
    assert body["type"] == "urn:problem-type:fundstelle:unreadable-file"


def test_when_all_fail_the_problem_names_all(client: TestClient) -> None:
    status, body = upload(client, ("a.txt", BINARY), ("b.txt", b""))
    assert status == 422
    assert [failed["name"] for failed in body["failed"]] == ["a.txt", "b.txt"]
    assert client.get("/v1/documents").json()["documents"] == []


def test_two_files_of_one_name_do_not_replace_each_other(client: TestClient) -> None:
    status, body = upload(client, ("a.txt", GERMAN.encode()), ("a.txt", b"Etwas anderes."))
    assert status == 201
    assert len(body["documents"]) == 1
    assert body["failed"][0]["problem"]["status"] == 409
    assert client.get("/v1/documents/a.txt/text").json()["text"] == GERMAN


def test_invalid_forms_name_the_field(client: TestClient) -> None:
    file = ("a.txt", GERMAN.encode())
    for form, pointer in [
        ({"titel": "x"}, "#/titel"),
        ({"published": "morgen"}, "#/published"),
        ({"id": "a b"}, "#/id"),
    ]:
        status, body = upload(client, file, **form)
        assert status == 422
        assert [error["pointer"] for error in body["errors"]] == [pointer]
    status, body = upload(client, file, ("b.txt", b"Ja."), id="x")
    assert (status, body["errors"][0]["pointer"]) == (422, "#/id")
    response = client.post("/v1/files", data={"title": "x"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "#/file"
    response = client.post("/v1/files", data={"file": "not a file"})
    assert response.status_code == 422
    assert client.get("/v1/documents").json()["documents"] == []


def test_a_body_that_is_not_multipart(client: TestClient) -> None:
    response = client.post("/v1/files", json={"file": "x"})
    assert response.status_code in (415, 422)
    assert response.headers["content-type"] == "application/problem+json"
    broken = {"content-type": "multipart/form-data; boundary=x"}
    response = client.post("/v1/files", content=b"nonsense", headers=broken)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"

"""``fundstelle gc``, and what becomes of citations: over HTTP, on the command line, of seeds."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api import replies
from qa import seeds
from qa.citations import citation_id
from qa.cli import app
from qa.collection import Collection
from qa.errors import NotFound, TextDropped
from qa.settings import Settings
from qa.types import text_sha256
from tests.serving import serving

OLD = "Der Hafen ist offen."
NEW = "Der Hafen ist seit Montag geschlossen."
TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a replaced text and a removed one; to be copied."""
    folder = tmp_path_factory.mktemp("gc")
    for name, text in (("hafen.txt", OLD), ("weg.txt", "Fort."), ("hafen.txt", NEW)):
        (folder / name).write_text(text)
        invoke(folder / "data", "add", str(folder / name))
    invoke(folder / "data", "remove", "weg.txt")
    return folder / "data"


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


def invoke(data: Path, *arguments: str, input: str | None = None) -> Result:
    ran = CliRunner().invoke(app, [*arguments, "--data-dir", str(data)], input=input)
    assert ran.exception is None or isinstance(ran.exception, (SystemExit, NotFound))
    return ran


def id_of(document_id: str, text: str) -> str:
    return citation_id(document_id, text_sha256(text), 0, 3)


def test_what_is_dropped_is_shown(data: Path) -> None:
    lines = (
        f"hafen.txt ({text_sha256(OLD)[:12]}): 20 characters, replaced or removed on {TODAY}\n"
        f"weg.txt ({text_sha256('Fort.')[:12]}): 5 characters, replaced or removed on {TODAY}\n"
    )
    for _ in range(2):
        ran = invoke(data, "gc", "--dry-run")
        assert ran.stdout == f"{lines}2 old texts would be dropped, 25 characters\n"
    assert invoke(data, "gc", "--older-than", "1").stdout == "0 old texts dropped, 0 characters\n"
    assert invoke(data, "cite", id_of("hafen.txt", OLD)).exit_code == 0
    ran = invoke(data, "gc")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout == f"{lines}2 old texts dropped, 25 characters\n"
    assert isinstance(invoke(data, "cite", id_of("hafen.txt", OLD)).exception, TextDropped)
    assert invoke(data, "cite", id_of("hafen.txt", NEW)).exit_code == 0
    assert invoke(data, "check").exit_code == 0
    assert invoke(data, "gc", "--older-than", "-1").exit_code == 2


def test_json_says_the_same(data: Path) -> None:
    for options, dry_run in ((["--dry-run"], True), ([], False)):
        body = json.loads(invoke(data, "gc", "--json", *options).stdout)
        assert body["dry_run"] is dry_run
        first, second = body["texts"]
        assert first["ended"].startswith(TODAY)
        assert {**first, "ended": ""} == {
            "sha256": text_sha256(OLD),
            "document_ids": ["hafen.txt"],
            "characters": 20,
            "ended": "",
        }
        assert second["document_ids"] == ["weg.txt"]
    assert json.loads(invoke(data, "gc", "--json").stdout)["texts"] == []


def test_in_a_terminal_it_asks_first(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        """Says so of whatever the runner puts in place of standard input."""

        def __getattr__(self, name: str) -> object:
            return (lambda: True) if name == "isatty" else getattr(sys.stdin, name)

    class Sys:
        stdin = Terminal()

    monkeypatch.setattr("qa.commands.gc.sys", Sys)
    refused = invoke(data, "gc", input="n\n")
    assert refused.exit_code == 1
    assert "2 old texts would be dropped" in refused.stderr
    assert "Drop them?" in refused.stderr
    assert "dropped" not in refused.stdout
    assert invoke(data, "cite", id_of("hafen.txt", OLD)).exit_code == 0
    agreed = invoke(data, "gc", "--json", input="y\n")
    assert "Drop them?" in agreed.stderr
    assert len(json.loads(agreed.stdout.splitlines()[-1])["texts"]) == 2
    unasked = invoke(data, "gc", input="n\n")
    assert (unasked.exit_code, unasked.stderr) == (0, "")


def test_yes_is_an_answer_given_before(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sys:
        class stdin:
            isatty = staticmethod(lambda: True)

    monkeypatch.setattr("qa.commands.gc.sys", Sys)
    ran = invoke(data, "gc", "--yes")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.endswith("2 old texts dropped, 25 characters\n")


def test_citations_over_http_are_gone_until_the_text_is_put_again(data: Path) -> None:
    old, new = id_of("hafen.txt", OLD), id_of("hafen.txt", NEW)
    with serving(Settings(data_dir=data)) as client:
        assert client.get(f"/v1/citations/{old}").json()["status"] == "moved"
        invoke(data, "gc")  # another process, in effect; this one still has the text in memory
        for headers in ({}, {"accept": "text/plain"}):
            response = client.get(f"/v1/citations/{old}", headers=headers)
            assert response.status_code == 410
            assert response.headers["content-type"] == "application/problem+json"
            body = response.json()
            replies.ProblemOut.model_validate(body)
            assert body["type"] == "urn:problem-type:fundstelle:text-dropped"
            assert body["detail"] == (
                f"The text that {old} names, of document hafen.txt, was dropped by "
                f"`fundstelle gc` on {TODAY}."
            )
        assert client.get(f"/v1/citations/{id_of('other.txt', OLD)}").status_code == 404
        assert client.get(f"/v1/citations/{new}").json()["status"] == "valid"
        assert client.post("/v1/ask", json={"question": "Hafen?"}).json()["results"]
        client.put("/v1/documents/hafen.txt", json={"text": OLD})
        assert client.get(f"/v1/citations/{old}").json()["status"] == "valid"
        assert client.get(f"/v1/citations/{new}").json()["status"] == "moved"
        operation = client.get("/openapi.json").json()["paths"]["/v1/citations/{id}"]["get"]
        assert "410" in operation["responses"]
    assert invoke(data, "check").exit_code == 0


def test_a_seed_that_was_removed_and_dropped_is_not_added_again(
    copy_of_seeded: Callable[[], Path],
) -> None:
    collection = Collection.open(Settings(data_dir=copy_of_seeded()))
    removed = seeds.documents()[0].id
    collection.remove([removed])
    assert len(collection.drop_old_texts(datetime.now(UTC))) == 1
    assert seeds.add_missing(collection) == []
    collection.close()

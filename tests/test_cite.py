"""``fundstelle cite``: what it writes, and what it says beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qa.cli import app
from qa.collection import Collection
from qa.errors import NotFound
from qa.settings import Settings
from qa.types import Document

TEXT = "Der Hafen ist offen. Niemand *kam*."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cite") / "data"


@pytest.fixture(scope="module")
def cited(data: Path) -> str:
    """A citation of ``*kam*``."""
    return put(data, TEXT, TEXT.index("*kam*"), len(TEXT) - 1)


def put(data: Path, text: str, start: int = 0, end: int = 3) -> str:
    from qa.citations import citation_id

    collection = Collection.open(Settings(data_dir=data))
    (change,) = collection.put([Document("hafen", text, "hafen.txt", published="2022-09")])
    collection.close()
    return citation_id("hafen", change.sha256, start, end)


def cite(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["cite", *arguments, "--data-dir", str(data)])


def test_a_citation_is_written_for_people_or_for_programs(data: Path, cited: str) -> None:
    ran = cite(data, cited)
    assert (ran.exit_code, ran.stderr) == (0, "")
    url = "/documents/hafen#char=29,34"
    assert ran.stdout == f"*kam*\n\n— hafen, hafen.txt, 2022-09, line 1\n{url}\n"
    assert cite(data, cited, "--format", "markdown").stdout.startswith("> \\*kam\\*\n")
    assert "annote = {*kam*}" in cite(data, cited, "--format", "bibtex").stdout
    assert json.loads(cite(data, cited, "--format", "csl").stdout)[0]["annote"] == "*kam*"
    annotation = json.loads(cite(data, cited, "--format", "jsonld").stdout)
    assert annotation["target"]["selector"][0] == {
        "type": "TextPositionSelector",
        "start": 29,
        "end": 34,
    }
    body = json.loads(cite(data, cited, "--json").stdout)
    assert (body["status"], body["citation"]["quote"]) == ("valid", "*kam*")
    assert cite(data, cited, "--format", "json").stdout == cite(data, cited, "--json").stdout
    assert cite(data, cited, "--format", "xml").exit_code == 2


def test_the_servers_address_is_in_the_link_when_it_is_set(
    data: Path, cited: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "  url = " not in cite(data, cited, "--format", "bibtex").stdout
    monkeypatch.setenv("FUNDSTELLE_PUBLIC_URL", "https://f.example")
    written = cite(data, cited, "--format", "bibtex").stdout
    assert "  url = {https://f.example/documents/hafen#char=29,34},\n" in written


def test_an_older_version_is_cited_with_a_note_on_what_became_of_it(tmp_path: Path) -> None:
    old = put(tmp_path, "Der Hafen ist offen.")
    put(tmp_path, "Neu: Der Hafen ist offen.")
    ran = cite(tmp_path, old)
    assert ran.stdout.startswith("Der\n\n")
    assert ran.stderr == "note: hafen has been changed since; the words are now at 5\n"
    put(tmp_path, "Nichts mehr.")
    assert "no longer in it" in cite(tmp_path, old).stderr
    CliRunner().invoke(app, ["remove", "hafen", "--data-dir", str(tmp_path)])
    assert cite(tmp_path, old).stderr == "note: hafen has been removed since\n"


def test_programs_get_the_words_as_they_are_and_terminals_nothing_that_steers_them(
    tmp_path: Path,
) -> None:
    quote = "a\x9b31mb\x7f\x1b[0m\tc\r\nd"
    cited = put(tmp_path, quote, 0, len(quote))
    assert json.loads(cite(tmp_path, cited, "--format", "csl").stdout)[0]["annote"] == quote
    for name in ("text", "markdown", "bibtex"):
        written = cite(tmp_path, cited, "--format", name).stdout
        assert "\ufffd31mb\ufffd\ufffd" in written
        assert not set("\x9b\x7f\x1b\r") & set(written)


def test_what_was_never_issued_is_not_found(data: Path, cited: str) -> None:
    ran = cite(data, cited + "0")
    assert isinstance(ran.exception, NotFound)
    assert ran.stdout == ""

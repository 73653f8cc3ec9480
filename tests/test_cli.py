"""The command line: what it prints, what it exits with, and that it is quick."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qa import cli, seeds
from qa.evaluation.cli import template

QUESTION = "Will Belarus send soldiers to Ukraine?"
GERMAN = "Der Hafen von Odessa ist seit Montag wieder geöffnet, sagte der Minister."
SEED = "000_0213957b6fa26305.txt"


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ran(int(exit_.value.code or 0), out, err)

    return run


@pytest.fixture(scope="module")
def seeded(copy_of_seeded: Callable[[], Path]) -> Path:
    return copy_of_seeded()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_ask_shows_the_answer_first_then_passages_with_their_places(run: Run, seeded: Path) -> None:
    ran = run("ask", QUESTION, "--top-k", "2", "--data-dir", seeded)
    assert (ran.status, ran.err) == (0, "")
    found = run("ask", QUESTION, "--top-k", "2", "--data-dir", seeded, "--json").json
    lines = ran.out.splitlines()
    if found["answerable"]:
        assert lines[0] == found["answer"]["text"]
    else:
        assert "do not answer" in lines[0]
    for result in found["results"]:
        citation = result["citation"]
        (heading,) = [line for line in lines if line.startswith(f"{result['rank']}. ")]
        assert citation["source"] in heading
        assert f" {citation['lines'][0]}" in heading
        assert f"({result['score']:.0%})" in heading
        assert result["text"] in ran.out
    assert "\x1b" not in ran.out


def test_ask_prints_the_http_body(run: Run, seeded: Path) -> None:
    body = run("ask", f" {QUESTION} ", "--data-dir", seeded, "--json").json
    assert list(body) == [
        "question",
        "question_language",
        "answerable",
        "answer",
        "results",
        "index",
        "took_ms",
    ]
    assert body["question"] == QUESTION
    assert len(body["results"]) == 5
    texts = {document.id: document.text for document in seeds.documents()}
    for result in body["results"]:
        citation = result["citation"]
        source = texts[citation["document_id"]]
        assert source[citation["start"] : citation["end"]] == result["text"] == citation["quote"]


def test_ask_takes_filters(run: Run, seeded: Path) -> None:
    def documents(*options: str) -> set[str]:
        ran = run("ask", QUESTION, "--top-k", "50", "--data-dir", seeded, "--json", *options)
        return {result["citation"]["document_id"] for result in ran.json["results"]}

    assert documents("--document", SEED) == {SEED}
    assert documents("--to", "2022-03") == {"001_010e3c4c887097cd.txt"}
    assert documents("--from", "2022-09", "--to", "2022-09-30") == {SEED}
    assert documents("--language", "es") == {"004_1307384a262a9993.txt"}
    assert documents("--min-score", "1") == set()


def test_a_whole_process_asks_in_little_time_and_loads_nothing_heavy(seeded: Path) -> None:
    # The bound is loose, because tests share the machine; the promise is under a second.
    code = (
        "import sys\nfrom qa import cli\n"
        f"try: cli.main(['ask', {QUESTION!r}, '--data-dir', {str(seeded)!r}])\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        "heavy = {'torch', 'transformers', 'fastapi', 'uvicorn', 'trafilatura', 'docx'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))"
    )
    started = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert time.perf_counter() - started < 10
    assert "Soldaten" in ran.stdout
    assert ran.stdout.endswith("loaded: []\n")
    assert "\x1b" not in ran.stdout


def test_without_a_collection_it_says_how_to_make_one(run: Run, data: Path) -> None:
    for arguments in (["ask", "Warum?"], ["documents"], ["remove", "x"], ["check"]):
        ran = run(*arguments, "--data-dir", data)
        assert ran.status == 1
        assert ran.err.startswith(f"error: There is no collection in {data}")
        assert "fundstelle add" in ran.err
        assert ran.err.count("\n") == 1
        assert not data.exists()


def test_an_empty_collection_says_how_to_fill_it(run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GERMAN)
    run("add", tmp_path / "a.txt", "--data-dir", data)
    run("remove", "a.txt", "--data-dir", data)
    ran = run("ask", "Warum?", "--data-dir", data)
    assert ran.status == 1
    assert "has no documents; add some with `fundstelle add PATH`" in ran.err


def test_files_are_added_once_and_replaced_when_they_change(
    run: Run, data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "hafen.txt"
    file.write_text(GERMAN)
    first = run("add", file, "--data-dir", data)
    assert (first.status, first.out, first.err) == (0, "1 created\n", "")
    assert run("add", file, "--data-dir", data).out == "1 unchanged\n"
    file.write_text(GERMAN + " Kiew widersprach.")
    assert run("add", file, "--data-dir", data).out == "1 updated\n"
    (document,) = run("documents", "--data-dir", data, "--json").json["documents"]
    assert document["id"] == "hafen.txt"
    assert document["language"] == "de"
    assert document["metadata"]["path"] == str(file)
    assert document["characters"] == len(GERMAN) + 18


def test_options_describe_a_single_file(run: Run, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text(GERMAN)
    options = ["--id", "hafen", "--title", "Der Hafen", "--published", "2022-08"]
    ran = run("add", file, *options, "--language", "de", "--json", "--data-dir", data)
    assert [change["id"] for change in ran.json["documents"]] == ["hafen"]
    assert ran.json["failed"] == []
    table = run("documents", "--data-dir", data).out
    for word in ("hafen", "Der Hafen", "de", "2022-08"):
        assert word in table
    (tmp_path / "y.txt").write_text(GERMAN)
    ran = run("add", file, tmp_path / "y.txt", "--id", "both", "--data-dir", data)
    assert ran.status == 2
    assert "--id" in ran.err


def test_a_folder_with_bad_files_is_added_without_them(
    run: Run, data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    (folder / "deep").mkdir(parents=True)
    for number in range(70):
        (folder / f"{number}.txt").write_text(f"Meldung {number}. {GERMAN}")
    (folder / "deep" / "größe.md").write_text(f"# Hafen\n\n{GERMAN}")
    (folder / "empty.txt").write_text(" \n")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 4)
    ran = run("add", folder, tmp_path / "missing.txt", "--data-dir", data)
    assert ran.status == 1
    assert ran.out == "71 created, 3 failed\n"
    errors = ran.err.splitlines()
    assert len(errors) == 3
    assert all(line.startswith("error: ") for line in errors)
    for name in ("papers/empty.txt", "papers/binary.txt", "missing.txt"):
        assert any(name in line for line in errors), name
    assert len(run("documents", "--data-dir", data, "--json").json["documents"]) == 71


def test_another_files_document_is_not_replaced_by_chance(
    run: Run, data: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(f"Ordner {name}. {GERMAN}")
    one, two = tmp_path / "one" / "a.txt", tmp_path / "two" / "a.txt"
    run("add", one, "--data-dir", data)
    ran = run("add", two, "--data-dir", data)
    assert ran.status == 1
    for hint in (str(one), "--replace", "--id"):
        assert hint in ran.err
    assert run("add", two, "--id", "b.txt", "--data-dir", data).out == "1 created\n"
    assert run("add", two, "--replace", "--data-dir", data).out == "1 updated\n"
    together = run("add", one, two, "--replace", "--data-dir", data)
    assert together.status == 1
    assert together.out == "1 updated, 1 failed\n"


def test_remove_removes_all_or_none(run: Run, data: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{name}: {GERMAN}")
    run("add", tmp_path / "a.txt", tmp_path / "b.txt", "--data-dir", data)
    ran = run("remove", "a.txt", "none", "--data-dir", data)
    assert ran.status == 1
    assert "none" in ran.err
    assert len(run("documents", "--data-dir", data, "--json").json["documents"]) == 2
    ran = run("remove", "a.txt", "b.txt", "--data-dir", data, "--json")
    assert [gone["status"] for gone in ran.json["documents"]] == ["deleted", "deleted"]
    assert run("documents", "--data-dir", data, "--json").json["documents"] == []


def test_check_proves_a_good_store(run: Run, seeded: Path) -> None:
    ran = run("check", "--data-dir", seeded)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("5 documents, ")
    assert ran.out.endswith("all is well\n")
    assert run("check", "--data-dir", seeded, "--json").json["problems"] == []


def test_check_names_what_is_wrong(run: Run, seeded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.collection.Collection.check", lambda _: iter(["a.txt: no text."]))
    ran = run("check", "--data-dir", seeded)
    assert ran.status == 1
    assert ran.err == "error: a.txt: no text.\n"
    assert "1 problem" in ran.out


def test_eval_judges_a_file_of_questions(run: Run, seeded: Path, tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    file.write_text(template("csv"))
    ran = run("eval", file, "--data-dir", seeded, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.json
    ran = run("eval", tmp_path / "none.csv", "--data-dir", seeded)
    assert ran.status == 1
    assert ran.err.startswith("error: ")
    assert "none.csv" in ran.err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["ask", " "], 1, "question"),
        (["ask", "a", "--from", "gestern"], 1, "gestern"),
        (["ask", "a", "--model", "/no/such/model"], 1, "/no/such/model"),
        (["ask", "a", "--top-k", "51"], 2, "--top-k"),
        (["ask"], 2, "QUESTION"),
        (["add"], 2, "PATH"),
        (["fetch"], 2, "fetch"),
    ],
)
def test_mistakes_are_one_line_or_usage(
    run: Run, seeded: Path, arguments: list[str], status: int, message: str
) -> None:
    where = ["--data-dir", seeded] if len(arguments) > 1 else []
    ran = run(*arguments, *where)
    assert ran.status == status
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    if status == 1:
        assert ran.err.startswith("error: ")
        assert ran.err.count("\n") == 1


def test_a_bad_variable_is_named(run: Run, seeded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSTELLE_PORT", "eighty")
    ran = run("documents", "--data-dir", seeded)
    assert ran.status == 1
    assert "FUNDSTELLE_PORT" in ran.err
    assert "eighty" in ran.err


def test_variables_stand_in_for_flags(
    run: Run, seeded: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDSTELLE_DATA_DIR", str(seeded))
    assert len(run("documents", "--json").json["documents"]) == 5
    assert run("documents", "--json", "--data-dir", data).status == 1


def test_serve_hands_the_application_over_by_name(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    calls: list[tuple[tuple[Any, ...], dict[str, Any], dict[str, str]]] = []
    environment: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr("uvicorn.run", lambda *a, **k: calls.append((a, k, dict(environment))))
    environment["FUNDSTELLE_WORKERS"] = "1"
    assert run("serve", "--port", "8123", "--data-dir", data, "--seeds").status == 0
    ((arguments, options, variables),) = calls
    assert arguments == ("api.app:create_app",)
    assert options["factory"] is True
    assert (options["host"], options["port"]) == ("127.0.0.1", 8123)
    assert variables["FUNDSTELLE_DATA_DIR"] == str(data)
    assert variables["FUNDSTELLE_SEEDS"] == "True"
    assert variables["FUNDSTELLE_PORT"] == "8123"
    assert options["access_log"] is False  # an address may hold a question
    environment["FUNDSTELLE_ACCESS_LOG"] = "true"
    assert run("serve", "--data-dir", data).status == 0
    assert calls[1][1]["access_log"] is True


@pytest.mark.parametrize(
    ("cores", "spreads", "engine", "told", "processes"),
    [
        (8, True, "embedded", (), 2),
        (1, True, "embedded", (), 1),
        (8, False, "embedded", (), 1),
        (8, True, "milvus://127.0.0.1:1", (), 1),
        (8, True, "milvus-lite", (), 1),
        (1, False, "embedded", ("--workers", "3"), 3),
        (8, True, "embedded", ("--workers", "1"), 1),
    ],
)
def test_as_many_processes_as_are_worth_it(
    run: Run,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    spreads: bool,
    engine: str,
    told: tuple[str, ...],
    processes: int,
) -> None:
    import os

    started: list[int] = []
    environment = {"FUNDSTELLE_ENGINE": engine}
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr("qa.commands.sockets.SPREADS", spreads)
    monkeypatch.setattr("uvicorn.run", lambda *_, workers, **__: started.append(workers))
    monkeypatch.setattr(
        "qa.commands.serve._serve_by_several", lambda config: started.append(config.workers)
    )
    assert run("serve", "--data-dir", data, *told).status == 0
    assert started == [processes]
    assert environment["FUNDSTELLE_WORKERS"] == str(processes)


def test_version(run: Run) -> None:
    ran = run("--version")
    assert ran.status == 0
    assert ran.out.startswith("fundstelle 0")

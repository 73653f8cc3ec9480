"""The tables of the benchmark page: rendered from results, and the page's own from the saved."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qa.evaluation.questions import Question
from tests.benchmarks import peers, scale, tables
from tests.benchmarks.limits import STAGE_OF
from tests.benchmarks.results import DEFAULT, load_results
from tests.benchmarks.stages import ORDER

MACHINE = {
    "cpu": "Some CPU",
    "cores": 2,
    "memory_gb": 25.3,
    "bandwidth_gb_s": {"read_one_core": 20.0, "read_all_cores": 30.0},
    "system": "Linux",
    "python": "3.11",
    "date": "2026-01-02",
}
LEVEL = {"clients": 1, "p50": 5.25, "p95": 10, "p99": 20, "per_second": 1234.5, "cpu_ms_each": 4.25}
SIZE: dict[str, Any] = {
    "machine": MACHINE,
    "disk": {"passages": 10_000, "bytes": {"vectors": 8_000_000, "cache": 1000}},
    "load": {"levels": [{**LEVEL, "not_ok": 0, "broken": 3}]},
    "load_by_all": {"workers": 2, "levels": [{**LEVEL, "not_ok": 1, "broken": 0}]},
    "stages": {"mean_ms": {"dense": 2.0, "other": 1.0}, "whole_ms": {"mean": 3.0}},
    "limits": {"bytes": {"vectors": 8_000_000}},
    "recall": {"dense@10": 0.987},
}


def rows(rendered: str) -> list[list[str]]:
    lines = [line for line in rendered.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_tables_show_what_was_measured_and_a_dash_for_the_rest() -> None:
    found = rows(tables.render({"sizes": {"10000": SIZE}, "peers": {}, "machine": MACHINE}))
    assert ["10,000", "1", "1", "5.2", "10.0", "20.0", "1,234.5", "4.2", "0", "3"] in found
    assert ["10,000", "2", "1", "5.2", "10.0", "20.0", "1,234.5", "4.2", "1", "0"] in found
    assert ["dense", "2.00", "–"] in found
    assert ["*dense, at least*", "0.40", "–"] in found
    assert ["**whole**", "3.00", "–"] in found
    assert ["disk, vectors, bytes/passage", "800"] in found
    assert ["vector search, recall@10 against exact", "98.7"] in found
    assert ["documents", "–"] in found
    assert ["put", "–", "–"] in found


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    sizes = {"10000": SIZE, "100000": {}}
    peer = {"levels": [LEVEL, {**LEVEL, "clients": 8}], "asked_for": 10, "versions": "x 1"}
    rendered = tables.render({"sizes": sizes, "peers": {"a": peer, "Fundstelle": {}}})
    for table in re.findall(r"(?:^\|.*\n?)+", rendered, re.MULTILINE):
        assert len({len(row) for row in rows(table)}) == 1
    assert rendered.index("| Fundstelle") < rendered.index("| a ")
    assert "x 1" in rendered


def test_only_the_tables_of_a_page_are_replaced() -> None:
    page = f"Before.\n{tables.BEGIN}\nold\n{tables.END}\nAfter.\n"
    once = tables.written(page, "new")
    assert once == f"Before.\n{tables.BEGIN}\n\nnew\n\n{tables.END}\nAfter.\n"
    assert tables.written(once, "new") == once
    with pytest.raises(ValueError, match="expected"):
        tables.written("no marks", "new")


def test_nothing_measured_is_said_to_be_so() -> None:
    assert tables.render({"sizes": {}, "peers": {}}) == "Nothing has been measured yet."


def test_the_page_holds_the_tables_of_the_saved_results() -> None:
    page = tables.PAGE.read_text(encoding="utf-8")
    assert tables.written(page, tables.render(load_results(DEFAULT))) == page


def test_rankings_are_judged_by_documents_at_their_best_passage() -> None:
    question = Question("q", "?", documents={"right": 1.0, "twin": 1.0})
    perfect = ["right#2", "right#0", "twin#0", "other#1"]
    assert peers.judged_figures([perfect], [question]) == {
        "questions": 1,
        "nDCG@10": 1.0,
        "recall@10": 1.0,
    }
    assert peers.judged_figures([["other#0"], ["right"]], [question, question]) == {
        "questions": 2,
        "nDCG@10": pytest.approx(0.5 * 1 / (1 + 0.6309), abs=1e-3),
        "recall@10": 0.25,
    }


@pytest.mark.parametrize("module", [scale, peers])
def test_without_the_texts_it_says_so_and_measures_nothing(
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "results.json"
    monkeypatch.setattr("sys.argv", ["x", "--data", str(tmp_path), "--output", str(output)])
    module.main()
    assert "Skipped" in capsys.readouterr().out
    assert not output.exists()


def test_every_stage_with_a_bound_is_one_that_is_measured() -> None:
    assert set(STAGE_OF.values()) <= set(ORDER)

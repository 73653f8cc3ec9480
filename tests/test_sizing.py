"""The arithmetic of sizes, against hand-worked and published figures, and the page about it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from qa.types import Document
from tests.benchmarks import passage_bytes, sizing
from tests.benchmarks.sizing import MEASURED, Passage, Plan, Size, graph_bytes, query_memory, size

PAGE = (Path(__file__).parents[1] / "docs" / "sizing.md").read_text(encoding="utf-8")
NOTHING = Passage(1, 0, 0, 0, 0, 0, 0)
GIB = 2**30


def test_links_of_a_vector() -> None:
    # M = 24: 48 links below, 24 / ln 24 = 7.55 above, of 4 bytes.
    assert graph_bytes(24) == pytest.approx(222.2, abs=0.1)


def test_memory_by_hand() -> None:
    passage = Passage(
        1, text=500, document=500, words=1000, sounds=2000, tokens=400, embedded_disk=0
    )
    plan = Plan(dimension=100, mapped="nothing", replicas=3)
    each = 400 + graph_bytes() + 1000 + 2000 + 500 + 500 + 400
    assert query_memory(10**9, passage, plan) == pytest.approx(each * 1.5 * 3)


@pytest.mark.parametrize(
    ("vectors", "dimension", "m", "published"),
    [
        (1e6, 128, 24, 1.1 * GIB),  # zilliz.com/sizing-tool
        (8e6, 768, 4, 31.2 * GIB),  # Alibaba Cloud
    ],
)
def test_memory_is_no_less_and_not_much_more_than_published(
    vectors: float, dimension: int, m: int, published: float
) -> None:
    calculated = vectors * (dimension * 4 + graph_bytes(m)) * sizing.LOADED
    assert 0.93 * published < calculated < 1.25 * published


def test_mapping_moves_bytes_from_memory_to_disk() -> None:
    plans = [Plan(mapped=mapped) for mapped in ("nothing", "texts", "terms")]
    memory = [sizing.memory_bytes(MEASURED, plan) for plan in plans]
    disk = [sizing.mapped_bytes(MEASURED, plan) for plan in plans]
    assert memory[0] > memory[1] > memory[2]
    assert disk[0] == 0
    assert {round(m + d, 6) for m, d in zip(memory, disk, strict=True)} == {round(memory[0], 6)}


def test_half_the_bytes_of_a_number_are_half_a_vector() -> None:
    plan, half = Plan(), Plan(number_bytes=2)
    saved = sizing.memory_bytes(NOTHING, plan) - sizing.memory_bytes(NOTHING, half)
    assert saved == 208 * 2


def test_engines_follow_each_other() -> None:
    sizes = [size(n, MEASURED, Plan()) for n in sizing.SIZES]
    assert [each.engine for each in sizes] == ["embedded"] * 3 + ["standalone"] + [
        "distributed"
    ] * 2
    for name in ("memory_gb", "nodes", "disk_gb", "cost"):
        values = [getattr(each, name) for each in sizes]
        assert values == sorted(values), name
    assert size(10**8, NOTHING, Plan(dimension=8)).engine == "standalone"
    assert size(10**8 + 1, NOTHING, Plan(dimension=8)).engine == "distributed"


def test_a_cluster_has_a_machine_for_each_copy_and_those_for_the_rest() -> None:
    small = size(10**8 + 1, NOTHING, Plan(dimension=2, replicas=3, node_gb=512))
    assert small.nodes == 3 + sizing.OTHER_NODES
    large = size(10**9, MEASURED, Plan())
    assert large.nodes == -(-large.memory_gb // (128 * 0.9)) + sizing.OTHER_NODES
    assert large.memory_gb == pytest.approx(2 * size(10**9, MEASURED, Plan(replicas=1)).memory_gb)


def test_cost_by_hand() -> None:
    plan = Plan(node_price=2.0, disk_price=0.0, object_price=0.0)
    assert size(10_000_000, MEASURED, plan).cost == 2.0 * 730
    dearer = replace(plan, object_price=0.5)
    stored = size(10_000_000, MEASURED, dearer).object_gb
    assert size(10_000_000, MEASURED, dearer).cost == pytest.approx(1460 + 0.5 * stored)


def test_amounts_have_two_digits_that_count() -> None:
    lines = list(sizing.table([Size(1234, "embedded", 0.3149, 1, 1234.5, 0.0, 45_678.0)]))
    assert lines[2] == "| 1,234 | embedded | 1 | 0.31 GB | 1.2 TB | – | 46,000 |"


def test_measured_bytes_come_from_the_results(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    passage, source = sizing.read_passage(path)
    assert passage == MEASURED
    assert "none in" in source
    path.write_text(json.dumps({"sizes": {}}))
    assert sizing.read_passage(path)[0] == MEASURED
    path.write_text(json.dumps({sizing.KEY: {"passages": 3}}))
    assert sizing.read_passage(path)[0] == MEASURED
    mine = replace(MEASURED, passages=7.0, words=1.0)
    path.write_text(json.dumps({sizing.KEY: {**asdict(mine), "more": 1}}))
    passage, source = sizing.read_passage(path)
    assert passage == mine
    assert "7 passages" in source


def test_bytes_of_a_passage() -> None:
    text = "Der Hafen von Odessa ist gesperrt. Der Hafen!"
    found = passage_bytes.measure([Document("a", text, "a", language="de")])
    assert found["passages"] == 1
    assert found["text"] == found["document"] == len(text)
    # Seven distinct words, and as many stems, which carry their language.
    assert found["words"] == 8 * (6 + 6)
    assert found["sounds"] % 8 == found["tokens"] % 4 == 0
    assert found["embedded_disk"] > len(text)


@pytest.mark.parametrize(
    "options",
    [
        "--mapped texts",
        "--mapped terms",
        "--mapped terms --number-bytes 2",
        "--mapped terms --dimension 1024",
    ],
)
def test_the_page_shows_what_the_program_prints(
    options: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["sizing", "--results", str(tmp_path / "none.json"), *options.split()]
    monkeypatch.setattr(sys, "argv", arguments)
    sizing.main()
    printed = capsys.readouterr().out.splitlines()
    after = PAGE[PAGE.index(f"`{options}`") :]
    first = after.index("| passages |")
    shown = after[first : after.index("\n\n", first)].splitlines()
    assert shown == [line for line in printed if line in shown]
    assert len(shown) >= 5
    assert shown[-1].startswith("| 1,000,000,000 |")


def test_the_page_names_the_measured_bytes() -> None:
    for value in (MEASURED.words, MEASURED.sounds, MEASURED.tokens, MEASURED.text):
        nearest = 10 * round(value / 10) if value > 1000 else round(value)
        assert f"| {nearest:,} |" in PAGE
    assert f"{MEASURED.passages:,} passages" in PAGE

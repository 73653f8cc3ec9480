"""The gold questions: every quote is where it says, and there is enough of everything."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.gold.locate import FOLDER, SEEDS, located

MAJOR = {"en", "de", "ru", "uk", "be", "fr", "es", "it", "pl", "pt", "zh", "ja", "ar", "hi"}


def rows(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def places(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [row, *row.get("alternatives", [])]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {p.name: p.read_bytes().decode("utf-8") for p in SEEDS.glob("*.txt")}


def test_every_quote_is_at_its_offsets(texts: dict[str, str]) -> None:
    checked = 0
    for row in rows("seeds.jsonl"):
        for place in places(row):
            text = texts[place["document"]]
            assert text[place["start"] : place["end"]] == place["quote"], row["id"]
            assert len(place["quote"]) >= 15, row["id"]
            checked += 1
    assert checked > 250


def test_offsets_are_what_the_script_finds() -> None:
    path = FOLDER / "seeds.jsonl"
    assert located(path.read_text(encoding="utf-8")) == path.read_text(encoding="utf-8")


def test_no_place_is_listed_twice() -> None:
    for row in rows("seeds.jsonl"):
        spans = [(p["document"], p["start"], p["end"]) for p in places(row)]
        assert len(spans) == len(set(spans)), row["id"]


def test_languages_and_documents_are_all_there(texts: dict[str, str]) -> None:
    answered = rows("seeds.jsonl")
    languages = Counter(row["language"] for row in answered)
    assert len(answered) >= 80
    assert len(languages) >= 12
    assert all(languages[code] >= 4 for code in MAJOR)
    documents = Counter(row["document"] for row in answered)
    assert set(documents) == set(texts)
    assert min(documents.values()) >= 10


def test_all_parts_of_the_documents_are_asked_about(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        middles = [
            (p["start"] + p["end"]) / 2 / len(text)
            for row in rows("seeds.jsonl")
            for p in places(row)
            if p["document"] == name
        ]
        assert {int(5 * share) for share in middles} == {0, 1, 2, 3, 4}, name


def test_the_spanish_tail_is_asked_about(texts: dict[str, str]) -> None:
    name = "004_1307384a262a9993.txt"
    tail = texts[name].index("Más Noticias")
    asked = [r for r in rows("seeds.jsonl") if r["document"] == name and r["start"] > tail]
    assert {"es", "de"} <= {r["language"] for r in asked}
    assert len(asked) >= 5


def test_unanswerable_questions_are_of_both_kinds() -> None:
    unanswerable = rows("unanswerable.jsonl")
    kinds = Counter(row["kind"] for row in unanswerable)
    assert set(kinds) == {"off_topic", "near_miss"}
    assert min(kinds.values()) >= 20
    assert len({row["language"] for row in unanswerable}) >= 10


def test_questions_and_ids_are_unique() -> None:
    every = rows("seeds.jsonl") + rows("unanswerable.jsonl")
    assert len({row["id"] for row in every}) == len(every)
    assert len({(row["language"], row["question"]) for row in every}) == len(every)


def test_readme_counts_are_true() -> None:
    text = (Path(FOLDER) / "README.md").read_text(encoding="utf-8")
    for name in ("seeds.jsonl", "unanswerable.jsonl"):
        every = rows(name)
        languages = len({row["language"] for row in every})
        assert f"| `{name}` | {len(every)} questions in {languages} languages" in text

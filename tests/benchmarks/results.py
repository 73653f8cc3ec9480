"""Keeps what was measured in one JSON file, by size and by peer. Knows no measuring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULT = Path(__file__).parents[2] / "docs" / "benchmarks" / "results.json"

Figures = dict[str, Any]


def load_results(path: Path) -> Figures:
    """What is saved, or an empty set of results."""
    if not path.is_file():
        return {"sizes": {}, "peers": {}}
    found: Figures = json.loads(path.read_text(encoding="utf-8"))
    return {"sizes": {}, "peers": {}, **found}


def merged(results: Mapping[str, Any], kind: str, name: str, figures: Mapping[str, Any]) -> Figures:
    """Results with the figures of one size (``sizes``) or peer (``peers``) put in.

    Figures that were not measured this time stay as they were, so that measuring again without
    ingest does not lose the ingest rate. The machine is that of the last time.
    """
    before = results.get(kind, {})
    together = {**before, name: {**before.get(name, {}), **figures}}
    return {**results, kind: dict(sorted(together.items(), key=_order))}


def save_results(path: Path, results: Mapping[str, Any]) -> None:
    """Write the file, replacing it in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    text = json.dumps(results, ensure_ascii=False, indent=1)
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


def add_result(path: Path, kind: str, name: str, figures: Mapping[str, Any]) -> None:
    """Put figures into the file at once, so that a later failure loses nothing."""
    save_results(path, merged(load_results(path), kind, name, figures))


def _order(item: tuple[str, object]) -> tuple[int, str]:
    """Sizes as numbers, peers by name."""
    name = item[0]
    return (int(name), "") if name.isdecimal() else (0, name)

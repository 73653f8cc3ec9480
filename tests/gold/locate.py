"""Fills in the offsets of ``seeds.jsonl``: ``python -m tests.gold.locate``.

A line is written with ``id``, ``language``, ``question``, ``document`` and ``quote`` (and
``alternatives`` likewise); ``start`` and ``end`` are added or renewed here. A quote that is not
in its document, or is there more than once without an ``occurrence``, stops it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qa.evaluation.locate import locate

FOLDER = Path(__file__).parent
SEEDS = FOLDER.parents[1] / "seeds"


def main() -> None:
    path = FOLDER / "seeds.jsonl"
    path.write_text(located(path.read_text(encoding="utf-8")), encoding="utf-8")


def located(lines: str) -> str:
    """The same lines with the offsets of every quote."""
    rows = [json.loads(line) for line in lines.splitlines() if line.strip()]
    for row in rows:
        for place in (row, *row.get("alternatives", ())):
            _fill(place)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _fill(place: dict[str, Any]) -> None:
    # As bytes: reading as text would turn CRLF into LF and move every offset.
    text = (SEEDS / place["document"]).read_bytes().decode("utf-8")
    span = locate(text, place["quote"], place.get("occurrence"))
    # Alternatives stay last, where they are easiest to read.
    further = place.pop("alternatives", None)
    place.update(quote=text[span.start : span.end], start=span.start, end=span.end)
    if further is not None:
        place["alternatives"] = further


if __name__ == "__main__":
    main()

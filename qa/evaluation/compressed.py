"""Reads gzipped text: lines, and JSON lines. Knows nothing of what they say."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def lines(path: Path) -> Iterator[str]:
    """Lines of a UTF-8 file without their ends."""
    # newline="\n": a sentence may hold any other kind of line break.
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Objects of a JSONL file."""
    for line in lines(path):
        yield json.loads(line)

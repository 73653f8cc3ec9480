"""Prints what the service needs at run time, one requirement a line, for the image's build.

``python deploy/runtime.py torch sentence-transformers`` leaves those two out. Versions are the
lock file's business. Runs before anything is installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
EXTRAS = ("milvus",)
"""Optional parts that a deployment with several replicas wants, where the project has them."""


def runtime(pyproject: str, left_out: Collection[str]) -> list[str]:
    """Requirements of the project in a ``pyproject.toml`` and of its ``EXTRAS``."""
    project = tomllib.loads(pyproject)["project"]
    optional = project.get("optional-dependencies", {})
    found = [
        *project["dependencies"],
        *(line for name in EXTRAS for line in optional.get(name, [])),
    ]
    return [line for line in found if _name(line) not in left_out]


def _name(requirement: str) -> str:
    """The package that a requirement is about, as PyPI writes it."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


if __name__ == "__main__":
    lines = runtime(PYPROJECT.read_text(encoding="utf-8"), sys.argv[1:])
    sys.stdout.write("\n".join(lines) + "\n")

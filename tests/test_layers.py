"""The parts know only what is below them: api -> qa -> embeddings."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {"embeddings": {"qa", "api", "fastapi"}, "qa": {"api", "fastapi", "starlette"}}
HEAVY = ("torch", "transformers", "sentence_transformers", "scipy", "sklearn")


def imported(source: str) -> Iterator[str]:
    """Top-level names of everything a module imports, at any depth of its code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_imports_run_one_way(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert len(files) > 5
    wrong = {
        (str(file.relative_to(ROOT)), name)
        for file in files
        for name in imported(file.read_text())
        if name in FORBIDDEN[package]
    }
    assert wrong == set()


def test_the_check_sees_an_import_inside_a_function() -> None:
    assert list(imported("def f():\n    import api.app as a\n    from qa.x import y")) == [
        "api",
        "qa",
    ]


def python(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_importing_the_service_leaves_torch_unloaded() -> None:
    loaded = python(
        "import sys, api.app\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], 'fastapi' in sys.modules)"
    )
    assert loaded == "[] True"


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    light = (*HEAVY, "fastapi", "uvicorn", "trafilatura", "faiss", "numpy", "pydantic_settings")
    loaded = python(
        "import sys, qa.cli\n"
        f"print([name for name in {light!r} if name in sys.modules], 'typer' in sys.modules)"
    )
    assert loaded == "[] True"


def test_importing_reads_no_settings() -> None:
    # A value that no setting accepts would fail where the environment is read.
    loaded = python(
        "import os; os.environ['FUNDSTELLE_PORT'] = 'none'\nimport api.app, qa.cli; print('ok')"
    )
    assert loaded == "ok"

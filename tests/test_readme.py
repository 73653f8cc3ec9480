"""The README says what is there: its commands, settings and targets exist, its numbers have one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qa.cli import app
from qa.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_setting_is_in_the_readme_with_its_default_and_no_other() -> None:
    named = set(re.findall(r"`FUNDSTELLE_([A-Z_]+)`", README))
    assert named == {name.upper() for name in Settings.model_fields}
    table = {
        name: default
        for line in README.splitlines()
        if line.startswith("| `FUNDSTELLE_")
        for names, default in [[cell.strip() for cell in line.split("|")[1:3]]]
        for name, default in zip(
            re.findall(r"FUNDSTELLE_([A-Z_]+)", names),
            [d.strip("` ") for d in default.split(",")],
            strict=True,
        )
    }
    for name, field in Settings.model_fields.items():
        assert table[name.upper()].lower() == str(field.default).lower()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`fundstelle ([a-z]+)", README))))
def test_every_command_in_the_readme_exists(command: str) -> None:
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE)))
)
def test_every_target_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_file_linked_from_the_readme_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_target_with_a_module_runs_one_that_exists() -> None:
    for module in re.findall(r"-m ((?:qa|tests|embeddings)[\w.]*)", MAKEFILE):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()

"""The page's files as they lie: both languages, text only, nothing from elsewhere, small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent / "api" / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
WORDS = [path for path in SCRIPTS if path.name.endswith("_words.js") or path.name == "strings.js"]
UNSAFE = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "DOMParser",
    "createContextualFragment",
    "setHTML",
    "eval(",
    "new Function",
    ".style",
)
SLICING = (".slice(", ".substring(", ".substr(", ".charAt(", ".charCodeAt(")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_insert_text_only_and_never_cut_it(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    assert not [each for each in UNSAFE if each in script]
    # Ids and addresses are ASCII and may be cut; texts may not.
    cut = [line for line in script.splitlines() if any(each in line for each in SLICING)]
    assert all("pathname" in line for line in cut)


@pytest.mark.parametrize("path", sorted(PAGE.iterdir()), ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    found = re.findall(r"https?://[^\s\"']+", path.read_text(encoding="utf-8"))
    assert set(found) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_modules_open_by_saying_what_they_are_and_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("// ") or path.name == "docs.js"
    assert len(lines) <= 250


def _entries(path: Path) -> dict[str, str]:
    """The two languages' words by their name, as written."""
    text = path.read_text(encoding="utf-8")
    return dict(re.findall(r"^  (\w+): \[(.*?)\],$", text, re.MULTILINE | re.DOTALL))


def test_every_word_that_is_used_is_there() -> None:
    frame = _entries(PAGE / "strings.js")
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    used = set(re.findall(r'data-(?:text|label)="(\w+)"', page))
    for script in SCRIPTS:
        used |= set(re.findall(r"\bsay\.(\w+)", script.read_text(encoding="utf-8")))
    assert used == set(frame)
    for path in WORDS[:-1]:
        view = path.name.removesuffix("_words.js")
        users = [each for each in SCRIPTS if f'"./{path.name}"' in each.read_text(encoding="utf-8")]
        assert users, view
        names = {
            name
            for each in users
            for name in re.findall(r"\bwords\.(\w+)", each.read_text(encoding="utf-8"))
        }
        assert names == set(_entries(path)), view

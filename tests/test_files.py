"""Names become ids, folders become files in a stable order, and trouble is named."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import TooLarge, UnreadableFile
from qa.files import FoundFile, discover, document_id_for, read_bytes


def test_a_legal_name_is_its_own_id() -> None:
    assert document_id_for("000_0213957b6fa26305.txt") == "000_0213957b6fa26305.txt"
    assert document_id_for("a" * 200) == "a" * 200


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Übersicht für März.txt", "Ubersicht-fur-Marz.txt"),
        ("Лукашенко.md", "Lukashenko.md"),
        ("a/b c.txt", "a-b-c.txt"),
        ("a" * 201, "a" * 191),
        ("😀", None),
        ("..", "document"),
        ("", "document"),
    ],
)
def test_any_other_name_becomes_readable_ascii_with_a_hash(name: str, slug: str | None) -> None:
    made = document_id_for(name)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,200}", made)
    if slug is not None:
        assert re.fullmatch(re.escape(slug) + "-[0-9a-f]{8}", made)


def test_names_that_look_alike_get_different_ids() -> None:
    names = ["a b", "a-b", "a/b", "a_b", "ä b"]
    assert len({document_id_for(name) for name in names}) == len(names)


@given(st.text(max_size=300))
@settings(derandomize=True, max_examples=200)
def test_every_name_has_a_legal_id(name: str) -> None:
    made = document_id_for(name)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,200}", made)
    assert made.strip(".")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "docs"
    for name in ("b.txt", "a.pdf", "sub/z.md", "sub/ü.txt", "image.png", ".hidden", ".git/x.txt"):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return top


def test_a_folder_is_walked_in_order_without_hidden_files(folder: Path) -> None:
    found = list(discover([folder]))
    names = ["a.pdf", "b.txt", "image.png", "sub/z.md", "sub/ü.txt"]
    assert [one.name for one in found] == names
    assert [one.source for one in found] == [f"docs/{name}" for name in names]
    assert [read_bytes(one).decode() for one in found] == names


def test_the_current_folder_has_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert [one.source for one in discover([Path()])][:2] == ["docs/a.pdf", "docs/b.txt"]


def test_a_file_is_named_by_itself_and_listed_once(folder: Path) -> None:
    file = folder / "sub" / "z.md"
    assert list(discover([file, file])) == [FoundFile(file, "z.md", "z.md")]
    assert len(list(discover([folder, folder]))) == 5


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "linked").symlink_to(folder / "sub", target_is_directory=True)
    names = [one.name for one in discover([folder])]
    assert "linked/z.md" in names
    assert all(name.count("/") <= 2 for name in names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("make", "reason"), [("missing", "does not exist"), ("fifo", "regular")])
def test_what_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, make: str, reason: str
) -> None:
    path = tmp_path / "thing.txt"
    if make == "fifo":
        os.mkfifo(path)
    found = list(discover([path]))
    assert [one.name for one in found] == ["thing.txt"]
    with pytest.raises(UnreadableFile, match=f"thing.txt.*{reason}"):
        read_bytes(found[0])


def test_a_broken_link_in_a_folder_is_named(folder: Path) -> None:
    (folder / "broken.txt").symlink_to(folder / "nowhere")
    broken = next(one for one in discover([folder]) if one.name == "broken.txt")
    with pytest.raises(UnreadableFile, match=r"docs/broken\.txt does not exist"):
        read_bytes(broken)


def test_a_file_over_the_limit_is_not_read(folder: Path) -> None:
    found = next(discover([folder / "b.txt"]))
    assert read_bytes(found, 5) == b"b.txt"
    with pytest.raises(TooLarge, match="5 bytes, more than the 4"):
        read_bytes(found, 4)

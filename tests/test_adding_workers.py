"""Files are added by several processes, each document by one; what was interrupted is resumed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qa import adding_workers
from qa.adding import Adding
from qa.adding_workers import added, partitioned
from qa.cli import app
from qa.collection import Collection
from qa.errors import InvalidInput, StoreError
from qa.files import FoundFile, discover
from qa.settings import Settings


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(12):
        (folder / f"bericht {number}.txt").write_text(f"Bericht {number}: Der Hafen ist offen.")
    (folder / "leer.txt").write_text("\n")
    return folder


def add(data: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["add", *map(str, arguments), "--json", "--data-dir", str(data)])


def statuses(ran: Result) -> Counter[str]:
    return Counter(change["status"] for change in json.loads(ran.stdout)["documents"])


def test_several_processes_add_what_one_would(files: Path, tmp_path: Path) -> None:
    for part in ("1/3", "3/3"):  # as if two of three machines had been here before
        assert add(tmp_path / "data", files, "--part", part).exit_code in (0, 1)
    before = sum(
        statuses(add(tmp_path / "data", files, "--part", p))["unchanged"] for p in ("1/3", "3/3")
    )
    ran = add(tmp_path / "data", files, "--workers", 2)
    assert ran.exit_code == 1
    assert statuses(ran) == {"unchanged": before, "created": 12 - before}
    assert [failed["name"] for failed in json.loads(ran.stdout)["failed"]] == ["files/leer.txt"]
    collection = Collection.open(Settings(data_dir=tmp_path / "data"))
    assert (collection.status().documents, list(collection.check())) == (12, [])
    collection.close()


def test_parts_share_all_files_out_by_id(files: Path) -> None:
    found = list(discover([files]))
    parts = [list(partitioned(found, f"{part}/4")) for part in range(1, 5)]
    assert sorted(file.name for part in parts for file in part) == sorted(f.name for f in found)
    assert sum(1 for part in parts if part) > 1
    twice = [FoundFile(Path("a/x.txt"), "x.txt", "a"), FoundFile(Path("b/x.txt"), "x.txt", "b")]
    assert {len(list(partitioned(twice, f"{part}/4"))) for part in range(1, 5)} == {0, 2}


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "x/y", "1/2/3"])
def test_a_part_must_be_one(part: str) -> None:
    with pytest.raises(InvalidInput, match="1/8"):
        list(partitioned([], part))


def test_milvus_lite_serves_one_process(files: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", engine="milvus-lite")
    collection = Collection.open(settings)
    with pytest.raises(InvalidInput, match="one process"):
        list(added(settings, collection, list(discover([files])), Adding(1000), 2))
    collection.close()


def test_a_process_that_dies_is_said(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    collection = Collection.open(settings)
    monkeypatch.setattr(adding_workers, "_work", _dies)
    with pytest.raises(StoreError, match="resumes"):
        list(added(settings, collection, list(discover([files])), Adding(1000), 2))
    collection.close()


def _dies(*_: object) -> None:
    raise SystemExit(3)

"""A collection moves from engine to engine and back: all of it, again without harm, and proved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qa.citations import citation_id
from qa.cli import app
from qa.collection import Collection
from qa.engines import open_engine, stored_dimension
from qa.errors import Conflict, FundstelleError, InvalidInput, NotFound, StoreError, TextDropped
from qa.milvus.transfer import MilvusTransfer
from qa.settings import Settings
from qa.transfer import Movable
from qa.types import Document, PreparedDocument, StoredDocument, text_sha256
from tests.engines import transfer

OLD, NEW, GONE, DROPPED = "Der Hafen ist offen.", "Der Hafen ist zu.", "Fort \ud800.", "Vergessen."
Restored = Sequence[tuple[PreparedDocument, StoredDocument]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with documents, old versions and a dropped one; not to be changed."""
    folder = tmp_path_factory.mktemp("source") / "data"
    collection = Collection.open(Settings(data_dir=folder))
    collection.put([Document("vergessen", DROPPED, "x")])
    collection.remove(["vergessen"])
    collection.drop_old_texts(datetime.now(UTC))
    collection.put([Document("hafen", OLD, "hafen.txt", title="Alt", published="2021")])
    collection.put([Document("hafen", NEW, "hafen.txt", metadata={"n": [1, "ü"]}, pages=(0, 4))])
    collection.put([Document("weg", GONE, "weg.txt"), Document("zwei", f"{NEW}\n\nUnd mehr.", "z")])
    collection.remove(["weg"])
    collection.close()
    return folder


def migrate(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["migrate", *map(str, arguments)])


def moved(*arguments: object) -> dict[str, int]:
    ran = migrate(*arguments, "--json")
    assert ran.exit_code == 0, ran.exception or ran.output
    found: dict[str, int] = json.loads(ran.stdout)
    return found


def settings(place: object) -> Settings:
    if str(place).startswith("milvus"):
        return Settings(engine=str(place))
    return Settings(data_dir=Path(str(place)))


def opened(place: object) -> Collection:
    return Collection.open(settings(place))


def everything(place: object) -> dict[str, object]:
    """All that a store says, but for its own numbers."""
    engine: Movable = open_engine(settings(place), stored(place))
    try:
        documents = engine.documents(None, 100)
        passages = {
            document.id: [
                (p.passage, p.vector.tolist(), p.tokens.tolist(), p.context_tokens.tolist())
                for p in transfer(engine).prepared(document.id).passages
            ]
            for document in documents
        }
        return {
            "documents": [(engine.whole(d.id), d.added, d.updated, d.pipeline) for d in documents],
            "old": [(o.version, o.ended) for o in transfer(engine).old_versions()],
            "dropped": list(transfer(engine).dropped()),
            "passages": passages,
            "findings": list(engine.check()),
        }
    finally:
        engine.close()


def stored(place: object) -> int:
    return stored_dimension(settings(place))


def test_there_and_back_everything_is_the_same(source: Path, tmp_path: Path) -> None:
    milvus = f"milvus-lite://{tmp_path}/m.db?prefix=moved_"
    before = everything(source)
    assert before["findings"] == []
    expected = {
        **{"documents": 2, "copied": 2, "prepared": 0, "unchanged": 0},
        **{"old_versions": 2, "tombstones": 1},
    }
    assert moved(source, milvus) == expected
    assert everything(milvus) == before
    assert moved(source, milvus) == {**expected, "copied": 0, "unchanged": 2}
    assert moved(milvus, tmp_path / "back") == expected
    assert everything(tmp_path / "back") == before == everything(source)


def test_citations_resolve_and_answers_are_the_same(source: Path, tmp_path: Path) -> None:
    milvus = f"milvus-lite://{tmp_path}/m.db"
    moved(source, milvus)
    here, there = opened(source), opened(milvus)
    for document_id, text in (("hafen", OLD), ("hafen", NEW), ("weg", GONE)):
        cited = citation_id(document_id, text_sha256(text), 1, 4)
        assert there.citation(cited) == here.citation(cited)
    with pytest.raises(TextDropped):
        there.citation(citation_id("vergessen", text_sha256(DROPPED), 0, 3))
    mine, theirs = (each.ask("Ist der Hafen offen?") for each in (here, there))
    assert [r.text for r in mine.results] == [r.text for r in theirs.results]
    assert [r.citation.id for r in mine.results] == [r.citation.id for r in theirs.results]
    here.close()
    there.close()


def test_what_was_interrupted_is_resumed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    milvus = f"milvus-lite://{tmp_path}/m.db"
    with monkeypatch.context() as patch:
        patch.setattr("qa.migration._DOCUMENTS", 1)
        made = list[object]()
        restore = MilvusTransfer.restore

        def fails_at_second(self: MilvusTransfer, documents: Restored) -> None:
            made.append(documents)
            if len(made) == 2:
                raise StoreError("no more")
            restore(self, documents)

        patch.setattr(MilvusTransfer, "restore", fails_at_second)
        assert isinstance(migrate(source, milvus).exception, StoreError)
    assert moved(source, milvus) | {"old_versions": 0, "tombstones": 0} == {
        **{"documents": 2, "copied": 1, "prepared": 0, "unchanged": 1},
        **{"old_versions": 0, "tombstones": 0},
    }


def refused(*arguments: object) -> FundstelleError:
    error = migrate(*arguments).exception
    assert isinstance(error, FundstelleError)
    return error


def test_a_target_with_other_documents_is_refused(source: Path, tmp_path: Path) -> None:
    milvus = f"milvus-lite://{tmp_path}/m.db"
    target = opened(milvus)
    target.put([Document("fremd", "Ein fremder Text.", "x")])
    target.close()
    assert "does not have fremd" in str(refused(source, milvus))
    assert moved(source, milvus, "--into-existing")["copied"] == 2
    target = opened(milvus)
    assert [d.id for d in target.documents()] == ["fremd", "hafen", "zwei"]
    target.put([Document("zwei", "Anders.", "x")])
    target.close()
    error = refused(source, milvus, "--into-existing")
    assert isinstance(error, Conflict)
    assert "other documents under ids of the source: zwei" in str(error)


def test_what_is_not_there_or_the_same_is_refused(source: Path, tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path / "none", tmp_path / "to"), NotFound)
    assert list(tmp_path.iterdir()) == []
    assert isinstance(refused(source, source), InvalidInput)


def test_documents_of_another_pipeline_are_prepared_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.preparation.splitter.FINGERPRINT", "passages-of-tomorrow")
    made = moved(source, f"milvus-lite://{tmp_path}/m.db")
    assert (made["copied"], made["prepared"]) == (0, 2)


def test_what_is_lost_on_the_way_is_found(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    milvus = f"milvus-lite://{tmp_path}/m.db"
    with monkeypatch.context() as patch:
        patch.setattr("qa.milvus.transfer.MilvusTransfer.restore_old", lambda *_: None)
        assert "do not resolve in the target" in str(refused(source, milvus))
    moved(source, milvus)

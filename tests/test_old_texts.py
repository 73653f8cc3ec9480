"""Old texts are dropped by every engine, and nothing else is: what goes, stays, and returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qa import garbage
from qa.engine import Engine, Tombstone
from qa.errors import NotFound
from qa.types import Document, PreparedDocument, text_sha256
from tests.engines import KINDS, backdate, opened, transfer


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    made = opened(request.param, tmp_path)
    yield made
    assert list(made.check()) == []
    made.close()


def put(engine: Engine, document_id: str, text: str, title: str | None = None) -> None:
    engine.put([PreparedDocument(Document(document_id, text, "test", title), (), "p")])


def drop(engine: Engine, days: float = 0, dry_run: bool = False) -> list[str]:
    """Hashes of the texts that go."""
    ended_by = datetime.now(UTC) - timedelta(days=days)
    return [text.sha256 for text in engine.drop_old_texts(ended_by, dry_run=dry_run)]


def hashes(*texts: str) -> list[str]:
    return [text_sha256(text) for text in texts]


def kept(engine: Engine, text: str) -> set[str]:
    """Documents that have or had a text; reads it, too."""
    sha256 = text_sha256(text)
    documents = {version.document_id for version in engine.versions(sha256)}
    if documents:
        assert engine.texts([sha256]) == {sha256: text}
    else:
        with pytest.raises(NotFound):
            engine.texts([sha256])
    return documents


def gone(engine: Engine, text: str) -> set[str]:
    return {stone.document_id for stone in engine.tombstones(text_sha256(text)[:20])}


def test_replaced_and_removed_texts_go_and_current_ones_stay(engine: Engine) -> None:
    put(engine, "a", "alt")
    put(engine, "b", "weg")
    put(engine, "c", "bleibt")
    assert drop(engine) == []
    put(engine, "a", "neu")
    backdate(engine, "alt", 1)
    engine.remove(["b"])
    sequence = engine.status().sequence
    assert drop(engine, dry_run=True) == hashes("alt", "weg")  # the oldest first
    assert (kept(engine, "alt"), gone(engine, "alt")) == ({"a"}, set())
    assert drop(engine) == hashes("alt", "weg")
    assert (kept(engine, "alt"), kept(engine, "weg")) == (set(), set())
    assert (kept(engine, "neu"), kept(engine, "bleibt")) == ({"a"}, {"c"})
    today = datetime.now(UTC).date().isoformat()
    (stone,) = engine.tombstones(text_sha256("weg")[:20])
    assert (stone.document_id, stone.dropped[:10]) == ("b", today)
    assert engine.status().sequence == sequence
    assert drop(engine) == []


def test_what_is_said_of_an_old_text(engine: Engine) -> None:
    put(engine, "b", "größer")
    put(engine, "a", "größer")
    before = garbage.moment(datetime.now(UTC))
    engine.remove(["a", "b"])
    (text,) = engine.drop_old_texts(datetime.now(UTC), dry_run=True)
    assert (text.sha256, text.document_ids) == (text_sha256("größer"), ("a", "b"))
    assert text.characters == 6
    assert before <= text.ended <= garbage.moment(datetime.now(UTC))


def test_a_text_that_another_document_still_has_stays_for_both(engine: Engine) -> None:
    put(engine, "a", "geteilt")
    put(engine, "b", "geteilt")
    put(engine, "b", "eigen")
    assert drop(engine) == []
    assert kept(engine, "geteilt") == {"a", "b"}
    engine.remove(["a"])
    assert drop(engine) == hashes("geteilt")
    assert gone(engine, "geteilt") == {"a", "b"}
    assert kept(engine, "eigen") == {"b"}


def test_age_counts_from_when_the_last_document_lost_the_text(engine: Engine) -> None:
    for name in "ab":
        put(engine, name, "geteilt")
        put(engine, name, "neu")
    backdate(engine, "geteilt", 40, "a")
    backdate(engine, "geteilt", 10, "b")
    assert drop(engine, 30) == []
    assert drop(engine, 11) == []
    assert drop(engine, 9) == hashes("geteilt")


def test_a_text_that_came_back_has_not_ended(engine: Engine) -> None:
    put(engine, "a", "eins")
    put(engine, "a", "zwei")
    put(engine, "a", "eins")
    put(engine, "a", "eins", title="Nur der Titel ist neu")
    put(engine, "b", "drei")
    engine.remove(["b"])
    put(engine, "b", "drei")
    old = [(one.version.document_id, one.version.sha256) for one in transfer(engine).old_versions()]
    assert old == [("a", text_sha256("zwei"))]
    assert drop(engine) == hashes("zwei")


def test_a_dropped_text_that_is_put_again_is_a_version_again(engine: Engine) -> None:
    for name in "ab":
        put(engine, name, "geteilt")
        put(engine, name, "neu")
    drop(engine)
    put(engine, "a", "geteilt")
    assert (kept(engine, "geteilt"), gone(engine, "geteilt")) == ({"a"}, {"b"})
    put(engine, "a", "noch neuer")
    assert drop(engine) == hashes("geteilt")
    assert gone(engine, "geteilt") == {"a", "b"}


def test_tombstones_are_found_by_what_a_citation_names(engine: Engine) -> None:
    put(engine, "a", "eins")
    engine.remove(["a"])
    drop(engine)
    sha256 = text_sha256("eins")
    (stone,) = engine.tombstones(sha256)
    assert [stone] == engine.tombstones(sha256[:20]) == [Tombstone("a", stone.dropped)]
    assert engine.tombstones("0" * 20) == []

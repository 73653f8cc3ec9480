"""The embedded engine: changes, searches, crashes, damage, and several users at once."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qa import passages
from qa.bm25 import passage_terms
from qa.embedded import DATABASE, EmbeddedEngine
from qa.engine import Found, Search
from qa.errors import Conflict, InvalidDate, InvalidInput, NotFound, StoreError
from qa.lexical import LexicalIndex
from qa.representation import Columns
from qa.types import (
    Candidate,
    Document,
    Filters,
    Passage,
    PreparedDocument,
    PreparedPassage,
    Span,
    text_sha256,
)

DIMENSION = 8


def vector(text: str, dimension: int = DIMENSION) -> NDArray[np.float32]:
    """A unit vector of its own for every text."""
    random = np.random.default_rng(zlib.crc32(text.encode("utf-8", "replace")))
    row = random.standard_normal(dimension)
    return (row / np.linalg.norm(row)).astype(np.float32)


def document(document_id: str, text: str, **rest: object) -> Document:
    return Document(document_id, text, **{"source": f"{document_id}.txt", **rest})  # type: ignore[arg-type]


def prepared(
    it: Document, language: str | None = "de", pipeline: str = "p1", dimension: int = DIMENSION
) -> PreparedDocument:
    """One passage for every line."""
    passages, start = [], 0
    for line in it.text.split("\n"):
        if line:
            passages.append(
                PreparedPassage(
                    Passage(start, start + len(line), language, (Span(0, 1),)),
                    vector(line, dimension),
                    np.array([len(line), 2**32 - 1], dtype=np.uint32),
                    np.array([[0, 1], [0, len(line)]]),
                    np.array([7], dtype=np.uint32),
                    passage_terms(line, language),
                )
            )
        start += len(line) + 1
    return PreparedDocument(it, tuple(passages), pipeline)


def one(document_id: str, text: str, **rest: object) -> PreparedDocument:
    return prepared(document(document_id, text, **rest))


@dataclass(frozen=True)
class Seen:
    """A candidate with all that is stored of it."""

    candidate: Candidate
    sha256: str
    text: str
    tokens: list[int]
    context: list[int]


def seen(engine: EmbeddedEngine, found: Found) -> tuple[Seen, ...]:
    stored, columns = engine.passages(found.passages.ids.tolist()), found.passages
    return tuple(
        Seen(
            candidate,
            stored[candidate.passage_id].sha256,
            stored[candidate.passage_id].text,
            columns.tokens[number].tolist(),
            columns.context[number].tolist(),
        )
        for number, candidate in enumerate(found.candidates)
        if candidate.passage_id in stored
    )


def search(
    engine: EmbeddedEngine, text: str, n: int = 10, filters: Filters | None = None
) -> tuple[Seen, ...]:
    return seen(engine, engine.search(Search(text, vector(text), n, n, filters or Filters())))


def quotes(engine: EmbeddedEngine, text: str = "Soldaten", n: int = 100) -> set[str]:
    return {candidate.text for candidate in search(engine, text, n)}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    opened = EmbeddedEngine.open(tmp_path / "data", DIMENSION)
    yield opened
    assert list(opened.check()) == []
    opened.close()


def test_put_replace_unchanged_and_remove(engine: EmbeddedEngine) -> None:
    first = one("a", "Soldaten an der Grenze\nKein Krieg", title="Ä", published="2022-09")
    (change,) = engine.put([first])
    assert (change.status, change.sequence, change.passages) == ("created", 1, 2)
    assert change.sha256 == text_sha256(first.document.text)
    assert quotes(engine) == {"Soldaten an der Grenze", "Kein Krieg"}

    (change,) = engine.put([first])
    assert (change.status, change.sequence, change.passages) == ("unchanged", 1, 2)
    assert engine.status().sequence == 1

    second = one("a", "Andere Soldaten")
    changes = engine.put([second, one("b", "Mehr Soldaten\nund noch mehr")])
    assert [(c.id, c.status, c.sequence) for c in changes] == [
        ("a", "updated", 2),
        ("b", "created", 2),
    ]
    assert quotes(engine) == {"Andere Soldaten", "Mehr Soldaten", "und noch mehr"}
    assert (engine.status().documents, engine.status().passages) == (2, 3)

    assert engine.remove(["a", "a"]) == 3
    assert quotes(engine) == {"Mehr Soldaten", "und noch mehr"}
    assert (engine.status().documents, engine.status().passages) == (1, 2)
    assert engine.put([]) == []
    assert engine.remove([]) == 3


def test_a_new_description_of_the_same_text_is_an_update(engine: EmbeddedEngine) -> None:
    it = document("a", "Text", title="alt", metadata={"b": 1, "a": [None, "ü"]})
    engine.put([prepared(it)])
    for number, changed in enumerate(
        [
            replace(it, title="neu"),
            replace(it, title=None),
            replace(it, source="x"),
            replace(it, language="de"),
            replace(it, published="2022"),
            replace(it, metadata={}),
            replace(it, pages=(0, 2)),
        ],
        start=2,
    ):
        (change,) = engine.put([prepared(changed)])
        assert (change.status, change.sequence) == ("updated", number)
        assert engine.whole("a") == changed
        (version,) = engine.versions(changed.sha256)
        assert (version.source, version.title, version.language, version.published) == (
            *(changed.source, changed.title, changed.language, changed.published),
        )
        assert (version.pages, version.sequence, version.current) == (changed.pages, 1, True)


def test_another_pipeline_makes_it_outdated_but_not_updated(engine: EmbeddedEngine) -> None:
    it = document("a", "Text")
    engine.put([prepared(it, pipeline="p1"), one("b", "Text")])
    before = engine.document("a")
    assert before.pipeline == "p1"
    assert engine.outdated("p1") == []
    assert engine.outdated("p2") == ["a", "b"]
    (change,) = engine.put([prepared(it, pipeline="p2")])
    assert change.status == "updated"
    assert engine.outdated("p2") == ["b"]
    assert engine.document("a").updated == before.updated
    assert engine.document("a").sequence == 2


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffMit BOM\r\nund CRLF\r\n",
        "Nul \x00 und \ud800 allein \udfff",
        "e\u0301 und é bleiben zweierlei",
        "😀👨‍👩‍👧 İ ﬁ ไทย हिन्दी \u202eبلاروس",
    ],
)
def test_no_text_is_ever_altered(engine: EmbeddedEngine, text: str) -> None:
    it = document("a", text, source=f"{text[:3]}\udc80.txt", title=text, metadata={text: text})
    engine.put([prepared(it)])
    assert engine.whole("a") == it
    assert engine.text(it.sha256) == text
    for candidate in search(engine, "Soldaten"):
        assert candidate.text == text[candidate.candidate.start : candidate.candidate.end]
        assert candidate.sha256 == it.sha256


def test_descriptions(engine: EmbeddedEngine) -> None:
    engine.put([one(name, f"Text {name}", published="2022-09-14") for name in ("c", "a", "B")])
    assert [it.id for it in engine.documents(None, 10)] == ["B", "a", "c"]
    assert [it.id for it in engine.documents("B", 1)] == ["a"]
    assert engine.documents("c", 10) == []
    it = engine.document("a")
    assert (it.characters, it.passages, it.sequence, it.published) == (6, 1, 1, "2022-09-14")
    assert it.added == it.updated
    assert it.added.endswith("+00:00")
    assert set(engine.described(["a", "x", "c"])) == {"a", "c"}
    for missing in (engine.document, engine.whole, engine.text):
        with pytest.raises(NotFound):
            missing("x")


def test_every_text_a_document_had_is_kept(engine: EmbeddedEngine) -> None:
    old, new = text_sha256("alt"), text_sha256("neu")
    engine.put([one("a", "alt", title="Alter Titel")])
    engine.put([one("a", "neu"), one("b", "alt")])
    assert [(v.document_id, v.current, v.sequence) for v in engine.versions(old)] == [
        ("a", False, 1),
        ("b", True, 2),
    ]
    assert engine.versions(old[:12]) == engine.versions(old)
    current = engine.current("a")
    assert current is not None
    assert (current.sha256, current.current) == (new, True)
    engine.remove(["a", "b"])
    assert engine.current("a") is None
    assert [(v.document_id, v.title, v.current) for v in engine.versions(old)] == [
        ("a", "Alter Titel", False),
        ("b", None, False),
    ]
    assert engine.text(old) == "alt"
    engine.put([one("a", "alt")])
    assert [v.current for v in engine.versions(old)] == [True, False]
    assert len(engine.versions("")) == 3
    assert engine.versions("0" * 64) == []


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (lambda good: [good, good], Conflict, "twice"),
        (lambda good: [good, prepared(document("b", "B"), dimension=9)], InvalidInput, "length 8"),
        (lambda good: [good, one("b", "B", published="2022-13")], InvalidDate, "month"),
        (lambda good: [good, one("b", "B", metadata={"a": {1}})], InvalidInput, "JSON"),
        (lambda good: [good, one("b", "B", metadata={"a": float("nan")})], InvalidInput, "JSON"),
        (
            lambda good: [good, replace(one("b", "lang"), document=document("b", "k"))],
            InvalidInput,
            "within the 1 characters",
        ),
        (
            lambda good: [
                good,
                replace(
                    one("b", "B"),
                    passages=(
                        replace(one("b", "B").passages[0], vector=np.full(8, np.nan, np.float32)),
                    ),
                ),
            ],
            InvalidInput,
            "finite",
        ),
    ],
)
def test_a_change_is_made_whole_or_not_at_all(
    engine: EmbeddedEngine,
    bad: Callable[[PreparedDocument], list[PreparedDocument]],
    error: type[Exception],
    message: str,
) -> None:
    engine.put([one("old", "Soldaten")])
    with pytest.raises(error, match=message):
        engine.put(bad(one("a", "Neue Soldaten")))
    with pytest.raises(NotFound, match="no document x"):
        engine.remove(["old", "x"])
    assert quotes(engine) == {"Soldaten"}
    assert engine.status().sequence == 1


def test_every_candidate_has_both_scores(engine: EmbeddedEngine) -> None:
    lines = [f"Satz {number} {'Soldaten' if number % 3 == 0 else 'Wetter'}" for number in range(60)]
    engine.put([one("a", "\n".join(lines))])
    question = "Soldat"
    stored = {line: vector(line).astype(np.float16).astype(np.float32) for line in lines}
    expected = {line: float(row @ vector(question)) for line, row in stored.items()}
    everything = {c.text: c for c in search(engine, question, 1000)}
    assert set(everything) == set(lines)
    for line, candidate in everything.items():
        assert candidate.candidate.dense == pytest.approx(expected[line], abs=1e-6)
        assert (candidate.candidate.lexical > 0) == ("Soldaten" in line)
        assert candidate.tokens == [len(line), 2**32 - 1]
        assert candidate.context == [7]
        assert candidate.candidate.language == "de"

    nearest = sorted(lines, key=lambda line: -expected[line])[:5]
    found = seen(engine, engine.search(Search(question, vector(question), 5, 0, Filters())))
    assert {c.text for c in found} == set(nearest)
    # By vector only, and still with their BM25.
    assert found == tuple(everything[c.text] for c in found)
    found = seen(engine, engine.search(Search(question, vector(question), 0, 7, Filters())))
    assert len(found) == 7
    assert found == tuple(everything[c.text] for c in found)
    assert min(c.candidate.lexical for c in found) > 0
    assert engine.search(Search(question, vector(question), 0, 0, Filters())).candidates == []


def test_a_search_of_nothing(engine: EmbeddedEngine) -> None:
    assert search(engine, "Soldaten") == ()
    engine.put([one("a", "Soldaten")])
    engine.remove(["a"])
    assert search(engine, "Soldaten") == ()
    assert engine.status().sequence == 2


def test_filters_fill_the_number_asked_for(engine: EmbeddedEngine) -> None:
    engine.put(
        [
            one("many", "\n".join(f"Soldaten Soldaten {n}" for n in range(200)), published="2021"),
            one(
                "few",
                "\n".join(f"Über Wetter und Soldaten {n}" for n in range(8)),
                published="2022-09",
            ),
            prepared(document("ru", "\n".join(f"солдаты {n}" for n in range(6))), "ru"),
        ]
    )

    def found(n: int, **filters: object) -> list[str]:
        return [c.candidate.document_id for c in search(engine, "Soldaten", n, Filters(**filters))]  # type: ignore[arg-type]

    assert found(8, document_ids=("few",)) == ["few"] * 8
    assert found(50, document_ids=("few", "ru", "absent")) == ["few"] * 8 + ["ru"] * 6
    assert found(6, languages=("ru",)) == ["ru"] * 6
    assert found(100, published_from="2022-09-30") == ["few"] * 8
    assert found(100, published_from="2022", published_to="2022-08") == []
    assert len(found(300, published_to="2022-09-01")) == 208
    assert found(9, languages=("ru",), published_from="1900") == []  # undated
    assert found(9, languages=("xx",)) == []
    with pytest.raises(InvalidDate):
        found(9, published_from="gestern")


def of_one_version(engine: EmbeddedEngine, found: Found, texts: dict[str, int]) -> bool:
    """Whether all candidates are of the version that their state of the store has."""
    now = seen(engine, found)  # those that are still there
    for c in now:
        if engine.text(c.sha256)[c.candidate.start : c.candidate.end] != c.text:
            return False
    if found.status.sequence % 2 == 0:
        return not found.candidates
    numbers = {texts[c.sha256] for c in now} | {int(c.text.split()[1]) for c in now}
    places = {c.start for c in found.candidates}
    return numbers <= {found.status.sequence // 2} and len(found.candidates) == len(places) == 4


def test_readers_and_a_writer_at_once(engine: EmbeddedEngine) -> None:
    """Each version numbers all its passages alike; a mixture of two would show."""

    def version(number: int) -> PreparedDocument:
        return one("a", "\n".join(f"Stand {number} Soldaten {line}" for line in range(4)))

    engine.put([version(0)])
    texts = {version(number).document.sha256: number for number in range(11)}
    done, wrong = threading.Event(), []

    def read() -> None:
        last = 0
        while not done.is_set():
            found = engine.search(Search("Soldaten", vector("x"), 9, 9, Filters()))
            if not of_one_version(engine, found, texts) or found.status.sequence < last:
                wrong.append((found, last))
            last = found.status.sequence

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 11):  # odd sequence numbers hold version sequence // 2
        engine.remove(["a"])
        engine.put([version(number)])
        engine.search(Search("Soldaten", vector("x"), 9, 9, Filters()))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def same_answers(engine: EmbeddedEngine, expected: tuple[Seen, ...]) -> None:
    assert search(engine, "Soldaten Grenze", 100) == expected
    assert list(engine.check()) == []


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Seen, ...]]:
    """A folder of 20 documents, closed and not to be changed, and what a search finds in it."""
    folder = tmp_path_factory.mktemp("saved") / "data"
    engine = EmbeddedEngine.open(folder, DIMENSION)
    engine.put([one(f"d{n}", f"Soldaten {n}\nGrenze {n}\nWetter {n}") for n in range(20)])
    answers = search(engine, "Soldaten Grenze", 100)
    engine.close()
    engine.close()
    assert len(answers) == 60
    return folder, answers


@pytest.fixture
def folder(saved: tuple[Path, tuple[Seen, ...]], tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(saved[0], tmp_path / "folder"))


@pytest.fixture
def expected(saved: tuple[Path, tuple[Seen, ...]]) -> tuple[Seen, ...]:
    return saved[1]


def test_reopening_finds_everything_and_builds_nothing(
    folder: Path, expected: tuple[Seen, ...], monkeypatch: pytest.MonkeyPatch
) -> None:

    def never(*_: object) -> None:
        raise AssertionError("was built again")

    monkeypatch.setattr(passages, "since", never)
    monkeypatch.setattr(passages, "entries_since", never)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    assert search(engine, "Soldaten Grenze", 100) == expected
    engine.close()


@pytest.mark.parametrize("where", ["vectors.safetensors", "lexical", "lexical/*.term"])
@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_damaged_indexes_are_built_again(
    folder: Path, expected: tuple[Seen, ...], where: str, how: str
) -> None:
    (path,) = folder.glob(where)
    if path.is_dir():
        shutil.rmtree(path)
        if how == "cut":
            path.mkdir()
            (path / "meta.json").write_text("{}")
        elif how == "flipped":
            path.write_text("a file where a folder should be")
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 0xFF
        path.unlink()  # a new file: cutting one that a thread has mapped kills the process
        if how != "gone":
            path.write_bytes(data[: len(data) // 2] if how == "cut" else data)
    told: list[tuple[str, int, int]] = []
    engine = EmbeddedEngine.open(folder, DIMENSION, lambda *progress: told.append(progress))
    assert [(done, total) for _, done, total in told] == [(60, 60)]
    same_answers(engine, expected)
    engine.close()


def test_indexes_of_another_store_are_built_again(
    folder: Path, expected: tuple[Seen, ...], tmp_path: Path
) -> None:
    other = EmbeddedEngine.open(tmp_path / "b", DIMENSION)
    other.put([one("x", "Fremde Soldaten")])
    other.close()
    for name in ("vectors.safetensors", "lexical"):
        target = folder / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        (tmp_path / "b" / name).rename(target)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    same_answers(engine, expected)
    engine.close()


def test_indexes_ahead_of_a_restored_store_are_built_again(
    folder: Path, expected: tuple[Seen, ...]
) -> None:
    backup = (folder / DATABASE).read_bytes()
    engine = EmbeddedEngine.open(folder, DIMENSION)
    engine.put([one("later", "Spätere Soldaten")])
    engine.remove(["d3"])
    assert len(quotes(engine)) == 58
    engine.close()
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()
    (folder / DATABASE).write_bytes(backup)
    engine = EmbeddedEngine.open(folder, DIMENSION)
    same_answers(engine, expected)
    engine.close()


def test_a_failure_after_the_commit_is_made_good_by_the_next_search(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.put([one("a", "Alte Soldaten")])
    assert quotes(engine) == {"Alte Soldaten"}
    with monkeypatch.context() as patch:

        def fails(*_: object) -> None:
            raise OSError("no space left on device")

        patch.setattr(LexicalIndex, "_document", fails)
        engine.put([one("a", "\n".join(f"Neue Soldaten {n}" for n in range(300)))])
        with pytest.raises(StoreError, match="no space left"):
            quotes(engine)
    assert len(quotes(engine, n=500)) == 300


def test_half_a_change_of_the_vectors_is_no_state(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.put([one("a", "Alte Soldaten")])
    assert quotes(engine) == {"Alte Soldaten"}
    engine.put([one("a", "Neue Soldaten"), one("b", "Mehr Soldaten")])
    with monkeypatch.context() as patch:
        whole = passages.since

        def half(
            connection: sqlite3.Connection, sequence: int, dimension: int
        ) -> Iterator[Columns]:
            yield from whole(connection, sequence, dimension)
            raise MemoryError

        patch.setattr(passages, "since", half)
        with pytest.raises(MemoryError):
            quotes(engine)
    assert quotes(engine) == {"Neue Soldaten", "Mehr Soldaten"}


KILLED = """
import os, sys
from pathlib import Path
from qa.lexical import LexicalIndex
from tests.test_embedded import EmbeddedEngine, one, quotes, DIMENSION
engine = EmbeddedEngine.open(Path(sys.argv[1]), DIMENSION)
engine.put([one("b", "Neue Soldaten")])
document = LexicalIndex._document
LexicalIndex._document = lambda *_: os._exit(9)
quotes(engine)
"""


def test_a_process_killed_between_commit_and_indexing(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    engine.put([one("a", "Alte Soldaten")])
    engine.close()
    root = Path(__file__).parent.parent
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, check=False)
    assert killed.returncode == 9
    engine = EmbeddedEngine.open(tmp_path, DIMENSION)
    assert quotes(engine) == {"Alte Soldaten", "Neue Soldaten"}
    assert list(engine.check()) == []
    engine.close()


def test_two_engines_on_one_folder_see_each_other(tmp_path: Path) -> None:
    one_, other = (EmbeddedEngine.open(tmp_path, DIMENSION) for _ in range(2))
    one_.put([one("a", "Erste Soldaten")])
    assert quotes(other) == {"Erste Soldaten"}
    other.put([one("b", "Zweite Soldaten")])
    other.remove(["a"])
    assert quotes(one_) == quotes(other) == {"Zweite Soldaten"}
    one_.put([one("b", "Dritte Soldaten")])
    one_.close()
    assert quotes(other) == {"Dritte Soldaten"}
    assert other.status().sequence == 4
    assert list(other.check()) == []
    other.close()


def test_small_changes_are_shared_before_the_lexical_index_has_them(folder: Path) -> None:
    commits = len(list((folder / "lexical").glob("*.store")))
    here, there = (EmbeddedEngine.open(folder, DIMENSION) for _ in range(2))
    here.put([one("new", "Neue Soldaten\nSoldatinnen auch")])
    there.remove(["d3", "d4"])
    for engine in (here, there):
        found = quotes(engine, "neue Soldaten")
        assert {"Neue Soldaten", "Soldatinnen auch", "Soldaten 5"} <= found
        assert not {"Soldaten 3", "Wetter 4"} & found
        assert len(found) == 56
        assert list(engine.check()) == []
    assert search(here, "Soldaten") == search(there, "Soldaten")
    assert len(list((folder / "lexical").glob("*.store"))) == commits

    there.put([one(f"x{n}", f"Weitere Soldaten {n}\nNebel {n}") for n in range(20)])
    here.remove(["new"])
    for engine in (there, here, there):
        found = quotes(engine, "weitere Soldaten")
        assert "Weitere Soldaten 19" in found
        assert "Neue Soldaten" not in found
        assert len(found) == 94
        assert list(engine.check()) == []
    here.close()
    there.put([one("last", "Letzte Soldaten")])
    assert "Letzte Soldaten" in quotes(there)
    there.close()
    again = EmbeddedEngine.open(folder, DIMENSION)
    assert len(quotes(again)) == 95
    assert list(again.check()) == []
    again.close()


def test_two_engines_in_threads_never_answer_from_the_past(tmp_path: Path) -> None:
    writer, reader = (EmbeddedEngine.open(tmp_path, DIMENSION) for _ in range(2))
    committed, wrong, done = [0], [], threading.Event()

    def read() -> None:
        while not done.is_set():
            before = committed[0]
            found = reader.search(Search("Soldaten", vector("x"), 9, 9, Filters()))
            # A version has two passages, and numbers are never used again.
            said = {(c.passage_id + 1) // 2 for c in found.candidates}
            if found.status.sequence < before or said != ({found.status.sequence} - {0}):
                wrong.append((before, found))

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(1, 10):
        writer.put([one("a", f"Stand {number} Soldaten\nnoch {number} Soldaten")])
        committed[0] = number
        if number % 3 == 0:
            assert {int(quote.split()[1]) for quote in quotes(writer)} == {number}
    done.set()
    thread.join()
    assert wrong == []
    writer.close()
    reader.close()


def test_vectors_of_another_length_take_the_place_of_all(folder: Path) -> None:
    old = EmbeddedEngine.open(folder, DIMENSION)
    engine = EmbeddedEngine.open(folder, 4)
    assert search_of(engine, 4) == set()
    assert len(engine.outdated("p1")) == 20
    again = [prepared(engine.whole(name), dimension=4) for name in engine.outdated("p1")]
    engine.put(again)
    assert engine.outdated("p1") == []
    assert len(search_of(engine, 4)) == 60
    assert list(engine.check()) == []
    for wrong in (
        lambda: quotes(old),
        lambda: old.put([one("x", "x")]),
        lambda: old.remove(["d1"]),
    ):
        with pytest.raises(StoreError, match="start this program again"):
            wrong()
    old.close()
    engine.close()


def search_of(engine: EmbeddedEngine, dimension: int) -> set[str]:
    found = engine.search(Search("Soldaten", vector("x", dimension), 99, 99, Filters()))
    return {candidate.text for candidate in seen(engine, found)}


REPLACE = "UPDATE representations SET data ="
FIRST = "(SELECT data FROM representations WHERE passage_id = 1)"
HEADER = 4 * 13  # bytes before the vector
NAN = f"CAST(substr(data, 1, {HEADER}) || x'007e' || substr(data, {HEADER + 3}) AS BLOB)"
TERM = HEADER + 2 * DIMENSION + 4 * 5  # after two tokens, their places, and one of the context
OTHER = f"CAST(substr(data, 1, {TERM}) || x'00' || substr(data, {TERM + 2}) AS BLOB)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE passages SET text = CAST('Falsch' AS BLOB) WHERE id = 2", "other words"),
        ("UPDATE passages SET start = start + 1 WHERE id = 2", "other words"),
        ('UPDATE passages SET "end" = 9999 WHERE id = 2', "outside its text"),
        ("UPDATE representations SET data = x'001122' WHERE passage_id = 2", "cut off"),
        ("UPDATE representations SET data = substr(data, 1, 60) WHERE passage_id = 2", "damaged"),
        (f"{REPLACE} {FIRST} WHERE passage_id = 2", "represented as one of d0 at 0..10"),
        (f"{REPLACE} {NAN} WHERE passage_id = 2", "not finite"),
        (f"{REPLACE} {OTHER} WHERE passage_id = 2", "by other terms"),
        ("DELETE FROM representations WHERE passage_id = 2", "no representation"),
        ("UPDATE passages SET context = '[[5, 9999]]' WHERE id = 2", "context outside"),
        ("UPDATE texts SET text = CAST('Anders' AS BLOB) WHERE rowid = 1", "has the hash"),
        ("UPDATE texts SET characters = 3 WHERE rowid = 1", "characters, stored as 3"),
        ("DELETE FROM passages WHERE id = 2", "says 3 passages, but has 2"),
        ("DELETE FROM passages WHERE id = 2", "index has passages that do not exist: 2"),
        ("UPDATE state SET documents = 5", "counts 5 documents, but holds 20"),
        ("DELETE FROM versions WHERE document_id = 'd3'", "not among its versions"),
        ("UPDATE documents SET published = '2022-09' WHERE id = 'd3'", "filed under None"),
        ("UPDATE documents SET published = 'nie' WHERE id = 'd3'", "expected a date"),
        (
            'INSERT INTO passages SELECT 99, document_id, start, "end", language, text, context, '
            "sequence FROM passages WHERE id = 1",
            "index lacks passages 99",
        ),
        ("PRAGMA foreign_keys = OFF; DELETE FROM documents WHERE id = 'd3'", "does not exist"),
    ],
)
def test_check_finds_planted_damage(folder: Path, sql: str, expected: str) -> None:
    engine = EmbeddedEngine.open(folder, DIMENSION)
    assert list(engine.check()) == []
    raw = sqlite3.connect(folder / DATABASE)
    raw.executescript(sql)
    raw.commit()
    raw.close()
    findings = list(engine.check())
    assert any(expected in finding for finding in findings), findings
    engine.close()

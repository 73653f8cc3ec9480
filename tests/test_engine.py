"""What every engine promises: changes, filters, versions and searches, with each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import qa.engine
from embeddings.ragged import Ragged
from qa.engine import Engine, Found, Search
from qa.errors import Conflict, InvalidDate, InvalidInput, NotFound
from qa.types import Filters, PreparedDocument, text_sha256
from tests.engines import KINDS, opened
from tests.prepared import document, find, one, prepared, quotes, search, seen, vector

LINES = [f"Satz {number} {'Soldaten' if number % 3 == 0 else 'Wetter'}" for number in range(60)]


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    opened_ = opened(request.param, tmp_path / "data")
    yield opened_
    assert list(opened_.check()) == []
    opened_.close()


def test_put_replace_unchanged_and_remove(engine: Engine) -> None:
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


def test_a_new_description_of_the_same_text_is_an_update(engine: Engine) -> None:
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


def test_another_pipeline_makes_it_outdated_but_not_updated(engine: Engine) -> None:
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
def test_no_text_is_ever_altered(engine: Engine, text: str) -> None:
    it = document("a", text, source=f"{text[:3]}\udc80.txt", title=text, metadata={text: text})
    engine.put([prepared(it)])
    assert engine.whole("a") == it
    assert engine.texts([it.sha256]) == {it.sha256: text}
    for candidate in search(engine, "Soldaten"):
        assert candidate.text == text[candidate.candidate.start : candidate.candidate.end]
        assert candidate.sha256 == it.sha256


def test_descriptions(engine: Engine) -> None:
    engine.put([one(name, f"Text {name}", published="2022-09-14") for name in ("c", "a", "B")])
    assert [it.id for it in engine.documents(None, 10)] == ["B", "a", "c"]
    assert [it.id for it in engine.documents("B", 1)] == ["a"]
    assert engine.documents("c", 10) == []
    it = engine.document("a")
    assert (it.characters, it.passages, it.sequence, it.published) == (6, 1, 1, "2022-09-14")
    assert it.added == it.updated
    assert it.added.endswith("+00:00")
    assert set(engine.described(["a", "x", "c"])) == {"a", "c"}
    for missing in (engine.document, engine.whole):
        with pytest.raises(NotFound):
            missing("x")
    with pytest.raises(NotFound, match="x"):
        engine.texts([it.sha256, "x"])


def test_every_text_a_document_had_is_kept(engine: Engine) -> None:
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
    assert engine.texts([old]) == {old: "alt"}
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
    engine: Engine,
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


def test_every_candidate_has_both_scores(engine: Engine) -> None:
    engine.put([one("a", "\n".join(LINES))])
    question = "Soldat"
    stored = {line: vector(line).astype(np.float16).astype(np.float32) for line in LINES}
    expected = {line: float(row @ vector(question)) for line, row in stored.items()}
    everything = {c.text: c for c in search(engine, question, 1000)}
    assert set(everything) == set(LINES)
    for line, candidate in everything.items():
        assert candidate.candidate.dense == pytest.approx(expected[line], abs=1e-6)
        assert (candidate.candidate.lexical > 0) == ("Soldaten" in line)
        assert candidate.tokens == [len(line), 2**32 - 1]
        assert candidate.context == [7]
        assert candidate.candidate.language == "de"

    nearest = sorted(LINES, key=lambda line: -expected[line])[:5]
    by_vector = Search(question, vector(question), 5, 0, Filters())
    found = seen(engine, find(engine, by_vector))
    assert {c.text for c in found} == set(nearest)
    # By vector only, and still with their BM25.
    assert found == tuple(everything[c.text] for c in found)
    by_terms = Search(question, vector(question), 0, 7, Filters())
    found = seen(engine, find(engine, by_terms))
    assert len(found) == 7
    assert found == tuple(everything[c.text] for c in found)
    assert min(c.candidate.lexical for c in found) > 0
    by_nothing = Search(question, vector(question), 0, 0, Filters())
    assert find(engine, by_nothing).candidates == []


def test_among_more_passages_more_candidates_are_taken_by_vector(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.put([one("a", "\n".join(LINES))])
    by_vector = Search("Soldat", vector("Soldat"), 4, 0, Filters(), worth=20)
    for grows_from, taken in ((60, 4), (59, 4), (12, 6), (4, 8), (1, 8)):
        monkeypatch.setattr(qa.engine, "GROWS_FROM", grows_from)
        assert len(find(engine, by_vector).passages) == taken
        assert by_vector.among(60) == replace(by_vector, dense=taken)
    by_terms = Search("Soldat", vector("Soldat"), 0, 5, Filters())
    assert len(find(engine, by_terms).passages) == 5


def test_a_glance_tells_which_of_what_is_found_is_worth_ranking(engine: Engine) -> None:
    engine.put([one("a", "\n".join(LINES))])
    asked = Search("Soldat", vector("Soldat"), 60, 60, Filters())
    every = find(engine, asked).passages
    assert len(every) == 60
    wanted = [LINES.index(line) for line in ("Satz 8 Wetter", "Satz 40 Wetter")]

    def glance(tokens: Ragged) -> NDArray[np.float64]:
        assert tokens.lengths.tolist() == every.tokens.lengths.tolist()
        return np.isin(np.arange(60), wanted).astype(np.float64)

    few = find(engine, replace(asked, worth=2, glance=glance))
    assert [candidate.start for candidate in few.candidates] == every.starts[wanted].tolist()
    assert few.lexical.tolist() == [0.0, 0.0]
    without = find(engine, replace(asked, worth=2))
    assert min(without.lexical) > 0


def test_searches_made_together_find_what_each_finds_alone(engine: Engine) -> None:
    engine.put([one("a", "Soldaten\nWetter\nGrenze"), prepared(document("b", "Wetter"), "fr")])
    searches = [
        Search("Wetter", vector("Wetter"), 2, 2, Filters()),
        Search("Wetter", vector("Wetter"), 9, 9, Filters(languages=("fr",))),
        Search("Soldaten", vector("Soldaten"), 1, 0, Filters()),
    ]
    together = [seen(engine, found) for found in engine.search(searches)]
    assert together == [seen(engine, find(engine, search)) for search in searches]
    assert [len(found) for found in together] == [2, 1, 1]
    assert engine.search([]) == []


def test_a_search_of_nothing(engine: Engine) -> None:
    assert search(engine, "Soldaten") == ()
    engine.put([one("a", "Soldaten")])
    engine.remove(["a"])
    assert search(engine, "Soldaten") == ()
    assert engine.status().sequence == 2


def test_filters_fill_the_number_asked_for(engine: Engine) -> None:
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


def test_the_same_filter_sees_what_changed_meanwhile(engine: Engine) -> None:
    german, recent = Filters(languages=("de",)), Filters(published_from="2022")

    def found(filters: Filters) -> list[str]:
        return sorted(c.candidate.document_id for c in search(engine, "Soldaten", 9, filters))

    engine.put([one("a", "Soldaten", published="2022")])
    assert found(german) == found(recent) == ["a"]
    engine.put([one("b", "Soldaten", published="2023")])
    assert found(german) == found(recent) == ["a", "b"]
    engine.remove(["a"])
    engine.put([one("b", "Soldaten", published="2021")])
    assert (found(german), found(recent)) == (["b"], [])


def of_one_version(engine: Engine, found: Found, texts: dict[str, int]) -> bool:
    """Whether all candidates are of the version that their state of the store has."""
    now = seen(engine, found)  # those that are still there
    for c in now:
        if engine.texts([c.sha256])[c.sha256][c.candidate.start : c.candidate.end] != c.text:
            return False
    if found.status.sequence % 2 == 0:
        return not found.candidates
    numbers = {texts[c.sha256] for c in now} | {int(c.text.split()[1]) for c in now}
    places = {c.start for c in found.candidates}
    return numbers <= {found.status.sequence // 2} and len(found.candidates) == len(places) == 4


def test_readers_and_a_writer_at_once(engine: Engine) -> None:
    """Each version numbers all its passages alike; a mixture of two would show."""

    def version(number: int) -> PreparedDocument:
        return one("a", "\n".join(f"Stand {number} Soldaten {line}" for line in range(4)))

    engine.put([version(0)])
    texts = {version(number).document.sha256: number for number in range(11)}
    done, wrong = threading.Event(), []

    def read() -> None:
        last = 0
        while not done.is_set():
            found = find(engine, Search("Soldaten", vector("x"), 9, 9, Filters()))
            if not of_one_version(engine, found, texts) or found.status.sequence < last:
                wrong.append((found, last))
            last = found.status.sequence

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 11):  # odd sequence numbers hold version sequence // 2
        engine.remove(["a"])
        engine.put([version(number)])
        find(engine, Search("Soldaten", vector("x"), 9, 9, Filters()))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []

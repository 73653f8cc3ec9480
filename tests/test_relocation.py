"""Citations after an edit: each is resolved to what became of the very words that were cited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.citations import CitationCheck, citation_id, relocate
from qa.collection import Collection
from qa.relocation import altered_place
from qa.settings import Settings
from qa.types import Document, Span, text_sha256

BEFORE = "Am Montag tagte der Rat. Der Preis stieg um 5 Prozent. "
CITED = "Der Minister versprach 20 Millionen Euro für neue Schulen"
AFTER = ". Das Wetter blieb regnerisch. Niemand widersprach ihm. Der Preis stieg um 5 Prozent."
TEXT = BEFORE + CITED + AFTER


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    opened = Collection.open(Settings(data_dir=tmp_path))
    opened.put([Document("bericht", TEXT, "test")])
    yield opened
    opened.close()


def after(collection: Collection, text: str, cited: str = CITED, at: int = 0) -> CitationCheck:
    """What became of a citation of the words after the document was edited."""
    start = TEXT.index(cited, at)
    given = citation_id("bericht", text_sha256(TEXT), start, start + len(cited))
    assert collection.citation(given).status == "valid"
    collection.put([Document("bericht", text, "test")])
    check = collection.citation(given)
    assert check.citation.quote == cited
    if check.current:
        assert text[check.current.start : check.current.end] == check.current.quote
    for change in check.differences:
        assert text[change.found_start : change.found_end] == change.found
        assert cited[change.expected_start : change.expected_end] == change.expected
    return check


def test_text_inserted_before(collection: Collection) -> None:
    check = after(collection, "Neu davor. " + TEXT)
    assert (check.status, check.differences) == ("moved", ())
    assert check.current is not None
    assert check.current.start == TEXT.index(CITED) + 11


def test_a_number_changed(collection: Collection) -> None:
    check = after(collection, TEXT.replace("20 Millionen", "30 Millionen"))
    assert check.status == "altered"
    assert check.current is not None
    assert check.current.quote == CITED.replace("20", "30")
    assert [(d.expected, d.found, d.kind) for d in check.differences] == [("20", "30", "number")]


def test_the_passage_reworded(collection: Collection) -> None:
    reworded = "Der Minister sagte nun 20 Millionen Euro für alte Schulen zu"
    check = after(collection, TEXT.replace(CITED, reworded))
    assert check.status == "altered"
    assert check.current is not None
    assert check.current.quote in reworded
    assert ("neue", "alte") in [(d.expected, d.found) for d in check.differences]


def test_the_passage_cut(collection: Collection) -> None:
    check = after(collection, TEXT.replace(CITED, ""))
    assert (check.status, check.current, check.differences) == ("altered", None, ())


def test_repeated_text_duplicated(collection: Collection) -> None:
    repeated = "Der Preis stieg um 5 Prozent."
    second = TEXT.rindex(repeated)
    text = repeated + " " + TEXT
    check = after(collection, text, repeated, at=second)
    assert check.status == "moved"
    assert check.current is not None
    assert check.current.start == second + len(repeated) + 1


def test_the_document_deleted(collection: Collection) -> None:
    given = citation_id("bericht", text_sha256(TEXT), 0, 9)
    collection.remove(["bericht"])
    check = collection.citation(given)
    assert (check.status, check.current) == ("deleted", None)


def test_the_same_words_elsewhere_are_not_the_ones_that_were_cut(collection: Collection) -> None:
    repeated = "Der Preis stieg um 5 Prozent."
    second = TEXT.rindex(repeated)
    check = after(collection, TEXT[:second], repeated, at=second)
    assert (check.status, check.current) == ("altered", None)


def test_one_of_two_changed_is_the_one_that_was_cited(collection: Collection) -> None:
    repeated = "Der Preis stieg um 5 Prozent."
    second = TEXT.rindex(repeated)
    text = TEXT[:second] + repeated.replace("5", "7")
    check = after(collection, text, repeated, at=second)
    assert check.status == "altered"
    assert [(d.expected, d.found) for d in check.differences] == [("5", "7")]
    assert check.current is not None
    assert check.current.start == second


def test_only_case_or_white_space_changed() -> None:
    old, new = "Es waren 5 % der Leute.", "Es waren 5% der Leute."
    assert relocate(old, Span(9, 22), new) is None
    place, changes = altered_place(old, Span(9, 22), new)
    assert place is not None
    assert (place.quote, changes) == ("5% der Leute", ())

"""Citations: ids that can be read back, places that are true, words found again after an edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.citations import (
    Place,
    TextCache,
    TextView,
    citation_id,
    cite,
    document_key,
    parse_citation_id,
    relocate,
)
from qa.engine import TextVersion
from qa.errors import NotFound, StoreError
from qa.types import Span, text_sha256

SCRIPTS = "aä\u0308ßЛўї عİ日本語ไทยहि😀👩‍👩‍👧\n\r\t„“»"


def version(text: str, **fields: Any) -> TextVersion:  # noqa: ANN401
    known: dict[str, Any] = {
        "document_id": "bericht.txt",
        "source": "bericht.txt",
        "title": None,
        "language": "de",
        "published": None,
        "pages": (),
        "sequence": 1,
        "current": True,
    }
    return TextVersion(sha256=text_sha256(text), **{**known, **fields})


def test_a_citation_names_the_place_to_the_character() -> None:
    text = "Überschrift\r\n\r\n„Es wird keine Mobilisierung geben“, sagte er.\nEnde."
    start = text.index("„Es")
    end = text.index("“,") + 1
    citation = cite(version(text, title="T"), TextView(text), Span(start, end))
    assert citation.quote == "„Es wird keine Mobilisierung geben“"
    assert citation.prefix == "Überschrift\r\n\r\n"
    assert citation.suffix == ", sagte er.\nEnde."
    assert citation.lines == (3, 3)
    assert citation.page is None
    assert citation.url == f"/documents/bericht.txt#char={start},{end}"
    assert citation.document_sha256 == text_sha256(text)


@pytest.mark.parametrize(
    ("text", "quote", "lines"),
    [
        ("a\nb\nc", "b", (2, 2)),
        ("a\nb\nc", "a\nb\nc", (1, 3)),
        ("a\nb\nc", "b\n", (2, 2)),
        ("a\rb\rc", "c", (3, 3)),
        ("a\r\nb\r\nc", "b\r\nc", (2, 3)),
        ("\n\nx", "x", (3, 3)),
        ("x", "x", (1, 1)),
    ],
)
def test_lines_count_from_one_and_end_at_lf_crlf_or_cr(
    text: str, quote: str, lines: tuple[int, int]
) -> None:
    start = text.index(quote)
    assert TextView(text).lines(start, start + len(quote)) == lines


@given(st.text(SCRIPTS, min_size=1), st.data())
@settings(derandomize=True, max_examples=200)
def test_lines_agree_with_splitlines(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))

    def line(offset: int) -> int:
        before = text[:offset]
        if before.endswith("\r") and text[offset] == "\n":
            before = before[:-1]  # inside a CRLF: still the line that it ends
        return before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1

    assert TextView(text).lines(start, end) == (line(start), line(end - 1))


def test_pages_are_those_of_the_start() -> None:
    text = "eins\fzwei\fdrei"
    for quote, page in (("eins", 1), ("zwei", 2), ("drei", 3)):
        start = text.index(quote)
        span = Span(start, start + len(quote))
        assert cite(version(text, pages=(0, 5, 10)), TextView(text), span).page == page


@pytest.mark.parametrize(
    ("quote", "pages"),
    [
        ("eins", (1, 1)),
        ("eins\f", (1, 1)),  # what ends a page is on it
        ("eins\fz", (1, 2)),
        ("\fzwei\f", (1, 2)),
        ("zwei", (2, 2)),
        ("ns\fzwei\fdr", (1, 3)),
        ("drei", (3, 3)),
    ],
)
def test_a_span_has_all_the_pages_it_crosses(quote: str, pages: tuple[int, int]) -> None:
    text = "eins\fzwei\fdrei"
    start = text.index(quote)
    span = Span(start, start + len(quote))
    citation = cite(version(text, pages=(0, 5, 10)), TextView(text), span)
    assert (citation.page, citation.pages) == (pages[0], pages)


def test_a_text_without_pages_has_none_and_so_has_what_stands_before_the_first() -> None:
    text = "Vorspann eins"
    assert cite(version(text), TextView(text), Span(0, 4)).pages is None
    before = cite(version(text, pages=(9,)), TextView(text), Span(0, 13))
    assert (before.page, before.pages) == (None, None)


def test_a_source_on_the_web_is_opened_at_the_quote() -> None:
    text = "Vorher. Der Fluss-Hafen, sagte er. Nachher."
    span = Span(8, 34)
    source = "https://example.org/a?b=1"
    citation = cite(version(text, source=source), TextView(text), span)
    assert citation.source_url == f"{source}#:~:text=Der%20Fluss%2DHafen%2C%20sagte%20er."
    assert cite(version(text), TextView(text), span).source_url is None


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (0, 99), (99, 100)])
def test_no_citation_leaves_for_a_place_that_is_not_in_the_text(start: int, end: int) -> None:
    with pytest.raises(StoreError, match="outside"):
        cite(version("kurz"), TextView("kurz"), Span(start, end))


def test_no_citation_leaves_for_a_passage_that_differs_from_its_text() -> None:
    with pytest.raises(StoreError, match="fundstelle check"):
        cite(version("6 Prozent"), TextView("6 Prozent"), Span(0, 1), expected="5")


@given(st.from_regex(r"[A-Za-z0-9._-]{1,200}", fullmatch=True), st.integers(0, 10**9))
@settings(derandomize=True, max_examples=50)
def test_an_id_can_be_read_back(document_id: str, start: int) -> None:
    sha256 = text_sha256(document_id)
    key = parse_citation_id(citation_id(document_id, sha256, start, start + 7))
    assert sha256.startswith(key.sha256_prefix)
    assert key.document_key == document_key(document_id)
    assert (key.start, key.end) == (start, start + 7)


@pytest.mark.parametrize(
    "value",
    ["", "x", "a" * 20, f"{'a' * 20}.{'b' * 8}.5.5", f"{'a' * 20}.{'b' * 8}.-1.5", "../../etc"],
)
def test_what_was_never_issued_is_not_found(value: str) -> None:
    with pytest.raises(NotFound):
        parse_citation_id(value)


def test_moved_words_are_found_where_their_surroundings_went() -> None:
    old = "Er sagte Nein. Sie sagte Nein. Alle gingen."
    second = old.index("Nein", 12)
    new = "Neu davor. " + old
    assert relocate(old, Span(second, second + 4), new) == Place(second + 11, second + 15, "Nein")
    first = old.index("Nein")
    assert relocate(old, Span(first, first + 4), new) == Place(first + 11, first + 15, "Nein")


def test_altered_words_are_not_found() -> None:
    assert relocate("Es waren 5 Prozent.", Span(9, 10), "Es waren 6 Prozent.") is None


def test_the_cache_loads_once_and_lets_go_of_the_oldest() -> None:
    loaded: list[str] = []

    def load(sha256s: Sequence[str]) -> dict[str, str]:
        loaded.extend(sha256s)
        return {sha256: sha256 * 10 for sha256 in sha256s}

    cache = TextCache(load, characters=25)
    assert cache.get("a").text == "a" * 10
    cache.get("a")
    cache.get("b")
    cache.get("c")
    assert loaded == ["a", "b", "c"]
    cache.get("a")
    assert loaded == ["a", "b", "c", "a"]
    assert {k: v.text[0] for k, v in cache.all("cdca").items()} == {"a": "a", "c": "c", "d": "d"}
    assert loaded == ["a", "b", "c", "a", "d"]

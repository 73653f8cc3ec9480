"""Passages: their sizes, what stays together, what never does, and offsets in every script."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from qa import splitter
from qa.graphemes import is_boundary
from qa.readers import read_document
from qa.splitter import LIMIT, split
from qa.types import Passage
from tests.texts import SCRIPTS, any_text

SEEDS = Path(__file__).parent.parent / "seeds"
PROSE = (
    "Der Machthaber stellte seine Gebiete und Stützpunkte der Armee zur Verfügung. "
    "Russland ist wiederum eines der wenigen Länder, die ihn als Präsidenten anerkennen. "
)


def seed(prefix: str) -> tuple[str, list[Passage]]:
    path = next(SEEDS.glob(f"{prefix}_*.txt"))
    text = read_document(path.read_bytes(), path.name).text
    return text, split(text)


def quotes(text: str, language: str | None = "de") -> list[str]:
    return [text[one.start : one.end] for one in split(text, language=language)]


def test_the_date_marker_is_no_part_of_a_passage() -> None:
    text, passages = seed("000")
    assert text.startswith(" date 2022-09 Auch von Belarus")
    first = text[passages[0].start : passages[0].end]
    assert first.startswith("Auch von Belarus aus flogen Raketen")
    assert first.endswith("würde er wohl keine andere Wahl haben.")
    assert quotes("date 2022-09") == ["date 2022-09"]


@pytest.mark.parametrize(
    ("prefix", "heading", "follows"),
    [
        ("000", "Mobilisierung könnte nach hinten losgehen", "Trotz der Mobilisierung"),
        ("001", "Wenn Putin mehr will, wird er es bekommen", "Nach der blutigen"),
        ("002", "Wird sich Belarus dem Krieg gegen die Ukraine anschließen?", "Nach einer Reihe"),
        ("003", "Lukaschenko warnt vor Angriff auf sein Land", "Kürzlich erklärte"),
        ("004", "Im Jahr 2020 eine definitive Wende nach Moskau", "Insgesamt endete"),
        ("004", "Ein noch weniger unparteiischer Vermittler als zuvor", "Angesichts der"),
    ],
)
def test_a_heading_begins_the_passage_that_it_heads(
    prefix: str, heading: str, follows: str
) -> None:
    text, passages = seed(prefix)
    passage = next(one for one in passages if heading in text[one.start : one.end])
    assert text[passage.start : passage.end].startswith(heading)
    assert text[passage.start + len(heading) : passage.end].lstrip().startswith(follows)


def test_the_seeds_passages_are_of_useful_length_and_end_with_sentences() -> None:
    for prefix in ("000", "001", "002", "003"):
        text, passages = seed(prefix)
        lengths = [one.end - one.start for one in passages]
        assert max(lengths) <= 760
        assert sorted(lengths)[len(lengths) // 2] >= 380
        ends = [text[one.end - 1] for one in passages[:-1]]
        assert set(ends) <= set('."“')
        assert {one.language for one in passages} == {"de"}


def test_the_spanish_tail_is_spanish_and_apart() -> None:
    text, passages = seed("004")
    tail = text.index("Más Noticias")
    for one in passages:
        assert one.end <= tail or one.start >= tail
        assert one.language == ("es" if one.start >= tail else "de")
    spanish = [one for one in passages if one.language == "es"]
    assert spanish[0].start == tail
    assert all(span.start >= tail for one in spanish for span in one.context)
    # A teaser's headline stays with the line below it.
    assert any(
        "Aficionada de Cruz Azul" in text[one.start : one.end]
        and "La botarga" in text[one.start : one.end]
        for one in spanish
    )


def test_context_is_the_heading_above_and_the_sentence_before() -> None:
    text, passages = seed("000")
    passage = next(one for one in passages if text[one.start :].startswith("Ein weiteres Argument"))
    heading, before = (text[span.start : span.end] for span in passage.context)
    assert heading == "Mobilisierung könnte nach hinten losgehen"
    assert before.startswith("Angesichts der weiten Entfernung von der Front würde Lukaschenko")
    assert before.endswith("Staatssicherheit zu begründen.")
    assert passages[0].context == ()


def test_a_passage_that_begins_with_its_heading_has_no_context() -> None:
    text, passages = seed("001")
    passage = next(one for one in passages if text[one.start :].startswith("Wenn Putin mehr"))
    assert passage.context == ()


def test_short_paragraphs_are_joined_and_long_ones_cut_evenly() -> None:
    short = "Ein kurzer Absatz über Belarus und die Ukraine."
    assert quotes("\n\n".join([short] * 6)) == ["\n\n".join([short] * 6)]
    lengths = [len(quote) for quote in quotes(PROSE * 12)]
    assert len(lengths) >= 3
    assert max(lengths) - min(lengths) < 200
    assert all(400 <= length <= 700 for length in lengths)


def test_markdown_sections_are_never_joined() -> None:
    text = "# Titel\n\nKurz.\n\n## Eins\n\nAuch kurz.\n\nZwei\n----\n\nEnde.\n"
    assert quotes(text) == [
        "# Titel\n\nKurz.", "## Eins\n\nAuch kurz.", "Zwei\n----\n\nEnde.",
    ]  # fmt: skip
    code = "```\n# no heading\nx = 1\n```"
    assert quotes(f"Davor.\n\n{code}\n\nDanach.") == [f"Davor.\n\n{code}\n\nDanach."]


def test_a_numbered_line_that_stands_alone_is_a_heading() -> None:
    text = f"{PROSE}\n\n1. Einleitung\n\n{PROSE}"
    assert quotes(text)[1].startswith("1. Einleitung\n\nDer Machthaber")
    assert len(quotes("Vorab:\n1. Erstens\n2. Zweitens und noch mehr davon in einer Zeile.")) == 1


def test_front_matter_is_no_passage() -> None:
    text = "---\ntitle: Titel\ndate: 2022-09-14\n---\n\nDer Text beginnt hier.\n"
    assert quotes(text) == ["Der Text beginnt hier."]


def test_pages_are_never_joined() -> None:
    text = "Die erste Seite endet.\fDie zweite beginnt.\f\fDie vierte."
    assert quotes(text) == ["Die erste Seite endet.", "Die zweite beginnt.", "Die vierte."]


def test_languages_are_never_joined() -> None:
    german = "Der Krieg in der Ukraine dauert an, und niemand weiß, wann er endet."
    russian = "Война в Украине продолжается, и никто не знает, когда она закончится."
    english = "The war in Ukraine goes on, and nobody knows when it is going to end."
    chinese = "乌克兰战争仍在继续，没有人知道它什么时候会结束，也没有人知道会怎样。"
    text = "\n".join([german, german, russian, english, english, chinese])
    found = split(text)
    assert [one.language for one in found] == ["de", "ru", "en", "zh"]
    assert text[found[2].start : found[2].end] == f"{english}\n{english}"


def test_a_foreign_name_changes_no_language() -> None:
    text = f"{PROSE}\n\nThe New York Times, Foreign Policy\n\n{PROSE}"
    assert {one.language for one in split(text)} == {"de"}


@pytest.mark.parametrize(
    "text", ["wort " * 1000, "a" * 5000, "あ" * 5000, "ไทย" * 2000, "Teil eins, " * 500]
)
def test_sentences_without_end_are_cut_under_the_limit(text: str) -> None:
    found = quotes(text, None)
    assert all(300 <= len(quote) <= LIMIT for quote in found[:-1])
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    if " " in text.strip():
        assert all(quote.endswith(("wort", "eins,")) for quote in found)


@pytest.mark.parametrize(
    "cluster", ["👩‍👩‍👧‍👦", "🇩🇪", "e\u0301\u0323", "क्षि", "👍🏽", "\u1100\u1161\u11a8"]
)
def test_characters_as_people_see_them_are_not_cut(cluster: str) -> None:
    text = "x" + cluster * 800
    found = split(text)
    assert len(found) > 1
    for one in found:
        assert (one.start - 1) % len(cluster) == 0 or one.start == 0


@pytest.mark.parametrize("text", ["", " \n\t", "---\n\n***\n", "...", "😀 😀"])
def test_a_text_that_says_nothing_has_no_passages(text: str) -> None:
    assert split(text) == []


def test_wrapped_lines_are_one_paragraph() -> None:
    words = (PROSE * 6).split()
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 70:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    text = "\n".join([*lines, line])
    assert all(quote.endswith(".") for quote in quotes(text))


def test_a_long_text_takes_seconds() -> None:
    text = f"{PROSE * 4}\n\n" * 1600
    started = time.process_time()
    found = split(text, language="de")
    assert time.process_time() - started < 10
    assert len(text) > 1_000_000
    assert {one.language for one in found} == {"de"}


@given(any_text)
@example("".join(SCRIPTS))
@example("".join(SCRIPTS) * 5)
@example("".join(reversed(SCRIPTS)) * 3)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_every_text_is_cut_into_true_spans(text: str) -> None:
    start = splitter.prose_start(text)
    covered = start
    for one in split(text):
        quote = text[one.start : one.end]
        assert quote
        assert quote == quote.strip()
        assert len(quote) <= LIMIT
        assert one.start >= covered
        assert not any(map(str.isalnum, text[covered : one.start]))
        for span in one.context:
            assert 0 <= span.start < span.end <= one.start
            assert text[span.start : span.end].strip() == text[span.start : span.end]
        assert sum(span.end - span.start for span in one.context) <= 300
        covered = one.end
        if len(text) < LIMIT:  # a cluster longer than a passage must be cut somewhere
            assert is_boundary(text, one.start)
            assert is_boundary(text, one.end)
    assert not any(map(str.isalnum, text[covered:]))

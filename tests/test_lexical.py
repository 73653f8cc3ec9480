"""BM25 against a plain loop, filters, deletions, and questions that look like query syntax."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from qa import analysis
from qa.bm25 import (
    QuestionTerms,
    passage_terms,
    piece_id,
    question_terms,
    stem_id,
    word_id,
)
from qa.lexical import LexicalIndex, LexicalIndexBusy, LexicalIndexError
from qa.lexical_files import clear
from qa.lexical_tail import Entry
from qa.lexical_view import Hits
from qa.types import Filters

EVERYTHING = Filters()


def entry(
    passage_id: int,
    text: str,
    language: str | None = None,
    document_id: str = "d",
    days: tuple[int, int] | None = None,
) -> Entry:
    first, last = days or (None, None)
    terms = passage_terms(text, language)
    return Entry(passage_id, document_id, language, terms, first, last, 1)


def build(entries: Sequence[Entry]) -> LexicalIndex:
    index = LexicalIndex(None, "store")
    index.update(0, [], entries, 1)
    return index


def ask(index: LexicalIndex, question: str, limit: int = 10, filters: Filters = EVERYTHING) -> Hits:
    return index.view.search(asked(index, question), limit, filters)


def asked(index: LexicalIndex, question: str) -> QuestionTerms:
    return question_terms(question, index.view.languages)


def naive_bm25(texts: dict[int, str], question: str) -> dict[int, float]:
    """Robertson's BM25 (k1 = 1.2, b = 0.75), with Lucene's never negative idf.

    One document more than there are passages, of no words: the index's own marker.
    """
    words = {key: text.split() for key, text in texts.items()}
    size = len(texts) + 1
    average = sum(map(len, words.values())) / size
    scores: dict[int, float] = {}
    for term in set(question.split()):
        frequency = sum(term in found for found in words.values())
        idf = math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))
        for key, found in words.items():
            if count := found.count(term):
                length = 1 - 0.75 + 0.75 * len(found) / average
                scores[key] = scores.get(key, 0.0) + idf * count * 2.2 / (count + 1.2 * length)
    return scores


def test_bm25_is_that_of_a_plain_loop() -> None:
    # Up to 40 words tantivy keeps a passage's length exactly; longer ones it rounds.
    chance = random.Random(7)
    vocabulary = [f"{a}{b}o" for a in "bdfgklmnprst" for b in "aeiou"]
    texts = {
        key: " ".join(chance.choices(vocabulary, k=chance.randint(1, 40))) for key in range(1, 200)
    }
    index = build([entry(key, text) for key, text in texts.items()])
    for _ in range(20):
        question = " ".join(chance.choices(vocabulary, k=chance.randint(1, 6)))
        expected = naive_bm25(texts, question)
        found = ask(index, question, limit=500)
        assert dict(zip(found.ids.tolist(), found.scores, strict=True)) == pytest.approx(
            expected, rel=1e-5
        )
        assert list(found.scores) == sorted(found.scores, reverse=True)


def test_statistics_are_those_of_the_commit() -> None:
    texts = ["Soldaten an der Grenze", "die Grenze", "Soldaten", "nichts davon"]
    index = build([entry(key, text, "de") for key, text in enumerate(texts, start=1)])
    statistics, question = index.view.statistics, asked(index, "Soldat Grenze fehlt")
    assert statistics.passages == 4
    assert statistics.average[:2].tolist() == [9 / 4, 9 / 4]
    held = dict(zip(question.ids.tolist(), statistics.terms(question.ids).tolist(), strict=True))
    assert [held[word_id(word)] for word in ("soldat", "grenze", "fehlt")] == [0, 2, 0]
    assert held[stem_id("de:soldat")] == 2
    pieces = dict(
        zip(question.pieces.tolist(), statistics.pieces(question.pieces).tolist(), strict=True)
    )
    assert (pieces[piece_id("olda")], pieces[piece_id("gren")]) == (2, 2)
    assert pieces[piece_id("_feh")] == 0


def test_inflected_words_of_any_language_of_the_collection_are_found() -> None:
    index = build(
        [
            entry(1, "Die Soldaten marschierten.", "de"),
            entry(2, "Солдаты отступили.", "ru"),
            entry(3, "The soldiers retreated.", "en"),
            entry(4, "Військові відступили.", "uk"),
            entry(5, "白俄罗斯士兵", "zh"),
            entry(6, "ทหารเบลารุส", "th"),
            entry(7, "लुकाशेंको ने कहा", "hi"),
            entry(8, "قال الجنود إنهم", "ar"),
        ]
    )
    assert index.view.languages == ["ar", "de", "en", "hi", "ru", "th", "uk", "zh"]
    for question, expected in [
        ("Soldat", 1),
        ("солдат", 2),
        ("soldier", 3),
        ("відступили", 4),
        ("士兵", 5),
        ("兵", 5),
        ("ทหาร", 6),
        ("लुकाशेंको", 7),
        ("الجنود", 8),
    ]:
        assert ask(index, question).ids.tolist() == [expected], question


def test_a_question_without_a_common_word_finds_nothing() -> None:
    index = build([entry(1, "Die Soldaten", "de")])
    for question in ("pizza", "", "?!", "😀", "солдаты", "\ud800", "\x00"):
        hits = ask(index, question)
        assert (hits.ids.tolist(), hits.scores.tolist()) == ([], [])


@pytest.mark.parametrize(
    "question",
    [
        '"Soldaten" AND NOT Grenze',
        "words:Soldaten -Grenze +(",
        "passage:0 OR Soldaten^1000 ~ * ? [a TO b] {",
        "Soldaten\\ / // && || !",
        "Soldat'; DROP TABLE passages; --",
        "de:soldat Soldaten sequence:1",
    ],
)
def test_a_question_is_never_query_syntax(question: str) -> None:
    index = build([entry(1, "Soldaten der Grenze", "de"), entry(2, "Wetter", "de")])
    assert ask(index, question).ids.tolist() == [1]


def test_a_question_of_2000_characters() -> None:
    index = build([entry(1, "Soldaten an der Grenze", "de"), entry(2, "Wetter", "de")])
    varied = " ".join(f"wort{number}" for number in range(400))[:1990] + " Soldaten"
    assert ask(index, varied).ids.tolist() == [1]
    assert ask(index, "x" * 2000).ids.tolist() == []
    assert ask(index, "Soldaten " * 222).scores.tolist() == ask(index, "Soldaten").scores.tolist()


def test_the_order_of_the_question_does_not_matter() -> None:
    chance = random.Random(5)
    vocabulary = [f"w{number}" for number in range(40)]
    index = build([entry(k, " ".join(chance.choices(vocabulary, k=12))) for k in range(1, 100)])
    question = [f"w{number}" for number in range(15)]
    expected = ask(index, " ".join(question), limit=99)
    chance.shuffle(question)
    again = ask(index, " ".join(question), limit=99)
    assert np.array_equal(expected.ids, again.ids)
    assert np.array_equal(expected.scores, again.scores)


def test_equal_scores_come_in_order_of_id_however_they_were_added() -> None:
    ids = list(range(1, 301))
    random.Random(2).shuffle(ids)
    index = LexicalIndex(None, "store")
    for number, first in enumerate(range(0, 300, 100)):
        part = [entry(key, "gleich") for key in ids[first : first + 100]]
        index.update(number, [], part, number + 1)
    assert ask(index, "gleich", limit=7).ids.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert ask(index, "gleich", limit=1000).ids.tolist() == list(range(1, 301))


def test_filters_restrict_the_search_itself() -> None:
    entries = [
        entry(k, "Krieg Krieg Krieg", "de", "much", (20220101, 20221231)) for k in range(1, 60)
    ]
    entries += [
        entry(60, "Krieg und vieles andere, das hier steht", "de", "one", (20220224, 20220224)),
        entry(61, "Krieg und Frieden, sonst nichts weiter", "ru", "two", (20230901, 20230930)),
        entry(62, "Krieg ohne Datum und ohne Sprache hier", None, "three"),
    ]
    index = build(entries)

    def found(**filters: object) -> list[int]:
        return sorted(ask(index, "Krieg", 100, Filters(**filters)).ids.tolist())  # type: ignore[arg-type]

    assert found(document_ids=("one",)) == [60]
    assert found(document_ids=("one", "three", "absent")) == [60, 62]
    assert found(languages=("ru",)) == [61]
    assert found(languages=("ru", "fr")) == [61]
    assert found(languages=("fr",)) == []
    assert found(published_from="2023") == [61]
    assert found(published_from="2023-09-30") == [61]
    assert found(published_from="2023-10") == []
    assert found(published_to="2021") == []
    assert found(published_to="2022-01-01", document_ids=("one", "much")) == list(range(1, 60))
    assert found(published_from="2022-02-24", published_to="2022-02-24", languages=("de",)) == list(
        range(1, 61)
    )
    assert found(published_from="2022-12-31", published_to="2023-09-01") == [*range(1, 60), 61]
    assert len(found()) == 62


def test_filters_do_not_change_scores() -> None:
    index = build([entry(1, "Krieg im Osten", "de", "a"), entry(2, "Krieg", "de", "b")])
    free = ask(index, "Krieg")
    restricted = ask(index, "Krieg", filters=Filters(languages=("de",), document_ids=("a",)))
    assert free.ids.tolist() == [2, 1]
    assert restricted.scores.tolist() == [free.scores[1]]


def test_changes_are_committed_as_one(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path, "store")
    index.update(0, [], [entry(1, "alt"), entry(2, "bleibt")], 1)
    before = index.view
    index.update(1, [1], [entry(3, "neu")], 4)
    assert before.search(asked(index, "alt"), 5, EVERYTHING).ids.tolist() == [1]
    assert before.sequence == 1
    view = index.view
    assert view.sequence == 4
    assert view.passage_ids().tolist() == [2, 3]
    assert view.search(asked(index, "alt neu bleibt"), 5, EVERYTHING).ids.tolist() == [2, 3]

    def fails() -> Iterator[Entry]:
        yield entry(5, "halb")
        raise OSError("no space left")

    with pytest.raises(LexicalIndexError, match="no space left"):
        index.update(4, [2], fails(), 5)
    index.reload()
    assert index.view.sequence == 4
    assert index.view.passage_ids().tolist() == [2, 3]
    index.update(4, [], [], 6)
    assert index.view.sequence == 6


def test_another_index_on_the_folder_sees_changes_when_it_looks_again(tmp_path: Path) -> None:
    one, other = LexicalIndex(tmp_path, "store"), LexicalIndex(tmp_path, "store")
    one.update(0, [], [entry(1, "Soldaten", "de")], 1)
    assert other.view.sequence == 0
    with pytest.raises(LexicalIndexBusy):  # it must not make the same change again
        other.update(0, [], [entry(1, "Soldaten", "de")], 1)
    other.reload()
    assert other.view.sequence == 1
    assert ask(other, "Soldat").ids.tolist() == [1]
    assert other.view.passage_ids().tolist() == [1]


def test_an_index_of_another_store_or_analysis_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LexicalIndex(tmp_path, "store").update(0, [], [entry(1, "eins")], 1)
    with pytest.raises(LexicalIndexError, match="expected an index of 'other"):
        LexicalIndex(tmp_path, "other")
    monkeypatch.setattr(analysis, "VERSION", "next")
    with pytest.raises(LexicalIndexError, match="store next"):
        LexicalIndex(tmp_path, "store")
    clear(tmp_path)
    assert LexicalIndex(tmp_path, "store").view.sequence == 0


@pytest.mark.parametrize(
    "what", ["meta.json", "*.term", "*.idx", "*.fast", "*.fieldnorm", "*.store"]
)
@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_index_is_refused(tmp_path: Path, what: str, how: str) -> None:
    LexicalIndex(tmp_path, "store").update(0, [], [entry(1, "eins zwei", "de")], 1)
    LexicalIndex(tmp_path, "store")  # it is well before
    (path,) = tmp_path.glob(what)
    data = bytearray(path.read_bytes())
    if how == "flipped":
        data[len(data) // 3] ^= 0xFF
    elif how == "cut":
        del data[len(data) // 2 :]
    path.unlink()  # a new file: cutting one that a thread of tantivy has mapped kills the process
    if how != "gone":
        path.write_bytes(data)
    if (what, how) == ("meta.json", "gone"):
        assert LexicalIndex(tmp_path, "store").view.sequence == 0
        return
    with pytest.raises(LexicalIndexError):
        LexicalIndex(tmp_path, "store")

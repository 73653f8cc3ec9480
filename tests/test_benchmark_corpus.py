"""Made-up collections: the same for the same seed, as large as asked for, known parts whole."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

from qa import splitter
from qa.evaluation.halves import to_measure
from qa.evaluation.questions import Question
from qa.types import Document
from tests.benchmarks import corpus
from tests.benchmarks.corpus import Sources
from tests.benchmarks.sentence_pools import present, read_pools


def sentences(language: str) -> list[str]:
    words = {
        "de": "Der Rat der Stadt Nummer {} beschloss am Abend, die Straße zum Hafen zu sperren.",
        "ru": "Совет города номер {} решил вечером закрыть улицу, ведущую в порт, до утра.",
        "zh": "第{}号城市议会晚上决定关闭通往港口的街道直到早晨。",
    }
    return [words[language].format(number) for number in range(300)]


@pytest.fixture(scope="module")
def sources() -> Sources:
    known = [Document(f"squad-it-{n}", f"Paragrafo {n}. " * 20, "squad") for n in range(40)]
    judged = [
        Question(f"q{n}", f"Domanda {n}?", "it", documents={f"squad-it-{n}": 1.0})
        for n in range(40)
    ]
    pools = {language: sentences(language) for language in ("de", "ru", "zh")}
    return Sources(pools, known, judged, asked=[f"Wer war Nummer {n}?" for n in range(50)])


def test_a_collection_is_the_same_for_the_same_seed_and_another_for_another(
    sources: Sources,
) -> None:
    first, again = (list(corpus.documents(sources, 120, seed=1)) for _ in range(2))
    assert first == again
    assert first != list(corpus.documents(sources, 120, seed=2))
    assert len({one.id for one in first}) == len({one.text for one in first}) == len(first)


@pytest.mark.parametrize("passages", [10, 97, 400])
def test_a_collection_has_as_many_passages_as_asked_for(sources: Sources, passages: int) -> None:
    made = list(corpus.documents(sources, passages))
    assert sum(len(splitter.split(one.text)) for one in made) == passages


def test_paragraphs_of_every_language_are_one_passage_each(sources: Sources) -> None:
    for one in corpus.documents(sources, 200):
        if one.id.startswith("made"):
            parts = splitter.split(one.text)
            assert len(parts) == one.text.count("\n\n") + 1 <= 10
            assert {part.language for part in parts} == {one.id.split("-")[2]}


def test_documents_are_made_one_at_a_time(sources: Sources) -> None:
    assert len(list(islice(corpus.documents(sources, 10**9), 100))) == 100


def test_known_paragraphs_are_whole_and_take_half_at_most(sources: Sources) -> None:
    small, large = corpus.known_documents(sources, 20), corpus.known_documents(sources, 1000)
    assert (len(small), len(large)) == (10, 40)
    assert large[:10] == small
    texts = {one.text for one in corpus.documents(sources, 1000)}
    assert {one.text for one in sources.known} <= texts


def test_only_questions_that_a_collection_answers_are_judged(sources: Sources) -> None:
    asked = corpus.judged_questions(sources, 20, each=100)["it"]
    # Of the ten there, these are of the half that the ranking is never fitted on.
    there = [one for one in sources.judged if int(one.id[1:]) < 10]
    assert sorted(one.id for one in asked) == [one.id for one in to_measure(there)]
    assert 2 <= len(asked) <= 8
    assert len(corpus.judged_questions(sources, 1000, each=7)["it"]) == 7


def test_questions_for_the_load_are_distinct_and_mixed(sources: Sources) -> None:
    found = corpus.load_questions(sources, 1000)
    assert len(found) == len(set(found)) == 90
    assert found != [*sources.asked, *(one.text for one in sources.judged)]
    assert corpus.load_questions(sources, 10) == found[:10]


def test_sentences_are_read_from_whole_texts_and_not_from_short_pairs(tmp_path: Path) -> None:
    for folder in ("dev/squad", "dev/nomiracl", "dev/flores", "dev/mkqa", "corpora/parallel"):
        assert not present(tmp_path)
        (tmp_path / folder).mkdir(parents=True)
    assert present(tmp_path)
    passage = {"id": "1", "text": "Titel: Der erste Satz ist lang genug für uns. Kurz. Der zweite "
               "Satz ist ebenfalls lang genug für uns."}  # fmt: skip
    row = {"id": "q", "question": "?", "answerable": True, "passages": [passage, passage]}
    with gzip.open(tmp_path / "dev/nomiracl/de.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    with gzip.open(tmp_path / "corpora/parallel/de.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("tatoeba\tA short English one is left out here.\tDieser Satz ist nicht dabei.\n")
        file.write("tico\tWash your hands for twenty seconds.\tWaschen Sie sich lange die Hände.\n")
    assert read_pools(tmp_path, ("de", "en", "zh")) == {
        "de": [
            "Der erste Satz ist lang genug für uns.",
            "Der zweite Satz ist ebenfalls lang genug für uns.",
            "Waschen Sie sich lange die Hände.",
        ],
        "en": ["Wash your hands for twenty seconds."],
        "zh": [],
    }

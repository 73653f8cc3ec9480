"""Reading the public sets, each from a few lines made up for the purpose."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.encoder import Vectors
from qa.errors import InvalidInput
from qa.evaluation import flores, nomiracl, strangers, tatoeba
from qa.evaluation.compressed import lines, rows


def write_lines(path: Path, some: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in some).encode("utf-8")))


def write_rows(path: Path, some: Sequence[Mapping[str, Any]]) -> None:
    write_lines(path, [json.dumps(row, ensure_ascii=False) for row in some])


# --- compressed ---


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    write_lines(path, ["eins\u2028zwei", "три\rчотири ", "五"])
    assert list(lines(path)) == ["eins\u2028zwei", "три\rчотири ", "五"]
    write_lines(path, ['{"a": "ä\u2028"}', '{"a": 2}'])
    assert list(rows(path)) == [{"a": "ä\u2028"}, {"a": 2}]


# --- FLORES ---


def test_flores_asks_for_the_german_sentence_of_the_same_number(tmp_path: Path) -> None:
    assert not flores.present(tmp_path)
    write_lines(tmp_path / "de.txt.gz", ["Die Übung endet.", "Es schneit."])
    assert not flores.present(tmp_path)
    write_lines(tmp_path / "uk.txt.gz", ["Навчання закінчуються.", "Йде сніг."])
    write_lines(tmp_path / "ar.txt.gz", ["انتهى التمرين.", "الثلج يتساقط."])
    assert flores.present(tmp_path)
    assert flores.languages(tmp_path) == ["ar", "uk"]
    documents = {d.id: d for d in flores.documents(tmp_path)}
    assert [d.text for d in documents.values()] == ["Die Übung endet.", "Es schneit."]
    assert {d.language for d in documents.values()} == {"de"}
    _, snow = flores.questions(tmp_path, "uk")
    assert (snow.text, snow.language) == ("Йде сніг.", "uk")
    ((wanted, grade),) = snow.documents.items()
    assert (documents[wanted].text, grade) == ("Es schneit.", 1.0)


def test_flores_of_another_length_is_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "de.txt.gz", ["Die Übung endet.", "Es schneit."])
    write_lines(tmp_path / "ja.txt.gz", ["雪が降る。"])
    with pytest.raises(InvalidInput, match=r"ja\.txt\.gz has 1 sentences and the German file 2"):
        flores.questions(tmp_path, "ja")


# --- Tatoeba ---


def test_tatoeba_pairs_are_read(tmp_path: Path) -> None:
    assert tatoeba.languages(tmp_path / "none") == []
    write_lines(tmp_path / "tr.tsv.gz", ["It is raining.\tYağmur yağıyor.", "Izmir\tİzmir"])
    assert tatoeba.languages(tmp_path) == ["tr"]
    assert tatoeba.pairs(tmp_path, "tr") == [
        ("It is raining.", "Yağmur yağıyor."),
        ("Izmir", "İzmir"),
    ]


@pytest.mark.parametrize("line", ["one", "one\ttwo\tthree"])
def test_tatoeba_lines_that_are_no_pair_are_named(tmp_path: Path, line: str) -> None:
    write_lines(tmp_path / "tr.tsv.gz", ["a\tb", line])
    with pytest.raises(InvalidInput, match=r"tr\.tsv\.gz, line 2: expected two sentences"):
        tatoeba.pairs(tmp_path, "tr")


class ByHand:
    """Vectors given by hand: a question's and a passage's of the same text differ."""

    name, dimension, fingerprint = "by hand", 2, "1"
    queries: Mapping[str, tuple[float, float]] = {"a": (1, 0), "b": (0.6, 0.8), "c": (0, 1)}
    passages: Mapping[str, tuple[float, float]] = {"A": (0.8, 0.6), "B": (0.6, 0.8), "C": (1, 0)}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.queries[text] for text in texts], dtype=np.float32)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.passages[text] for text in texts], dtype=np.float32)


def test_the_nearest_must_be_the_counterpart() -> None:
    # Cosines with A, B, C: a 0.8 0.6 1; b 0.96 1 0.6; c 0.6 0.8 0.
    encoder = ByHand()
    assert tatoeba.nearest_is_right(encoder, ["a", "b", "c"], ["A", "B", "C"]) == [0.0, 1.0, 0.0]
    assert tatoeba.nearest_is_right(encoder, ["a", "c", "b"], ["C", "B", "A"]) == [1.0, 1.0, 0.0]


def test_sentences_that_are_all_alike_are_right_once() -> None:
    assert tatoeba.nearest_is_right(ByHand(), ["a", "a", "a"], ["B", "B", "B"]) == [1.0, 0.0, 0.0]


# --- NoMIRACL ---

SHARED = {"id": "7#1", "text": "Minsk: Hauptstadt von Belarus."}
POOLS = [
    {
        "id": "relevant-1",
        "question": "Was ist Minsk?",
        "answerable": True,
        "passages": [SHARED, {"id": "7#2", "text": "Minsk hat eine U-Bahn."}],
    },
    {
        "id": "non_relevant-1",
        "question": "Wie alt ist Minsk?",
        "answerable": False,
        "passages": [SHARED, {"id": "7#2", "text": "Minsk hat eine Metro."}],
    },
]


def test_nomiracl_pools_are_read(tmp_path: Path) -> None:
    assert nomiracl.languages(tmp_path / "none") == []
    write_rows(tmp_path / "de.jsonl.gz", POOLS)
    assert nomiracl.languages(tmp_path) == ["de"]
    known, unknown = nomiracl.pools(tmp_path, "de")
    assert (known.question.text, known.question.language) == ("Was ist Minsk?", "de")
    assert (known.answerable, unknown.answerable) == (True, False)
    assert known.filters.document_ids == tuple(d.id for d in known.documents)
    assert [d.text for d in unknown.documents] == [SHARED["text"], "Minsk hat eine Metro."]


def test_a_passage_of_two_pools_is_one_document_and_two_versions_are_two(tmp_path: Path) -> None:
    write_rows(tmp_path / "de.jsonl.gz", POOLS)
    known, unknown = nomiracl.pools(tmp_path, "de")
    documents = nomiracl.documents([known, unknown])
    assert [d.text for d in documents] == [
        SHARED["text"],
        "Minsk hat eine U-Bahn.",
        "Minsk hat eine Metro.",
    ]
    assert len({d.id for d in documents}) == 3
    assert known.filters.document_ids[0] == unknown.filters.document_ids[0]
    assert known.filters.document_ids[1] != unknown.filters.document_ids[1]


# --- MKQA and QALD ---


def test_strangers_of_both_sources_are_joined_by_language(tmp_path: Path) -> None:
    assert strangers.present(tmp_path) == []
    write_rows(
        tmp_path / "mkqa" / "questions.jsonl.gz",
        [{"id": "-1", "en": "who wrote emma", "ar": "من كتب إيما"}, {"id": "-2", "en": "how far"}],
    )
    assert strangers.present(tmp_path) == ["mkqa"]
    write_rows(
        tmp_path / "qald" / "questions.jsonl.gz",
        [{"id": "-1", "en": "Who killed Caesar?", "be": "Хто забіў Цэзара", "ba": "Кем", "lt": ""}],
    )
    found = strangers.questions(tmp_path)
    assert {language: [q.text for q in some] for language, some in found.items()} == {
        "ar": ["من كتب إيما"],
        "be": ["Хто забіў Цэзара"],
        "en": ["who wrote emma", "how far", "Who killed Caesar?"],
    }
    assert len({q.id for some in found.values() for q in some}) == 5
    assert not any(q.answerable for some in found.values() for q in some)

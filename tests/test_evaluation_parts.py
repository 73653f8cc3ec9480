"""What ``make eval`` measures, on sets of a few lines whose results are known beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa import console
from qa.evaluation import squad
from qa.evaluation.__main__ import main
from qa.evaluation.language_tables import Refusable, refusable_table, shares_table
from qa.evaluation.pace import Pace
from qa.evaluation.parts import (
    PARTS,
    Given,
    articles_report,
    flores_report,
    nomiracl_report,
    sampled,
    squad_report,
    strangers_report,
    tatoeba_report,
    verification_report,
)
from qa.evaluation.questions import Question
from qa.evaluation.report import Report
from qa.evaluation.run import Asked
from qa.evaluation.verification_cases import cases
from qa.settings import Settings
from tests.test_evaluation_sets import write_lines, write_rows

GOLD = Path(__file__).parent / "gold"
GERMAN = [
    "Die Wetterstation auf der Zugspitze meldet zwei Meter Neuschnee.",
    "Der Orchestergraben der Oper wurde im Sommer vergrößert.",
    "Im Hafen von Rotterdam werden jährlich Millionen Container verladen.",
    "Bienen finden mit Hilfe der Sonne in ihren Stock zurück.",
]


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Given]:
    with console.Bar() as bar:
        yield Given(tmp_path / "dev", GOLD, Settings(), bar)


def asked(score: float, answerable: bool) -> Asked:
    return Asked(Question("1", "?"), score, answerable, False, False)


# --- tables ---


def test_shares_have_a_row_a_language_and_their_mean() -> None:
    table, data = shares_table(
        "T",
        {
            "be": {"all": [1.0, 1.0], "BM25": [0.0, 0.0]},
            "zh": {"all": [1.0, 0.0, 0.0, 0.0], "BM25": [0.0, 1.0, 1.0, 0.0]},
        },
    )
    assert table.columns == ("language", "n", "all", "BM25")
    assert table.rows[0] == ("be", "2", "100.0 [100.0, 100.0]", "0.0 [0.0, 0.0]")
    assert table.rows[1][:2] == ("zh", "4")
    assert table.rows[2] == ("mean", "", "62.5", "25.0")
    assert data["mean"] == {"all": 0.625, "BM25": 0.25}
    assert (data["zh"]["all"]["mean"], data["zh"]["all"]["n"]) == (0.25, 4)
    assert data["zh"]["all"]["low"] < 0.25 < data["zh"]["all"]["high"]


def test_refusals_at_five_per_cent_lost_and_as_shipped() -> None:
    # Twenty answerable questions score 0.00, 0.05, … 0.95: one of them, the lowest, may be lost,
    # so the threshold is 0.05. The collection itself answers from 0.3.
    known = [asked(n / 20, n / 20 >= 0.3) for n in range(20)]
    unknown = [asked(0.04, False), asked(0.05, False), asked(0.2, False), asked(0.9, True)]
    table, data = refusable_table("T", {"de": Refusable(known, unknown)})
    assert data["de"]["threshold at 5%"] == 0.05
    assert data["de"]["refused at 5%"]["mean"] == 0.25
    assert data["de"]["false refusals"]["mean"] == 0.3
    assert data["de"]["refused"]["mean"] == 0.75
    (row, mean) = table.rows
    assert row[:3] == ("de", "20", "4")
    assert row[3].startswith("25.0 [")
    assert row[4] == "0.050"
    assert mean == ("mean", "", "", "25.0", "", "30.0", "75.0")
    assert len(row) == len(table.columns) == len(mean)


def test_refusals_of_one_kind_alone_leave_the_other_open() -> None:
    unknown = [asked(0.1, False), asked(0.9, True)]
    table, data = refusable_table("T", {"ja": Refusable([], unknown)})
    assert table.rows[0][:5] == ("ja", "0", "2", "-", "-")
    assert table.rows[0][5] == "-"
    assert data["ja"]["refused"]["mean"] == 0.5
    assert table.rows[1] == ("mean", "", "", "-", "", "-", "50.0")


# --- pace and sampling ---


def test_pace_counts_only_the_time_of_asking() -> None:
    seconds = iter([10.0, 12.0, 100.0, 103.0])
    pace = Pace(lambda: next(seconds))
    with pace.asking(400):
        pass
    with pace.asking(600):
        pass
    report = pace.added_to(Report(), "SQuAD")
    assert report.notes == ["SQuAD: 1,000 questions asked, 200 a second."]
    assert report.data["pace"] == {"questions": 1000, "seconds": 5.0, "questions a second": 200.0}


def test_a_sample_keeps_the_order_and_is_always_the_same() -> None:
    items = list(range(1000))
    some = sampled(items, 50)
    assert len(set(some)) == 50
    assert some == sorted(some)
    assert some == sampled(items, 50)
    assert some != items[:50]
    assert sampled(items, 1000) == sampled(items, 5000) == items


# --- parts ---


def test_squad_is_measured_in_every_direction(given: Given) -> None:
    texts = {
        "it": [
            "Nessuno l'aspettava. Iniziò nel 1973 la crisi petrolifera.",
            "Il Vaticano ha 800 abitanti.",
        ],
        "es": ["La crisis del petróleo comenzó en 1973.", "El Vaticano tiene 800 habitantes."],
    }
    for language, both in texts.items():
        write_rows(
            given.dev / "squad" / f"passages.{language}.jsonl.gz",
            [{"id": n, "text": text} for n, text in enumerate(both)],
        )
    said = {"answer_it": "1973", "answer_es": "otro"}
    crisis = {"it": "Quando iniziò la crisi petrolifera?", "es": "¿Cuándo comenzó la crisis?"}
    people = {"it": "Quanti abitanti ha il Vaticano?"}
    write_rows(
        given.dev / "squad" / "questions.jsonl.gz",
        [
            {"id": "e", **crisis, "passage_it": 0, "passage_es": 0, **said},
            {"id": "f", **people, "passage_it": 1},
            # Of the half that the ranking is fitted on.
            {"id": "d", **crisis, "passage_it": 1, "passage_es": 1},
        ],
    )
    report = squad_report(given)
    table, sentences = report.tables
    counts = {row[0]: row[1] for row in table.rows}
    assert counts == {"it→it": "2", "es→it": "1", "es→es": "1", "it→es": "1"}
    # Of one question alone the answer is known and stands in its paragraph: in Italian.
    assert {row[0]: row[1] for row in sentences.rows} == {"it→it": "1", "es→it": "1", "mean": ""}
    assert report.data["sentences"]["it→it"]["holds"]["mean"] == 1.0
    for direction in ("it→it", "es→es"):
        assert report.data[direction]["nDCG@10"]["lexical"]["mean"] == 1.0
        assert report.data[direction]["nDCG@10"]["fused"]["mean"] == 1.0
    assert report.data["pace"]["questions"] == 5


def test_long_documents_are_judged_by_the_passage_that_says_the_answer(given: Given) -> None:
    filler = "Un tempo qui si pescava molto e si parlava poco del mare e del vento. " * 8
    texts = [f"Paragrafo {n}. {filler}" for n in range(13)]
    texts[3] = f"Iniziò nel 1973 la crisi petrolifera. {filler}"
    texts[12] = f"Il Vaticano ha 800 abitanti. {filler} Altri 800 ci lavorano."
    for language in ("it", "es"):
        rows = [{"id": 2 * n, "text": text} for n, text in enumerate(texts)]
        write_rows(given.dev / "squad" / f"passages.{language}.jsonl.gz", rows)
    crisis = {"it": "Quando iniziò la crisi petrolifera?", "passage_it": 6, "answer_it": "1973"}
    spanish = {"passage_es": 6, "answer_es": "1973"}
    people = {"it": "Quanti abitanti ha il Vaticano?", "passage_it": 24}
    write_rows(
        given.dev / "squad" / "questions.jsonl.gz",
        [
            {"id": "e", **crisis, "es": "¿Cuándo comenzó la crisis?", **spanish},
            {"id": "f", **people, "answer_it": "800"},  # twice in its paragraph
            {"id": "m", **people},  # answer unknown
            {"id": "d", **crisis},  # of the half that the ranking is fitted on
        ],
    )
    long = squad.articles(given.dev / "squad", "it")
    assert [one.id for one in long] == ["squad-it-0-article", "squad-it-24-article"]
    (question, of_other_half) = squad.article_questions(given.dev / "squad", "it", "it")
    assert (question.id, of_other_half.id) == ("e", "d")
    (span,) = question.spans
    assert long[0].text[span.start : span.end] == span.quote == "1973"
    report = articles_report(given)
    counts = {row[0]: row[1] for row in report.tables[0].rows}
    assert counts == {"it→it": "1", "es→it": "1", "es→es": "1", "it→es": "1"}
    assert report.data["it→it"]["nDCG@10"]["fused"]["mean"] == 1.0


def test_flores_by_every_kind_of_evidence(given: Given) -> None:
    folder = given.dev / "flores"
    write_lines(folder / "de.txt.gz", GERMAN)
    # Word for word the same, so that every kind of evidence must find it; the second language has
    # two sentences exchanged, so that it must find the wrong one. The first two are measured.
    write_lines(folder / "nl.txt.gz", GERMAN)
    write_lines(folder / "pl.txt.gz", [GERMAN[0], GERMAN[2], GERMAN[1], GERMAN[3]])
    report = flores_report(given)
    for kind in ("all", "BM25", "sound", "dense", "interaction"):
        assert report.data["nl"][kind]["mean"] == 1.0
        assert report.data["pl"][kind]["mean"] == 0.5
        assert report.data["mean"][kind] == 0.75
    (table,) = report.tables
    assert [row[:2] for row in table.rows] == [("nl", "2"), ("pl", "2"), ("mean", "")]
    assert report.data["pace"]["questions"] == 4


def test_tatoeba_in_both_directions(given: Given) -> None:
    folder = given.dev / "tatoeba"
    write_lines(folder / "de.tsv.gz", [f"{text}\t{text}" for text in GERMAN])
    first, second, third, fourth = GERMAN
    # Into English, the second and the third find each other's; from it, likewise. By vectors all
    # are compared, and the first two are asked.
    exchanged = [(first, first), (second, third), (third, second), (fourth, fourth)]
    write_lines(folder / "fr.tsv.gz", ["\t".join(pair) for pair in exchanged])
    report = tatoeba_report(given)
    for way in ("vectors", "served"):
        assert {name: i["mean"] for name, i in report.data[way]["de"].items()} == {
            "x→en": 1.0,
            "en→x": 1.0,
            "both": 1.0,
        }
        assert report.data[way]["mean"] == {"x→en": 0.75, "en→x": 0.75, "both": 0.75}
    assert len(report.tables) == 2


def test_each_nomiracl_question_is_asked_over_its_own_passages(given: Given) -> None:
    answer = "Zugspitze: Die Zugspitze ist 2962 Meter hoch und der höchste Berg Deutschlands."
    pools = [
        ("Wie hoch ist die Zugspitze?", True, [answer, GERMAN[1]]),
        # The answer is in the collection, but not in this question's pool.
        ("Wie viele Meter hoch ist die Zugspitze?", False, [GERMAN[2], GERMAN[3]]),
    ]
    write_rows(
        given.dev / "nomiracl" / "de.jsonl.gz",
        [
            {
                "id": str(number),
                "question": question,
                "answerable": answerable,
                "passages": [{"id": f"{number}#{n}", "text": t} for n, t in enumerate(texts)],
            }
            for number, (question, answerable, texts) in enumerate(pools)
        ],
    )
    report = nomiracl_report(given)
    assert report.data["de"]["false refusals"]["mean"] == 0.0
    assert report.data["de"]["refused"]["mean"] == 1.0
    assert report.data["de"]["refused at 5%"]["mean"] == 1.0
    assert report.data["pace"]["questions"] == 2


def test_strangers_are_refused_and_what_the_seeds_answer_is_not(given: Given) -> None:
    write_rows(
        given.dev / "qald" / "questions.jsonl.gz",
        [
            {"id": "2", "de": "Wer ist Hanna Liubakova?"},
            {"id": "3", "de": "Wie entkalke ich eine Kaffeemaschine?"},
            # Of the half that the ranking is fitted on.
            {"id": "1", "de": "Wie heißt der Fluss durch Rom?"},
        ],
    )
    report = strangers_report(given)
    assert report.data["de"]["refused"]["mean"] == 0.5
    assert report.data["de"]["refused"]["n"] == 2


def test_quotes_are_verified_over_each_set(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.evaluation.parts.cases", lambda documents: cases(documents, each=1))
    report = verification_report(given)
    assert report.data["seeds"]["all"]["passed wrongly"] == 0
    assert report.data["seeds"]["verbatim"] == {"quotes": 1, "right": 1.0, "passed wrongly": 0}
    assert "SQuAD was skipped" in report.notes[0]
    folder = given.dev / "squad"
    text = f"{GERMAN[0]} {GERMAN[1]}\n\n{GERMAN[2]} {GERMAN[3]}"
    for language in ("it", "es"):
        rows = [{"id": n, "text": f"{n}. {text}"} for n in range(3)]
        write_rows(folder / f"passages.{language}.jsonl.gz", rows)
    write_rows(folder / "questions.jsonl.gz", [])
    report = verification_report(given)
    assert list(report.data) == ["seeds", "SQuAD it", "SQuAD es", "pace"]


def test_a_sample_is_asked_of_the_whole_collection(given: Given) -> None:
    folder = given.dev / "flores"
    write_lines(folder / "de.txt.gz", GERMAN)
    write_lines(folder / "nl.txt.gz", GERMAN)
    report = flores_report(Given(given.dev, given.gold, given.settings, given.bar, sample=1))
    assert report.data["nl"]["all"]["n"] == 1
    assert report.data["nl"]["all"]["mean"] == 1.0


# --- the command ---


@pytest.mark.parametrize(
    ("part", "title", "folder"),
    [
        ("squad", "SQuAD", "squad"),
        ("articles", "SQuAD in long documents", "squad"),
        ("flores", "FLORES", "flores"),
        ("tatoeba", "Tatoeba", "tatoeba"),
        ("nomiracl", "NoMIRACL", "nomiracl"),
        ("strangers", "Out of collection", "mkqa"),
    ],
)
def test_what_is_absent_is_skipped_in_a_plain_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], part: str, title: str, folder: str
) -> None:
    assert main(["--data", str(tmp_path), "--only", part]) == 0
    missing = tmp_path / "dev" / folder
    assert capsys.readouterr().out.strip() == f"{title} was skipped: it is not in {missing}."


def test_parts_are_measured_in_order_and_joined_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def part(name: str) -> Callable[[Given], Report]:
        return lambda given: Report(data={"asked": given.sample}, notes=[f"{name}: done."])

    names = [
        "seeds",
        "squad",
        "articles",
        "flores",
        "tatoeba",
        "nomiracl",
        "strangers",
        "verification",
    ]
    assert list(PARTS) == names
    monkeypatch.setattr("qa.evaluation.__main__.PARTS", {name: part(name) for name in PARTS})
    assert main(["--data", str(tmp_path), "--sample", "7", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found.pop("notes") == [f"{name}: done." for name in PARTS]
    assert found == {name: {"asked": 7} for name in PARTS}
    assert main(["--data", str(tmp_path)]) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if line]
    assert printed == [f"{name}: done." for name in PARTS]


@pytest.mark.parametrize("number", ["0", "-3", "ten"])
def test_a_sample_must_be_a_number_of_questions(
    capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--sample", number])
    assert exit_.value.code == 2
    assert "--sample" in capsys.readouterr().err

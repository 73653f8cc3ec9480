"""Reading questions, judging spans, and evaluating a collection of known behaviour."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from qa.errors import InvalidInput, NotFound
from qa.evaluation import squad
from qa.evaluation.beir import load_beir
from qa.evaluation.dataset import TEMPLATES, load_questions
from qa.evaluation.locate import locate
from qa.evaluation.questions import GoldSpan, Question, covers, gains, ideal
from qa.evaluation.report import directions_table, questions_report
from qa.evaluation.run import Asked, ask, judge, judged_candidates, ranked_by
from qa.ranking import Ranked
from qa.ranking_model import FEATURES
from qa.types import (
    Answer,
    Candidate,
    Citation,
    Filters,
    IndexStatus,
    Result,
    Scores,
    Sentence,
    Span,
)

SEEDS = Path(__file__).parents[1] / "seeds"
TEXTS = {
    "a": "Die Übung in İzmir begann am 7. Dezember. Sie endete am 8. Dezember.",
}


def text_of(document_id: str) -> str:
    if document_id not in TEXTS:
        raise NotFound(f"No document has the id {document_id!r}.")
    return TEXTS[document_id]


def seed_text(document_id: str) -> str:
    return (SEEDS / document_id).read_bytes().decode("utf-8")


def span(document: str, start: int, end: int) -> GoldSpan:
    return GoldSpan(document, start, end, "x" * (end - start))


# --- locating quotations ---


def test_a_quote_is_found_in_code_points() -> None:
    assert locate("İzmir 🎈 begann", "begann") == Span(8, 14)


def test_white_space_may_differ_and_nothing_else() -> None:
    text = "vor\u00a0dem\r\n  Krieg"
    found = locate(text, "vor dem Krieg")
    assert text[found.start : found.end] == text
    with pytest.raises(InvalidInput, match="is not in the document"):
        locate(text, "vor den Krieg")


def test_signs_of_regular_expressions_are_letters_like_others() -> None:
    assert locate("Was? (20.000)", "(20.000)") == Span(5, 13)
    with pytest.raises(InvalidInput):
        locate("20x000", "20.000")


def test_a_quote_that_is_there_twice_needs_its_number() -> None:
    text = "Ja. Nein. Ja."
    with pytest.raises(InvalidInput, match="2 times"):
        locate(text, "Ja.")
    assert locate(text, "Ja.", 2) == Span(10, 13)
    with pytest.raises(InvalidInput, match="occurrence 3"):
        locate(text, "Ja.", 3)


def test_a_wrong_quote_is_told_where_it_goes_wrong() -> None:
    with pytest.raises(InvalidInput, match=r"after 'Die Übung' it goes on 'in İzmir begann am"):
        locate(TEXTS["a"], "Die Übung im Dezember")


# --- reading files ---


def test_questions_are_read_from_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"id": "1", "language": "en", "question": " When? ", "document": "a", '
        '"quote": "am 7. Dezember", "alternatives": [{"document": "a", "quote": "am 8. Dezember"}]}'
        '\n\n{"question": "Wie hoch ist der Eiffelturm?", "kind": "off_topic"}\n',
        encoding="utf-8",
    )
    first, second = load_questions(path, text_of)
    assert (first.id, first.text, first.language, first.answerable) == ("1", "When?", "en", True)
    assert [(s.start, s.end, s.quote) for s in first.spans] == [
        (26, 40, "am 7. Dezember"),
        (53, 67, "am 8. Dezember"),
    ]
    assert (second.id, second.kind, second.answerable) == ("3", "off_topic", False)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_questions_are_read_from_a_spreadsheet(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "q.csv"
    lines = [
        ["question", "document", "quote", "id", "occurrence"],
        ["Когда?", "a", '"Sie endete\nam 8. Dezember."', "1", ""],
        ["Когда?", "a", "Dezember", "1", "1"],
        ["Кто?", "", "", "", ""],
    ]
    content = "\r\n".join(delimiter.join(line) for line in lines)
    path.write_bytes(b"\xef\xbb\xbf" + content.encode("utf-8"))
    joined, unanswerable = load_questions(path, text_of)
    assert [s.quote for s in joined.spans] == ["Sie endete am 8. Dezember.", "Dezember"]
    assert (joined.spans[1].start, unanswerable.text) == (32, "Кто?")
    assert not unanswerable.answerable


def test_offsets_that_are_given_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    row = {"question": "Wo?", "document": "a", "quote": "İzmir", "start": 13, "end": 18}
    path.write_text(json.dumps(row), encoding="utf-8")
    assert load_questions(path, text_of)[0].spans == (GoldSpan("a", 13, 18, "İzmir"),)
    path.write_text(json.dumps({**row, "start": 12, "end": 17}), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"line 1: a\[12:17\] is ' İzmi', not the quote 'İzmir'"):
        load_questions(path, text_of)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("q.jsonl", '{"question": "?"}\n{"question"', "line 2: not JSON"),
        ("q.jsonl", "[1]", "line 1: expected an object"),
        ("q.jsonl", '{"document": "a", "quote": "Die"}', "'question' is missing"),
        ("q.jsonl", '{"question": "?", "quote": "Die"}', "'document' is missing"),
        ("q.jsonl", '{"question": "?", "document": "b", "quote": "x"}', "no document 'b'"),
        ("q.jsonl", '{"question": "?", "document": "a", "quote": "Sie Anfing"}', "a: the quote"),
        ("q.jsonl", "\n", "holds no questions"),
        ("q.csv", "Frage,document\nWer?,a\n", "must name a column 'question'"),
        ("q.csv", "question,document,quote,occurrence\n?,a,Die,eins\n", "not a whole number"),
        ("q.xlsx", "", "from .jsonl or .csv"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, name: str, content: str, complaint: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput, match=complaint):
        load_questions(path, text_of)


def test_another_encoding_is_refused_rather_than_guessed(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes("question\nWas heißt Übung?\n".encode("latin-1"))
    with pytest.raises(InvalidInput, match="is not UTF-8"):
        load_questions(path, text_of)


def test_one_id_cannot_be_two_questions(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,question,document,quote\n1,A?,a,Die\n1,B?,a,Sie\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="already that of another question"):
        load_questions(path, text_of)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_templates_are_true_of_the_seeds(kind: str) -> None:
    questions = load_questions(TEMPLATES[kind], seed_text)
    assert [q.answerable for q in questions] == [True, True, False]
    for question in questions:
        for gold in question.spans:
            assert seed_text(gold.document_id)[gold.start : gold.end] == gold.quote


def test_a_beir_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text(
        '{"_id": "d1", "title": "T", "text": "eins"}\n'
        '{"_id": "d 2", "title": "", "text": "zwei"}\n',
        encoding="utf-8",
    )
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "one?"}\n{"_id": "q2", "text": "not judged?"}\n', encoding="utf-8"
    )
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td 2\t1\nq2\td1\t0\n", encoding="utf-8"
    )
    read = load_beir(tmp_path)
    first, second = read.documents
    assert (first.id, first.title, first.text) == ("d1", "T", "eins")
    assert second.title is None
    (question,) = read.questions
    assert question.documents == {"d1": 2.0, second.id: 1.0}
    (tmp_path / "qrels" / "test.tsv").write_text("q1 d1 1\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"test\.tsv, line 1: expected query-id"):
        load_beir(tmp_path)


def test_squad_directions_are_read(tmp_path: Path) -> None:
    def write(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    assert not squad.present(tmp_path)
    write("passages.es.jsonl.gz", [{"id": 6, "text": "La liga anunció."}])
    write(
        "questions.jsonl.gz",
        [
            {"id": "x", "it": "Quando?", "passage_it": 0, "es": "¿Cuándo?", "passage_es": 6},
            {"id": "y", "it": "Dove?", "passage_it": 0},
        ],
    )
    assert squad.present(tmp_path)
    (document,) = squad.documents(tmp_path, "es")
    assert (document.id, document.text, document.language) == (
        "squad-es-6",
        "La liga anunció.",
        "es",
    )
    assert [q.id for q in squad.questions(tmp_path, "it", "it")] == ["x", "y"]
    (crossing,) = squad.questions(tmp_path, "it", "es")
    assert (crossing.text, crossing.language) == ("Quando?", "it")
    assert crossing.documents == {"squad-es-6": 1.0}


# --- judging ---


def test_half_of_the_gold_span_is_enough() -> None:
    gold = span("a", 10, 20)
    assert covers(span("a", 0, 15), gold)
    assert not covers(span("a", 0, 14), gold)
    assert covers(span("a", 12, 17), gold)
    assert not covers(span("b", 0, 30), gold)


def test_strict_wants_all_of_it() -> None:
    gold = span("a", 10, 20)
    assert covers(span("a", 10, 20), gold, strict=True)
    assert not covers(span("a", 10, 19), gold, strict=True)


def test_only_the_first_right_place_gains() -> None:
    question = Question("1", "?", spans=(span("a", 0, 10), span("b", 5, 15)))
    ranking = [span("c", 0, 50), span("b", 0, 50), span("a", 0, 50)]
    assert gains(ranking, question) == [0.0, 1.0, 0.0]
    assert ideal(question) == [1.0]


def test_a_document_counts_once_at_its_best_place() -> None:
    question = Question("1", "?", documents={"a": 2.0, "b": 1.0})
    ranking = [span("c", 0, 5), span("c", 5, 9), span("a", 0, 5), span("a", 5, 9), span("b", 0, 5)]
    assert gains(ranking, question) == [0.0, 2.0, 1.0]
    assert sorted(ideal(question)) == [1.0, 2.0]


# --- evaluating ---

Found = tuple[GoldSpan, dict[str, float]]


def by(dense: float = 0.0, lexical: float = 0.0, interaction: float = 0.0) -> dict[str, float]:
    return {"dense": dense, "lexical": lexical, "interaction": interaction}


class Fixed:
    """Answers each question with a known ranking; each place has known evidence."""

    def __init__(self, rankings: Mapping[str, Sequence[Found]], worth: int | None = None) -> None:
        self.rankings = rankings
        self.worth = worth
        self.scores = {"known?": 0.8, "far?": 0.6, "unknown?": 0.1, "tricky?": 0.7}

    def retrieve(
        self,
        question: str,
        *,
        top_k: int | None,
        filters: Filters | None = None,
        everything: bool = False,
    ) -> list[Ranked]:
        return [
            Ranked(
                Candidate(
                    passage_id=n,
                    document_id=p.document_id,
                    start=p.start,
                    end=p.end,
                    language="de",
                    dense=evidence["dense"],
                    lexical=evidence["lexical"],
                    sound=0.0,
                ),
                n,
                1.0 / (n + 1),
                tuple(evidence.get(name, 0.0) for name in FEATURES),
            )
            for n, (p, evidence) in enumerate(self.rankings[question])
        ][: top_k if everything else self.worth or top_k]

    def ask(self, question: str, *, top_k: int = 5, filters: Filters | None = None) -> Answer:
        score = self.scores[question]
        found = [p for p, _ in self.rankings[question]]
        answerable = score >= 0.5
        results = tuple(
            Result(1, score, Scores(0.5, None, 0.5, None), "", (), citation(p))
            for p in found[:top_k]
        )
        sentence = Sentence("", citation(found[0])) if answerable else None
        return Answer(
            question, "de", answerable, sentence, results, IndexStatus(1, 1, 1), "bundled", 1.0
        )


def citation(p: GoldSpan) -> Citation:
    return Citation(
        "c", p.document_id, "", None, "s", None, None, p.start, p.end, (1, 1), None, None,
        p.quote, "", "", "", None,
    )  # fmt: skip


QUESTIONS = [
    Question("1", "known?", "en", (span("a", 0, 10),)),
    Question("2", "far?", "fr", (span("b", 0, 10),)),
    Question("3", "unknown?", "en", kind="off_topic"),
    Question("4", "tricky?", "fr", kind="near_miss"),
]
COLLECTION = Fixed(
    {
        "known?": [
            (span("a", 0, 10), by(dense=0.2, interaction=0.3)),
            (span("x", 0, 1), by(dense=0.1, interaction=0.4)),
            (span("a", 3, 8), by(dense=0.2, interaction=0.1)),
        ],
        "far?": [
            (span("x", 0, 9), by(dense=0.3)),
            (span("x", 9, 18), by(dense=0.2)),
            (span("b", 0, 9), by(dense=0.1, lexical=2.0)),
        ],
        "unknown?": [(span("x", 0, 1), by())],
        "tricky?": [(span("x", 0, 1), by())],
    }
)


def test_every_kind_of_evidence_is_judged() -> None:
    known, far = judge(COLLECTION, QUESTIONS)
    assert known.question.id == "1"
    assert known.gains == {
        "fused": (1.0, 0.0, 0.0),
        "dense": (1.0, 0.0, 0.0),
        "interaction": (0.0, 1.0, 0.0),
        "lexical": (),
        "sound": (),
    }
    assert far.gains["lexical"] == (1.0,)
    assert known.value("nDCG@10", "interaction") == pytest.approx(0.6309298)
    assert known.value("nDCG@10", "lexical") == 0.0
    assert (far.value("hit@1"), far.value("hit@5"), far.value("nDCG@10")) == (0.0, 1.0, 0.5)
    assert far.strict == (0.0, 0.0, 0.0)


def test_one_kind_of_evidence_ranks_everything_that_is_found() -> None:
    collection = Fixed(COLLECTION.rankings, worth=1)
    known, far = judge(collection, QUESTIONS)
    assert (known.gains["fused"], known.gains["dense"]) == ((1.0,), (1.0, 0.0, 0.0))
    assert (far.gains["fused"], far.gains["lexical"]) == ((0.0,), (1.0,))
    one, *_ = judged_candidates(collection, QUESTIONS)
    every, *_ = judged_candidates(collection, QUESTIONS, everything=True)
    assert (len(one.candidates), len(every.candidates)) == (1, 3)


def test_a_ranking_by_one_kind_of_evidence_leaves_out_what_has_none() -> None:
    found = COLLECTION.retrieve("known?", top_k=None)
    assert [(r.candidate.document_id, r.candidate.start) for r in ranked_by(found, "dense")] == [
        ("a", 0),
        ("a", 3),
        ("x", 0),
    ]
    assert ranked_by(found, "lexical") == []
    assert ranked_by(found, "fused") == found


def test_questions_are_asked_in_order_and_judged() -> None:
    ticks: list[int] = []
    asked = list(ask(COLLECTION, QUESTIONS * 50, workers=4, tick=lambda: ticks.append(1)))
    assert [a.question.id for a in asked] == ["1", "2", "3", "4"] * 50
    assert len(ticks) == 200
    assert [(a.score, a.answerable, a.right, a.sentence_right) for a in asked[:4]] == [
        (0.8, True, True, True),
        (0.6, True, False, False),
        (0.1, False, False, False),
        (0.7, True, False, False),
    ]


def test_candidates_to_fit_on_come_with_their_relevance() -> None:
    known, far, unknown, _ = judged_candidates(COLLECTION, QUESTIONS)
    assert known.relevance == (1.0, 0.0, 1.0)
    assert far.relevance == (0.0, 0.0, 1.0)
    assert [c.candidate.document_id for c in far.candidates] == ["x", "x", "b"]
    assert unknown.relevance == (0.0,)


def test_the_report_says_what_was_measured() -> None:
    judged, asked = list(judge(COLLECTION, QUESTIONS)), list(ask(COLLECTION, QUESTIONS))
    report = questions_report("Probe", judged, asked)
    every = report.data["languages"]["all"]
    assert (every["questions"], every["unanswerable"]) == (2, 2)
    assert (every["hit@1"], every["hit@5"], every["fused nDCG@10"]) == (0.5, 1.0, 0.75)
    assert (every["refused"], every["false refusals"], every["sentence"]) == (0.5, 0.0, 0.5)
    assert every["whole span hit@5"] == 0.5
    assert report.data["languages"]["fr"]["refused"] == 0.0
    assert report.data["refusals"]["near miss"]["refused"] == 0.0
    assert report.data["refusals"]["off topic"]["refused"] == 1.0
    assert report.data["evidence"]["lexical"]["hit@5"]["mean"] == 0.5
    assert report.data["evidence"]["lexical"]["served minus this"]["difference"] == 0.25
    title, *_ = report.tables
    assert [row[0] for row in title.rows] == ["en", "fr", "all"]
    assert title.rows[2][1:5] == ("2", "50.0", "100.0", "75.0")
    assert all(len(row) == len(t.columns) for t in report.tables for row in t.rows)


def test_a_report_of_unanswerable_questions_alone() -> None:
    unanswerable = [q for q in QUESTIONS if not q.answerable]
    report = questions_report("Probe", [], list(ask(COLLECTION, unanswerable)))
    assert report.data["refusals"]["unanswerable"]["refused"] == 0.5


def test_directions_have_a_row_each() -> None:
    judged = list(judge(COLLECTION, QUESTIONS))
    table, data = directions_table("SQuAD", {("it", "es"): judged})
    assert table.rows[0][:2] == ("it→es", "2")
    assert data["it→es"]["nDCG@10"]["fused"]["mean"] == 0.75
    assert data["it→es"]["MRR@10"] == pytest.approx((1 + 1 / 3) / 2)


def test_an_answer_sentence_is_right_inside_a_longer_place_and_around_a_shorter() -> None:
    longer = Question("1", "known?", spans=(span("a", 0, 100),))
    shorter = Question("1", "known?", spans=(span("a", 2, 4),))
    beside = Question("1", "known?", spans=(span("a", 10, 20),))
    found: list[Asked] = list(ask(COLLECTION, [longer, shorter, beside]))
    assert [a.sentence_right for a in found] == [True, True, False]

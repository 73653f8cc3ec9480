"""Collections: what is put can be asked and cited; what is unchanged is not embedded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings.bundled import BUNDLED
from embeddings.encoder import Vectors
from embeddings.static import StaticEncoder
from qa import splitter
from qa.collection import Collection
from qa.engine import Shown
from qa.engines import open_engine
from qa.errors import EmptyDocument, InvalidDate, InvalidId, InvalidInput, NotFound, TooLarge
from qa.settings import Settings
from qa.types import Asking, Document, Filters, Span

TEXT = (
    "Der Minister heißt Anton Weber.\n\n"
    "Er versprach am Dienstag 1,5 Millionen Euro für die Schule.\n\n"
    "Das Wetter in Hamburg bleibt regnerisch, sagte der Wetterdienst."
)


class Counting:
    """An encoder that counts the passages it is given."""

    def __init__(self, name: str = "counting") -> None:
        self._inner = StaticEncoder(BUNDLED)
        self.name = name
        self.fingerprint = name
        self.dimension = self._inner.dimension
        self.passages = 0

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._inner.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.passages += len(texts)
        return self._inner.encode_passages(texts)


def opened(folder: Path, encoder: Counting) -> Collection:
    settings = Settings(data_dir=folder)
    engine = open_engine(settings, encoder.dimension)
    return Collection(engine, encoder, StaticEncoder(BUNDLED), settings)


@pytest.fixture
def encoder() -> Counting:
    return Counting()


@pytest.fixture
def empty(tmp_path: Path, encoder: Counting) -> Iterator[Collection]:
    made = opened(tmp_path, encoder)
    yield made
    made.close()


def document(document_id: str = "bericht", text: str = TEXT, **known: Any) -> Document:  # noqa: ANN401
    return Document(document_id, text, "test", **known)


def test_what_is_put_is_found_and_cited(empty: Collection) -> None:
    (change,) = empty.put([document(published="2023-05")])
    assert (change.status, change.sequence) == ("created", 1)
    answer = empty.ask("Wie viele Euro versprach der Minister für die Schule?")
    best = answer.results[0]
    assert "1,5 Millionen Euro" in best.text
    assert TEXT[best.citation.start : best.citation.end] == best.text == best.citation.quote
    assert best.citation.published == "2023-05"
    assert best.citation.language == "de"
    check = empty.citation(best.citation.id)
    assert (check.status, check.citation) == ("valid", best.citation)


def test_an_empty_collection_answers_with_nothing(empty: Collection) -> None:
    answer = empty.ask("Wer?")
    assert (answer.answerable, answer.answer, answer.results) == (False, None, ())
    assert answer.index.passages == 0


def test_unchanged_documents_are_not_embedded_again(empty: Collection, encoder: Counting) -> None:
    empty.put([document()])
    embedded = encoder.passages
    assert embedded > 0
    assert [c.status for c in empty.put([document()])] == ["unchanged"]
    assert encoder.passages == embedded
    statuses = [c.status for c in empty.put([document(), document("neu", "Ein neuer Text.")])]
    assert statuses == ["unchanged", "created"]
    assert encoder.passages == embedded + 1
    assert [c.status for c in empty.put([document(title="Anders")])] == ["updated"]


def test_another_model_embeds_everything_again(tmp_path: Path) -> None:
    first = opened(tmp_path, Counting("eins"))
    first.put([document(), document("zwei", "Noch ein Text über Hamburg.")])
    before = first.ask("Hamburg").results
    first.close()
    encoder = Counting("zwei")
    second = opened(tmp_path, encoder)
    told: list[tuple[int, int]] = []
    assert second.refresh(lambda _, done, total: told.append((done, total))) == 2
    assert encoder.passages == second.status().passages
    assert told == [(2, 2)]
    assert second.refresh() == 0
    after = second.ask("Hamburg").results
    assert [r.citation.id for r in after] == [r.citation.id for r in before]
    second.close()


def test_a_changed_splitter_makes_the_passages_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(tmp_path, Counting())
    first.put([document()])
    first.close()
    monkeypatch.setattr(splitter, "FINGERPRINT", "passages-of-tomorrow")
    second = opened(tmp_path, Counting())
    assert second.refresh() == 1
    second.close()


def test_a_citation_follows_its_words(empty: Collection) -> None:
    empty.put([document()])
    citation = empty.ask("Wie bleibt das Wetter in Hamburg?").results[0].citation
    assert "Wetter in Hamburg" in citation.quote

    empty.put([document(text="Neu davor.\n\n" + TEXT)])
    moved = empty.citation(citation.id)
    assert moved.status == "moved"
    assert moved.current is not None
    assert moved.current.start == citation.start + len("Neu davor.\n\n")
    assert empty.text("bericht")[moved.current.start : moved.current.end] == citation.quote

    empty.put([document(text="Nichts davon.")])
    assert empty.citation(citation.id).status == "altered"

    empty.remove(["bericht"])
    deleted = empty.citation(citation.id)
    assert (deleted.status, deleted.current) == ("deleted", None)
    assert deleted.citation.quote == citation.quote
    assert deleted.citation.source == "test"

    empty.put([document()])
    assert empty.citation(citation.id).status == "valid"


def test_citations_of_other_texts_and_places_are_not_found(empty: Collection) -> None:
    empty.put([document()])
    known = empty.ask("Hamburg").results[0].citation.id
    sha, key, _, _ = known.split(".")
    for unknown in (
        f"{'0' * 20}.{key}.0.5",
        f"{sha}.{'0' * 8}.0.5",
        f"{sha}.{key}.0.99999",
        "unsinn",
    ):
        with pytest.raises(NotFound):
            empty.citation(unknown)


def test_a_pronouns_passage_is_found_by_the_name_before_it(empty: Collection) -> None:
    filler = "Die Stadt liegt am Fluss und hat viele alte Häuser aus rotem Backstein. " * 9
    text = f"{filler}\n\nAnton Weber ist seit März im Amt.\n\nEr versprach eine Schule. {filler}"
    empty.put([document(text=text)])
    ranked = empty.retrieve("Was versprach Anton Weber?", top_k=3)
    spans = [Span(r.candidate.start, r.candidate.end) for r in ranked[:2]]
    promise = text.index("Er versprach")
    assert any(span.start <= promise < span.end for span in spans)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (document("mit leer"), InvalidId),
        (document("ä"), InvalidId),
        (document(""), InvalidId),
        (document("a" * 201), InvalidId),
        (document("a/b"), InvalidId),
        (document(text=" \n\t "), EmptyDocument),
        (document(published="2022-13"), InvalidDate),
        (document(published="gestern"), InvalidDate),
        (document(language="Deutsch!"), InvalidInput),
    ],
)
def test_nothing_is_put_when_one_is_not_acceptable(
    empty: Collection, wrong: Document, error: type[Exception]
) -> None:
    with pytest.raises(error):
        empty.put([document("gut"), wrong])
    assert empty.status().documents == 0


def test_an_id_may_be_given_once(empty: Collection) -> None:
    with pytest.raises(InvalidId, match="twice"):
        empty.put([document(), document(text="Anders.")])


def test_a_text_over_the_limit_names_the_setting(tmp_path: Path) -> None:
    encoder = Counting()
    settings = Settings(data_dir=tmp_path, max_document_characters=10)
    engine = open_engine(settings, encoder.dimension)
    small = Collection(engine, encoder, StaticEncoder(BUNDLED), settings)
    with pytest.raises(TooLarge, match="FUNDSTELLE_MAX_DOCUMENT_CHARACTERS"):
        small.put([document()])
    small.close()


@pytest.mark.parametrize(
    ("question", "top_k"), [("", 5), ("  ", 5), ("x" * 2001, 5), ("Wer?", 0), ("Wer?", 51)]
)
def test_a_question_must_be_one(empty: Collection, question: str, top_k: int) -> None:
    with pytest.raises(InvalidInput):
        empty.ask(question, top_k=top_k)


def test_filters_restrict_the_search_itself(empty: Collection) -> None:
    years = range(2000, 2020)
    texts = {y: f"Im Jahr {y} regnete es in Hamburg an vielen Tagen." for y in years}
    empty.put([document(f"d{y}", t, published=f"{y}-06", language="de") for y, t in texts.items()])
    empty.put([document("en", "In Hamburg it rained on many days.", language="en")])

    def found(**filters: Any) -> set[str]:  # noqa: ANN401
        answer = empty.ask("Regen in Hamburg", top_k=50, filters=Filters(**filters))
        return {r.citation.document_id for r in answer.results}

    assert found(languages=("en",)) == {"en"}
    assert found(document_ids=("d2003", "d2004")) == {"d2003", "d2004"}
    assert found(published_from="2017") == {"d2017", "d2018", "d2019"}
    assert found(published_to="2000-06-15") == {"d2000"}
    assert found(published_from="2005", published_to="2006-05") == {"d2005"}
    assert found(languages=("fr",)) == set()
    with pytest.raises(InvalidDate):
        found(published_from="2005-99")


def test_scores_do_not_depend_on_how_much_is_asked_for_or_before(collection: Collection) -> None:
    question = "Will Belarus send soldiers to Ukraine?"
    first = collection.ask(question, top_k=3)
    collection.ask("Was kostet ein Lottoschein?")
    again = collection.ask(question, top_k=50)
    assert first.results == again.results[:3]
    scores = [r.score for r in again.results]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= s <= 1.0 for s in scores)
    assert [r.rank for r in again.results] == list(range(1, len(scores) + 1))


def test_questions_asked_together_are_answered_as_if_alone(collection: Collection) -> None:
    askings = [
        Asking("Will Belarus send soldiers to Ukraine?", top_k=3),
        Asking("Was kostet ein Lottoschein?", top_k=50, min_score=0.1),
        Asking("Will Belarus send soldiers to Ukraine?", filters=Filters(languages=("de",))),
        Asking("Qui est Loukachenko ?"),
    ]
    together = collection.ask_all(askings)
    for asking, answer in zip(askings, together, strict=True):
        alone = collection.ask(
            asking.question,
            top_k=asking.top_k,
            filters=asking.filters,
            min_score=asking.min_score,
        )
        assert replace(answer, took_ms=0.0) == replace(alone, took_ms=0.0)
    assert collection.ask_all([]) == []
    with pytest.raises(InvalidInput, match="top_k"):
        collection.ask_all([*askings, Asking("Warum?", top_k=51)])


def test_what_is_removed_while_it_is_found_is_not_cited(
    empty: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.put([document("a", "In Hamburg regnet es."), document("b", "In Hamburg regnet es oft.")])
    engine, shown = empty._engine, empty._engine.shown

    def beside(passage_ids: Sequence[int]) -> dict[int, Shown]:
        if len(empty.documents()) == 2:
            empty.remove(["a"])
        return shown(passage_ids)

    monkeypatch.setattr(engine, "shown", beside)
    rain, colour = empty.ask_all([Asking("Wo regnet es?"), Asking("Wo ist es?", top_k=1)])
    for answer in (rain, colour):
        assert [r.citation.document_id for r in answer.results] == ["b"]
    assert rain.index.documents == 1


def test_min_score_leaves_out_the_unlikely(collection: Collection) -> None:
    question = "Will Belarus send soldiers to Ukraine?"
    everything = collection.ask(question, top_k=10)
    middle = everything.results[4].score
    kept = collection.ask(question, top_k=10, min_score=middle)
    assert [r.citation.id for r in kept.results] == [
        r.citation.id for r in everything.results if r.score >= middle
    ]
    nothing = collection.ask(question, min_score=1.0)
    assert (nothing.results, nothing.answerable) == ((), False)


def test_the_answer_is_a_sentence_of_the_first_result(collection: Collection) -> None:
    answer = collection.ask(
        "Wie viele Personen sind abrufbar, wenn das Kriegsrecht ausgerufen wird?"
    )
    assert answer.answerable
    assert answer.answer is not None
    at, first = answer.answer.citation, answer.results[0].citation
    assert at.document_id == first.document_id
    assert first.start <= at.start < at.end <= first.end
    assert collection.text(at.document_id)[at.start : at.end] == answer.answer.text == at.quote
    assert "1,5 Millionen" in answer.answer.text

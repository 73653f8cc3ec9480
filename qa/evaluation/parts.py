"""What ``make eval`` measures, part by part. Knows where data lies and asks; prints nothing.

Everything goes through the code that serves: each part makes a collection and asks it. Tatoeba
also compares vectors, because that is what its published figures do. A part whose data is absent
is skipped with a line. Of SQuAD, FLORES, Tatoeba and the questions out of collection, only the half
is asked that the ranking is never fitted on (``qa.evaluation.halves``).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from embeddings.bundled import load_encoder
from qa import console, seeds
from qa.collection import Collection
from qa.evaluation import flores, nomiracl, squad, strangers, tatoeba
from qa.evaluation.cli import evaluate
from qa.evaluation.dataset import load_questions
from qa.evaluation.halves import to_measure
from qa.evaluation.language_tables import Refusable, refusable_table, shares_table
from qa.evaluation.pace import Pace
from qa.evaluation.questions import Question
from qa.evaluation.report import NAMES, Report, directions_table, values_by_id
from qa.evaluation.run import FUSED, Asked, Asker, Judged, Tick, ask, judge
from qa.evaluation.show import counting
from qa.evaluation.temporary import collection_of, named
from qa.evaluation.verification import cases_table, judged
from qa.evaluation.verification_cases import cases
from qa.settings import Settings
from qa.types import Document

SEED = 11
SAMPLE = 2000
"""Most questions of a direction or language; only SQuAD has more."""
STRANGERS = 500
"""Most questions of a language that are asked over the seeds, which do not answer them."""
PARAGRAPHS = 400
"""Paragraphs of a language whose quotes are verified."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Given:
    """What a part needs to know.

    Attributes:
        dev: folder of the public development data.
        gold: folder of the questions over the seeds.
        settings: of the collections to measure.
        bar: shows progress.
        sample: ask at most this many questions of a direction or language.
    """

    dev: Path
    gold: Path
    settings: Settings
    bar: console.Bar
    sample: int = SAMPLE


def seeds_report(given: Given) -> Report:
    """The gold questions, all of them, over the documents that ship with the program."""
    pace = Pace()
    with collection_of(named(seeds.documents()), given.settings) as (collection, _):
        questions = load_questions(given.gold / "seeds.jsonl", collection.text)
        questions += load_questions(given.gold / "unanswerable.jsonl", collection.text)
        # Those with an answer are asked twice: for their ranking and for their answer.
        with pace.asking(len(questions) + sum(q.answerable for q in questions)):
            report = evaluate(collection, questions, "Seeds", given.bar)
    return pace.added_to(report, "Seeds")


def squad_report(given: Given) -> Report:
    """Questions in Italian and Spanish over paragraphs in Italian and in Spanish."""
    folder = given.dev / "squad"
    if not squad.present(folder):
        return _skipped("SQuAD", folder)
    pace, results = Pace(), dict[tuple[str, str], list[Judged]]()
    holding = dict[str, dict[str, list[float]]]()
    for asked in _squad_directions(given, "SQuAD", squad.documents, squad.questions):
        answers = squad.answers(folder, asked.direction[1])
        with pace.asking(len(asked.questions)):
            results[asked.direction] = asked.judged()
            told = _hold_answers(asked.collection, asked.documents, asked.questions, answers)
        if told:
            holding["→".join(asked.direction)] = {"holds": told}
    given.bar.hide()
    table, data = directions_table("SQuAD", results)
    tables = [table]
    if holding:
        note = "Of questions that are answered from the right paragraph, where it says the answer."
        title = "SQuAD: the sentence given as answer holds it"
        sentences, data["sentences"] = shares_table(title, holding, note)
        tables.append(sentences)
    scores = {f"{a}→{b}": values_by_id(judged, "nDCG@10") for (a, b), judged in results.items()}
    report = Report(tables, data, scores={"SQuAD nDCG@10": scores})
    return pace.added_to(report, "SQuAD")


def articles_report(given: Given) -> Report:
    """The same paragraphs as long documents: is the very passage found that says the answer?"""
    folder = given.dev / "squad"
    if not squad.present(folder):
        return _skipped("SQuAD in long documents", folder)
    pace, results = Pace(), dict[tuple[str, str], list[Judged]]()
    for asked in _squad_directions(given, "articles", squad.articles, squad.article_questions):
        with pace.asking(len(asked.questions)):
            results[asked.direction] = asked.judged()
    given.bar.hide()
    table, data = directions_table("SQuAD in long documents: the passage that answers", results)
    scores = {f"{a}→{b}": values_by_id(judged, "nDCG@10") for (a, b), judged in results.items()}
    report = Report([table], data, scores={"Articles nDCG@10": scores})
    return pace.added_to(report, "SQuAD in long documents")


@dataclass(frozen=True, slots=True)
class _Direction:
    """Questions in one language and a collection in one, while it is open."""

    direction: tuple[str, str]
    collection: Collection
    documents: Sequence[Document]
    questions: Sequence[Question]
    tick: Tick

    def judged(self) -> list[Judged]:
        """Their rankings."""
        return list(judge(self.collection, self.questions, tick=self.tick))


def _squad_directions(
    given: Given,
    name: str,
    documents_of: Callable[[Path, str], list[Document]],
    questions_of: Callable[[Path, str, str], list[Question]],
) -> Iterator[_Direction]:
    """Each direction, to be asked before the next is wanted."""
    folder = given.dev / "squad"
    for language in squad.LANGUAGES:
        documents = documents_of(folder, language)
        tick = counting(given.bar, f"reading {name} ({language})", len(documents))
        with collection_of(named(documents), given.settings, tick) as (collection, _):
            for direction in squad.DIRECTIONS:
                if direction[1] == language:
                    questions = measurable(questions_of(folder, *direction), given.sample)
                    tick = counting(given.bar, f"{name} {'→'.join(direction)}", len(questions))
                    yield _Direction(direction, collection, documents, questions, tick)


def _hold_answers(
    collection: Asker,
    documents: Sequence[Document],
    questions: Sequence[Question],
    answers: Mapping[str, str],
) -> list[float]:
    """1.0 for each sentence given that holds the answer, 0.0 where another of its paragraph does.

    Of questions that are answered from a paragraph that holds the answer known for them.
    """
    texts = {document.id: document.text.casefold() for document in documents}
    found = []
    for question in questions:
        given, known = collection.ask(question.text, top_k=1).answer, answers.get(question.id, "")
        if given is None or not known or given.citation.document_id not in question.documents:
            continue
        if known.casefold() in texts[given.citation.document_id]:
            found.append(float(known.casefold() in given.text.casefold()))
    return found


def flores_report(given: Given) -> Report:
    """Sentences in other languages: is the German sentence that says the same found first?"""
    folder = given.dev / "flores"
    if not flores.present(folder):
        return _skipped("FLORES", folder)
    pace, results = Pace(), dict[str, dict[str, list[float]]]()
    scores = dict[str, dict[str, float]]()
    documents = flores.documents(folder)
    tick = counting(given.bar, "reading FLORES", len(documents))
    with collection_of(named(documents), given.settings, tick) as (collection, _):
        for language in flores.languages(folder):
            questions = measurable(flores.questions(folder, language), given.sample)
            tick = counting(given.bar, f"FLORES {language}→de", len(questions))
            with pace.asking(len(questions)):
                judged = list(judge(collection, questions, tick=tick))
            results[language] = {
                name: [j.value("hit@1", by) for j in judged] for by, name in NAMES.items()
            }
            scores[f"{language}→{flores.ANSWERED_IN}"] = values_by_id(judged, "hit@1")
    given.bar.hide()
    table, data = shares_table("FLORES x→de: accuracy at 1", results)
    return pace.added_to(Report([table], data, scores={"FLORES accuracy@1": scores}), "FLORES")


def tatoeba_report(given: Given) -> Report:
    """Sentence pairs: by the encoder's vectors alone, as published, and by what serves."""
    folder = given.dev / "tatoeba"
    languages = tatoeba.languages(folder)
    if not languages:
        return _skipped("Tatoeba", folder)
    alone, served = dict[str, dict[str, list[float]]](), dict[str, dict[str, list[float]]]()
    encoder = load_encoder(given.settings.model, given.settings.model_key.get_secret_value())
    tick = counting(given.bar, "Tatoeba", len(languages))
    for language in languages:
        english, other = map(list, zip(*tatoeba.pairs(folder, language), strict=True))
        alone[language] = _both_ways(
            tatoeba.nearest_is_right(encoder, other, english),
            tatoeba.nearest_is_right(encoder, english, other),
        )
        served[language] = _both_ways(
            _found_first(given, other, english), _found_first(given, english, other)
        )
        tick()
    given.bar.hide()
    first, data = shares_table("Tatoeba x↔en: accuracy of the vectors alone", alone)
    note = "Half of the sentences are asked, among all."
    second, more = shares_table("Tatoeba x↔en: accuracy of the search that serves", served, note)
    scores = {"Tatoeba by vectors": _numbered(alone), "Tatoeba as served": _numbered(served)}
    return Report([first, second], {"vectors": data, "served": more}, scores=scores)


def _numbered(
    languages: Mapping[str, Mapping[str, Sequence[float]]],
) -> dict[str, dict[str, float]]:
    """Both ways' values of every pair that was asked, by its place among those."""
    return {
        f"{language}↔en": {str(number): value for number, value in enumerate(values["both"])}
        for language, values in languages.items()
    }


def _both_ways(into: list[float], back: list[float]) -> dict[str, list[float]]:
    both = [(a + b) / 2 for a, b in zip(into, back, strict=True)]
    return {"x→en": into, "en→x": back, "both": both}


def _found_first(given: Given, asked: list[str], answers: list[str]) -> list[float]:
    """1.0 for each of a sample of sentences whose counterpart is found first among all."""
    documents = tatoeba.documents(answers)
    with collection_of(named(documents), given.settings) as (collection, _):
        chosen = measurable(tatoeba.questions(asked), given.sample)
        return [j.value("hit@1") for j in judge(collection, chosen, evidence=(FUSED,))]


def nomiracl_report(given: Given) -> Report:
    """Native questions, each over its own ten passages of Wikipedia: what is refused?"""
    folder = given.dev / "nomiracl"
    languages = nomiracl.languages(folder)
    if not languages:
        return _skipped("NoMIRACL", folder)
    pace, results = Pace(), dict[str, Refusable]()
    for language in languages:
        pools = nomiracl.pools(folder, language)
        documents = nomiracl.documents(pools)
        chosen = {
            answerable: sampled([p for p in pools if p.answerable is answerable], given.sample)
            for answerable in (True, False)
        }
        tick = counting(given.bar, f"reading NoMIRACL ({language})", len(documents))
        with collection_of(named(documents), given.settings, tick) as (collection, _):
            tick = counting(given.bar, f"NoMIRACL {language}", sum(map(len, chosen.values())))
            with pace.asking(sum(map(len, chosen.values()))):
                results[language] = Refusable(
                    _within_pools(collection, chosen[True], tick),
                    _within_pools(collection, chosen[False], tick),
                )
    given.bar.hide()
    note = "The last two columns are at the threshold that ships."
    table, data = refusable_table("NoMIRACL: refusals over ten passages", results, note)
    return pace.added_to(Report([table], data), "NoMIRACL")


def strangers_report(given: Given) -> Report:
    """Questions of general knowledge over the seeds, which answer none of them."""
    if not strangers.present(given.dev):
        return _skipped("Out of collection", given.dev / strangers.SOURCES[0])
    pace, results = Pace(), dict[str, dict[str, list[float]]]()
    most = min(given.sample, STRANGERS)
    with collection_of(named(seeds.documents()), given.settings) as (collection, _):
        for language, every in strangers.questions(given.dev).items():
            questions = measurable(every, most)
            tick = counting(given.bar, f"out of collection ({language})", len(questions))
            with pace.asking(len(questions)):
                asked = list(ask(collection, questions, tick=tick))
            results[language] = {"refused": [float(not a.answerable) for a in asked]}
    given.bar.hide()
    note = "At the threshold that ships."
    table, data = shares_table("MKQA and QALD over the seeds: refused", results, note)
    return pace.added_to(Report([table], data), "Out of collection")


def verification_report(given: Given) -> Report:
    """Quotes edited in known ways: over the seeds, and over paragraphs in Italian and Spanish."""
    pace, report = Pace(), Report()
    sets = {"seeds": seeds.documents()}
    if squad.present(given.dev / "squad"):
        for language in squad.LANGUAGES:
            paragraphs = squad.documents(given.dev / "squad", language)
            sets[f"SQuAD {language}"] = sampled(paragraphs, PARAGRAPHS)
    else:
        report.notes.append(f"Verification over SQuAD was skipped: it is not in {given.dev}.")
    for name, documents in sets.items():
        quotes = cases(documents)
        tick = counting(given.bar, f"reading {name}", len(documents))
        with collection_of(named(documents), given.settings, tick) as (collection, _):
            with pace.asking(len(quotes)):
                every = list(judged(collection, quotes))
        table, report.data[name] = cases_table(f"Verification of quotes: {name}", every)
        report.tables.append(table)
    given.bar.hide()
    return pace.added_to(report, "Verification")


PARTS: Mapping[str, Callable[[Given], Report]] = {
    "seeds": seeds_report,
    "squad": squad_report,
    "articles": articles_report,
    "flores": flores_report,
    "tatoeba": tatoeba_report,
    "nomiracl": nomiracl_report,
    "strangers": strangers_report,
    "verification": verification_report,
}


def measurable(questions: Sequence[Question], most: int) -> list[Question]:
    """At most so many of those that the ranking is never fitted on."""
    return sampled(to_measure(questions), most)


def sampled(items: Sequence[_T], most: int) -> list[_T]:
    """At most so many of them in their order, the same ones each time."""
    if len(items) <= most:
        return list(items)
    return [items[i] for i in sorted(random.Random(SEED).sample(range(len(items)), most))]


def _within_pools(collection: Asker, pools: Sequence[nomiracl.Pool], tick: Tick) -> list[Asked]:
    own = {pool.question.id: pool.filters for pool in pools}
    questions = [pool.question for pool in pools]
    return list(ask(collection, questions, filters=lambda q: own[q.id], tick=tick))


def _skipped(title: str, folder: Path) -> Report:
    return Report(notes=[f"{title} was skipped: it is not in {folder}."])

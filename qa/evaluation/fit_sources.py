"""Questions with their candidates, to fit the ranking on. Knows no models.

All are of the half that is not measured (``qa.evaluation.halves``). The evidence comes from the
code that serves, for everything that was found: what is not worth ranking is a wrong candidate,
too, and with it the order is better.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.evaluation import flores, nomiracl, squad, strangers, tatoeba
from qa.evaluation.halves import to_fit
from qa.evaluation.questions import Question
from qa.evaluation.run import in_parallel
from qa.evaluation.temporary import collection_of, named
from qa.ranking import Ranking
from qa.ranking_model import Flags, Floats
from qa.second_look import Tokens
from qa.sentences import sentences
from qa.settings import Settings
from qa.types import Document

SEED = 7
SQUAD_QUESTIONS = 2500  # of each language, over Italian, Spanish, both, and among others
SENTENCE_QUESTIONS = 700  # of each language, over the sentences of each
FLORES_QUESTIONS = 150  # of each language, whole; as many others by their first halves
TATOEBA_QUESTIONS = 200  # of each language and direction
STRANGERS = 100  # of each language
SMALL = 40  # paragraphs in a small collection
SMALL_COLLECTIONS = 12  # of each language
SMALL_QUESTIONS = 60  # of each kind and language over a small collection
LEAST = 20  # characters of a sentence
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Group:
    """A question's n candidates.

    Attributes:
        features: (n, len(FEATURES)) or (n, len(ABSOLUTE)).
        same: (n,) whether in the question's language.
        answers: (n,) the number of the answer that it is of, from 1 on; 0 where it is wrong.
        source: the kind of collection.
        held: whether the collection holds an answer at all.
        tokens: of the question, for the second look.
        met: (n, 9, m) how the candidates meet them; without, they are not looked at again.
    """

    features: Floats
    same: Flags
    answers: NDArray[np.intp]
    source: str
    held: bool
    tokens: Tokens | None = None
    met: NDArray[np.float16] | None = None

    @property
    def right(self) -> Flags:
        """(n,) whether it answers."""
        return self.answers > 0


def present(dev: Path) -> bool:
    """Whether SQuAD, FLORES and Tatoeba are there; the rest makes the fit better."""
    return (
        squad.present(dev / "squad")
        and flores.present(dev / "flores")
        and bool(tatoeba.languages(dev / "tatoeba"))
    )


def sources(dev: Path) -> Iterator[list[Group]]:
    """Every collection's questions, asked."""
    rng = random.Random(SEED)
    unanswered = strangers_sample(dev, rng)
    for languages in (("it",), ("es",), ("it", "es")):
        documents = paragraphs(dev, languages)
        questions = squad_questions(dev / "squad", languages, rng)
        yield asked(documents, questions, f"squad {'+'.join(languages)}")
        if len(languages) == 1:
            yield asked(documents, unanswered, "strangers")
    yield asked(
        [*paragraphs(dev, squad.LANGUAGES), *wikipedia(dev)],
        squad_questions(dev / "squad", squad.LANGUAGES, rng),
        "among others",
    )
    for language in squad.LANGUAGES:
        yield from small_collections(dev / "squad", language, unanswered, rng)
        yield squad_sentences(dev / "squad", language, rng)
    german = flores.documents(dev / "flores")
    yield asked(german, list(flores_questions(dev / "flores", rng)), "flores")
    yield asked(german, unanswered, "strangers")
    for language in tatoeba.languages(dev / "tatoeba"):
        yield from tatoeba_sentences(dev / "tatoeba", language, rng)


def paragraphs(dev: Path, languages: Iterable[str]) -> list[Document]:
    """SQuAD's, each a document of its own."""
    return [d for language in languages for d in squad.documents(dev / "squad", language)]


def wikipedia(dev: Path) -> list[Document]:
    """Forty thousand passages that answer none of SQuAD's questions, or none if not there."""
    folder = dev / "nomiracl"
    return [
        document
        for language in nomiracl.languages(folder)
        for document in nomiracl.documents(nomiracl.pools(folder, language))
    ]


def squad_questions(folder: Path, languages: Sequence[str], rng: random.Random) -> list[Question]:
    """Questions in both languages over paragraphs of these; in both, either paragraph is right."""
    chosen: list[Question] = []
    for asked_in in squad.LANGUAGES:
        by_id: dict[str, Question] = {}
        for answered_in in languages:
            for question in to_fit(squad.questions(folder, asked_in, answered_in)):
                known = by_id.get(question.id)
                documents = dict(known.documents if known else {}) | dict(question.documents)
                by_id[question.id] = replace(question, documents=documents)
        complete = [q for q in by_id.values() if len(q.documents) == len(languages)]
        chosen += sampled(complete, SQUAD_QUESTIONS, rng)
    return chosen


def small_collections(
    folder: Path, language: str, unanswered: list[Question], rng: random.Random
) -> Iterator[list[Group]]:
    """Neighbouring paragraphs, which are on a subject or two, asked what they answer and not.

    Evidence weighs differently where a word cannot be rare.
    """
    every = squad.documents(folder, language)
    of_language = [to_fit(squad.questions(folder, asked, language)) for asked in squad.LANGUAGES]
    for first in rng.sample(range(0, len(every) - SMALL, SMALL), SMALL_COLLECTIONS):
        documents = every[first : first + SMALL]
        ids = {document.id for document in documents}
        here = [[q for q in some if not ids.isdisjoint(q.documents)] for some in of_language]
        questions = [q for some in here for q in sampled(some, SMALL_QUESTIONS, rng)]
        questions += sampled(unanswered, SMALL_QUESTIONS, rng)
        yield asked(documents, questions, f"small {language}")


def squad_sentences(folder: Path, language: str, rng: random.Random) -> list[Group]:
    """Each sentence of a paragraph a document of its own: the one that holds the answer is right.

    Of questions whose answer stands in one sentence only.
    """
    cut = {document.id: list(_cut(document)) for document in squad.documents(folder, language)}
    answers = squad.answers(folder, language)
    chosen: list[Question] = []
    for asked_in in squad.LANGUAGES:
        told: list[Question] = []
        for question in to_fit(squad.questions(folder, asked_in, language)):
            (paragraph,) = question.documents
            answer = answers.get(question.id, "").lower()
            holding = [one.id for one in cut[paragraph] if answer and answer in one.text.lower()]
            if len(holding) == 1:
                told.append(replace(question, documents={holding[0]: 1.0}))
        chosen += sampled(told, SENTENCE_QUESTIONS, rng)
    return asked([one for some in cut.values() for one in some], chosen, f"sentences {language}")


def _cut(document: Document) -> Iterator[Document]:
    text = document.text
    for number, span in enumerate(sentences(text, 0, len(text), document.language)):
        if span.end - span.start >= LEAST:
            sentence = text[span.start : span.end]
            yield replace(document, id=f"{document.id}-{number}", text=sentence)


def flores_questions(folder: Path, rng: random.Random) -> Iterator[Question]:
    """Sentences, whole and the first halves of others; the German sentence is asked for."""
    for language in flores.languages(folder):
        some = sampled(to_fit(flores.questions(folder, language)), 2 * FLORES_QUESTIONS, rng)
        for number, question in enumerate(some):
            middle = len(question.text) // 2
            space = question.text.rfind(" ", 0, middle)
            half = question.text[: space if space > 0 else middle]
            yield question if number < FLORES_QUESTIONS else replace(question, text=half)


def tatoeba_sentences(folder: Path, language: str, rng: random.Random) -> Iterator[list[Group]]:
    """Sentences of English and another language; each asks for its counterpart."""
    english, other = zip(*tatoeba.pairs(folder, language), strict=True)
    for texts, asking in ((english, other), (other, english)):
        chosen = sampled(to_fit(tatoeba.questions(asking)), TATOEBA_QUESTIONS, rng)
        yield asked(tatoeba.documents(texts), chosen, "tatoeba")


def strangers_sample(dev: Path, rng: random.Random) -> list[Question]:
    """Questions that none of the collections answers, in eleven languages."""
    return [
        question
        for of_language in strangers.questions(dev).values()
        for question in sampled(to_fit(of_language), STRANGERS, rng)
    ]


def sampled(questions: list[Question], most: int, rng: random.Random) -> list[Question]:
    """At most so many of them, in any order."""
    return rng.sample(questions, min(most, len(questions)))


def asked(documents: list[Document], questions: list[Question], source: str) -> list[Group]:
    """Put the documents into a collection of their own and ask the questions."""
    with collection_of(named(documents), Settings()) as (collection, _):

        def one(question: Question) -> Group:
            return _group(collection.ranking(question.text, everything=True), question, source)

        groups = [g for g in in_parallel(one, questions) if len(g.same)]
    _logger.info("%s: %d questions over %d documents", source, len(groups), len(documents))
    return groups


def _group(ranking: Ranking, question: Question, source: str) -> Group:
    number = {document: n for n, document in enumerate(question.documents, start=1)}
    weighed, passages = ranking.evidence, ranking.found.passages
    count = len(passages)
    answers = [number.get(passages.document(n), 0) for n in range(count)]
    return Group(
        weighed.features,
        weighed.same,
        np.array(answers, dtype=np.intp),
        source,
        question.answerable,
        weighed.tokens,
        weighed.met(np.arange(count)).astype(np.float16),
    )

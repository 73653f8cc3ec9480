"""Quotes of documents, edited in known ways, with what a verifier must say. Knows no verifier.

Made deterministically from sentences by plain string edits. A class's verdicts are all that are
right for it; those of ``PASSING`` say that the documents do say the words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.evaluation.verification_edits import EDITS, Edit
from qa.types import Document

PASSING = frozenset({"exact", "ambiguous", "normalised"})
_SEED = 11
_NOWHERE = (
    "Die Katze des Nachbarn schläft seit gestern auf dem warmen Ofen in der Küche.",
    "Für den Kuchen braucht man drei Eier, etwas Mehl und eine Prise Salz.",
    "Der Gitarrist stimmte sein Instrument, bevor das Konzert im Garten begann.",
    "Unter dem Mikroskop sieht man die Zellwände der Zwiebel besonders deutlich.",
    "The lighthouse keeper painted the door green before the first snow fell.",
    "Octopuses have three hearts and can squeeze through very narrow openings.",
    "She knitted a scarf for every child in the village school last winter.",
    "Le boulanger ouvre sa boutique à six heures, sauf pendant les vacances d'été.",
    "Садовник полил розы и подрезал старую яблоню возле забора.",
    "Бабуся спекла пиріг з вишнями, а онуки прибрали на кухні.",
    "El pescador remendó sus redes antes de que saliera la luna llena.",
    "Il falegname ha costruito una libreria di noce per la biblioteca comunale.",
)
_ACROSS = re.compile(r"(?<!\S)(\S[^\n]{30,60})(\s*\n\s*)(\S[^\n]{30,60}(?=\s))")
_VERBATIM = ("verbatim", "a number cut")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document, where it is."""

    document_id: str
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """A quote and what is right to say of it.

    Attributes:
        kind: the class of edit.
        quote: the edited words.
        verdicts: all that are right.
        within: the document that is named with the quote, or None.
        source: the sentence that was edited, which the first match must touch; None when the
            quote is of no one sentence.
    """

    kind: str
    quote: str
    verdicts: frozenset[str]
    within: str | None = None
    source: Sentence | None = None


def cases(documents: Sequence[Document], each: int = 20) -> list[Case]:
    """At most ``each`` cases of each class, always the same ones for the same documents."""
    rng = random.Random(_SEED)
    sentences = [s for document in documents for s in _sentences(document)]
    everything = "\0".join(document.text for document in documents)
    made: list[Case] = []
    for kind, verdicts, edit in EDITS:
        made += _edited(
            kind, verdicts, edit, rng.sample(sentences, len(sentences)), everything, each
        )
    made += [Case("from nowhere", quote, frozenset({"not_found"})) for quote in _NOWHERE]
    made += _across_paragraphs(documents, rng, each)
    made += _glued(sentences, rng, each)
    made += _misattributed(sentences, documents, everything, rng, each)
    return made


def _edited(
    kind: str, verdicts: str, edit: Edit, sentences: list[Sentence], everything: str, each: int
) -> list[Case]:
    rng, made = random.Random(kind), list[Case]()
    right = frozenset(verdicts.split())
    for sentence in sentences:
        quote = edit(sentence.text, rng)
        # By chance the documents may say the edited words too.
        told = quote is not None and (quote in everything) == (kind in _VERBATIM)
        if quote is not None and told and everything.count(sentence.text) == 1:
            made.append(Case(kind, quote, right, source=sentence))
        if len(made) == each:
            break
    return made


def _sentences(document: Document) -> Iterator[Sentence]:
    for match in re.finditer(r"(?<![^\s\"(])[^\s.!?][^.!?\n]{50,260}[.!?](?=\s|$)", document.text):
        text = match.group()
        if len(text.split()) >= 8:
            yield Sentence(document.id, match.start(), text)


def _across_paragraphs(
    documents: Sequence[Document], rng: random.Random, each: int
) -> Iterator[Case]:
    pairs = [
        (document.id, match)
        for document in documents
        for match in re.finditer(
            r"(?<!\S)(\S[^\n]{30,60})(\s*\n\s*)(\S[^\n]{30,60}(?=\s))", document.text
        )
    ]
    for document_id, match in rng.sample(pairs, min(each, len(pairs))):
        source = Sentence(document_id, match.start(), match.group())
        quote = f"{match[1].rstrip()} {match[3]}"
        # A number that is cut is another number: leave those to their own class.
        if match[1][0].isalpha() and match[3][-1].isalpha():
            right = frozenset({"normalised"})
            yield Case("across a paragraph break", quote, right, source=source)


def _glued(sentences: Sequence[Sentence], rng: random.Random, each: int) -> Iterator[Case]:
    right = frozenset({"altered", "not_found"})
    for _ in range(min(each, len(sentences) // 2)):
        first, second = rng.sample(sentences, 2)
        yield Case("two passages glued", f"{first.text} {second.text}", right)


def _misattributed(
    sentences: Sequence[Sentence],
    documents: Sequence[Document],
    everything: str,
    rng: random.Random,
    each: int,
) -> Iterator[Case]:
    once = [s for s in sentences if everything.count(s.text) == 1]
    for sentence in rng.sample(once, min(each, len(once))):
        other = rng.choice([d.id for d in documents if d.id != sentence.document_id])
        right = frozenset({"other_document"})
        yield Case("another document named", sentence.text, right, other, sentence)

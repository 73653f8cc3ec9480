"""Quotes of documents, edited in known ways, with what a verifier must say. Knows no verifier.

Made deterministically from sentences by plain string edits. A class's verdicts are all that are
right for it; those of ``PASSING`` say that the documents do say the words.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

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
_VERBATIM = ("verbatim", "a number cut")
_NEGATIONS = r"nicht|nie|niemals|kein|keine|keinen|not|never|не|no|non|nunca|mai"
_NAMES = ("Lukaschenko", "Putin", "Belarus", "Russland", "Ukraine", "Minsk", "Moskau", "Kiew")
_UNITS = {"Prozent": "Promille", "Millionen": "Milliarden", "Kilometer": "Meilen", "km": "Meilen",
          "Jahre": "Monate", "Jahren": "Monaten", "Euro": "Dollar", "Tage": "Wochen",
          "años": "meses", "anni": "mesi", "metros": "pies", "millones": "miles"}  # fmt: skip


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


Edit = Callable[[str, random.Random], str | None]
"""The edited sentence, or None where the edit cannot be made."""


def cases(documents: Sequence[Document], each: int = 20) -> list[Case]:
    """At most ``each`` cases of each class, always the same ones for the same documents."""
    rng = random.Random(_SEED)
    sentences = [s for document in documents for s in _sentences(document)]
    everything = "\0".join(document.text for document in documents)
    made: list[Case] = []
    for kind, verdicts, edit in _EDITS:
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


def _digit(text: str, rng: random.Random) -> str | None:
    places = [m.start() for m in re.finditer(r"[0-9]", text)]
    if not places:
        return None
    at = rng.choice(places)
    new = rng.choice([d for d in "123456789" if d != text[at]])
    return text[:at] + new + text[at + 1 :]


def _without_negation(text: str, _: random.Random) -> str | None:
    edited = re.sub(rf" (?:{_NEGATIONS})(?= )", "", text, count=1)
    return edited if edited != text else None


def _with_negation(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    words.insert(rng.randrange(2, len(words) - 1), "nicht" if rng.random() < 0.7 else "не")
    return " ".join(words)


def _name(text: str, rng: random.Random) -> str | None:
    names = [name for name in _NAMES if re.search(rf"\b{name}\b", text)]
    others = [m.group() for m in re.finditer(r"(?<=[a-zà-ÿ,] )[A-Z][a-zà-ÿ]{3,}\b", text)]
    if not names and not others:
        return None
    old = rng.choice(names or others)
    new = rng.choice([name for name in (*_NAMES, "Bernasconi") if name not in text])
    return re.sub(rf"\b{old}\b", new, text, count=1)


def _reordered(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    first, second = sorted(rng.sample(range(1, len(words) - 1), 2))
    if words[first].casefold() == words[second].casefold():
        return None
    words[first], words[second] = words[second], words[first]
    return " ".join(words)


def _shuffled_halves(text: str, _: random.Random) -> str | None:
    words = text[:-1].split(" ")
    half = len(words) // 2
    return " ".join(words[half:] + words[:half])


def _cased(text: str, rng: random.Random) -> str | None:
    return rng.choice([text.upper(), text.lower(), text.title()])


def _ligature(text: str, _: random.Random) -> str | None:
    edited = text.replace("fi", "ﬁ").replace("fl", "ﬂ").replace("ff", "ﬀ")
    return edited if edited != text else None


def _soft_hyphen(text: str, rng: random.Random) -> str | None:
    words = [m.start() + 3 for m in re.finditer(r"[^\W\d]{7,}", text)]
    at = rng.choice(words) if words else 0
    return text[:at] + rng.choice("\u00ad\u200b") + text[at:] if at else None


def _other_marks(text: str, rng: random.Random) -> str | None:
    if text.count('"') != 2:
        return None
    before, inside, after = text.split('"')
    opening, closing = rng.choice(["„“", "“”", "»«", "‘’", ("« ", " »")])
    return f"{before}{opening}{inside}{closing}{after}"


def _in_marks(text: str, rng: random.Random) -> str | None:
    opening, closing = rng.choice(["„“", "“”", '""', "»«", ("« ", " »"), (" ", "\n")])
    return f"{opening}{text}{closing}"


def _dashes(text: str, rng: random.Random) -> str | None:
    edited = re.sub(r" [-–—] ", rng.choice([" – ", " — ", " -- ", " ‒ "]), text)
    edited = re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", "‑", edited)
    return edited if edited != text else None


def _decomposed(text: str, _: random.Random) -> str | None:
    edited = unicodedata.normalize("NFD", text)
    return edited if edited != text else None


def _spaced(text: str, rng: random.Random) -> str | None:
    return text.replace(" ", rng.choice(["\u00a0", "  ", "\n", "\r\n", "\u202f"]))


def _noisy(text: str, rng: random.Random) -> str | None:
    letters = [n for n, c in enumerate(text) if c.isalpha()]
    characters = list(text)
    for n in rng.sample(letters, max(2, len(letters) // 25)):
        characters[n] = rng.choice([c for c in "rnlict" if c != characters[n].casefold()])
    return "".join(characters)


def _ellipsis(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    mark = rng.choice(["[…]", "[...]", "(…)", "…", "..."])
    return " ".join([*words[:3], mark, *words[-4:]])


def _ellipsis_turned(text: str, _: random.Random) -> str | None:
    words = text.split(" ")
    return " ".join([*words[-4:], "[…]", *words[:4]])


def _word(text: str, rng: random.Random) -> str | None:
    words = text.split(" ")
    at = rng.randrange(1, len(words) - 1)
    words[at] = rng.choice(["vermutlich", "grün", "Kartoffeln", "however", "якобы"])
    return " ".join(words)


def _unit(text: str, _: random.Random) -> str | None:
    for old, new in _UNITS.items():
        if re.search(rf"\b{old}\b", text):
            return re.sub(rf"\b{old}\b", new, text, count=1)
    return None


def _cut_number(text: str, _: random.Random) -> str | None:
    match = re.search(r"(?<=\d)\d[^.]{25,}", text)
    return match.group() if match else None


def _across_paragraphs(
    documents: Sequence[Document], rng: random.Random, each: int
) -> Iterator[Case]:
    pairs = [
        (document.id, match)
        for document in documents
        for match in re.finditer(r"(\S[^\n]{30,60})(\s*\n\s*)(\S[^\n]{30,60}\b)", document.text)
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


_EDITS: tuple[tuple[str, str, Edit], ...] = (
    ("verbatim", "exact", lambda text, _: text),
    ("one digit changed", "altered", _digit),
    ("a number cut", "altered", _cut_number),
    ("negation dropped", "altered", _without_negation),
    ("negation added", "altered", _with_negation),
    ("name swapped", "altered", _name),
    ("two words swapped", "altered", _reordered),
    ("halves swapped", "altered", _shuffled_halves),
    ("one word replaced", "altered", _word),
    ("unit changed", "altered", _unit),
    ("noise as of OCR", "altered", _noisy),
    ("ellipsis in wrong order", "altered not_found", _ellipsis_turned),
    ("case changed", "normalised", _cased),
    ("ligatures", "normalised", _ligature),
    ("soft hyphen", "normalised", _soft_hyphen),
    ("other quotation marks", "normalised", _other_marks),
    ("in quotation marks", "normalised", _in_marks),
    ("dashes", "normalised", _dashes),
    ("decomposed", "normalised", _decomposed),
    ("white space", "normalised", _spaced),
    ("ellipsis", "normalised", _ellipsis),
)

"""Makes collections of any size out of real sentences, the same ones for the same seed.

``python -m tests.benchmarks.corpus 100000`` prints what a collection of that size is made of.

Half of a collection at most are real paragraphs, kept whole, each a document of its own: all of
SQuAD in Italian and Spanish, whose questions say which paragraph answers, then NoMIRACL's
Wikipedia passages. The rest are made up: a document has 3 to 10 paragraphs in one language, drawn
from a stretch of neighbouring sentences, so that it has a subject as real ones do. A paragraph is
as long as what the splitter makes one passage of.

Documents are made one at a time; a million passages are never in memory.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path

from qa.evaluation import nomiracl, squad
from qa.evaluation.compressed import rows
from qa.evaluation.halves import to_measure
from qa.evaluation.questions import Question
from qa.types import Document
from tests.benchmarks.sentence_pools import UNSPACED, Pools, present, read_pools

MIX = {
    **{"de": 15, "en": 15, "ru": 10, "fr": 8, "es": 8, "it": 6, "uk": 6, "zh": 6, "ja": 6},
    **{"ar": 6, "pl": 4, "pt": 3, "nl": 2, "tr": 2, "cs": 1, "hi": 1, "be": 1},
}
"""Per cent of the made-up documents."""

SEED = 20
KNOWN_SHARE = 0.5
_STRETCH = 60  # neighbouring sentences that one document draws from
_PARAGRAPH = 400  # characters from which on the splitter joins nothing more
_CUT = 750  # characters from which on the splitter cuts a paragraph
_PIECE = 490  # about how long its pieces are then
_MKQA = ("ar", "en", "es", "ja", "ru", "tr", "zh")


@dataclass(frozen=True, slots=True)
class Sources:
    """What collections are made of.

    Attributes:
        pools: sentences by language.
        known: real paragraphs, those that questions are judged by first.
        judged: questions with the documents that answer them.
        asked: questions without judgement, in many languages.
    """

    pools: Pools
    known: Sequence[Document]
    judged: Sequence[Question] = ()
    asked: Sequence[str] = ()


def read_sources(data: Path) -> Sources:
    """Read everything, which takes some hundred megabytes, whatever the size of a collection."""
    twins = _twins(data / "dev" / "squad")
    italian, spanish = (squad.documents(data / "dev" / "squad", one) for one in squad.LANGUAGES)
    place = {twins[one.id]: number for number, one in enumerate(italian) if one.id in twins}
    spanish.sort(key=lambda one: place.get(one.id, len(place)))
    folder = data / "dev" / "nomiracl"
    pools = [nomiracl.pools(folder, one) for one in nomiracl.languages(folder)]
    passages = [nomiracl.documents(one) for one in pools]
    mkqa = [
        row[language]
        for row in rows(data / "dev" / "mkqa" / "questions.jsonl.gz")
        for language in _MKQA
        if row.get(language)
    ]
    return Sources(
        pools=read_pools(data, MIX),
        known=[*_in_turn([italian, spanish]), *_in_turn(passages)],
        judged=_judged(data / "dev" / "squad", twins),
        asked=[*mkqa, *(pool.question.text for pool in chain.from_iterable(pools))],
    )


def documents(sources: Sources, passages: int, seed: int = SEED) -> Iterator[Document]:
    """Documents of so many passages in all, if every paragraph is one."""
    known = known_documents(sources, passages)
    yield from (Document(one.id, one.text, "bench") for one in known)
    left = passages - sum(pieces(one.text) for one in known)
    rng = random.Random(seed)
    languages, shares = zip(*((k, v) for k, v in MIX.items() if sources.pools.get(k)), strict=True)
    number = 0
    while left > 0:
        for language in rng.choices(languages, shares, k=1000):
            if left <= 0:
                return
            count = min(left, rng.randint(3, 10))
            text = _text(rng, sources.pools[language], count, language)
            yield Document(f"made-{number:07d}-{language}", text, "bench")
            number += 1
            left -= count


def known_documents(sources: Sources, passages: int) -> list[Document]:
    """The real paragraphs of a collection of that size: those of a smaller one, and more."""
    room = KNOWN_SHARE * passages
    kept = []
    for one in sources.known:
        room -= pieces(one.text)
        if room < 0:
            break
        kept.append(one)
    return kept


def judged_questions(
    sources: Sources, passages: int, each: int, seed: int = SEED
) -> dict[str, list[Question]]:
    """So many questions a language that the paragraphs in a collection of that size answer.

    Of those that the ranking is never fitted on.
    """
    there = {one.id for one in known_documents(sources, passages)}
    found: dict[str, list[Question]] = {}
    for question in to_measure(sources.judged):
        if there.issuperset(question.documents):
            found.setdefault(str(question.language), []).append(question)
    rng = random.Random(seed)
    return {one: rng.sample(some, min(each, len(some))) for one, some in found.items()}


def load_questions(sources: Sources, limit: int, seed: int = SEED) -> list[str]:
    """Distinct questions in many languages, in an order that mixes them."""
    texts = [*sources.asked, *(question.text for question in sources.judged)]
    distinct = list(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))
    random.Random(seed).shuffle(distinct)
    return distinct[:limit]


def pieces(text: str) -> int:
    """About how many passages the splitter makes of a real paragraph."""
    return 1 if len(text) < _CUT else round(len(text) / _PIECE)


def _twins(folder: Path) -> dict[str, str]:
    """The Spanish paragraph that says the same, by the Italian one."""
    italian = {one.id: _only(one) for one in squad.questions(folder, "it", "it")}
    return {italian[one.id]: _only(one) for one in squad.questions(folder, "it", "es")}


def _judged(folder: Path, twins: Mapping[str, str]) -> list[Question]:
    """Questions with both paragraphs that answer them: the Italian one and its Spanish twin."""
    return [
        replace(one, documents={_only(one): 1.0, twins[_only(one)]: 1.0})
        for language in squad.LANGUAGES
        for one in squad.questions(folder, language, "it")
        if _only(one) in twins
    ]


def _only(question: Question) -> str:
    """The one document that answers."""
    (document,) = question.documents
    return document


def _text(rng: random.Random, pool: list[str], paragraphs: int, language: str) -> str:
    first = int(rng.random() * max(1, len(pool) - _STRETCH))
    stretch = pool[first : first + _STRETCH]
    between = "" if language in UNSPACED else " "
    return "\n\n".join(between.join(_sentences(rng, stretch)) for _ in range(paragraphs))


def _sentences(rng: random.Random, stretch: list[str]) -> list[str]:
    """Sentences of one paragraph: between _PARAGRAPH and _CUT characters together."""
    chosen: list[str] = []
    length = 0
    while length < _PARAGRAPH:
        sentence = stretch[int(rng.random() * len(stretch))]
        chosen.append(sentence)
        length += len(sentence) + 1
    return chosen


def _in_turn(lists: Sequence[Sequence[Document]]) -> list[Document]:
    """One of each list, then the next of each."""
    return [one for group in zip_longest(*lists) for one in group if one is not None]


def main() -> None:
    """Make a collection and say what it is made of."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("passages", type=int, nargs="?", default=100_000)
    parser.add_argument("--data", type=Path, default=Path("../shared"))
    options = parser.parse_args()
    if not present(options.data):
        sys.exit(f"The texts that collections are made of are not in {options.data}; name --data.")
    sources = read_sources(options.data)
    started = time.perf_counter()
    made = Counter[str]()
    characters = paragraphs = 0
    for one in documents(sources, options.passages):
        made[one.id.split("-")[2] if one.id.startswith("made") else one.id.split("-")[0]] += 1
        characters += len(one.text)
        paragraphs += one.text.count("\n\n") + 1
    seconds = time.perf_counter() - started
    sys.stdout.write(
        f"{made.total()} documents, {paragraphs} paragraphs, {characters / paragraphs:.0f} "
        f"characters each, {paragraphs / seconds:.0f} a second\n"
        f"documents: {', '.join(f'{name} {count}' for name, count in made.most_common())}\n"
        f"sentences: {', '.join(f'{k} {len(v)}' for k, v in sources.pools.items())}\n"
        f"questions: {len(load_questions(sources, 10**6))} distinct; judged: "
        f"{ {k: len(v) for k, v in judged_questions(sources, options.passages, 10**6).items()} }\n"
    )


if __name__ == "__main__":
    main()

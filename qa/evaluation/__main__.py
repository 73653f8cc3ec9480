"""``python -m qa.evaluation``: the questions over the seeds, and SQuAD where it is present."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embeddings.errors import EmbeddingError
from qa import console, seeds
from qa.errors import FundstelleError
from qa.evaluation import squad
from qa.evaluation.cli import evaluate
from qa.evaluation.dataset import load_questions
from qa.evaluation.report import Report, directions_table
from qa.evaluation.run import Judged, judge
from qa.evaluation.show import counting, show
from qa.evaluation.temporary import collection_of, named
from qa.opening import settings_from
from qa.settings import Settings

GOLD = Path(__file__).resolve().parents[2] / "tests" / "gold"
PARTS = ("seeds", "squad")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; exit status 1 with one line when something cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m qa.evaluation", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared"), help="has dev/squad")
    parser.add_argument("--gold", type=Path, default=GOLD, help="questions over the seeds")
    parser.add_argument("--model", help="bundled, or a model by folder or name")
    parser.add_argument("--only", choices=PARTS, help="measure only this")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    report = Report()
    try:
        settings = settings_from(model=given.model)
        with console.Bar() as bar:
            if given.only != "squad":
                report.extend(seeds_report(given.gold, settings, bar), "seeds")
            if given.only != "seeds":
                report.extend(squad_report(given.data / "dev" / "squad", settings, bar), "squad")
    except (FundstelleError, EmbeddingError) as failure:
        console.error(str(failure))
        return 1
    show(report, as_json=given.json)
    return 0


def seeds_report(gold: Path, settings: Settings, bar: console.Bar) -> Report:
    """The gold questions over the documents that ship with the program."""
    with collection_of(named(seeds.documents()), settings) as (collection, _):
        questions = load_questions(gold / "seeds.jsonl", collection.text)
        questions += load_questions(gold / "unanswerable.jsonl", collection.text)
        return evaluate(collection, questions, "Seeds", bar)


def squad_report(folder: Path, settings: Settings, bar: console.Bar) -> Report:
    """Questions in Italian and Spanish over paragraphs in Italian and in Spanish."""
    if not squad.present(folder):
        return Report(notes=[f"SQuAD was skipped: it is not in {folder}."])
    results: dict[tuple[str, str], list[Judged]] = {}
    for language in squad.LANGUAGES:
        documents = squad.documents(folder, language)
        tick = counting(bar, f"reading SQuAD ({language})", len(documents))
        with collection_of(named(documents), settings, tick) as (collection, _):
            for asked_in, answered_in in squad.DIRECTIONS:
                if answered_in == language:
                    questions = squad.questions(folder, asked_in, answered_in)
                    tick = counting(bar, f"SQuAD {asked_in}→{answered_in}", len(questions))
                    results[asked_in, answered_in] = list(judge(collection, questions, tick=tick))
    bar.hide()
    table, data = directions_table("SQuAD", results)
    return Report([table], data)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m qa.evaluation``: the questions over the seeds, and public sets where present."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embeddings.errors import EmbeddingError
from qa import console
from qa.errors import FundstelleError
from qa.evaluation import arguments
from qa.evaluation.compare import write_scores
from qa.evaluation.parts import PARTS, SAMPLE, Given
from qa.evaluation.report import Report
from qa.evaluation.show import show
from qa.opening import settings_from

GOLD = Path(__file__).resolve().parents[2] / "tests" / "gold"


def main(argv: list[str] | None = None) -> int:
    """Measure and print; exit status 1 with one line when something cannot be read."""
    given = _parser().parse_args(argv)
    report = Report()
    try:
        settings = settings_from(model=given.model)
        with console.Bar() as bar:
            asked = Given(given.data / "dev", given.gold, settings, bar, given.sample)
            for name in [given.only] if given.only else PARTS:
                part = PARTS[name](asked)
                report.extend(part, name)
                if not given.json:
                    show(part, as_json=False)
        if given.scores is not None:
            write_scores(given.scores, report.scores)
    except (FundstelleError, EmbeddingError) as failure:
        console.error(str(failure))
        return 1
    if given.json:
        show(report, as_json=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m qa.evaluation", description=__doc__)
    arguments.add_data(parser)
    parser.add_argument("--gold", type=Path, default=GOLD, help="questions over the seeds")
    parser.add_argument("--model", help="bundled, or a model by folder or name")
    parser.add_argument("--only", choices=list(PARTS), help="measure only this")
    parser.add_argument(
        "--sample",
        type=arguments.positive,
        default=SAMPLE,
        metavar="N",
        help="ask at most N questions of each direction or language (NoMIRACL: N answerable and "
        "N not), always the same ones; seeds and tatoeba are always whole (default: %(default)s, "
        "which is all but of SQuAD)",
    )
    parser.add_argument(
        "--scores",
        type=Path,
        metavar="FILE",
        help="keep every question's value there, for python -m qa.evaluation.compare",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())

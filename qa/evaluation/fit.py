"""``make fit``: fits the models of the ranking on the development data and writes them.

1. Collections are made of SQuAD paragraphs (Italian, Spanish, both, both among forty thousand
   others, and small ones on a subject or two), of SQuAD sentences, of FLORES sentences (German) and
   of Tatoeba's (English, and each other language), and asked: SQuAD questions within and across
   the two languages; FLORES sentences in 16 other languages, whole and by their first halves;
   sentences of Tatoeba, to and from English; MKQA and QALD questions, which none of them answers
   (``fit_sources``).
2. An order, a second look at the best and a probability are fitted on what was found
   (``fit_models``, ``fit_second_look``).
3. They are written, and what came of them is shown.

With ``OPTIONS="--keep order"`` the order stays, and what follows is fitted to it; with ``--keep
both`` the second look stays, too. They have other digits after every fit, and rank as well: what is
found depends a little on when the indexes took the documents in, and small differences grow over
thousands of steps.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.fit_models import best_candidates, fit
from qa.evaluation.fit_second_look import in_the_end, none
from qa.evaluation.fit_sources import Group, present, sources
from qa.ranking_model import (
    ABSOLUTE,
    FEATURES,
    FITTED,
    Model,
    Order,
    Ramps,
    Weights,
    linear,
    load_order,
    load_ranking,
    load_second_look,
    ordered,
    sigmoid,
)
from qa.second_look import INPUTS

BOTH = "both"
KEEPING = ("order", BOTH)
_SHUFFLED = 8000  # questions for which evidence is shuffled
_logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Fit and write ``qa/ranking.json``; or say in a line that the data is not there."""
    parser = argparse.ArgumentParser(prog="python -m qa.evaluation.fit", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared"), help="has dev/")
    parser.add_argument("--output", type=Path, default=FITTED)
    parser.add_argument(
        "--keep", choices=KEEPING, help="what stays: the order, or both it and the second look"
    )
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    dev = given.data / "dev"
    if not present(dev):
        _logger.info("Nothing was fitted: SQuAD, FLORES or Tatoeba is not in %s.", dev)
        return 0
    order = load_order() if given.keep else None
    look = load_second_look() if given.keep == BOTH else None
    _make_readable()
    groups = [group for source in sources(dev) for group in source]
    model = fit(groups, order=order, look=look)
    given.output.write_text(to_json(model), encoding="utf-8")
    for line in (*describe(model, groups), *worth(model.order, groups)):
        _logger.info("%s", line)
    return 0


def _make_readable() -> None:
    """What asks also ranks, so weights for other evidence give way to some for this."""
    try:
        load_ranking()
    except (ValueError, KeyError):
        width = len(FEATURES)
        even = Weights((1.0,) * width, 0.0)
        ramps = Ramps(np.zeros((width, 1)), np.zeros((2, 1)), np.zeros(1))
        one = Weights((1.0,) * len(ABSOLUTE), 0.0)
        FITTED.write_text(
            to_json(Model(Order((even, even), ramps), none(), (one, one), 1.0, 0.5)), "utf-8"
        )


def describe(model: Model, groups: Sequence[Group]) -> Iterator[str]:
    """A line for each source: how often the best candidate is right, and is refused."""
    for source in dict.fromkeys(g.source for g in groups):
        chosen = [g for g in groups if g.source == source]
        by = [in_the_end(g, model.order, model.second_look) for g in chosen]
        tops = [next(best_candidates(*one)) for one in zip(chosen, by, strict=True)]
        scores = np.array(
            [float(sigmoid(linear(model.answer, t.features, t.same))[0]) for t in tops]
        )
        right = np.array([bool(t.right[0]) for t in tops])
        yield (
            f"{source}: best candidate right {100 * right.mean():.1f}%, mean probability "
            f"{100 * scores.mean():.1f}%, refused {100 * (scores < model.threshold).mean():.1f}%"
        )


def worth(order: Order, groups: Sequence[Group]) -> Iterator[str]:
    """A line for each kind of evidence: what the order loses when it is another candidate's.

    Shuffled among a question's candidates (permutation importance, Breiman 2001); what is the same
    for all of them, between questions.
    """
    rng = np.random.default_rng(0)
    telling = [g for g in groups if g.right.any() and not g.right.all()]
    some = [telling[n] for n in rng.permutation(len(telling))[:_SHUFFLED]]
    now = np.mean([g.right[ordered(order, g.features, g.same).argmax()] for g in some])
    for place, name in enumerate(FEATURES):
        found = []
        for g in some:
            features = g.features.copy()
            other = some[rng.integers(len(some))].features[0, place]
            alike = np.ptp(features[:, place]) == 0.0
            features[:, place] = other if alike else rng.permutation(features[:, place])
            found.append(g.right[ordered(order, features, g.same).argmax()])
        yield f"without {name}: {100 * (np.mean(found) - now):+.1f} points of the best right"


def to_json(model: Model) -> str:
    """What ``load_ranking`` reads, a ramp or unit a line."""

    def both(pair: tuple[Weights, Weights]) -> dict[str, object]:
        named = zip(("same", "cross"), pair, strict=True)
        return {case: {"weights": list(w.values), "bias": w.bias} for case, w in named}

    ramps, look = model.order.ramps, model.second_look
    tokens = look.tokens
    units = {
        "ramps": _units(
            height=ramps.heights,
            same=ramps.biases[1],
            cross=ramps.biases[0],
            weights=ramps.weights.T,
        ),
        "reading": _units(
            counts=tokens.counting, bias=tokens.reading_bias, weights=tokens.reading.T
        ),
        "telling": _units(bias=tokens.telling_bias, weights=tokens.telling.T),
        "judging": _units(height=look.heights, bias=look.judging_bias, weights=look.judging),
    }
    data = {
        "made by": "make fit",
        "features": list(FEATURES),
        "absolute": list(ABSOLUTE),
        "order": both(model.order.straight),
        "answer": both(model.answer),
        "spread": model.spread,
        "threshold": model.threshold,
        "ramps": "ramps",
        "second look": {
            "inputs": list(INPUTS),
            "kept": look.kept,
            **{layer: layer for layer in ("reading", "telling", "judging")},
        },
    }
    written = json.dumps(data, indent=2)
    for name, lines in units.items():
        written = written.replace(f'"{name}": "{name}"', f'"{name}": [\n{lines}\n  ]')
    return written + "\n"


def _units(**columns: NDArray[np.floating]) -> str:
    """One line for each unit of a layer, with what it has of each column."""
    rows = zip(
        *(column.astype(np.float64).round(4).tolist() for column in columns.values()), strict=True
    )
    return ",\n".join("    " + json.dumps(dict(zip(columns, row, strict=True))) for row in rows)


if __name__ == "__main__":
    sys.exit(main())

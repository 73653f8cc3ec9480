"""The fitted model of the ranking: an order and a probability from evidence. Knows no candidates.

Its numbers are in ``ranking.json``, written by ``make fit``.

The order is by a weighted sum of the evidence plus a sum of ramps, each of which is zero until its
own weighted sum of the evidence rises above zero: a network with one hidden layer of rectified
units and a direct path. By the ramps a kind of evidence may count for more where another is weak
or the question is short. The direct path has one set of weights for passages in the question's
language and one for passages in another, because BM25 is strong in the first case and misleading
in the second. The best are then ordered once more by a second look (``qa.second_look``).

The score is a calibrated probability: a logistic model over the best candidate's evidence says how
likely it answers (Platt 1999), and each other candidate is less likely by as much as it falls
behind in the order. It looks at what means the same in every collection only: how far ahead of the
others a candidate is says which is the right one, where there is one, and misleads where several
answer or none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.kernels import TokenLayers
from qa.second_look import INPUTS, SecondLook

FEATURES = (
    "dense",
    "interaction",
    "rarity",
    "window",
    "phrase",
    "clear",
    "clearest",
    "lexical",
    "lexical_share",
    "sound",
    "sound_share",
    "exact",
    "coverage",
    "focus",
    "hubness",
    "length",
    "far_script",
    "asked_length",
    "asks",
    "numberless",
)
"""What is known of a candidate; see ``qa.ranking.evidence``."""
ABSOLUTE = ("dense", "rarity", "window", "focus", "numberless")
"""The evidence that says whether a candidate answers; the order goes by all."""
_ABSOLUTE = [FEATURES.index(name) for name in ABSOLUTE]
FITTED = Path(__file__).with_name("ranking.json")

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model over FEATURES or ABSOLUTE: values · features + bias."""

    values: tuple[float, ...]
    bias: float
    _array: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the values as an array too, for ``of``."""
        object.__setattr__(self, "_array", np.array(self.values))

    def of(self, features: Floats) -> Floats:
        """(n,) of n rows of features."""
        found: Floats = features @ self._array + self.bias
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Ramps:
    """A sum of r ramps: heights · max(0, weights · features + biases).

    Attributes:
        weights: (len(FEATURES), r).
        biases: (2, r) for passages in another and in the question's language.
        heights: (r,) of each ramp, for a sum of one.
    """

    weights: Floats
    biases: Floats
    heights: Floats


@dataclass(frozen=True, slots=True)
class Order:
    """What candidates are ordered by.

    ``straight`` is a linear model for a passage in the question's and one for a passage in another
    language; ``ramps`` are for both.
    """

    straight: tuple[Weights, Weights]
    ramps: Ramps


@dataclass(frozen=True, slots=True)
class Model:
    """What ``ranking.json`` holds.

    Attributes:
        order: candidates are ordered by this,
        second_look: and the best of them by this once more.
        answer: logit of the probability that the best candidate answers, over ABSOLUTE, for a
            passage in the same and in another language.
        spread: how much the logit falls for each unit by which a candidate falls behind the best.
        threshold: score from which a question counts as answered by the documents.
    """

    order: Order
    second_look: SecondLook
    answer: tuple[Weights, Weights]
    spread: float
    threshold: float


@cache
def load_ranking() -> Model:
    """Read the fitted model.

    Raises:
        ValueError: the file was made for other evidence.
    """
    data = json.loads(FITTED.read_text(encoding="utf-8"))
    order = _order(data)
    if tuple(data["absolute"]) != ABSOLUTE:
        raise ValueError(f"{FITTED} is for the evidence {data['absolute']}; {_MEND}")
    look = _second_look(data)
    return Model(order, look, _both(data["answer"]), data["spread"], data["threshold"])


def load_order() -> Order:
    """Read the fitted order alone, also where the rest was made for other evidence.

    Raises:
        ValueError: it was made for other evidence.
    """
    return _order(json.loads(FITTED.read_text(encoding="utf-8")))


def load_second_look() -> SecondLook:
    """Likewise the second look alone."""
    return _second_look(json.loads(FITTED.read_text(encoding="utf-8")))


_MEND = "run `make fit`."


def _order(data: dict[str, Any]) -> Order:
    if tuple(data["features"]) != FEATURES:
        raise ValueError(f"{FITTED} is for the features {data['features']}; {_MEND}")
    ramps = np.array([[*r["weights"], r["cross"], r["same"], r["height"]] for r in data["ramps"]])
    return Order(
        _both(data["order"]),
        Ramps(ramps[:, :-3].T.copy(), ramps[:, -3:-1].T.copy(), ramps[:, -1].copy()),
    )


def _second_look(data: dict[str, Any]) -> SecondLook:
    look = data["second look"]
    if tuple(look["inputs"]) != INPUTS:
        raise ValueError(f"{FITTED} is for a second look at {look['inputs']}; {_MEND}")

    def numbers(layer: str, name: str) -> NDArray[np.float32]:
        """(units, ...) of what each unit of a layer has by that name."""
        return np.array([unit[name] for unit in look[layer]], dtype=np.float32)

    tokens = TokenLayers(
        reading=numbers("reading", "weights").T.copy(),
        reading_bias=numbers("reading", "bias"),
        telling=numbers("telling", "weights").T.copy(),
        telling_bias=numbers("telling", "bias"),
        counting=numbers("reading", "counts"),
        weight=INPUTS.index("rarity"),
    )
    judging, bias, heights = (numbers("judging", name) for name in ("weights", "bias", "height"))
    return SecondLook(tokens, judging, bias, heights, look["kept"])


def _both(of: dict[str, Any]) -> tuple[Weights, Weights]:
    same, cross = (Weights(tuple(of[c]["weights"]), of[c]["bias"]) for c in ("same", "cross"))
    return same, cross


def probabilities(model: Model, places: Floats, features: Floats, same: Flags) -> Floats:
    """(n,) probability that each candidate answers.

    Args:
        model: the fitted one.
        places: (n,) what they are ordered by.
        features: (n, len(FEATURES)) evidence.
        same: (n,) whether in the question's language.
    """
    if not len(places):
        return np.empty(0)
    best = int(places.argmax())
    top = linear(model.answer, absolute(features[best : best + 1]), same[best : best + 1])[0]
    return sigmoid(top + model.spread * (places - places[best]))


def ordered(order: Order, features: Floats, same: Flags) -> Floats:
    """(n,) what the order goes by: the higher, the better."""
    ramps = order.ramps
    risen = features @ ramps.weights + ramps.biases[same.astype(np.intp)]
    straight = linear(order.straight, features, same)
    found: Floats = straight + np.maximum(risen, 0.0) @ ramps.heights
    return found


def absolute(features: Floats) -> Floats:
    """(n, len(ABSOLUTE)) columns of (n, len(FEATURES))."""
    return features[:, _ABSOLUTE]


def linear(weights: tuple[Weights, Weights], features: Floats, same: Flags) -> Floats:
    """(n,) weighted sums, each row by the weights for its case: the same language, or another."""
    scores: Floats = np.where(same, *(one.of(features) for one in weights))
    return scores


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + e^-x), without overflow."""
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))

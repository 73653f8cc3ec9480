"""Chooses the references by which hubs are told: centres of what texts of all languages mean.

    python -m embeddings.training.references --data ../shared/corpora --model embeddings/model

Knows corpora and a model folder. Spherical k-means over as many English sentences as sentences of
the other languages, each once. See ``embeddings/hubness.py``.
"""

import argparse
import logging
from pathlib import Path

import faiss
import numpy as np
from safetensors.numpy import save_file

from embeddings.hubness import FILE, Hubness
from embeddings.static import StaticEncoder
from embeddings.training import corpora, export, names
from embeddings.training.corpora import Pair

CENTRES, ROUNDS = 1024, 12
TEXTS = 40_000  # of either side
SEED = 20

logger = logging.getLogger(__name__)


def sampled(pairs: list[Pair]) -> list[str]:
    """TEXTS sentences in English and as many in other languages, or all."""
    random = np.random.default_rng(SEED)
    chosen: list[str] = []
    for side in ({p.english for p in pairs}, {p.text for p in pairs}):
        texts = sorted(side)
        places = random.choice(len(texts), min(TEXTS, len(texts)), replace=False)
        chosen += [texts[place] for place in np.sort(places)]
    return chosen


def write(folder: Path, pairs: list[Pair], centres: int = CENTRES) -> None:
    """Write the references beside the table in ``folder``."""
    (folder / FILE).unlink(missing_ok=True)
    vectors = StaticEncoder(folder).encode_passages(sampled(pairs))
    means = faiss.Kmeans(vectors.shape[1], centres, niter=ROUNDS, seed=SEED, spherical=True)
    means.train(vectors)
    rows, _ = export.quantise(np.asarray(means.centroids, dtype=np.float32))
    usual = Hubness(rows, 0.0).of(vectors).mean()
    save_file({"references": rows, "usual": np.array([usual], np.float32)}, folder / FILE)
    (folder / FILE).chmod(0o644)
    logger.info("%d references, the usual hubness is %.3f", len(rows), usual)


def main() -> None:
    """Read the corpora, write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "model")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write(given.model, sentences(corpora.read_all(given.data)))


def sentences(pairs: list[Pair]) -> list[Pair]:
    """Those that are no dictionary entries and no names."""
    return [pair for pair in pairs if pair.source not in {corpora.DICTIONARY, names.SOURCE}]


if __name__ == "__main__":
    main()

"""Finds the centroids by which passages are compared with a question in passing.

    python -m embeddings.training.centroids --model embeddings/model

Knows a model folder. Spherical k-means over the rows of its table. See ``embeddings/centroids.py``.
"""

import argparse
import logging
from pathlib import Path

import faiss
import numpy as np
from safetensors.numpy import load_file, save_file

from embeddings.centroids import FILE
from embeddings.training import export

CENTROIDS, DIMENSIONS, ROUNDS = 2048, 104, 12
SEED = 20

logger = logging.getLogger(__name__)


def write(folder: Path, count: int = CENTROIDS, dimensions: int = DIMENSIONS) -> None:
    """Write the centroids beside the table in ``folder``.

    The first dimensions of a table are its main directions. A centroid is kept in those alone: that
    halves its bytes and loses nothing that shows.
    """
    rows = load_file(folder / "model.safetensors")["embeddings"].astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    means = faiss.Kmeans(rows.shape[1], count, niter=ROUNDS, seed=SEED, spherical=True)
    means.train(rows)
    cosines, nearest = means.index.search(rows, 1)
    centroids, _ = export.quantise(np.asarray(means.centroids, np.float32)[:, :dimensions])
    tensors = {"centroids": centroids, "nearest": nearest[:, 0].astype(np.uint16)}
    save_file(tensors, folder / FILE)
    (folder / FILE).chmod(0o644)
    logger.info("%d centroids, mean cosine %.3f", count, cosines.mean())


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "model")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write(given.model)


if __name__ == "__main__":
    main()

"""Measures a model folder on the development sets, as training does at its end.

python -m embeddings.training.measure --dev ../shared/dev
"""

import argparse
import logging
from pathlib import Path

from tokenizers import Tokenizer

from embeddings.training import evaluate, export

logger = logging.getLogger(__name__)


def main() -> None:
    """Read the folder, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "model")
    parser.add_argument("--sample", type=int, default=None, help="questions a pair of languages")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    tokenizer = Tokenizer.from_file(str(given.model / "tokenizer.json"))
    logger.info("%s", evaluate.report(given.dev, tokenizer, export.read(given.model), given.sample))


if __name__ == "__main__":
    main()

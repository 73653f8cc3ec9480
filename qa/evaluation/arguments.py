"""Arguments that the evaluations share. Knows no data."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_data(parser: argparse.ArgumentParser) -> None:
    """Where the public development data lies: ``--data``."""
    parser.add_argument("--data", type=Path, default=Path("../shared"), help="has dev/")


def positive(text: str) -> int:
    """A number of questions, for ``type=``."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} questions cannot be asked; give 1 or more")
    return number

"""Prepares documents for another process: ``python -m qa.preparation_worker``.

Reads pickled lists of documents from its input and writes what was made of them, pickled, to its
output, until the input ends. Knows no storage.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from pathlib import Path
from typing import BinaryIO

from embeddings.bundled import BUNDLED, BUNDLED_NAME
from embeddings.static import StaticEncoder
from qa import language
from qa.packing import pack
from qa.preparation import Preparer

_BEHIND = 5
"""Niceness: who asks a question meanwhile goes first."""
_GARBAGE = 100_000
"""New objects after which cycles of them are looked for: what is prepared has none, and much of it
is alive at once."""


def main() -> None:
    """Serve until the input ends, as it does when the other process is gone."""
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    gc.set_threshold(_GARBAGE)
    if hasattr(os, "nice"):
        os.nice(_BEHIND)
    language.preload(Path(sys.argv[1]))
    tokens = StaticEncoder(BUNDLED, BUNDLED_NAME)
    serve(Preparer(tokens, tokens), sys.stdin.buffer, answers)


def serve(preparer: Preparer, questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer with what is prepared, packed, or with the error."""
    while True:
        try:
            documents = pickle.load(questions)
        except EOFError:
            return
        try:
            answer: object = pack(preparer.prepare(documents), preparer.pipeline)
        except Exception as error:
            answer = error
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    main()

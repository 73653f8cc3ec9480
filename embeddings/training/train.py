"""Trains the bundled model from the corpora, and measures it. Read it from top to bottom.

    python -m embeddings.training.train --data ../shared/corpora --dev ../shared/dev --work work

The steps: read the pairs; encode their English sides with the teacher (once, cached); build the
vocabulary; start the table by regression on the teacher's vectors; train; write the model folder;
evaluate.
Every step keeps its result in ``--work``, so that an interrupted run continues. ``--steps`` is the
dial: more is better and longer.
"""

import argparse
import json
import logging
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from embeddings.training import (
    batches,
    corpora,
    evaluate,
    export,
    names,
    pruning,
    regression,
    sharing,
    steps,
    student,
    teacher,
    vocabulary,
)
from embeddings.training.corpora import Pair

SEED = 20
PIECES = 400_000
DIMENSION = 256
# What is kept of them in the model that is written, for its size and the time to load it
KEPT_PIECES = 300_000
KEPT = 208  # dimensions
ROWS = 197_000  # many pieces share one
RATE = 0.005  # how far a row's component moves in its first update
LENGTH = 1.7  # median length of a row at the start
CHECKPOINT = 500  # steps

Floats = NDArray[np.float32]
logger = logging.getLogger(__name__)


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with parallel/ and dictionary/"
    )
    parser.add_argument(
        "--dev", type=Path, required=True, help="folder with squad/, flores/ and tatoeba/"
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for what can be computed again"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "model")
    parser.add_argument("--steps", type=int, default=10_000, help="the dial")
    parser.add_argument(
        "--sample", type=int, default=None, help="questions a pair of languages; all if absent"
    )
    parser.add_argument(
        "--teacher-texts", type=int, default=None, help="encode only the first so many texts"
    )
    return parser.parse_args()


def build_tokenizer(pairs: list[Pair], work: Path) -> tuple[Tokenizer, range]:
    """The tokenizer of all languages, trained once, and which of its pieces are whole words."""
    path, words = work / "tokenizer.json", work / "words.json"
    if not words.exists():
        counts = vocabulary.balance(vocabulary.count_words(pairs))
        pieces, place = vocabulary.train(counts, PIECES)
        vocabulary.save(pieces, path)
        words.write_text(json.dumps([place.start, place.stop]))
    return Tokenizer.from_file(str(path)), range(*json.loads(words.read_text()))


def reduced_teacher(rows: NDArray[np.float16]) -> Floats:
    """The teacher's vectors centred, cut to their DIMENSION main components, of unit length."""
    sample = rows[
        np.random.default_rng(SEED).choice(len(rows), min(len(rows), 60_000), replace=False)
    ]
    mean = sample.astype(np.float32).mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(sample.astype(np.float32), rowvar=False))
    main = axes[:, ::-1][:, :DIMENSION].astype(np.float32)
    return np.concatenate(
        [
            evaluate.unit((part.astype(np.float32) - mean) @ main)
            for part in np.array_split(rows, 1 + len(rows) // 50_000)
        ]
    )


def build_corpus(pairs: list[Pair], tokenizer: Tokenizer, known: dict[str, int]) -> batches.Corpus:
    """Tokenised pairs with the teacher's rows."""
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.english, pair.text)))
    place = {text: index for index, text in enumerate(texts)}
    english = {pair.english for pair in pairs}
    target = np.array([known.get(text, -1) if text in english else -1 for text in texts])
    return batches.assemble(
        pairs, evaluate.tokenise(tokenizer, texts), place, target, smaller_bags(tokenizer)
    )


def pieces_of(tokenizer: Tokenizer) -> list[str]:
    """The pieces in the order of their rows."""
    rows = tokenizer.get_vocab()
    return sorted(rows, key=rows.__getitem__)


def smaller_bags(tokenizer: Tokenizer) -> evaluate.Bags:
    """Each token of the vocabulary as the smaller pieces it would fall into."""
    parts = vocabulary.smaller_pieces(pieces_of(tokenizer))
    flat = np.array([row for part in parts for row in part], dtype=np.int32)
    return evaluate.Bags(flat, np.cumsum([0, *map(len, parts)], dtype=np.int64))


def initial_table(corpus: batches.Corpus, targets: Floats, tokenizer: Tokenizer) -> Tensor:
    """The table by regression, its rows of median length LENGTH.

    Tokens of which nothing is known get random directions, so that in late interaction they still
    match themselves and nothing else.
    """
    found = regression.start(corpus, targets, pieces_of(tokenizer), SEED)
    length = found.norm(dim=1)
    known = length > 1e-6
    found *= LENGTH / length[known].median()
    noise = torch.randn(found.shape, generator=torch.Generator().manual_seed(SEED))
    found[~known] = LENGTH * torch.nn.functional.normalize(noise, dim=1)[~known]
    return found


def start_once(corpus: batches.Corpus, targets: Floats, tokenizer: Tokenizer, work: Path) -> Tensor:
    """The table to start with, computed once."""
    path = work / "start.pt"
    if not path.exists():
        torch.save(initial_table(corpus, targets, tokenizer), path)
    rows: Tensor = torch.load(path)
    return rows


def compact(
    table: Floats, corpus: batches.Corpus, pieces: list[str], words: range
) -> tuple[list[str], sharing.Shared]:
    """The pieces that are kept, and their vectors on ROWS rows.

    Those that stand alone share no row.
    """
    usage = batches.usage(corpus, len(table))
    rows = pruning.kept(pieces, table, usage, words, KEPT_PIECES)
    kept = [pieces[row] for row in rows]
    alone = np.array([vocabulary.stands_alone(piece) for piece in kept])
    return kept, sharing.share(table[rows], usage[rows], alone, ROWS)


def rate_at(step: int, total: int) -> float:
    """The learning rate: a short rise, then a linear fall to almost nothing."""
    return RATE * max(1 - step / total, 0.02) * min(1.0, (step + 1) / 100)


def fit(trainer: steps.Trainer, total: int, work: Path) -> None:
    """Trains ``total`` steps, from the last checkpoint on if there is one."""
    path, table, begin = work / "table.pt", trainer.table, 0
    if path.exists():
        state = torch.load(path, map_location=table.rows.device)
        begin, table.rows = state["step"], state["rows"]
        table.moment, table.seen = state["moment"], state["seen"]
        trainer.sampler = batches.Sampler(trainer.corpus, SEED + begin)
    averages: dict[str, float] = {}
    with tqdm(total=total, initial=begin, desc="training", unit="step", mininterval=5) as bar:
        for number in range(begin, total):
            kind, loss = trainer.step(number, rate_at(number, total))
            averages[kind] = 0.98 * averages.get(kind, loss) + 0.02 * loss
            bar.update()
            if number % 50 == 0:
                bar.set_postfix({k: f"{v:.3f}" for k, v in averages.items()})
            if (number + 1) % CHECKPOINT == 0 or number + 1 == total:
                save_checkpoint(path, number + 1, table)


def save_checkpoint(path: Path, step: int, table: student.Table) -> None:
    """Writes the state beside the old one, then replaces it."""
    state = {"step": step, "rows": table.rows, "moment": table.moment, "seen": table.seen}
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def main() -> None:
    """The recipe."""
    arguments = read_arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(SEED)
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    pairs = corpora.read_all(arguments.data)
    teacher.encode(corpora.english_by_priority(pairs), work / "teacher", arguments.teacher_texts)
    tokenizer, words = build_tokenizer(pairs, work)
    known, rows = teacher.load(work / "teacher")
    targets = reduced_teacher(rows)
    pairs += names.pairs_of_names(pairs)
    corpus = build_corpus(pairs, tokenizer, known)
    logger.info(
        "%d sentences, %d entries, %d texts, %d by the teacher",
        len(corpus.sentences),
        len(corpus.entries),
        len(corpus.bags),
        len(known),
    )

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    table = student.Table(start_once(corpus, targets, tokenizer, work).to(device))
    fit(steps.Trainer(corpus, targets, table, SEED), arguments.steps, work)

    reduced = export.reduced(table.rows.cpu().numpy(), KEPT)
    kept, shared = compact(reduced, corpus, pieces_of(tokenizer), words)
    tokenizer = vocabulary.save(kept, work / "kept.json")
    export.write(arguments.output, tokenizer, shared)
    report = evaluate.report(
        arguments.dev, tokenizer, export.read(arguments.output), arguments.sample
    )
    logger.info("after %.0f minutes\n%s", (time.monotonic() - started) / 60, report)
    (work / "report.md").write_text(report + "\n", "utf-8")
    (work / "settings.json").write_text(
        json.dumps({k: str(v) for k, v in vars(arguments).items()}, indent=1)
    )


if __name__ == "__main__":
    main()

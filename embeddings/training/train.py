"""Trains the bundled model from the corpora, and measures it. Read it from top to bottom.

    python -m embeddings.training.train --data ../shared/corpora --dev ../shared/dev --work work

The steps: read the pairs; encode their English sides with the teacher (once, cached); build the
vocabulary; start the table by regression on the teacher's vectors; train; drop words and let tokens
share rows; train those rows on; write the model folder, the references by which hubs are told, and
the centroids by which passages are compared in passing; evaluate.
Every step keeps its result in ``--work``, so that an interrupted run continues. ``--steps`` is the
dial: more is better and longer. With a GPU all of it runs there, on the same batches.
"""

import argparse
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from embeddings.training import (
    batches,
    centroids,
    corpora,
    evaluate,
    export,
    names,
    pruning,
    references,
    regression,
    settling,
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
STEPS = 18_000
RATE = 0.005  # how far a row's component moves in its first update
SETTLING_STEPS, SETTLING_RATE = 10_000, 0.004  # of the rows that tokens share, afterwards
LENGTH = 1.7  # median length of a row at the start
CHECKPOINT = 2_000  # steps
SHOWN = 50  # steps between losses that are read, for which a GPU has to be waited for

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
    parser.add_argument("--steps", type=int, default=STEPS, help="the dial")
    parser.add_argument(
        "--settling-steps", type=int, default=SETTLING_STEPS, help="of the shared rows, afterwards"
    )
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


def initial_table(
    corpus: batches.Corpus, targets: Floats, tokenizer: Tokenizer, device: torch.device
) -> Tensor:
    """The table by regression, its rows of median length LENGTH.

    Tokens of which nothing is known get random directions, so that in late interaction they still
    match themselves and nothing else.
    """
    found = regression.start(corpus, targets, pieces_of(tokenizer), SEED, device)
    length = found.norm(dim=1)
    known = length > 1e-6
    found *= LENGTH / length[known].median()
    noise = torch.randn(found.shape, generator=torch.Generator().manual_seed(SEED))
    found[~known] = LENGTH * torch.nn.functional.normalize(noise, dim=1)[~known]
    return found


def start_once(
    corpus: batches.Corpus,
    targets: Floats,
    tokenizer: Tokenizer,
    device: torch.device,
    work: Path,
) -> Tensor:
    """The table to start with, computed once."""
    path = work / "start.pt"
    if not path.exists():
        torch.save(initial_table(corpus, targets, tokenizer, device), path)
    rows: Tensor = torch.load(path)
    return rows


def compact(
    table: Floats, corpus: batches.Corpus, pieces: list[str], words: range
) -> tuple[NDArray[np.int64], sharing.Shared]:
    """The rows of the pieces that are kept, and their vectors on ROWS rows.

    Those that stand alone share no row.
    """
    usage = batches.usage(corpus, len(table))
    kept = pruning.kept(pieces, table, usage, words, KEPT_PIECES)
    alone = np.array([vocabulary.stands_alone(pieces[row]) for row in kept])
    return kept, sharing.share(table[kept], usage[kept], alone, ROWS)


def compact_once(
    table: Floats, corpus: batches.Corpus, pieces: list[str], words: range, path: Path
) -> tuple[NDArray[np.int64], sharing.Shared]:
    """As ``compact``, computed once."""
    if not path.exists():
        kept, shared = compact(table, corpus, pieces, words)
        with path.with_suffix(".new").open("wb") as file:
            np.savez(
                file, kept=kept, rows=shared.rows, mapping=shared.mapping, lengths=shared.lengths
            )
        path.with_suffix(".new").replace(path)
    found = np.load(path)
    return found["kept"], sharing.Shared(found["rows"], found["mapping"], found["lengths"])


def rate_at(step: int, total: int) -> float:
    """The learning rate: a short rise, then a linear fall to almost nothing."""
    return RATE * max(1 - step / total, 0.02) * min(1.0, (step + 1) / 100)


def settling_rate_at(step: int, total: int) -> float:
    """The same for the rows that tokens share: gentler, because they have been trained before."""
    return rate_at(step, total) * SETTLING_RATE / RATE


def fit(
    trainer: steps.Trainer,
    drawn: steps.Batches,
    total: int,
    rate: Callable[[int, int], float],
    path: Path,
) -> None:
    """Trains ``total`` steps, from the last checkpoint in ``path`` on if there is one."""
    table, begin = trainer.table, 0
    if path.exists():
        state = torch.load(path, map_location=trainer.device)
        begin = state.pop("step")
        table.restore(state)
    # Two cores compute all the time; beside a GPU the others draw batches for it.
    workers = (os.cpu_count() or 1) - 1 if trainer.device.type == "cuda" else 0
    losses: dict[str, float] = {}
    with tqdm(total=total, initial=begin, desc="training", unit="step", mininterval=5) as bar:
        for number, batch in enumerate(drawn.ahead(range(begin, total), workers), begin):
            loss = trainer.step(batch, rate(number, total))
            bar.update()
            if number % SHOWN < 8:  # each kind at least once
                value = float(loss)
                losses[batch.kind] = 0.9 * losses.get(batch.kind, value) + 0.1 * value
                bar.set_postfix({k: f"{v:.3f}" for k, v in losses.items()}, refresh=False)
            if (number + 1) % CHECKPOINT == 0 or number + 1 == total:
                save_checkpoint(path, number + 1, table)
                logger.info("step %d: %s", number + 1, json.dumps(losses))


def save_checkpoint(path: Path, step: int, table: steps.Table) -> None:
    """Writes the state beside the old one, then replaces it."""
    torch.save({"step": step, **table.state()}, path.with_suffix(".new"))
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
    table = student.Table(start_once(corpus, targets, tokenizer, device, work).to(device))
    fit(
        steps.Trainer(targets, table, device),
        steps.Batches(corpus, SEED),
        arguments.steps,
        rate_at,
        work / "table.pt",
    )

    trained = table.rows.cpu().numpy()
    axes = export.main_axes(trained, KEPT)
    pieces = pieces_of(tokenizer)
    # Named by the steps, because a table that was trained longer is made small anew.
    path = work / f"shared-{arguments.steps}.npz"
    kept, shared = compact_once(trained @ axes, corpus, pieces, words, path)
    settled = settling.SharedTable(shared, device)
    fit(
        steps.Trainer(targets @ axes, settled, device),
        steps.Batches(batches.reread(corpus, kept), SEED + 1),
        arguments.settling_steps,
        settling_rate_at,
        work / f"settled-{arguments.steps}.pt",
    )

    tokenizer = vocabulary.save([pieces[row] for row in kept], work / "kept.json")
    export.write(arguments.output, tokenizer, settled.shared())
    references.write(arguments.output, references.sentences(pairs))
    centroids.write(arguments.output)
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

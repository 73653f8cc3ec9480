"""Measures a token table on the development sets: dense vectors, late interaction, and their mix.

Knows the development folder, a tokenizer and a table. Knows nothing of training or of how the
product searches (no BM25, no candidate cut: every passage is scored). numpy only.
Higher is better in every number; all are percentages.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.training.corpora import LANGUAGES

Floats = NDArray[np.float32]
SQUAD_PAIRS = (("it", "it"), ("es", "es"), ("es", "it"), ("it", "es"))
CHUNK = 256  # question tokens scored at once


@dataclass(frozen=True, slots=True)
class Bags:
    """Token ids of many texts: ``flat[starts[i]:starts[i + 1]]`` belong to text i."""

    flat: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of texts."""
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> NDArray[np.int32]:
        """The ids of one text."""
        return self.flat[self.starts[index] : self.starts[index + 1]]


def tokenise(tokenizer: Tokenizer, texts: list[str]) -> Bags:
    """The ids of every text, without special tokens."""
    flat: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    lengths: list[int] = [0]
    for begin in range(0, len(texts), 4096):
        for item in tokenizer.encode_batch_fast(
            texts[begin : begin + 4096], add_special_tokens=False
        ):
            ids = np.array(item.ids, dtype=np.int32)
            flat.append(ids)
            lengths.append(len(ids))
    return Bags(np.concatenate(flat), np.cumsum(lengths, dtype=np.int64))


def unit(rows: Floats) -> Floats:
    """Rows of length one; zero rows stay zero."""
    found: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return found


def mean_vectors(bags: Bags, table: Floats) -> Floats:
    """(n, dim) unit means of the token vectors; a text without tokens is zero."""
    found = np.zeros((len(bags), table.shape[1]), dtype=np.float32)
    for index in range(len(bags)):
        if len(ids := bags[index]):
            found[index] = table[ids].mean(axis=0)
    return unit(found)


def interaction(queries: Bags, passages: Bags, table: Floats) -> Floats:
    """(queries, passages): norm-weighted mean over question tokens of the best passage cosine."""
    norms = np.linalg.norm(table, axis=1)
    used, column = np.unique(passages.flat, return_inverse=True)
    lengths = np.diff(passages.starts)
    filled = np.flatnonzero(lengths > 0)
    asked, row = np.unique(queries.flat, return_inverse=True)
    right = unit(table[used]).T.copy()
    best = np.zeros((len(asked), len(passages)), dtype=np.float32)
    for begin in range(0, len(asked), CHUNK):
        cosines = (unit(table[asked[begin : begin + CHUNK]]) @ right)[:, column]
        best[begin : begin + CHUNK, filled] = np.maximum.reduceat(
            cosines, passages.starts[filled], axis=1
        )
    scores = np.zeros((len(queries), len(passages)), dtype=np.float32)
    for index in range(len(queries)):
        span = slice(queries.starts[index], queries.starts[index + 1])
        weights = norms[queries.flat[span]]
        if weights.sum() > 0:
            scores[index] = weights @ best[row[span]] / weights.sum()
    return scores


def z_scored(scores: Floats) -> Floats:
    """Each row with mean 0 and deviation 1."""
    deviation = np.maximum(scores.std(axis=1, keepdims=True), 1e-9)
    found: Floats = (scores - scores.mean(axis=1, keepdims=True)) / deviation
    return found


def ndcg_at_10(scores: Floats, relevant: NDArray[np.int64]) -> float:
    """Mean nDCG@10 x 100 with one relevant passage a question; ties count against."""
    right = scores[np.arange(len(scores)), relevant][:, None]
    rank = (scores >= right).sum(axis=1)
    return float(np.where(rank <= 10, 1 / np.log2(rank + 1), 0).mean() * 100)


def accuracy(scores: Floats) -> float:
    """How often row i is nearest to column i, x 100."""
    return float((scores.argmax(axis=1) == np.arange(len(scores))).mean() * 100)


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def flores(dev: Path, tokenizer: Tokenizer, table: Floats) -> dict[str, dict[str, float]]:
    """Accuracy at 1 of finding the German translation among 1,012 sentences."""
    german = tokenise(tokenizer, _lines(dev / "flores" / "de.txt.gz"))
    target = mean_vectors(german, table)
    found: dict[str, dict[str, float]] = {}
    for language in ("en", *(k for k in LANGUAGES if k != "de")):
        bags = tokenise(tokenizer, _lines(dev / "flores" / f"{language}.txt.gz"))
        dense, late = mean_vectors(bags, table) @ target.T, interaction(bags, german, table)
        found[language] = {
            "dense": accuracy(dense),
            "interaction": accuracy(late),
            "mix": accuracy(z_scored(dense) + z_scored(late)),
        }
    return found


def tatoeba(dev: Path, tokenizer: Tokenizer, table: Floats) -> dict[str, float]:
    """Accuracy between each language and English, the mean of both directions, dense vectors."""
    found: dict[str, float] = {}
    for language in LANGUAGES:
        rows = [line.split("\t") for line in _lines(dev / "tatoeba" / f"{language}.tsv.gz")]
        left, right = (
            mean_vectors(tokenise(tokenizer, [r[i] for r in rows]), table) for i in (0, 1)
        )
        scores = left @ right.T
        found[language] = (accuracy(scores) + accuracy(scores.T)) / 2
    return found


def squad(
    dev: Path, tokenizer: Tokenizer, table: Floats, sample: int | None = None
) -> dict[str, dict[str, float]]:
    """nDCG@10 of questions against all passages of a language; ``sample`` questions, or all."""
    questions = [json.loads(line) for line in _lines(dev / "squad" / "questions.jsonl.gz")]
    found: dict[str, dict[str, float]] = {}
    for asked, read in SQUAD_PAIRS:
        passages = [
            json.loads(line) for line in _lines(dev / "squad" / f"passages.{read}.jsonl.gz")
        ]
        place = {p["id"]: i for i, p in enumerate(passages)}
        usable = [q for q in questions if asked in q and q.get(f"passage_{read}") in place]
        if sample and sample < len(usable):
            chosen = np.random.default_rng(0).choice(len(usable), sample, replace=False)
            usable = [usable[i] for i in chosen]
        left = tokenise(tokenizer, [q[asked] for q in usable])
        right = tokenise(tokenizer, [p["text"] for p in passages])
        relevant = np.array([place[q[f"passage_{read}"]] for q in usable])
        dense = mean_vectors(left, table) @ mean_vectors(right, table).T
        late = interaction(left, right, table)
        found[f"{asked}->{read}"] = {
            "dense": ndcg_at_10(dense, relevant),
            "interaction": ndcg_at_10(late, relevant),
            "mix": ndcg_at_10(z_scored(dense) + z_scored(late), relevant),
        }
    return found


def report(dev: Path, tokenizer: Tokenizer, table: Floats, sample: int | None = None) -> str:
    """All measurements as Markdown tables."""
    lines = ["| squad nDCG@10 | dense | interaction | mix |", "|---|---|---|---|"]
    for name, row in squad(dev, tokenizer, table, sample).items():
        lines.append(
            f"| {name} | {row['dense']:.1f} | {row['interaction']:.1f} | {row['mix']:.1f} |"
        )
    lines += ["", "| flores x->de accuracy | dense | interaction | mix |", "|---|---|---|---|"]
    by_language = flores(dev, tokenizer, table)
    for name, row in by_language.items():
        lines.append(
            f"| {name} | {row['dense']:.1f} | {row['interaction']:.1f} | {row['mix']:.1f} |"
        )
    means = [
        np.mean([row[k] for row in by_language.values()]) for k in ("dense", "interaction", "mix")
    ]
    lines.append("| mean | " + " | ".join(f"{m:.1f}" for m in means) + " |")
    pairs = tatoeba(dev, tokenizer, table)
    lines += [
        "",
        "tatoeba x<->en accuracy, dense: " + ", ".join(f"{k} {v:.1f}" for k, v in pairs.items()),
    ]
    lines.append(f"tatoeba mean {np.mean(list(pairs.values())):.1f}")
    return "\n".join(lines)

"""The steps of training: which batch is drawn, which losses it gets, which rows move.

Knows batches and losses. Knows nothing of files, schedules or evaluation.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from embeddings.training import batches, student

SENTENCES, ENTRIES, QUESTIONS = 768, 3072, 192  # pairs a step of each kind
LONGEST = 5  # sentences in a pseudo-passage that is asked about
ALIGNED = 2  # sentences joined, at most, when both sides are aligned as wholes
TEACHER_SHARE = 4.0  # weight of the distances to the teacher beside the contrast
THINNED_QUESTION, THINNED_PASSAGE = 0.3, 0.8  # least share of the tokens that are kept

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class Trainer:
    """One step of each kind over a shared table."""

    def __init__(
        self, corpus: batches.Corpus, targets: Floats, table: student.Table, seed: int
    ) -> None:
        """Keeps what every step needs."""
        self.corpus, self.table = corpus, table
        self.device = table.rows.device
        self.targets = torch.from_numpy(targets)
        self.sampler = batches.Sampler(corpus, seed)

    def _rows(
        self, *sides: tuple[Ints, Ints], count: int
    ) -> tuple[list[student.Texts], Tensor, Tensor]:
        """The sides renumbered to the rows they use, those rows as a leaf, their numbers."""
        flat = torch.from_numpy(np.concatenate([tokens for tokens, _ in sides])).to(self.device)
        leaf, used = self.table.take(flat)
        texts, begin = [], 0
        for tokens, owner in sides:
            ids = torch.searchsorted(used, flat[begin : begin + len(tokens)])
            starts = torch.from_numpy(np.searchsorted(owner, np.arange(count))).to(self.device)
            texts.append(student.Texts(ids, starts))
            begin += len(tokens)
        return texts, leaf, used

    def _target(self, texts: Ints, owner: Ints, count: int) -> tuple[Tensor, Tensor]:
        """(count, dim) unit mean of the teacher's vectors of joined texts; whether known."""
        rows = self.corpus.target[texts]
        present, places = torch.from_numpy(rows >= 0), torch.from_numpy(owner)
        vectors = self.targets[torch.from_numpy(np.maximum(rows, 0))] * present[:, None]
        summed = torch.zeros(count, self.targets.shape[1]).index_add_(0, places, vectors)
        lacking = torch.zeros(count).index_add_(0, places, 1 - present.float())
        known = (lacking == 0).float()
        return functional.normalize(summed, dim=1).to(self.device), known.to(self.device)

    def _flatten(self, texts: Ints, owner: Ints) -> tuple[Ints, Ints]:
        tokens, place = self.corpus.flatten(texts)
        return self.sampler.split(tokens, owner[place])

    def align(self, pairs: Ints, owner: Ints, count: int, rate: float) -> float:
        """Both sides towards the teacher and towards each other (mean vectors)."""
        english, text = self.corpus.english[pairs], self.corpus.text[pairs]
        sides, leaf, used = self._rows(
            self._flatten(english, owner), self._flatten(text, owner), count=count
        )
        left, right = (student.means(side, leaf) for side in sides)
        target, known = self._target(english, owner, count)
        names = torch.from_numpy(english[np.searchsorted(owner, np.arange(count))]).to(self.device)
        loss = student.contrast(left, right, names)
        loss = loss + TEACHER_SHARE * (
            student.distillation(left, target, known) + student.distillation(right, target, known)
        )
        loss.backward()
        self.table.step(leaf, used, rate)
        return float(loss.detach())

    def ask(self, rate: float) -> float:
        """Questions towards their passages, through late interaction, mean vectors and both."""
        names, question, passage, owner = self.sampler.questions(QUESTIONS, LONGEST)
        asked = self.sampler.thin(
            *self._flatten(question, np.arange(QUESTIONS)), batches.MAX_QUESTION, THINNED_QUESTION
        )
        read = self.sampler.thin(
            *self._flatten(passage, owner), batches.MAX_PASSAGE, THINNED_PASSAGE
        )
        (left, right), leaf, used = self._rows(asked, read, count=QUESTIONS)
        dense = student.means(left, leaf) @ student.means(right, leaf).T / student.DENSE_TEMPERATURE
        late = student.late_interaction(left, right, leaf) / student.LATE_TEMPERATURE
        gold = torch.arange(QUESTIONS, device=self.device)
        same = (
            torch.from_numpy(names[:, None] == names[None, :]).to(self.device).fill_diagonal_(False)
        )
        losses = [
            functional.cross_entropy(scores.masked_fill(same, -1e4), gold)
            for scores in (late, dense, (late + dense) / 2)
        ]
        loss = losses[0] + 0.5 * losses[1] + losses[2]
        loss.backward()
        self.table.step(leaf, used, rate)
        return float(losses[0].detach())

    def step(self, number: int, rate: float) -> tuple[str, float]:
        """The kinds of steps in turn: half are questions, one in eight is of words."""
        if number % 2:
            return "questions", self.ask(rate)
        if number % 8 == 4:
            pairs = self.sampler.entries(ENTRIES)
            return "words", self.align(pairs, np.arange(ENTRIES), ENTRIES, rate)
        pairs, owner = self.sampler.joined(SENTENCES, ALIGNED)
        return "sentences", self.align(pairs, owner, SENTENCES, rate)

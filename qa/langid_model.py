"""Loads py3langid's model, and keeps an unpacked copy for the next start. Knows no scripts.

The copy is derived data: it is named by the SHA-256 of what it was made from, written under a
temporary name and moved into place, and made again whenever it cannot be read.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LAYOUT = "1"
_ARRAYS = ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat")
_LOCK = threading.Lock()
_LOADED: list[Identifier] = []  # at most one; the model is the same for everyone


class Identifier:
    """Naive Bayes over byte n-grams: py3langid's model, without the loops in Python."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        """Use the model's arrays."""
        from embeddings.kernels import Automaton

        self.labels: list[str] = arrays["classes"].tolist()
        """One for each score; some stand there twice."""
        self._automaton = Automaton(
            *(arrays[name] for name in ("nextmove", "nextmove_row", "out_feat", "ptc", "pc"))
        )

    def scores(self, text: str) -> NDArray[np.float32]:
        """(len(labels),) log likelihood of each label."""
        text = text.lower() if text.isupper() else text
        return self._automaton.scores(
            unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
        )


def load(folder: Path | None) -> Identifier:
    """The model, loaded once in a process; waits when another thread is loading it.

    Args:
        folder: where an unpacked copy is kept, or None for none.
    """
    if _LOADED:
        return _LOADED[0]
    with _LOCK:
        if not _LOADED:
            _LOADED.append(_load(folder))
    return _LOADED[0]


def _load(folder: Path | None) -> Identifier:
    from py3langid import langid

    packed = Path(langid.MODEL_DIR, langid.MODEL_FILE).read_bytes()
    if folder is None:
        return Identifier(_unpack(packed))
    digest = hashlib.sha256(packed + _LAYOUT.encode()).hexdigest()[:16]
    kept = folder / f"langid-{digest}"
    try:
        return Identifier(_mapped(kept))
    except (OSError, ValueError):  # not there yet, or not whole: made again below
        arrays = _unpack(packed)
        _keep(arrays, kept)
        return Identifier(arrays)


def _unpack(packed: bytes) -> dict[str, Any]:
    import numpy as np

    with np.load(io.BytesIO(lzma.decompress(packed)), allow_pickle=False) as archive:
        return {name: archive[name] for name in _ARRAYS}


def _mapped(kept: Path) -> dict[str, Any]:
    import numpy as np

    return {name: np.load(kept / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}


def _keep(arrays: Mapping[str, Any], kept: Path) -> None:
    """Write a copy for the next start. A disk that is full or read-only only costs time."""
    import numpy as np

    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f"{kept.name}.", dir=kept.parent))
    except OSError:
        return
    try:
        for name, array in arrays.items():
            with open(temporary / f"{name}.npy", "wb") as file:
                np.save(file, array)
                file.flush()
                os.fsync(file.fileno())
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(temporary, kept)
    except OSError:  # another process may have put its copy there just now
        shutil.rmtree(temporary, ignore_errors=True)

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
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LAYOUT = "1"
_ARRAYS = ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat")
_LOCK = threading.Lock()
_LOADED: list[Identifier] = []  # at most one; the model is the same for everyone


class Identifier(Protocol):
    """What is used of py3langid's LanguageIdentifier."""

    nb_classes: list[str]
    """A label for each score; some stand there twice."""

    def scores(self, text: str) -> NDArray[np.float32]:
        """(len(nb_classes),) log likelihood of each label."""
        ...


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
        return _build(_unpack(packed))
    digest = hashlib.sha256(packed + _LAYOUT.encode()).hexdigest()[:16]
    kept = folder / f"langid-{digest}"
    try:
        return _build(_mapped(kept))
    except (OSError, ValueError):  # not there yet, or not whole: made again below
        arrays = _unpack(packed)
        _keep(arrays, kept)
        return _build(arrays)


def _unpack(packed: bytes) -> dict[str, Any]:
    import numpy as np

    with np.load(io.BytesIO(lzma.decompress(packed)), allow_pickle=False) as archive:
        return {name: archive[name] for name in _ARRAYS}


def _mapped(kept: Path) -> dict[str, Any]:
    import numpy as np

    # As plain arrays: numpy's own kind for mappings takes as long to index as the rest.
    return {name: np.load(kept / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in _ARRAYS}


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


def _build(arrays: Mapping[str, Any]) -> Identifier:
    from py3langid.langid import LanguageIdentifier

    class Scoring(LanguageIdentifier):  # type: ignore[misc]
        """As its ``rank``, without sorting, which takes as long as the scores."""

        def scores(self, text: str) -> NDArray[np.float32]:
            found: NDArray[np.float32] = self._decide(text)
            return found

    identifier: Identifier = Scoring(
        arrays["ptc"],
        arrays["pc"],
        arrays["classes"].tolist(),
        memoryview(arrays["nextmove"]),
        memoryview(arrays["out_feat"]),
        tk_row=arrays["nextmove_row"].tolist(),
    )
    return identifier

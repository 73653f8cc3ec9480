"""Opens each kind of engine for a test. Milvus is Milvus Lite here, a file like any other.

Making an empty store in Milvus Lite takes a second, copying one a few milliseconds.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qa import garbage
from qa.embedded import EmbeddedEngine
from qa.engine import Engine
from qa.milvus.address import FILE, LITE, parse
from qa.milvus.engine import MilvusEngine
from qa.milvus.records import Written
from qa.transfer import Transfer
from qa.types import text_sha256
from tests.prepared import DIMENSION

KINDS = ("embedded", LITE)


def opened(kind: str, folder: Path, dimension: int = DIMENSION) -> Engine:
    """An engine over a folder, which may hold one already."""
    if kind == "embedded":
        return EmbeddedEngine.open(folder, dimension)
    return milvus(folder, dimension)


def milvus(folder: Path, dimension: int = DIMENSION) -> MilvusEngine:
    """A Milvus Lite in a folder."""
    if not (folder / FILE).exists():
        shutil.copytree(_empty(dimension), folder, dirs_exist_ok=True)
    return MilvusEngine.open(parse(LITE, folder), "", dimension)


def transfer(engine: Engine) -> Transfer:
    """What an engine gives and takes beside documents."""
    assert isinstance(engine, (EmbeddedEngine, MilvusEngine))
    return engine.transfer()


def backdate(engine: Engine, text: str, days: int, document_id: str | None = None) -> None:
    """Make a text end so long ago, for one document or all that had it."""
    when = garbage.moment(datetime.now(UTC) - timedelta(days=days))
    if isinstance(engine, EmbeddedEngine):
        with engine._store.writing() as connection:
            connection.execute(
                "UPDATE versions SET ended = ? WHERE sha256 = ? AND document_id LIKE ?",
                (when, text_sha256(text), document_id or "%"),
            )
        return
    assert isinstance(engine, MilvusEngine)
    records, state = engine._store.records, engine._store.state()
    low = f"v/{text_sha256(text)}/{document_id or ''}"
    found = list(records.between(low, f"{low}~", state.revision))
    changes = {one.key: Written({**one.value, "ended": when}) for one in found}
    records.write(state.revision, changes)


@functools.cache
def _empty(dimension: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fundstelle-milvus-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    MilvusEngine.open(parse(LITE, folder), "", dimension).close()
    return folder

"""Opens the engine that the settings name. Knows which there are, and imports only that one."""

from __future__ import annotations

from collections.abc import Callable

from qa.errors import InvalidInput
from qa.milvus.address import FORMS, LITE, Address, is_address, parse
from qa.settings import EMBEDDED, Settings
from qa.transfer import Movable

Progress = Callable[[str, int, int], None]


def open_engine(settings: Settings, dimension: int, progress: Progress | None = None) -> Movable:
    """The store that the settings name, made if there is none.

    Args:
        settings: of which ``engine``, ``engine_token`` and ``data_dir`` are read.
        dimension: length of the vectors that will be put and searched.
        progress: called with what is done, how much, of how much.

    Raises:
        InvalidInput: there is no such engine.
        StoreError: the store cannot be reached or read.
    """
    if is_address(settings.engine):
        from qa.milvus.engine import MilvusEngine

        return MilvusEngine.open(
            _address(settings), settings.engine_token.get_secret_value(), dimension
        )
    _require_embedded(settings)
    from qa.embedded import EmbeddedEngine

    return EmbeddedEngine.open(settings.data_dir, dimension, progress=progress)


def stored_dimension(settings: Settings) -> int:
    """Length of the vectors in a store that is there; 0 when it has none yet."""
    if is_address(settings.engine):
        from qa.milvus.opening import stored_dimension as of_milvus

        return of_milvus(_address(settings), settings.engine_token.get_secret_value())
    _require_embedded(settings)
    from qa.embedded import stored_dimension as of_folder

    return of_folder(settings.data_dir)


def same_place(one: Settings, other: Settings) -> bool:
    """Whether two settings name the same store."""
    if is_address(one.engine) and is_address(other.engine):
        return _address(one) == _address(other)
    return one.engine == other.engine and one.data_dir.resolve() == other.data_dir.resolve()


def exists(settings: Settings) -> bool:
    """Whether the settings name a store that is there. Makes none."""
    if is_address(settings.engine):
        from qa.milvus.opening import found

        return found(_address(settings), settings.engine_token.get_secret_value())
    _require_embedded(settings)
    return settings.data_dir.exists()


def one_process(settings: Settings) -> bool:
    """Whether only one process at a time can have the store open."""
    return is_address(settings.engine) and _address(settings).lite


def place(settings: Settings) -> str:
    """Where the store is, for people."""
    return str(settings.data_dir) if settings.engine in (EMBEDDED, LITE) else settings.engine


def _address(settings: Settings) -> Address:
    return parse(settings.engine, settings.data_dir)


def _require_embedded(settings: Settings) -> None:
    if settings.engine != EMBEDDED:
        raise InvalidInput(
            f"FUNDSTELLE_ENGINE is {settings.engine!r}; it can be {EMBEDDED}, {FORMS}."
        )

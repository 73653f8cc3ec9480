"""Opens the two engines of a migration. Knows places and settings; moves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from embeddings.bundled import BUNDLED, BUNDLED_NAME, load_encoder
from embeddings.static import StaticEncoder
from qa import engines
from qa.errors import InvalidInput, NotFound
from qa.milvus.address import is_address
from qa.preparation import Preparer
from qa.settings import EMBEDDED, Settings
from qa.transfer import Movable


@contextmanager
def movable(
    settings: Settings, source: str, target: str
) -> Iterator[tuple[tuple[Movable, Movable], Preparer]]:
    """The engines of two places, and what prepares documents for the second.

    The source is opened for vectors of its own length: it must not be changed.

    Raises:
        InvalidInput: both are the same place.
        NotFound: there is nothing in the source.
    """
    there, here = _settings(settings, source), _settings(settings, target)
    if engines.same_place(there, here):
        raise InvalidInput(f"FROM and TO are both {engines.place(there)}; name two places.")
    if not engines.exists(there):
        raise NotFound(f"There is no collection in {engines.place(there)}; nothing was made.")
    tokens = StaticEncoder(BUNDLED, BUNDLED_NAME)
    key = settings.model_key.get_secret_value()
    encoder = tokens if settings.model == BUNDLED_NAME else load_encoder(settings.model, key)
    with ExitStack() as stack:
        first = engines.open_engine(there, engines.stored_dimension(there) or encoder.dimension)
        stack.callback(first.close)
        second = engines.open_engine(here, encoder.dimension)
        stack.callback(second.close)
        yield (first, second), Preparer(encoder, tokens)


def _settings(settings: Settings, place: str) -> Settings:
    """Settings whose collection is in a place."""
    if is_address(place):
        return settings.model_copy(update={"engine": place})
    return settings.model_copy(update={"engine": EMBEDDED, "data_dir": Path(place)})

"""Opens the collection that flags and environment variables name, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qa.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from qa.collection import Collection, Progress
    from qa.settings import Settings


def settings_from(**given: object) -> Settings:
    """Settings from the flags that were given, then the environment, then the defaults.

    Raises:
        InvalidInput: a value is not acceptable; the message names its variable.
    """
    from pydantic import ValidationError

    from qa.settings import Settings

    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidInput(
            f"FUNDSTELLE_{name}: {first['msg']}; found {first['input']!r}."
        ) from error


@contextmanager
def opened(settings: Settings, progress: Progress | None = None) -> Iterator[Collection]:
    """The collection, made if there is none; closed afterwards."""
    from qa.collection import Collection

    collection = Collection.open(settings, progress)
    try:
        yield collection
    finally:
        collection.close()


@contextmanager
def existing(**given: object) -> Iterator[Collection]:
    """The collection that there is, with a progress bar if opening it takes long.

    Raises:
        NotFound: there is none. Asking a wrong folder must not make an empty one there.
    """
    from qa.engines import exists, place

    settings = settings_from(**given)
    if not exists(settings):
        raise NotFound(
            f"There is no collection in {place(settings)}; add documents with "
            "`fundstelle add PATH`, try the shipped ones with `fundstelle serve --seeds`, "
            "or name another folder with --data-dir, or another FUNDSTELLE_ENGINE."
        )
    from qa.console import Bar

    with Bar() as bar, opened(settings, bar.update) as collection:
        bar.hide()
        yield collection

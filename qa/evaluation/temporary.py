"""Makes a collection for one evaluation, by the code that serves, and removes it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from qa.collection import Collection
from qa.errors import FundstelleError
from qa.intake import Refused, put_each
from qa.opening import opened
from qa.settings import EMBEDDED, Settings
from qa.types import Document


@contextmanager
def collection_of(
    documents: Iterable[tuple[str, Document | FundstelleError]],
    settings: Settings,
    tick: Callable[[], None] | None = None,
) -> Iterator[tuple[Collection, list[Refused]]]:
    """A collection of these named documents, and those it could not take.

    It differs from the one that ``settings`` describe only in where it is kept.
    """
    with TemporaryDirectory(prefix="fundstelle-evaluation-") as folder:
        # Never in a Milvus, where it would be among the documents that are served.
        elsewhere = settings.model_copy(update={"data_dir": Path(folder), "engine": EMBEDDED})
        refused = []
        with opened(elsewhere) as collection:
            for outcome in put_each(collection, documents):
                if isinstance(outcome, Refused):
                    refused.append(outcome)
                if tick is not None:
                    tick()
        # Closing indexes the last passages as well; until then, each question takes several times
        # as long, because they are scored by a plain loop.
        with opened(elsewhere) as collection:
            yield collection, refused


def named(documents: Iterable[Document]) -> Iterator[tuple[str, Document | FundstelleError]]:
    """Documents under their own ids."""
    for document in documents:
        yield document.id, document

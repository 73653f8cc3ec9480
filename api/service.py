"""The one collection that an app serves: opened in the background, closed at the end.

Knows no routes. While the collection is being opened (re-embedding after a change of model can
take minutes) the process is alive but not ready.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess

from api.problems import NotReady
from api.together import Together
from embeddings.errors import EmbeddingError, ModelUnavailable
from qa.collection import Collection
from qa.errors import FundstelleError, StoreUnavailable
from qa.seeds import add_missing
from qa.settings import Settings
from qa.types import IndexStatus

START_SECONDS = 1.0
"""How long starting waits for the collection, so that a store that cannot be opened ends the
process with its reason instead of leaving it up and never ready."""

TOGETHER_SECONDS = 30.0
"""The same for one of several processes behind a port. It takes no question before it is ready, so
that nobody is told "not ready" by one after another has said the opposite."""

AWAY_SECONDS = 5.0
"""Between tries to open while the server of the model or of the store is away. On a cluster all may
start at once, and then nobody would start this process again."""

YOUNG = 20_000
"""New objects after which Python looks for garbage among them. After the usual 700, every question
pays for looking at what others, answered together with it, still need."""

WARM_UP = "Where is it written?"

_log = logging.getLogger("fundstelle")


class Service:
    """Holds the collection and how far it has come."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self.settings = settings
        self.together = Together(lambda some: self.collection.ask_all(some, waits=False))
        """Answers questions within the event loop, where nothing has to be waited for."""
        self._collection: Collection | None = None
        self._error: Exception | None = None
        self._doing = "the collection is being opened"
        self._young, *_ = gc.get_threshold()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.opening = threading.Thread(target=self._open, name="opening", daemon=True)

    @property
    def collection(self) -> Collection:
        """The open collection; NotReady says why there is none."""
        if self._collection is not None:
            return self._collection
        if self._error is not None:
            known = isinstance(self._error, (FundstelleError, EmbeddingError))
            reason = self._error if known else "the service's log says why"
            raise NotReady(f"The collection cannot be opened: {reason}")
        raise NotReady(f"Not ready yet: {self._doing}. Ask again in a moment.")

    @property
    def failed(self) -> bool:
        """Whether opening has failed, which has then been logged."""
        return self._error is not None

    def status(self) -> IndexStatus | None:
        """The collection's size, or None while there is none."""
        return None if self._collection is None else self._collection.status()

    async def start(self) -> None:
        """Begin to open; raises what goes wrong at once."""
        if (parent := multiprocessing.parent_process()) is not None:
            threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
        self.opening.start()
        patience = TOGETHER_SECONDS if self.settings.workers > 1 else START_SECONDS
        await asyncio.to_thread(self.opening.join, patience)
        if self._error is not None:
            raise self._error

    async def stop(self) -> None:
        """Close the collection. What is still being opened is closed as soon as it is open."""
        self._closed.set()
        with self._lock:
            collection, self._collection = self._collection, None
        if collection is not None:
            gc.unfreeze()
            gc.set_threshold(self._young)
            await asyncio.to_thread(collection.close)

    def _open(self) -> None:
        try:
            collection = self._prepared_once_all_is_there()
        except (FundstelleError, EmbeddingError) as error:
            self._error = error
            _log.error("The collection cannot be opened: %s", error)
            return
        except Exception as error:
            self._error = error
            _log.exception("The collection cannot be opened")
            return
        if collection is None:
            return
        with self._lock:
            if not self._closed.is_set():
                gc.collect()
                gc.freeze()  # all that is there now stays, and need not be looked at again
                gc.set_threshold(YOUNG)
                self._collection = collection
                return
        collection.close()

    def _prepared_once_all_is_there(self) -> Collection | None:
        """The open collection, or None if the app was stopped first."""
        while not self._closed.is_set():
            try:
                return self._prepared()
            except ModelUnavailable as error:
                self._wait("the embedding model", error, max(AWAY_SECONDS, error.retry_after))
            except StoreUnavailable as error:
                self._wait("the store", error, AWAY_SECONDS)
        return None

    def _wait(self, for_what: str, error: Exception, seconds: float) -> None:
        self._doing = f"{for_what} does not answer yet"
        _log.warning("%s; opening the collection again in %.0f s", error, seconds)
        self._closed.wait(seconds)

    def _prepared(self) -> Collection:
        collection = Collection.open(self.settings, self._progress)
        try:
            if self.settings.seeds:
                add_missing(collection)
            # What is loaded at the first question is loaded now, so that nobody waits for it.
            collection.ask(WARM_UP)
        except BaseException:
            collection.close()
            raise
        return collection

    def _progress(self, doing: str, done: int, total: int) -> None:
        self._doing = f"{doing} ({done} of {total})"


def _end_after(parent: BaseProcess) -> None:
    """One of several processes does not outlive the one that started it, however that ends."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)

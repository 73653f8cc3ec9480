"""The texts that documents have now, kept ready for finding quotes. Knows the engine, no quotes.

Follows the engine: when its sequence number has moved, new texts are signed and old ones let go.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from qa.citations import TextCache
from qa.engine import Engine
from qa.folding import Folded, folded
from qa.signatures import Block, Signatures

_FOLDED_CHARACTERS = 4_000_000


class CurrentTexts:
    """Which current documents can hold given words. Safe to use from several threads."""

    def __init__(self, engine: Engine, texts: TextCache) -> None:
        """Nothing is read before it is asked for."""
        self._engine = engine
        self._texts = texts
        self._lock = threading.Lock()
        self._sequence = -1
        self._signatures = Signatures()
        self._documents: dict[str, list[str]] = {}
        self._folded: OrderedDict[str, Folded] = OrderedDict()
        self._held = 0

    def holding(self, words: str, within: str | None = None) -> list[tuple[str, str]]:
        """(document id, hash) of all that can hold the words, in order of id."""
        with self._lock:
            self._follow()
            found = self._signatures.holding(words)
            pairs = [(i, sha256) for sha256 in found for i in self._documents[sha256]]
        return sorted(pair for pair in pairs if within in (None, pair[0]))

    def nearest(self, words: str, limit: int, within: str | None = None) -> list[tuple[str, Block]]:
        """(document id, block) of those that share most with the words, best first."""
        with self._lock:
            self._follow()
            among = None
            if within is not None:
                among = [sha256 for sha256, ids in self._documents.items() if within in ids]
            blocks = self._signatures.nearest(words, limit, among)
            return [(within or self._documents[b.sha256][0], b) for b in blocks]

    def text(self, sha256: str) -> str:
        """A text."""
        return self._texts.get(sha256).text

    def folded(self, sha256: str) -> Folded:
        """A text, folded."""
        with self._lock:
            if sha256 in self._folded:
                self._folded.move_to_end(sha256)
                return self._folded[sha256]
        form = folded(self.text(sha256))
        with self._lock:
            if sha256 not in self._folded:
                self._folded[sha256] = form
                self._held += len(form.text)
            while self._held > _FOLDED_CHARACTERS and len(self._folded) > 1:
                self._held -= len(self._folded.popitem(last=False)[1].text)
        return form

    def _follow(self) -> None:
        sequence = self._engine.status().sequence
        if sequence == self._sequence:
            return
        documents: dict[str, list[str]] = {}
        for document_id, sha256 in self._engine.current_texts():
            documents.setdefault(sha256, []).append(document_id)
        # Read past the cache: a large collection would push out all that is in it.
        self._signatures.follow(documents, lambda one: self._engine.texts([one])[one])
        # A change after this number is seen again, which costs little.
        self._documents, self._sequence = documents, sequence

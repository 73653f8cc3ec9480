"""The whole of what Fundstelle does, as one object: put documents in, ask, check citations.

Knows no HTTP. Ties an engine (where documents are kept), an encoder (vectors), the token table
(late interaction) and the splitter together.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from embeddings.bundled import BUNDLED, BUNDLED_NAME, load_encoder
from embeddings.encoder import Encoder
from embeddings.static import StaticEncoder
from qa import dates, language
from qa.answers import Responder
from qa.citations import (
    CitationCheck,
    Place,
    TextCache,
    cite,
    document_key,
    parse_citation_id,
    relocate,
)
from qa.engine import Engine, OldText, TextVersion
from qa.engines import open_engine
from qa.errors import EmptyDocument, InvalidId, InvalidInput, NotFound, TextDropped, TooLarge
from qa.locks import WouldWait
from qa.parallel import ParallelPreparer
from qa.preparation import Preparer
from qa.ranking import Ranked, Ranking
from qa.relocation import altered_place
from qa.settings import Settings
from qa.types import Answer, Asking, Change, Document, Filters, IndexStatus, Span, StoredDocument
from qa.verification import QUOTE_CHARACTERS, Verification, Verifier
from qa.verified_text import TEXT_CHARACTERS, VerifiedText, verified_text

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""

QUESTION_CHARACTERS = 2000
MAX_TOP_K = 50
WAITING_AT_ONCE = 40
"""Questions answered at the same time when most of an answer is waiting for another machine."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")
_REEMBED_BATCH = 32


class Collection:
    """A collection of documents that can be asked. Safe to use from several threads."""

    def __init__(
        self, engine: Engine, encoder: Encoder, tokens: StaticEncoder, settings: Settings
    ) -> None:
        """Use ``open``; this ties together what it is given."""
        self._engine = engine
        self._encoder = encoder
        self._settings = settings
        workers = settings.prepare_workers or (os.cpu_count() or 1)
        self._preparer = ParallelPreparer(
            Preparer(encoder, tokens),
            settings.data_dir / "cache",
            workers if encoder is tokens else 0,
        )
        # Threads that compute at the same time take the interpreter from each other hundreds of
        # times a question, and all are slower than one after the other: of eight clients, 131 a
        # second are answered, with two at a time 124, for a quarter more of processor time. Those
        # that wait for another machine do not mind.
        self._computes = encoder is tokens and settings.engine == "embedded"
        self._turn: threading.Lock | threading.BoundedSemaphore = threading.Lock()
        if not self._computes:
            self._turn = threading.BoundedSemaphore(WAITING_AT_ONCE)
        self._texts = TextCache(engine.texts)
        self._responder = Responder(engine, encoder, tokens, self._texts, settings.public_url)
        self._verifier = Verifier(engine, self._texts, settings.public_url)

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None) -> Collection:
        """Open the store that the settings name, making it if it does not exist.

        Documents whose passages were made by another model or splitter are prepared again.

        Raises:
            StoreError: the store is damaged, foreign or newer than this program.
            ModelError: the model cannot be loaded; ModelUnavailable when its server is away.
        """
        language.preload(settings.data_dir / "cache")
        tokens = StaticEncoder(BUNDLED, BUNDLED_NAME)
        key = settings.model_key.get_secret_value()
        encoder = tokens if settings.model == BUNDLED_NAME else load_encoder(settings.model, key)
        engine = open_engine(settings, encoder.dimension, progress)
        collection = cls(engine, encoder, tokens, settings)
        collection.refresh(progress)
        return collection

    def refresh(self, progress: Progress | None = None) -> int:
        """Prepare again what another model or splitter made; how many documents that were."""
        outdated = self._engine.outdated(self._preparer.pipeline)
        for first in range(0, len(outdated), _REEMBED_BATCH):
            batch = [self._engine.whole(i) for i in outdated[first : first + _REEMBED_BATCH]]
            self._engine.put(self._preparer.prepare(batch))
            if progress is not None:
                done = min(first + _REEMBED_BATCH, len(outdated))
                progress("Reading documents again for the new model", done, len(outdated))
        return len(outdated)

    @property
    def model(self) -> str:
        """The configured embedding model."""
        return self._encoder.name

    def put(self, documents: Sequence[Document]) -> list[Change]:
        """Add or replace all of them, or none; durable and searchable when this returns.

        The language is detected where it is None.

        Raises:
            InvalidInput: an id, a date, a text or a language is not acceptable, or an id is given
                twice.
            ModelError: the texts cannot be encoded; ModelUnavailable when the server is away.
        """
        checked = [self._checked(document) for document in documents]
        ids = [document.id for document in checked]
        if len(set(ids)) != len(ids):
            twice = next(i for n, i in enumerate(ids) if i in ids[:n])
            raise InvalidId(f"The id {twice!r} is given twice; each document needs its own.")
        known = self._engine.described(ids)
        changed = [d for d in checked if not self._as_stored(d, known.get(d.id))]
        changes = {c.id: c for c in self._engine.put(self._preparer.prepare(changed))}
        sequence = self._engine.status().sequence
        return [changes.get(i) or _unchanged(known[i], sequence) for i in ids]

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove all of them; the new sequence. NotFound, and nothing removed, if one is absent."""
        return self._engine.remove(document_ids)

    def ask(
        self,
        question: str,
        *,
        top_k: int = 5,
        filters: Filters | None = None,
        min_score: float | None = None,
    ) -> Answer:
        """Answer a question with the best passages of the documents, verbatim and cited.

        Args:
            question: 1..2000 characters, in any language.
            top_k: how many passages, 1..50.
            filters: what to search in.
            min_score: leave out passages less likely than this to answer.

        Raises:
            InvalidInput: an argument is not acceptable.
            ModelError: the question cannot be encoded; ModelUnavailable when its server is away.
        """
        [answer] = self.ask_all([Asking(question, top_k, filters or Filters(), min_score)])
        return answer

    def ask_all(self, askings: Sequence[Asking], *, waits: bool = True) -> list[Answer]:
        """Answer several questions together, which takes less time than one after the other.

        Each is answered as if it were alone. If one cannot be answered, none is.

        Args:
            askings: what to answer.
            waits: whether to wait: for other questions, for changes to be indexed, for other
                machines. Without waiting an answer takes some milliseconds.

        Raises:
            WouldWait: it was not to wait and would have to.
            InvalidInput, ModelError: see ``ask``.
        """
        checked = [_checked_asking(asking) for asking in askings]
        # To find what a filter admits can take long, too.
        if not waits and not (self._computes and all(one.filters.empty for one in checked)):
            raise WouldWait
        if not self._turn.acquire(blocking=waits):
            raise WouldWait
        try:
            return self._responder.respond(checked, waits=waits)
        finally:
            self._turn.release()

    def retrieve(
        self,
        question: str,
        *,
        top_k: int | None = 10,
        filters: Filters | None = None,
        everything: bool = False,
    ) -> list[Ranked]:
        """Ranked candidates with their evidence, for evaluation; all of them when top_k is None.

        With ``everything`` also those that were found and would not have been worth ranking.
        """
        return self.ranking(question, filters=filters, everything=everything).best(top_k)

    def ranking(
        self, question: str, *, filters: Filters | None = None, everything: bool = False
    ) -> Ranking:
        """Likewise as they were found, with what the order of the best is made from."""
        return self._responder.ranking(
            _checked_question(question),
            filters=_checked_filters(filters or Filters()),
            everything=everything,
        )

    def document(self, document_id: str) -> StoredDocument:
        """Describe a document, or raise NotFound."""
        return self._engine.document(_checked_id(document_id))

    def documents(self, after: str | None = None, limit: int = 100) -> list[StoredDocument]:
        """Documents in order of id, after the given one."""
        return self._engine.documents(after, limit)

    def text(self, document_id: str) -> str:
        """The current text of a document, or raise NotFound."""
        return self._texts.get(self.document(document_id).sha256).text

    def verify(self, quote: str, document_id: str | None = None) -> Verification:
        """Whether the documents say these words, where, and what they say instead.

        Raises:
            InvalidInput: the quote has no character but white space, or more than 20,000.
            NotFound: there is no document of this id.
        """
        if not quote.strip() or len(quote) > QUOTE_CHARACTERS:
            raise InvalidInput(
                f"The quote has {len(quote.strip())} characters; it can have 1 to "
                f"{QUOTE_CHARACTERS}."
            )
        if document_id is not None:
            self.document(document_id)
        return self._verifier.verify(quote, document_id)

    def verify_text(self, text: str, document_id: str | None = None) -> VerifiedText:
        """Verify every quotation in a text; see ``verify``."""
        if len(text) > TEXT_CHARACTERS:
            raise InvalidInput(
                f"The text has {len(text)} characters; it can have up to {TEXT_CHARACTERS}."
            )
        if document_id is not None:
            self.document(document_id)
        return verified_text(text, lambda quote: self._verifier.verify(quote, document_id))

    def citation(self, citation_id: str) -> CitationCheck:
        """What became of a citation.

        Raises:
            NotFound: it was never issued here.
            TextDropped: it was, but its text has been dropped.
        """
        key = parse_citation_id(citation_id)
        version = self._cited_version(citation_id, key.sha256_prefix, key.document_key)
        span = Span(key.start, key.end)
        view = self._texts.get(version.sha256)
        if span.end > len(view.text):
            raise NotFound(f"No citation has the id {citation_id!r}: its text is shorter.")
        citation = cite(version, view, span, public_url=self._settings.public_url)
        current = self._engine.current(version.document_id)
        if current is None:
            return CitationCheck("deleted", citation, None)
        if current.sha256 == version.sha256:
            return CitationCheck("valid", citation, Place(span.start, span.end, citation.quote))
        new = self._texts.get(current.sha256).text
        if place := relocate(view.text, span, new):
            return CitationCheck("moved", citation, place)
        return CitationCheck("altered", citation, *altered_place(view.text, span, new))

    def drop_old_texts(self, ended_by: datetime, *, dry_run: bool = False) -> list[OldText]:
        """Drop texts that no document has any more, and none had after a time (UTC).

        Citations of them are answered with TextDropped from then on, until the same text is put
        again. Returns what was dropped or, with ``dry_run``, would be.
        """
        return self._engine.drop_old_texts(ended_by, dry_run=dry_run)

    def status(self) -> IndexStatus:
        """Sequence and counts."""
        return self._engine.status()

    def check(self) -> Iterator[str]:
        """Re-read everything and yield one sentence for each broken invariant."""
        return self._engine.check()

    def close(self) -> None:
        """Flush and release everything. Safe to call twice."""
        self._responder.close()
        self._preparer.close()
        self._engine.close()

    def _cited_version(self, citation_id: str, sha256_prefix: str, key: str) -> TextVersion:
        versions = [
            v for v in self._engine.versions(sha256_prefix) if document_key(v.document_id) == key
        ]
        if not versions:
            for stone in self._engine.tombstones(sha256_prefix):
                if document_key(stone.document_id) == key:
                    raise TextDropped(
                        f"The text that {citation_id} names, of document {stone.document_id}, was "
                        f"dropped by `fundstelle gc` on {stone.dropped[:10]}."
                    )
            raise NotFound(
                f"No citation has the id {citation_id!r}: this collection never held that text."
            )
        return versions[0]

    def _checked(self, document: Document) -> Document:
        _checked_id(document.id)
        if len(document.text) > self._settings.max_document_characters:
            raise TooLarge(
                f"{document.id} has {len(document.text):,} characters; the limit is "
                f"{self._settings.max_document_characters:,}. Split it, or raise "
                "FUNDSTELLE_MAX_DOCUMENT_CHARACTERS."
            )
        if not document.text.strip():
            raise EmptyDocument(f"{document.id} has no text.")
        published = document.published
        return replace(
            document,
            published=dates.validate(published) if published is not None else None,
            language=_checked_language(document.language),
        )

    def _as_stored(self, document: Document, stored: StoredDocument | None) -> bool:
        same = stored is not None and (
            stored.pipeline,
            stored.sha256,
            stored.source,
            stored.title,
            stored.published,
            stored.pages,
            dict(stored.metadata),
        ) == (
            self._preparer.pipeline,
            document.sha256,
            document.source,
            document.title,
            document.published,
            document.pages,
            dict(document.metadata),
        )
        if not same or stored is None:
            return False
        # Last, because detecting it takes longer than all the rest.
        return (document.language or language.detect(document.text)) == stored.language


def _unchanged(stored: StoredDocument, sequence: int) -> Change:
    return Change(stored.id, stored.sha256, sequence, stored.passages, "unchanged")


def _checked_id(document_id: str) -> str:
    if _ID.fullmatch(document_id) is None:
        raise InvalidId(
            f"{document_id[:80]!r} cannot be an id: use 1 to 200 letters A-Z a-z, digits, "
            "'.', '_' or '-'."
        )
    return document_id


def _checked_question(question: str) -> str:
    stripped = question.strip()
    if not 1 <= len(stripped) <= QUESTION_CHARACTERS:
        raise InvalidInput(
            f"The question has {len(stripped)} characters; it can have 1 to {QUESTION_CHARACTERS}."
        )
    return stripped


def _checked_asking(asking: Asking) -> Asking:
    if not 1 <= asking.top_k <= MAX_TOP_K:
        raise InvalidInput(f"top_k is {asking.top_k}; it can be 1 to {MAX_TOP_K}.")
    return replace(
        asking,
        question=_checked_question(asking.question),
        filters=_checked_filters(asking.filters),
    )


def _checked_language(code: str | None) -> str | None:
    if code is None:
        return None
    if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*", code) is None:
        raise InvalidInput(f"{code[:40]!r} is not a language code such as 'de' or 'en'.")
    return re.split("[-_]", code)[0].lower()


def _checked_filters(filters: Filters) -> Filters:
    if filters.empty:
        return filters
    return Filters(
        languages=tuple(filter(None, (_checked_language(code) for code in filters.languages))),
        document_ids=tuple(_checked_id(i) for i in filters.document_ids),
        published_from=_checked_date(filters.published_from),
        published_to=_checked_date(filters.published_to),
    )


def _checked_date(value: str | None) -> str | None:
    return None if value is None else dates.validate(value)

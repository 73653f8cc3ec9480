"""Finds passages by their terms, with tantivy. Knows terms and filters; no text, no vectors.

The index is derived: each commit holds one marker that says which store it was built from, how
far (the store's sequence number) and by which analysis. Questions become query objects, never
query syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tantivy import Document, Index, IndexWriter, Query, Schema, SchemaBuilder, Searcher

from qa import analysis, bm25
from qa.lexical_files import damaged
from qa.lexical_tail import Entry
from qa.lexical_view import LENGTHS, MARKER, LexicalView, terms_text

_HEAP_BYTES = 64_000_000
_ATTEMPTS = 3


class LexicalIndexError(Exception):
    """The index on disk is damaged, or was built from another store or by another analysis."""


class LexicalIndexBusy(Exception):
    """Another process is changing the index."""


class LexicalIndex:
    """An index in a folder, or in memory when there is none.

    Args:
        folder: made if missing.
        store: identity of the store that this index is derived from.
        heap: bytes of memory for what is written; what does not fit is another segment.

    Raises:
        LexicalIndexError: there is something else in the folder.
    """

    def __init__(self, folder: Path | None, store: str, heap: int = _HEAP_BYTES) -> None:
        """Open the folder, or begin an empty index at sequence 0."""
        self._heap = heap
        self._identity = f"{store} {analysis.VERSION}"
        self._schema = _schema()
        self._folder = folder
        try:
            if folder is None:
                self._index = Index(self._schema)
                self._index.config_reader("manual")
            else:
                folder.mkdir(parents=True, exist_ok=True)
                if findings := list(damaged(folder)):
                    raise LexicalIndexError(f"in {folder}: {'; '.join(findings)}")
                self._open(folder)
            self.reload()
        except (ValueError, OSError) as error:
            raise LexicalIndexError(f"cannot open the index in {folder}: {error}") from error

    @property
    def exchanged(self) -> bool:
        """Whether another folder came into the place of the one that is open."""
        return self._folder is not None and _number(self._folder) != self._opened

    def reload(self) -> None:
        """See the last commit, by whichever process."""
        try:
            searcher, sequence = self._last_commit()
            self._view = LexicalView(searcher, self._schema, sequence)
        except (ValueError, OSError) as error:
            raise LexicalIndexError(f"cannot read the index: {error}") from error

    def _last_commit(self) -> tuple[Searcher, int]:
        """For searching it, and the store's sequence number that it is the state of."""
        self._follow()
        self._index.reload()
        searcher = self._index.searcher()
        return searcher, self._sequence_of(searcher)

    @property
    def view(self) -> LexicalView:
        """The state seen by the last reload; it stays as it is."""
        return self._view

    def update(self, since: int, removed: Iterable[int], added: Iterable[Entry], to: int) -> None:
        """Commit changes, from one sequence number to another, and see them.

        Raises:
            LexicalIndexBusy: another process is changing it, or has; reload and look again.
        """
        writer = self._writer()
        try:
            # Between our look and the lock, another process may have made the same changes.
            _, sequence = self._last_commit()
            if sequence != since:
                self.reload()
                raise LexicalIndexBusy(f"expected sequence {since}, found {sequence}")
            # By query: by term, tantivy-py takes an int for a signed one and deletes nothing.
            gone = [MARKER, *(int(passage_id) for passage_id in removed)]
            writer.delete_documents_by_query(Query.term_set_query(self._schema, "passage", gone))
            for entry in added:
                writer.add_document(self._document(entry))
            writer.add_document(self._marker(to))
            writer.commit()
        except (ValueError, OSError) as error:
            raise LexicalIndexError(f"cannot change the index: {error}") from error
        finally:
            writer.wait_merging_threads()  # and gives the lock back
        self.reload()

    @contextmanager
    def writable(self) -> Iterator[None]:
        """No process can change the index while this lasts; raises LexicalIndexBusy as above."""
        writer = self._writer()
        try:
            yield
        finally:
            writer.wait_merging_threads()

    def _follow(self) -> bool:
        """Open the folder that is there now, if it is another; whether it was."""
        if self._folder is None or not self.exchanged:
            return False
        self._open(self._folder)
        return True

    def _open(self, folder: Path) -> None:
        self._opened = _number(folder)
        self._index = Index(self._schema, path=str(folder))
        # Readers move on when told to, so that a search knows what state it searches.
        self._index.config_reader("manual")

    def _writer(self) -> IndexWriter:
        """The only one of all processes, for the folder that is there now."""
        try:
            for _ in range(_ATTEMPTS):
                writer = self._index.writer(self._heap, 1)
                if not self._follow():  # and while there is a writer, it stays
                    return writer
                writer.wait_merging_threads()
            raise LexicalIndexBusy("the folder is exchanged again and again")
        except (ValueError, OSError) as error:
            kind = LexicalIndexBusy if "LockBusy" in str(error) else LexicalIndexError
            raise kind(str(error)) from error

    def _sequence_of(self, searcher: Searcher) -> int:
        """From the marker; raises LexicalIndexError when it is not this store's."""
        marker = Query.term_query(self._schema, "passage", MARKER)
        hits = searcher.search(marker, limit=2).hits
        if not hits and searcher.num_docs == 0:
            return 0
        found = [searcher.doc(address) for _, address in hits]
        if len(found) != 1 or found[0].get_first("identity") != self._identity:
            raise LexicalIndexError(
                f"expected an index of {self._identity!r}, found "
                f"{[document.get_first('identity') for document in found]}"
            )
        return int(found[0].get_first("sequence") or 0)

    def _document(self, entry: Entry) -> Document:
        document = Document()
        document.add_unsigned("passage", entry.passage_id)
        document.add_text("document", entry.document_id)
        document.add_text("terms", terms_text(entry.terms))
        document.add_text("sounds", bm25.pieces_text(entry.terms.sound))
        for name, length in zip(LENGTHS, entry.terms.lengths.tolist(), strict=True):
            document.add_unsigned(name, length)
        if entry.language is not None:
            document.add_text("language", entry.language)
        if entry.first is not None and entry.last is not None:
            document.add_unsigned("first", entry.first)
            document.add_unsigned("last", entry.last)
        return document

    def _marker(self, sequence: int) -> Document:
        document = Document()
        document.add_unsigned("passage", MARKER)
        document.add_unsigned("sequence", sequence)
        document.add_text("identity", self._identity)
        return document


def _number(folder: Path) -> int:
    """What a folder keeps when it is renamed; 0 when there is none."""
    try:
        return folder.stat().st_ino
    except OSError:
        return 0


def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field("passage", indexed=True, fast=True)
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    # Terms arrive analysed, parted by spaces.
    for name in ("terms", "sounds"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in LENGTHS:
        builder.add_unsigned_field(name, fast=True)
    builder.add_unsigned_field("first", indexed=True, fast=True)
    builder.add_unsigned_field("last", indexed=True, fast=True)
    builder.add_unsigned_field("sequence", stored=True)
    builder.add_text_field("identity", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()

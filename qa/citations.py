"""Makes citations and resolves them. Knows no search and no HTTP.

A citation's id is made of what it names: the first 80 bits of the text version's SHA-256, 32 bits
of the document id's, and the two offsets. Nothing is written when a citation is issued, and any
citation ever issued can be resolved for as long as its text version is kept.

The anchors are those of the W3C Web Annotation Data Model: TextPositionSelector (start, end) and
TextQuoteSelector (quote, prefix, suffix); the link ends in an RFC 5147 fragment, and the link to
a source on the web in a text fragment.
"""

from __future__ import annotations

import bisect
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from qa.differences import Difference
from qa.engine import TextVersion
from qa.errors import NotFound, StoreError
from qa.text_fragments import link
from qa.types import Citation, Span

CONTEXT_CHARACTERS = 32
_SURROUNDINGS = 256
_OCCURRENCES = 200
_ID = re.compile(r"([0-9a-f]{20})\.([0-9a-f]{8})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class CitationKey:
    """What a citation id says."""

    sha256_prefix: str
    document_key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where cited words are now."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class CitationCheck:
    """What became of a citation: ``valid``, ``moved``, ``altered`` or ``deleted``."""

    status: str
    citation: Citation
    current: Place | None
    differences: tuple[Difference, ...] = ()


def document_key(document_id: str) -> str:
    """Eight hex digits that stand for a document id inside citation ids."""
    return hashlib.sha256(document_id.encode()).hexdigest()[:8]


def citation_id(document_id: str, sha256: str, start: int, end: int) -> str:
    """The id of the citation of ``text[start:end]`` in this version of this document."""
    return f"{sha256[:20]}.{document_key(document_id)}.{start}.{end}"


def parse_citation_id(value: str) -> CitationKey:
    """Read an id back, or raise NotFound when it cannot have been issued."""
    match = _ID.fullmatch(value)
    if match is None or int(match[3]) >= int(match[4]):
        raise NotFound(f"No citation has the id {value!r}: it is not of the form that is issued.")
    return CitationKey(match[1], match[2], int(match[3]), int(match[4]))


class TextView:
    """A text version with its line starts. Lines end at LF, CRLF or CR."""

    def __init__(self, text: str) -> None:
        """Index the lines of ``text``."""
        self.text = text
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """First and last line (1-based, inclusive) of a non-empty span."""
        first = bisect.bisect_right(self._starts, start)
        return first, max(first, bisect.bisect_right(self._starts, end - 1))


class TextCache:
    """Keeps recently used text versions; they are immutable, so nothing ever expires."""

    def __init__(
        self, load: Callable[[Sequence[str]], dict[str, str]], characters: int = 32_000_000
    ) -> None:
        """Load misses with ``load`` and keep about ``characters`` code points."""
        self._load = load
        self._room = characters
        self._held = 0
        self._views: OrderedDict[str, TextView] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str) -> TextView:
        """The text version of this hash."""
        return self.all([sha256])[sha256]

    def all(self, sha256s: Iterable[str]) -> dict[str, TextView]:
        """The text versions of these hashes; those that are missing are loaded at once."""
        wanted = list(dict.fromkeys(sha256s))
        with self._lock:
            found = {sha256: self._views[sha256] for sha256 in wanted if sha256 in self._views}
            for sha256 in found:
                self._views.move_to_end(sha256)
        missing = [sha256 for sha256 in wanted if sha256 not in found]
        if missing:
            loaded = {sha256: TextView(text) for sha256, text in self._load(missing).items()}
            self._keep(loaded)
            found |= loaded
        return found

    def _keep(self, loaded: dict[str, TextView]) -> None:
        with self._lock:
            for sha256, view in loaded.items():
                if sha256 not in self._views:
                    self._views[sha256] = view
                    self._held += len(view.text)
            while self._held > self._room and len(self._views) > 1:
                _, dropped = self._views.popitem(last=False)
                self._held -= len(dropped.text)


def cite(
    version: TextVersion,
    view: TextView,
    span: Span,
    *,
    language: str | None = None,
    expected: str | None = None,
    public_url: str = "",
) -> Citation:
    """Cite a span of one version of a document.

    Raises:
        StoreError: the span is not in the text, or its text is not ``expected``. This is the last
            line of defence: such a citation must never leave the program.
    """
    quote = view.text[span.start : span.end]
    document_id = version.document_id
    pages = pages_of(version.pages, span)
    if len(quote) != span.end - span.start or not quote:
        raise StoreError(f"{document_id}: {span.start}..{span.end} is outside the text.")
    if expected is not None and quote != expected:
        raise StoreError(
            f"{document_id}: the passage at {span.start}..{span.end} does not match its text. "
            "Run `fundstelle check`."
        )
    return Citation(
        id=citation_id(document_id, version.sha256, span.start, span.end),
        document_id=document_id,
        document_sha256=version.sha256,
        title=version.title,
        source=version.source,
        language=language or version.language,
        published=version.published,
        start=span.start,
        end=span.end,
        lines=view.lines(span.start, span.end),
        page=pages[0] if pages else None,
        pages=pages,
        quote=quote,
        prefix=view.text[max(0, span.start - CONTEXT_CHARACTERS) : span.start],
        suffix=view.text[span.end : span.end + CONTEXT_CHARACTERS],
        url=f"{public_url.rstrip('/')}/documents/{document_id}#char={span.start},{span.end}",
        source_url=link(version.source, quote),
    )


def pages_of(starts: Sequence[int], span: Span) -> tuple[int, int] | None:
    """First and last page (1-based, inclusive) of a non-empty span; None where there are none.

    Args:
        starts: offset at which each page starts, first page first.
        span: what may begin on one page and end on another.
    """
    first = bisect.bisect_right(starts, span.start)
    return (first, bisect.bisect_right(starts, span.end - 1)) if first else None


def relocate(old: str, span: Span, new: str) -> Place | None:
    """Find the cited words in a later version of the text.

    Of several occurrences, the one with the most of the old surroundings is taken, then the one
    nearest to the old offset. One that has more of the surroundings of the same words elsewhere in
    the old text was there before, and is not the one that was cited.
    """
    quote = old[span.start : span.end]
    moved = len(new) - len(old)
    others = [at for at in _occurrences(quote, old, span.start, 0) if at != span.start]
    best: tuple[int, int, int] | None = None
    for found in _occurrences(quote, new, span.start, moved):
        around = _around(old, span.start, new, found, len(quote))
        candidate = (around, -abs(found - span.start), found)
        if best is not None and candidate <= best:
            continue
        if all(_around(old, at, new, found, len(quote)) <= around for at in others):
            best = candidate
    return Place(best[2], best[2] + len(quote), quote) if best else None


def _occurrences(quote: str, text: str, near: int, moved: int) -> list[int]:
    """Where the quote is; of very many places, those nearest to where it can have gone."""
    found: list[int] = []
    at = text.find(quote)
    while at >= 0:
        found.append(at)
        at = text.find(quote, at + 1)
    if len(found) > _OCCURRENCES:
        found.sort(key=lambda at: min(abs(at - near), abs(at - near - moved)))
    return found[:_OCCURRENCES]


def _around(old: str, before: int, new: str, now: int, length: int) -> int:
    """How many characters around both occurrences are the same."""
    ends, width = (before + length, now + length), _SURROUNDINGS
    return _shared_suffix(
        old[max(0, before - width) : before], new[max(0, now - width) : now]
    ) + _shared_prefix(old[ends[0] : ends[0] + width], new[ends[1] : ends[1] + width])


def _shared_prefix(left: str, right: str) -> int:
    limit = min(len(left), len(right))
    return next((n for n in range(limit) if left[n] != right[n]), limit)


def _shared_suffix(left: str, right: str) -> int:
    limit = min(len(left), len(right))
    return next((n for n in range(limit) if left[-1 - n] != right[-1 - n]), limit)

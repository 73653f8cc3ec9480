"""Whether the documents say a quote, and what they say instead. Knows no HTTP and no ranking.

Verdicts, the first that holds:

* ``exact``: the quote stands verbatim in one place, in the document named or in any;
* ``ambiguous``: it stands verbatim in several;
* ``normalised``: it differs only by what ``qa.folding`` disregards, by white space and quotation
  marks at its ends, or it leaves something out and shows it (``[…]``);
* ``other_document``: one of these, but not in the document named;
* ``altered``: a place says much the same, with differences;
* ``not_found``: nothing does; the nearest places are given.

The first four are complete: every current text that can hold the quote is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa.alignment import Alignment, Quote, best_alignment
from qa.citations import TextCache, cite
from qa.current_texts import CurrentTexts
from qa.differences import Difference, differences, whole_difference
from qa.ellipses import chains, is_ellipsis, parts_of
from qa.engine import Engine
from qa.errors import NotFound, StoreError
from qa.matching import core, cuts_word, exact_places, folded_places
from qa.signatures import reduced
from qa.types import Citation, Span

QUOTE_CHARACTERS = 20_000
MATCHES = 50
NEAREST = 3
_BLOCKS = 6
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a quote.

    Attributes:
        verdict: see the module.
        quote: as it was given.
        matches: the places, at most 50, each proved; for ``altered`` the one that is most alike.
        differences: between the quote and the first match, for ``altered``.
        nearest: similarity (0..1) and place, best first, for ``not_found``.
        parts: where the parts of a quote with ellipses are in the document of the first match.
        places: how many there are in all.
    """

    verdict: str
    quote: str
    matches: tuple[Citation, ...] = ()
    differences: tuple[Difference, ...] = ()
    nearest: tuple[tuple[float, Citation], ...] = ()
    parts: tuple[Span, ...] = ()
    places: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    document_id: str
    sha256: str
    span: Span
    parts: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class _Near:
    place: _Place
    similarity: float


class _Changed(Exception):
    """A document was changed while it was read."""


class Verifier:
    """Verifies quotes over the current documents. Safe to use from several threads."""

    def __init__(self, engine: Engine, texts: TextCache, public_url: str) -> None:
        """Nothing is read before the first quote."""
        self._engine = engine
        self._views = texts
        self._texts = CurrentTexts(engine, texts)
        self._public_url = public_url

    def verify(self, quote: str, document_id: str | None = None) -> Verification:
        """What the documents say to a quote.

        Args:
            quote: what was cited or pasted; not only white space.
            document_id: the document that is said to hold it.

        Raises:
            StoreError: the documents changed every time they were read.
        """
        for _ in range(_ATTEMPTS):
            try:
                return self._verified(quote, document_id)
            except (_Changed, NotFound):  # a text that was current has been removed since
                continue
        raise StoreError("The documents are being changed too quickly to verify; try again.")

    def _verified(self, quote: str, within: str | None) -> Verification:
        if said := self._said(quote, within):
            verdict, places = said
            return self._made(verdict, quote, places)
        if within is not None and (elsewhere := self._said(quote, None)):
            return self._made("other_document", quote, elsewhere[1])
        inner = core(quote)
        wanted = Quote.of(quote[inner.start : inner.end])
        near = self._near(quote, wanted, within)
        if near and near[0].similarity >= wanted.similar:
            return self._altered(quote, near[0])
        nearest = tuple((n.similarity, self._cited(n.place)) for n in near[:NEAREST])
        return Verification("not_found", quote, nearest=nearest)

    def _said(self, quote: str, within: str | None) -> tuple[str, list[_Place]] | None:
        """Verdict and all places of the quote's own words."""
        if places := list(self._exact(quote, within)):
            return ("exact" if len(places) == 1 else "ambiguous"), places
        places = list(self._folded(quote, within)) or list(self._chained(quote, within))
        return ("normalised", places) if places else None

    def _exact(self, quote: str, within: str | None) -> Iterator[_Place]:
        for document_id, sha256 in self._texts.holding(quote, within):
            for span in exact_places(quote, self._texts.text(sha256)):
                yield _Place(document_id, sha256, span)

    def _folded(self, quote: str, within: str | None) -> Iterator[_Place]:
        inner = core(quote)
        words = quote[inner.start : inner.end]
        letters = reduced(words)
        for document_id, sha256 in self._texts.holding(words, within) if words else ():
            text = self._texts.text(sha256)
            if letters not in reduced(text):  # much cheaper than folding
                continue
            form = self._texts.folded(sha256)
            # Verbatim within its ends: keep to that, even where others only fold alike.
            spans = list(exact_places(words, text)) or list(folded_places(words, text, form))
            yield from (_Place(document_id, sha256, span) for span in spans)

    def _chained(self, quote: str, within: str | None) -> Iterator[_Place]:
        """Places that hold all parts of a quote with ellipses, in order."""
        parts = [quote[span.start : span.end] for span in parts_of(quote)]
        if not parts:
            return
        holders = [set(self._texts.holding(part, within)) for part in parts]
        for document_id, sha256 in sorted(set.intersection(*holders)):
            text, form = self._texts.text(sha256), self._texts.folded(sha256)
            spans = [
                [s for s in folded_places(part, text, form) if not cuts_word(text, s.start, s.end)]
                for part in parts
            ]
            for chain in chains(spans):
                whole = Span(chain[0].start, chain[-1].end)
                yield _Place(document_id, sha256, whole, chain)

    def _near(self, quote: str, wanted: Quote, within: str | None) -> list[_Near]:
        """Places that are most like the quote, best first; none of them touch."""
        parts = parts_of(quote)
        found: list[_Near] = []
        seen: list[tuple[str, Span]] = []
        room = len(quote) * 5 // 4 + 100
        for document_id, block in self._texts.nearest(wanted.text, _BLOCKS, within):
            if any(s == block.sha256 and block.within(window) for s, window in seen):
                continue
            text = self._texts.text(block.sha256)
            window = Span(max(0, block.start - room), min(len(text), block.end + room))
            seen.append((block.sha256, window))
            best = best_alignment(wanted, text, window)
            if len(parts) > 1:
                best = max(
                    filter(None, (best, _in_parts(quote, parts, text, window))),
                    key=lambda one: one.similarity,
                    default=None,
                )
            if best is not None:
                found.append(_Near(_Place(document_id, block.sha256, best.span), best.similarity))
        found.sort(key=lambda near: -near.similarity)
        return list(_apart(found))

    def _altered(self, quote: str, near: _Near) -> Verification:
        span = near.place.span
        text = self._texts.text(near.place.sha256)
        inner = core(quote)
        made = differences(
            quote[inner.start : inner.end],
            text[span.start : span.end],
            expected_at=inner.start,
            found_at=span.start,
        )
        # Something differs, if not in any word: an inch from a foot, or where a number is cut.
        made = made or (whole_difference(quote, text[span.start : span.end], span.start),)
        told = tuple(d for d in made if not is_ellipsis(d.expected))
        return Verification("altered", quote, (self._cited(near.place),), told or made, places=1)

    def _made(self, verdict: str, quote: str, places: list[_Place]) -> Verification:
        matches = tuple(self._cited(place) for place in places[:MATCHES])
        return Verification(verdict, quote, matches, parts=places[0].parts, places=len(places))

    def _cited(self, place: _Place) -> Citation:
        version = self._engine.current(place.document_id)
        if version is None or version.sha256 != place.sha256:
            raise _Changed
        view = self._views.get(place.sha256)
        return cite(version, view, place.span, public_url=self._public_url)


def _in_parts(quote: str, parts: Iterable[Span], text: str, window: Span) -> Alignment | None:
    """The place that holds something like each part of a quote with ellipses."""
    found = [
        (part.end - part.start, best)
        for part in parts
        if (best := best_alignment(Quote.of(quote[part.start : part.end]), text, window))
    ]
    if not found:
        return None
    weight = sum(size for size, _ in found)
    spans = [best.span for _, best in found]
    whole = Span(min(span.start for span in spans), max(span.end for span in spans))
    return Alignment(whole, sum(size * best.similarity for size, best in found) / weight)


def _apart(found: Iterable[_Near]) -> Iterator[_Near]:
    taken: list[_Place] = []
    for near in found:
        place = near.place
        if all(p.sha256 != place.sha256 or not p.span.overlap(place.span) for p in taken):
            taken.append(place)
            yield near

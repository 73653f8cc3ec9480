"""Whether the documents say a quote, and what they say instead. Knows no HTTP and no ranking.

Verdicts, the first that holds:

* ``exact``: the quote stands verbatim in one place, in the document named or in any;
* ``ambiguous``: it stands verbatim in several;
* ``normalised``: it differs only by what ``qa.folding`` disregards, by white space and quotation
  marks at its ends, or it leaves something out and shows it (``[…]``), but no negation;
* ``other_document``: one of these, but not in the document named;
* ``altered``: a place says much the same, with differences: or its very words, but the quote cuts
  a word or a number in two, or its ellipsis hides a negation;
* ``not_found``: nothing does; the nearest places are given.

The first four are complete: every current text that can hold the quote is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from qa.alignment import Quote, alignment_in_parts, best_alignment
from qa.boundaries import widened
from qa.citations import TextCache, cite
from qa.current_texts import CurrentTexts
from qa.differences import Difference, differences, whole_difference
from qa.ellipses import chains, is_ellipsis, parts_of
from qa.engine import Engine, TextVersion
from qa.errors import NotFound, StoreError
from qa.folding import Folded
from qa.matching import core, exact_places, folded_places
from qa.omissions import hidden_negations
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
        if cut := self._cut(quote, within):
            return self._altered(quote, cut)
        if denied := next((one for one in self._joined(quote, within) if one[1]), None):
            place, told = denied
            return Verification("altered", quote, (self._cited(place),), told, places=1)
        inner = core(quote)
        wanted = Quote.of(quote[inner.start : inner.end])
        near = self._near(quote, wanted, within)
        if near and near[0].similarity >= wanted.similar:
            return self._altered(quote, near[0].place)
        nearest = tuple((n.similarity, self._cited(n.place)) for n in near[:NEAREST])
        return Verification("not_found", quote, nearest=nearest)

    def _said(self, quote: str, within: str | None) -> tuple[str, list[_Place]] | None:
        """Verdict and all places of the quote's own words."""
        if places := list(self._exact(quote, within)):
            return ("exact" if len(places) == 1 else "ambiguous"), places
        places = list(self._folded(quote, within))
        places = places or [place for place, told in self._joined(quote, within) if not told]
        return ("normalised", places) if places else None

    def _exact(self, quote: str, within: str | None) -> Iterator[_Place]:
        for document_id, sha256 in self._texts.holding(quote, within):
            for span in exact_places(quote, self._texts.text(sha256)):
                yield _Place(document_id, sha256, span)

    def _folded(self, quote: str, within: str | None) -> Iterator[_Place]:
        for words, place, text, form in self._read(quote, within):
            # Verbatim within its ends: keep to that, even where others only fold alike.
            spans = list(exact_places(words, text)) or list(folded_places(words, text, form))
            yield from (replace(place, span=span) for span in spans)

    def _cut(self, quote: str, within: str | None) -> _Place | None:
        """The first place that has the quote's words but cuts a word or a number."""
        for words, place, text, form in self._read(quote, within):
            verbatim = exact_places(words, text, cut=True)
            for span in chain(verbatim, folded_places(words, text, form, cut=True)):
                return replace(place, span=span)
        return None

    def _read(self, quote: str, within: str | None) -> Iterator[tuple[str, _Place, str, Folded]]:
        """The quote's words, and each text that has their letters, as it is and folded."""
        inner = core(quote)
        words = quote[inner.start : inner.end]
        letters = reduced(words)
        for document_id, sha256 in self._texts.holding(words, within) if words else ():
            text = self._texts.text(sha256)
            if letters in reduced(text):  # much cheaper than folding
                whole = _Place(document_id, sha256, Span(0, len(text)))
                yield words, whole, text, self._texts.folded(sha256)

    def _joined(
        self, quote: str, within: str | None
    ) -> Iterator[tuple[_Place, tuple[Difference, ...]]]:
        """Places that hold all parts, with the negations that are left out."""
        marked = parts_of(quote)
        parts = [quote[span.start : span.end] for span in marked]
        if not parts:
            return
        holders = [set(self._texts.holding(part, within)) for part in parts]
        for document_id, sha256 in sorted(set.intersection(*holders)):
            text, form = self._texts.text(sha256), self._texts.folded(sha256)
            language = self._current(document_id, sha256).language
            for found in chains([list(folded_places(part, text, form)) for part in parts]):
                whole = Span(found[0].start, found[-1].end)
                told = hidden_negations(text, found, marked, language)
                yield _Place(document_id, sha256, whole, found), told

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
                    filter(None, (best, alignment_in_parts(quote, parts, text, window))),
                    key=lambda one: one.similarity,
                    default=None,
                )
            if best is not None:
                found.append(_Near(_Place(document_id, block.sha256, best.span), best.similarity))
        found.sort(key=lambda near: -near.similarity)
        return list(_apart(found))

    def _altered(self, quote: str, place: _Place) -> Verification:
        text = self._texts.text(place.sha256)
        span = widened(text, place.span)
        place = replace(place, span=span)
        inner = core(quote)
        words, said = quote[inner.start : inner.end], text[span.start : span.end]
        made = differences(words, said, expected_at=inner.start, found_at=span.start)
        # Something differs, if not in any word.
        made = made or (whole_difference(quote, said, span.start),)
        told = tuple(d for d in made if not is_ellipsis(d.expected))
        return Verification("altered", quote, (self._cited(place),), told or made, places=1)

    def _made(self, verdict: str, quote: str, places: list[_Place]) -> Verification:
        matches = tuple(self._cited(place) for place in places[:MATCHES])
        return Verification(verdict, quote, matches, parts=places[0].parts, places=len(places))

    def _cited(self, place: _Place) -> Citation:
        version = self._current(place.document_id, place.sha256)
        view = self._views.get(place.sha256)
        return cite(version, view, place.span, public_url=self._public_url)

    def _current(self, document_id: str, sha256: str) -> TextVersion:
        version = self._engine.current(document_id)
        if version is None or version.sha256 != sha256:
            raise _Changed
        return version


def _apart(found: Iterable[_Near]) -> Iterator[_Near]:
    taken: list[_Place] = []
    for near in found:
        place = near.place
        if all(p.sha256 != place.sha256 or not p.span.overlap(place.span) for p in taken):
            taken.append(place)
            yield near

"""Cuts a text into passages that are worth citing. Knows no encoder and no file format.

A passage is some sentences of one section in one language, 400 to 700 characters where the text
allows. Short paragraphs are joined, long ones cut between sentences; a heading stays with what it
heads. What an encoder should read along (the heading above, the sentence before) is named beside
the passage and never part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa import language as languages
from qa.dates import from_text_start
from qa.graphemes import boundary_before
from qa.paragraphs import Paragraph, paragraphs
from qa.readers.markdown import front_matter
from qa.sentences import sentences, trimmed, within_paragraph
from qa.types import Passage, Span

FINGERPRINT = "passages-1"
"""To be raised with every change that cuts the same text differently."""

LIMIT = 900  # characters that no passage exceeds
_JOINED = 600  # up to which paragraphs are joined
_ENOUGH = 400  # from which on nothing more is joined
_SHORT = 100  # below which a paragraph is not left alone
_LONG = 750  # from which on a paragraph is cut
_PIECE = 550  # about how long its pieces are
_CONTEXT = 300  # characters of context at most
_DETECTIONS = 4000  # language detections per document, about half a second

_CLAUSE = re.compile(r"[,;:，；：、،।)\]]\s*|\s[–—-]\s+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Atom:
    """A paragraph, or sentences of a long one: what is never cut again."""

    start: int
    end: int
    heading: bool
    section: bool
    apart: bool
    language: str | None


def split(text: str, *, language: str | None = None) -> list[Passage]:
    """Passages of a text, in order, not overlapping, trimmed of white space.

    Every letter and digit is in one of them, except a leading date marker or Markdown front
    matter, which are metadata.

    Args:
        text: the document's text; offsets count in it.
        language: ISO 639-1 of most of it, or None to detect it.
    """
    start = prose_start(text)
    language = language or languages.detect(text[start:])
    whole = [one for one in paragraphs(text, start) if _says_something(text, one)]
    atoms = [atom for one in _told(text, whole, language) for atom in _atoms(text, one)]
    return list(_with_context(text, _packed(atoms)))


def prose_start(text: str) -> int:
    """Offset at which leading metadata ends: front matter or a date marker; 0 without any."""
    if matter := front_matter(text):
        return matter.end
    marker = from_text_start(text)
    return marker.end if marker else 0


def _says_something(text: str, one: Paragraph) -> bool:
    return any(map(str.isalnum, text[one.start : one.end]))


def _told(
    text: str, whole: Sequence[Paragraph], language: str | None
) -> list[tuple[Paragraph, str | None]]:
    """Paragraphs with their languages; one too short to tell is like a neighbour."""
    told = _detected(text, whole, language)
    known = [index for index, found in enumerate(told) if found]
    result: list[str | None] = list(told)
    position = 0
    for index, found in enumerate(told):
        if found:
            position += 1
            continue
        before = told[known[position - 1]] if position else None
        after = told[known[position]] if position < len(known) else None
        if before and after and before != after:
            piece = text[whole[index].start : whole[index].end]
            result[index] = languages.closer(piece, before, after)
        else:
            result[index] = before or after or language
    return list(zip(whole, result, strict=True))


def _detected(text: str, whole: Sequence[Paragraph], language: str | None) -> list[str | None]:
    """Language of each paragraph, or None where it is too short or unclear.

    Of a very long document, groups of paragraphs are looked at first, and single ones only where a
    group differs from the document.
    """
    size = -(-len(whole) // _DETECTIONS)
    found: list[str | None] = []
    for first in range(0, len(whole), size or 1):
        group = whole[first : first + size]
        if size > 1 and language:
            sample = text[group[0].start : group[-1].end]
            if languages.detect(sample, expected=language) == language:
                found.extend([language] * len(group))
                continue
        found.extend(_told_alone(text, one, language) for one in group)
    return found


def _told_alone(text: str, one: Paragraph, language: str | None) -> str | None:
    piece = text[one.start : one.end]
    # With an expected language an unclear piece is in that; here it must stay open, because a
    # neighbour knows better.
    found = languages.detect(piece)
    if found is None or found == language:
        return found
    return languages.detect(piece, expected=language)


def _atoms(text: str, told: tuple[Paragraph, str | None]) -> Iterator[_Atom]:
    """The paragraph itself or, of a long one, runs of sentences of about even length."""
    one, language = told
    if one.end - one.start <= _LONG:
        yield _Atom(one.start, one.end, one.heading, one.section, one.apart, language)
        return
    units = [
        piece
        for sentence in within_paragraph(text, one.start, one.end, language)
        for piece in _pieces(text, sentence)
    ]
    wanted = (one.end - one.start) / max(2, round((one.end - one.start) / _PIECE))
    first = 0
    for index, unit in enumerate(units):
        length = unit.end - units[first].start
        after = units[index + 1].end - units[first].start if index + 1 < len(units) else None
        if after is not None and after <= LIMIT and abs(after - wanted) <= abs(length - wanted):
            continue
        section, apart = one.section and first == 0, one.apart and first == 0
        yield _Atom(units[first].start, unit.end, False, section, apart, language)
        first = index + 1


def _pieces(text: str, sentence: Span) -> Iterator[Span]:
    """A sentence; one over the limit is cut at clauses, else at spaces, else anywhere."""
    start, end = sentence.start, sentence.end
    while end - start > LIMIT:
        cut = _cut_position(text, start, min(start + _LONG, end))
        if span := trimmed(text, start, cut):
            yield span
        start = cut
    if span := trimmed(text, start, end):
        yield span


def _cut_position(text: str, start: int, end: int) -> int:
    for pattern in (_CLAUSE, _SPACE):
        places = [
            match.end()
            for match in pattern.finditer(text, start + _LONG // 2, end)
            if boundary_before(text, match.end(), start) == match.end()
        ]
        if places:
            return places[-1]
    return boundary_before(text, end, start + _LONG // 2)


def _packed(atoms: Sequence[_Atom]) -> Iterator[list[_Atom]]:
    """Neighbouring atoms that make a passage together."""
    passage: list[_Atom] = []
    for atom, block_end in zip(atoms, _block_ends(atoms), strict=True):
        if passage and not _joins(passage, atom, block_end):
            yield passage
            passage = []
        passage.append(atom)
    if passage:
        yield passage


def _block_ends(atoms: Sequence[_Atom]) -> list[int]:
    """For each atom, where the lines end that follow it without a blank one."""
    ends: list[int] = []
    for index in range(len(atoms) - 1, -1, -1):
        atom, after = atoms[index], atoms[min(index + 1, len(atoms) - 1)]
        opens = after is atom or after.apart or after.section or after.heading
        ends.append(atom.end if opens or after.language != atom.language else ends[-1])
    return ends[::-1]


def _joins(passage: Sequence[_Atom], atom: _Atom, block_end: int) -> bool:
    start, so_far = passage[0].start, passage[-1].end - passage[0].start
    if atom.language != passage[-1].language or atom.end - start > LIMIT:
        return False
    if all(one.heading for one in passage):
        return atom.heading or not atom.section
    if atom.section or atom.heading:
        return False
    if atom.end - atom.start < _SHORT:
        return atom.end - start <= _LONG and not (atom.apart and so_far >= _ENOUGH)
    if atom.apart and so_far >= _SHORT and block_end - start > _JOINED:
        # Lines that belong together start a passage together, if one can hold them.
        return block_end - atom.start > _JOINED and _fits(so_far, atom.end - start)
    return _fits(so_far, atom.end - start)


def _fits(so_far: int, together: int) -> bool:
    return so_far < _ENOUGH and together <= _JOINED


def _with_context(text: str, packed: Iterator[list[_Atom]]) -> Iterator[Passage]:
    heading: _Atom | None = None
    before: _Atom | None = None
    for atoms in packed:
        first, last = atoms[0], atoms[-1]
        context: list[Span] = []
        if not first.heading:
            if heading and heading.language == first.language:
                context.append(Span(heading.start, heading.end))
            if before and before.language == first.language and not before.heading:
                room = _CONTEXT - sum(span.end - span.start for span in context)
                context.extend(_last_sentence(text, before, room))
        yield Passage(first.start, last.end, first.language, tuple(context))
        heading = next((atom for atom in reversed(atoms) if atom.heading), heading)
        before = last


def _last_sentence(text: str, atom: _Atom, room: int) -> list[Span]:
    """The sentence that a passage follows; only the beginning of a long one, where names stand."""
    last = sentences(text, max(atom.start, atom.end - LIMIT), atom.end, atom.language)[-1]
    if last.end - last.start <= room:
        return [last]
    spaces = [match.start() for match in _SPACE.finditer(text, last.start, last.start + room)]
    cut = spaces[-1] if spaces else boundary_before(text, last.start + room, last.start)
    span = trimmed(text, last.start, cut)
    return [span] if span else []

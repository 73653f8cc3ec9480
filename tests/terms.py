"""A passage's terms as strings, put together plainly from the analysis."""

from __future__ import annotations

from typing import NamedTuple

from qa import analysis
from qa.sounds import pieces


class Terms(NamedTuple):
    words: tuple[str, ...]
    stems: tuple[str, ...]
    sounds: tuple[str, ...]


def plain_terms(text: str, language: str | None) -> Terms:
    matches = list(analysis.matches(text))
    words = [w for match in matches for w in analysis.words_in(match, single_characters=True)]
    stems = [analysis.stemmed(w.forms[0], language) for w in words if w.stemmable]
    sounding = [match.group()[:64] for match in matches if analysis.sound_of(match)]
    return Terms(
        tuple(form for word in words for form in word.forms),
        tuple(stem for stem in stems if stem is not None),
        tuple(piece for word in sounding for piece in pieces(word)),
    )

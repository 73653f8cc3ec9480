"""Makes pairs of one name in several spellings, so that Лукашенко, Lukaschenko and Łukaszenka meet.

Knows how Cyrillic is transcribed into English, German, Polish, Czech and French. Knows nothing of
which names are famous: every capitalised Cyrillic word of the corpora serves. The pieces of names
are what is learned; the names themselves need not return.
"""

import re
from collections.abc import Sequence

from embeddings.training.corpora import Pair

SOURCE = "names"
_WORD = re.compile(r"(?<=[\w,] )[А-ЯЁІЇЄҐЎ][а-яёіїєґў'’]{3,}")
_LETTERS = "абвгґдеёєжзиіїйклмнопрстуўфхцчшщъыьэюя"
_ENGLISH = (
    "a b v g g d e yo ye zh z i i yi y k l m n o p r s t u u f kh ts ch sh shch _ y _ e yu ya"
).split()
# What the other languages write differently from English.
_DIFFERENCES: dict[str, dict[str, str]] = {
    "en": {},
    "de": dict(
        zip("вёєжзїйхцчшщюя", "w jo je sch s ji i ch z tsch sch schtsch ju ja".split(), strict=True)
    ),
    "pl": dict(zip("вёєжїйхцчшщюя", "w jo je z ji j ch c cz sz szcz ju ja".split(), strict=True)),
    "cs": dict(zip("ёєжїйхцчшщюя", "jo je z ji j ch c c s sc ju ja".split(), strict=True)),
    "fr": dict(zip("ёжїйуўцчшщю", "io j i i ou ou ts tch ch chtch iou".split(), strict=True)),
}
_BY_SOURCE: dict[str, dict[str, str]] = {"ru": {}, "uk": {"г": "h", "и": "y"}, "be": {"г": "h"}}


def transcribe(name: str, source: str, target: str) -> str:
    """A Cyrillic name of the language ``source`` as the language ``target`` writes it."""
    table = dict(zip(_LETTERS, _ENGLISH, strict=True))
    table |= _BY_SOURCE[source] | _DIFFERENCES[target]
    return "".join(table.get(letter, "") for letter in name.lower()).replace("_", "").capitalize()


def pairs_of_names(pairs: Sequence[Pair]) -> list[Pair]:
    """For every name found: (English, Cyrillic), and (English, each other Latin spelling)."""
    found: dict[tuple[str, str], None] = {}
    for pair in pairs:
        if pair.language in _BY_SOURCE:
            text = (
                f", {pair.text}"
                if pair.english[:1].isupper() and " " not in pair.english
                else pair.text
            )
            found.update(dict.fromkeys((pair.language, word) for word in _WORD.findall(text)))
    made: dict[tuple[str, str], Pair] = {}
    for source, word in found:
        english = transcribe(word, source, "en")
        made[english, word] = Pair(source, SOURCE, english, word)
        for target in _DIFFERENCES:
            spelling = transcribe(word, source, target)
            if spelling != english:
                made[english, spelling] = Pair(target, SOURCE, english, spelling)
    return list(made.values())

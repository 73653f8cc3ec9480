"""Which language a text is in, as ISO 639-1. Knows no documents.

The script decides where it can (Korean, Greek, Thai, …) and otherwise narrows the choice for
py3langid, a naive Bayes model over byte sequences. Its model is 4 MB compressed but 55 MB to
compute with, which takes most of a second to unpack: `preload` does that beside other work, and
keeps the result in a folder from which the next start maps it in milliseconds.
"""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa import langid_model, scripts
from qa.langid_model import Identifier

# Languages by script, with the percentage of the web's pages in them as a rough prior (W3Techs,
# 2025), but at least 0.3 for those of the bundled model, in which people here are likelier to ask.
# Others that py3langid knows are folded into these or left out.
_LATIN = {
    "en": 49, "es": 6, "de": 5.9, "fr": 4.5, "pt": 4, "it": 2.8, "nl": 2.2, "pl": 1.8, "tr": 1.8,
    "cs": 1, "vi": 1, "id": 1.1, "hu": 0.6, "ro": 0.6, "sv": 0.6, "da": 0.4, "fi": 0.4, "sk": 0.4,
    "no": 0.2, "hr": 0.2, "lt": 0.2, "sl": 0.1, "ca": 0.1, "et": 0.1, "lv": 0.1, "sr": 0.1,
}  # fmt: skip
_RARE_LATIN = (
    "af az bs cy eo eu ga gl is la lb ms mt sq sw tl uz br fo fy gd ha ht ig ku lg ln mg oc om qu "
    "rw sn so st tk vo wa xh yo zu"
).split()
_CYRILLIC = {"ru": 3.8, "uk": 0.6, "be": 0.3, "bg": 0.2, "sr": 0.1}
_RARE_CYRILLIC = "mk kk ky mn tg tt ba uz".split()
_ARABIC = {"fa": 1.2, "ar": 0.6}
_RARE_ARABIC = "ur ps ug ku".split()
_RARE = 0.01

_PRIORS: Mapping[str, Mapping[str, float]] = {
    scripts.LATIN: _LATIN | dict.fromkeys(_RARE_LATIN, _RARE),
    scripts.CYRILLIC: _CYRILLIC | dict.fromkeys(_RARE_CYRILLIC, _RARE),
    scripts.ARABIC: _ARABIC | dict.fromkeys(_RARE_ARABIC, _RARE),
    scripts.DEVANAGARI: {"hi": 0.3, "mr": _RARE, "ne": _RARE, "sa": 0.01},
    scripts.HAN: {"zh": 1.2, "ja": 0.3},
}
_LOG_PRIORS = {
    script: {language: math.log(share) for language, share in shares.items()}
    for script, shares in _PRIORS.items()
}

# What the model calls languages that are written like one of the above.
_FOLDED = {"nn": "no", "yue": "zh", "wuu": "zh", "arz": "ar", "ary": "ar", "uzs": "uz"}

# Letters of the Cyrillic alphabets beyond those that all of them share.
_SHARED = set("абвгдежзклмнопрстуфхцчш")
_ALPHABETS = {
    "ru": set("ёийщъыьэюя"), "uk": set("єиіїйґщьюя"), "be": set("ёійўыьэюя"),
    "bg": set("ийщъьюя"), "sr": set("иђјљњћџ"), "mk": set("иѓѕјљњќџ"),
    "kk": set("ёиійщъыьэюяәғқңөұүһ"), "ky": set("ёийщъыьэюяңөү"), "mn": set("ёийщъыьэюяөү"),
    "tg": set("ёийъэюяғӣқӯҳҷ"), "tt": set("ёийщъыьэюяәөүҗңһ"), "ba": set("ёийщъыьэюяғҙҡңҫөүһә"),
    "uz": set("ёийъэюяўқғҳ"),
}  # fmt: skip
_FOREIGN_LETTER = 6.0  # nats: one letter outside its alphabet makes a language e^6 less likely

_TYPED_I = re.compile(r"(?<=[а-ӿ])i|i(?=[а-ӿ])")  # a Latin i where a keyboard has no і
_APOSTROPHE = re.compile(r"[а-ӿ]['’ʼ][а-ӿ]")  # written in Ukrainian and Belarusian alone

_ENOUGH = 16  # letters from which on a passage's language is told
_QUESTION_ENOUGH = 2
_MORE_THAN_A_NAME = 60  # letters from which on Japanese would have kana; a character is three
_LATIN_IN_QUESTION = 0.3  # names and titles stay Latin in questions of every script
_CERTAIN = 2.0  # nats by which the best language must lead in a passage
_CHANGE = 20.0  # nats by which a language must lead over the one around it
_SAMPLE = 320  # characters looked at in a passage or document
_PIECE = 80  # in pieces of so many
_LONG_TEXT = 10_000  # from which on four times as much is looked at


def preload(folder: Path | None = None) -> None:
    """Start loading the model in the background and return at once.

    Args:
        folder: where to keep the unpacked model (some 55 MB) for the next start; None keeps it in
            memory only.
    """
    threading.Thread(
        target=langid_model.load, args=(folder,), name="language-model", daemon=True
    ).start()


def detect(text: str, expected: str | None = None) -> str | None:
    """Language of most of a passage or document, or None when it is too short or unclear.

    Args:
        text: the passage or document.
        expected: language of what is around it. Another one is believed only on clear evidence,
            because a list of foreign names is not a change of language.
    """
    return _detect(_sample(text), enough=_ENOUGH, lead=_CERTAIN, latin=1.0, expected=expected)


def closer(text: str, first: str, second: str) -> str:
    """Which of two languages a short text is rather in; the first when nothing tells."""
    weights = scripts.weights(text)
    if not weights:
        return first
    script = max(weights, key=lambda name: weights[name])
    if script not in _PRIORS:
        return second if script == second else first
    scores = _scored(_only(text, script), script)
    return second if scores.of(second) > scores.of(first) else first


def detect_question(text: str) -> str | None:
    """Most likely language of a question, however short; None when it has no letters."""
    return _detect(
        _sample(text), enough=_QUESTION_ENOUGH, lead=0.0, latin=_LATIN_IN_QUESTION, expected=None
    )


@lru_cache(maxsize=256)  # of many documents, all is one passage
def _detect(
    text: str, *, enough: int, lead: float, latin: float, expected: str | None
) -> str | None:
    weights = scripts.weights(text)
    if sum(weights.values()) < enough:
        return None
    script = max(weights, key=lambda name: weights[name] * (latin if name == scripts.LATIN else 1))
    # Japanese mixes kana into kanji, while a Chinese text may quote a word of kana.
    if script in (scripts.HAN, scripts.KANA):
        if weights.get(scripts.KANA, 0) * 10 >= weights.get(scripts.HAN, 0):
            return "ja"
        if sum(weights.values()) > _MORE_THAN_A_NAME:
            return "zh"
        script = scripts.HAN
    if script not in _PRIORS:
        return script  # a script of one language bears the language's name
    return _likeliest(_scored(_only(text, script), script), lead, expected)


def _likeliest(scored: _Scored, lead: float, expected: str | None) -> str | None:
    """The first language when it leads by so many nats, and by more over the expected one."""
    best = int(scored.scores.argmax())
    score = float(scored.scores[best])
    language = scored.languages[best]
    if language != expected and score - scored.of(expected) < _CHANGE:
        return expected
    others = scored.scores.copy()
    others[best] = -math.inf
    return language if score - float(others.max()) >= lead else expected


def _only(text: str, script: str) -> str:
    """The text with the letters of other scripts blanked: a title in English says nothing."""
    if script == scripts.LATIN and not _NOT_LATIN.search(text):
        return text
    if script == scripts.CYRILLIC:
        text = _TYPED_I.sub("і", text)
    others = (c for c in set(text) if c.isalpha() and scripts.script_of(c) != script)
    return text.translate(dict.fromkeys(map(ord, others), " "))


@dataclass(frozen=True, slots=True)
class _Scored:
    """Likelihood of a script's languages, in nats."""

    languages: list[str]
    scores: NDArray[np.float64]

    def of(self, language: str | None) -> float:
        """Of one of them; of another there is none."""
        if language not in self.languages:
            return -math.inf
        return float(self.scores[self.languages.index(language)])


def _scored(text: str, script: str) -> _Scored:
    languages, columns, first, priors = _columns(script)
    scores = np.maximum.reduceat(_identifier().scores(text)[columns], first) + priors
    if script == scripts.CYRILLIC:
        for language, misspelt in _outside_alphabets(text).items():
            scores[languages.index(language)] -= _FOREIGN_LETTER * misspelt
    return _Scored(languages, scores)


@cache
def _columns(
    script: str,
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """A script's languages, the model's scores for them, where each one's begin, and priors."""
    labels = _identifier().labels
    known = _LOG_PRIORS[script]
    pairs = sorted(
        (language, column)
        for column, label in enumerate(labels)
        if (language := _FOLDED.get(label, label)) in known
    )
    languages = [language for language, _ in pairs]
    distinct = sorted(set(languages))
    return (
        distinct,
        np.array([column for _, column in pairs]),
        np.array([languages.index(language) for language in distinct]),
        np.array([known[language] for language in distinct]),
    )


def _outside_alphabets(text: str) -> dict[str, int]:
    """How many letters of a Cyrillic text each language does not have."""
    text = text.lower()
    letters = {letter: n for letter, n in Counter(text).items() if "а" <= letter <= "ӿ"}
    own = letters.keys() - _SHARED
    apostrophes = len(_APOSTROPHE.findall(text))
    return {
        language: sum(letters[letter] for letter in own - alphabet)
        + (0 if language in ("uk", "be") else apostrophes)
        for language, alphabet in _ALPHABETS.items()
    }


def _identifier() -> Identifier:
    return langid_model.load(None)


_NOT_LATIN = re.compile(r"[^\W\u0000-\u024f\u1e00-\u1eff]")
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")
_NOISY = ("://", "www.", "@")
"""One of them is in all of it."""


def _sample(text: str) -> str:
    """The text without addresses; of a long one, pieces from all over it."""
    if len(text) > _SAMPLE:
        pieces = _SAMPLE // _PIECE * (4 if len(text) >= _LONG_TEXT else 1)
        step = (len(text) - _PIECE) // (pieces - 1)
        # The model reads bytes, of which most letters beyond Latin have two or three.
        wide = len(text[:_PIECE].encode("utf-8", "surrogatepass")) > 1.5 * _PIECE
        size = _PIECE // 2 if wide else _PIECE
        text = " ".join(text[i * step : i * step + size] for i in range(pieces))
    return _NOISE.sub(" ", text) if any(sign in text for sign in _NOISY) else text

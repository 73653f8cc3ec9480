"""Finds the words of a question that only ask: who, when, сколько, なぜ. Knows no ranking.

A passage that answers "When was he born?" says a date, not "when". Question words are rare in
passages, so that whatever weighs words by their rarity takes them for telling ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import regex
from numpy.typing import NDArray

from embeddings.interaction import Question
from qa.types import Span

WEIGHT = 0.3
"""Share of its weight that a token of such a word keeps in late interaction."""

_WORDS = {
    "en": "who whom whose what which when where why how how_many how_much how_long how_often "
    "how_old how_far do does did",
    "de": "wer wen wem wessen was welche welcher welches welchen welchem wann wo wohin woher warum "
    "wieso weshalb wie wie_viel wie_viele wie_lange wie_oft wieviel wieviele woran worauf woraus "
    "worin womit wofür wozu worum worüber wodurch wovon",
    "fr": "qui que quoi quel quelle quels quelles quand où pourquoi comment combien lequel "
    "laquelle lesquels lesquelles est-ce qu'est-ce",
    "es": "quien quienes que cual cuales cuando donde como cuanto cuanta cuantos cuantas",
    "it": "chi che cosa cos quale quali qual quando dove perché come quanto quanta quanti quante",
    "pt": "quem que quê qual quais quando onde como quanto quanta quantos quantas porque porquê",
    "nl": "wie wat welke welk wanneer waar waarom hoe hoe_vaak hoe_lang hoeveel waarin waarmee "
    "waaraan waarvan waarop waardoor",
    "pl": "kto kogo komu kim co czego czemu czym jaki jaka jakie jakiego jakiej jakich jakim "
    "który która które którego której których którym kiedy gdzie dokąd skąd dlaczego jak ile ilu "
    "czy",
    "cs": "kdo koho komu kým co čeho čemu čím jaký jaká jaké jakého jakou jakých jakým jakém který "
    "která které kterého kterém kterou kterých kterým kdy kde kam odkud proč jak kolik zda",
    "ru": "кто кого кому кем ком что чего чему чем какой какая какое какие какого какую каких "
    "каким каком какими который которая когда где куда откуда почему зачем как сколько чей чья",
    "uk": "хто кого кому ким що чого чому чим який яка яке які якого яку яких яким якому якій "
    "якими коли де куди звідки навіщо як скільки чи чий чия",
    "be": "хто каго каму кім што чаго чаму чым які яка якая якое якія якога якую якіх якім якой "
    "калі дзе куды адкуль навошта як колькі ці чый чыя",
    "tr": "ne ne_kadar neyi neye neden nasıl",
    "ar": "من ما ماذا ماهي ماهو متى متي أين اين لماذا كيف كم أي اي أية هل لم بماذا مم عم",
    "zh": "如何 几 幾 呢",
    "ja": "何 どう どのように どれ いくつ いくら 何人",
}
"""What only asks in a question and may do otherwise elsewhere; ``_`` is a space, so that "how old"
asks and "old" alone does not."""
_BEFORE = {
    "en": "in on at by for from to of with under during since until after before about against "
    "between according",
    "de": "in an am auf aus bei mit nach seit von vom zu zum zur über um unter vor für gegen "
    "durch bis hinter zwischen wegen laut",
    "fr": "à a de d' en dans sur sous par pour avec depuis vers chez contre après avant entre "
    "jusqu' jusqu'à selon",
    "es": "a de del en con por para desde hasta según sobre contra entre bajo tras",
    "it": "a di da in con su per tra fra verso contro secondo dopo prima fino",
    "pt": "a o de do em com por para desde até sobre contra entre segundo sob após",
    "nl": "in op aan van met bij door voor over uit naar tot sinds onder tegen tussen volgens na",
    "pl": "w we na z ze do od o u po przez dla przed przy pod nad za przeciwko według między",
    "cs": "v ve na z ze do od o u po pro před při pod nad za proti podle mezi s k",
    "ru": "в во на с со из от до о об у по для за перед при под над к ко через после против между",
    "uk": "в у на з із зі від до о об по про для за перед при під над к через після проти між",
    "be": "у ў на з са ад да аб па пра для за перад пры пад над к праз пасля супраць між",
    "ar": "في من إلى الى على عن منذ مع بعد قبل",
}
"""Prepositions, and what else may come before the first asking word of a question."""
_SURE = {
    "es": "quién quiénes qué cuál cuáles cuándo dónde adónde cómo cuánto cuánta cuántos cuántas",
    "ru": "ли",
    "tr": "kim kimin kime kimi kimler kimdir ne_zaman ne_zamandan nedir niçin niye hangi hangisi "
    "hangileri nerede nereye nereden neresi kaç kaçıncı mi mı mu mü midir mıdır",
    "hi": "कौन किस किसने किसे किसको किसका किसकी किसके क्या कब कहाँ कहां क्यों कैसे कैसा कैसी "
    "कितना कितनी कितने कौनसा कौनसी",
    "zh": "什么 甚么 什麼 甚麼 谁 誰 哪里 哪裡 哪儿 哪个 哪個 哪些 哪一 何时 何時 "
    "什么时候 什麼時候 为什么 為什麼 为何 為何 怎么 怎麼 怎样 怎樣 多少 多久 吗 嗎",
    "ja": "誰 どこ いつ なぜ どうして どの どんな どちら 何年 何時 "
    "ですか ますか でしたか ましたか か",
}
"""What only asks and makes a question wherever it stands: hardly anything else has it."""
_LANGUAGES = _WORDS.keys() | _SURE.keys()
_UNSPACED = {"zh", "ja"}
_INDEFINITE = {"zh": r"(?!\P{P}{0,6}[都也])", "ja": r"(?![もか])"}
"""After "who", not what makes "anybody" of it."""
_INSIDE = {"zh": "", "ja": "(?<![ほな])"}
"""Before どの and the like, not what makes ほどの and などの of them."""
_FINAL = r"(?=[\s。．.?？！!」』）)\"”]*$)"
"""Where か asks; elsewhere it is any syllable."""
_ENDS = regex.compile(r"[?？؟][\s\"'“”„«»)\]]*$")


def asking_words(question: str, language: str | None) -> list[Span]:
    """Where the words stand that only ask, in order.

    None when the text is no question; none in a language that is not known; and none when there is
    nothing else. Questions are often typed without their mark, so one is also what begins with such
    a word or with a preposition and such a word, and what has one that does hardly anything but
    ask: 谁, hangi, qué.
    """
    if language not in _LANGUAGES:
        return []
    found = [Span(*match.span()) for match in _asking(language).finditer(question)]
    if not found or not (
        _ENDS.search(question)
        or _begins(question[: found[0].start], language)
        or (language in _SURE and _sure(language).search(question))
    ):
        return []
    told = blanked(question, found)
    return found if any(character.isalnum() for character in told) else []


def blanked(question: str, asking: Sequence[Span]) -> str:
    """The question with spaces in these places."""
    characters = list(question)
    for span in asking:
        characters[span.start : span.end] = " " * (span.end - span.start)
    return "".join(characters)


def lightened(tokens: Question, only: NDArray[np.bool_]) -> Question:
    """The tokens, those that only ask with less weight."""
    return replace(tokens, weights=np.where(only, tokens.weights * WEIGHT, tokens.weights))


def asking_tokens(tokens: Question, asking: Sequence[Span]) -> NDArray[np.bool_]:
    """(m,) which of the tokens stand in these places."""
    starts, ends = tokens.offsets.T
    found = np.zeros(len(starts), dtype=bool)
    for span in asking:
        found |= (span.start < ends) & (starts < span.end)
    return found


def _begins(before: str, language: str) -> bool:
    """Whether what comes before the first asking word leaves it in the beginning."""
    words = before.strip(" ¿\"'“”„«»").lower().replace("’", "'").split()
    return not words or (len(words) == 1 and words[0] in _BEFORE.get(language, "").split())


@cache
def _asking(language: str) -> regex.Pattern[str]:
    return _any_of(f"{_WORDS.get(language, '')} {_SURE.get(language, '')}", language)


@cache
def _sure(language: str) -> regex.Pattern[str]:
    return _any_of(_SURE[language], language)


def _any_of(words: str, language: str) -> regex.Pattern[str]:
    """A pattern for each of these words, the longest first."""
    some = sorted(words.split(), key=len, reverse=True)
    either = "|".join(_written(word) for word in some)
    if language in _UNSPACED:
        pattern = f"{_INSIDE[language]}(?>{either}){_INDEFINITE[language]}"
    else:
        pattern = rf"(?<!\w)(?:{either})(?!\w)"
    return regex.compile(pattern, regex.IGNORECASE)


def _written(word: str) -> str:
    if word == "か":
        return word + _FINAL
    return r"\s+".join(map(regex.escape, word.split("_")))

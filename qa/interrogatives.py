"""Finds the words of a question that only ask: who, when, сколько, なぜ. Knows no ranking.

A passage that answers "When was he born?" says a date, not "when". Question words are rare in
passages, so that whatever weighs words by their rarity takes them for telling ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from embeddings.interaction import Question
from qa.types import Span

WEIGHT = 0.3
"""Share of its weight that a token of such a word keeps in late interaction."""

_WORDS = {
    "en": "who whom whose what which when where why how many much long often old far do does did",
    "de": "wer wen wem wessen was welche welcher welches welchen welchem wann wo wohin woher warum "
    "wieso weshalb wie viel viele wieviel wieviele lange oft woran worauf woraus worin womit wofür "
    "wozu worum worüber wodurch wovon",
    "fr": "qui que quoi quel quelle quels quelles quand où pourquoi comment combien lequel "
    "laquelle lesquels lesquelles est-ce qu'est-ce",
    "es": "quién quiénes qué cuál cuáles cuándo dónde adónde cómo cuánto cuánta cuántos cuántas "
    "quien quienes que cual cuales cuando donde como cuanto cuanta cuantos cuantas",
    "it": "chi che cosa cos quale quali qual quando dove perché come quanto quanta quanti quante",
    "pt": "quem que quê qual quais quando onde como quanto quanta quantos quantas porque porquê",
    "nl": "wie wat welke welk wanneer waar waarom hoe hoeveel waarin waarmee waaraan waarvan "
    "waarop waardoor vaak lang",
    "pl": "kto kogo komu kim co czego czemu czym jaki jaka jakie jakiego jakiej jakich jakim "
    "który która które którego której których którym kiedy gdzie dokąd skąd dlaczego jak ile ilu "
    "czy",
    "cs": "kdo koho komu kým co čeho čemu čím jaký jaká jaké jakého jakou jakých jakým jakém který "
    "která které kterého kterém kterou kterých kterým kdy kde kam odkud proč jak kolik zda",
    "ru": "кто кого кому кем ком что чего чему чем какой какая какое какие какого какую каких "
    "каким каком какими который которая когда где куда откуда почему зачем как сколько ли чей чья",
    "uk": "хто кого кому ким що чого чому чим який яка яке які якого яку яких яким якому якій "
    "якими коли де куди звідки навіщо як скільки чи чий чия",
    "be": "хто каго каму кім што чаго чаму чым які якая якое якія якога якую якіх якім якой "
    "калі дзе куды адкуль навошта як колькі ці чый чыя",
    "tr": "kim kimin kime kimi kimler ne neyi neye nedir neden niçin niye hangi hangisi hangileri "
    "zaman nerede nereye nereden neresi nasıl kaç kaçıncı kadar mi mı mu mü midir mıdır",
    "ar": "من ما ماذا متى أين لماذا كيف كم أي أية هل لم بماذا مم عم",
    "hi": "कौन किस किसने किसे किसको किसका किसकी किसके क्या कब कहाँ कहां क्यों कैसे कैसा कैसी "
    "कितना कितनी कितने कौनसा कौनसी",
    "zh": "什么 甚么 什麼 甚麼 谁 誰 哪里 哪裡 哪儿 哪个 哪個 哪些 哪一 何时 何時 "
    "什么时候 什麼時候 为什么 為什麼 为何 為何 怎么 怎麼 怎样 怎樣 如何 多少 几 幾 多久 吗 嗎 呢",
    "ja": "何 誰 どこ いつ なぜ どうして どう どのように どの どれ どんな どちら いくつ いくら "
    "何人 何年 何時 ですか ますか でしたか ましたか か",
}
_UNSPACED = {"zh", "ja"}
_ENDS = re.compile(r"[?？؟][\s\"'“”„«»)\]]*$")


def asking_words(question: str, language: str | None) -> list[Span]:
    """Where the words stand that only ask, in order.

    None when the text is no question, which is one that ends in a question mark or begins with
    such a word; none in a language that is not known; and none when there is nothing else.
    """
    if language not in _WORDS:
        return []
    found = [Span(*match.span()) for match in _pattern(language).finditer(question)]
    asks = _ENDS.search(question) or (found and not question[: found[0].start].strip(" ¿"))
    told = blanked(question, found)
    return found if asks and any(character.isalnum() for character in told) else []


def blanked(question: str, asking: Sequence[Span]) -> str:
    """The question with spaces in these places."""
    characters = list(question)
    for span in asking:
        characters[span.start : span.end] = " " * (span.end - span.start)
    return "".join(characters)


def lightened(tokens: Question, asking: Sequence[Span]) -> Question:
    """The tokens, those in these places with less weight."""
    only = asking_tokens(tokens, asking)
    return replace(tokens, weights=np.where(only, tokens.weights * WEIGHT, tokens.weights))


def asking_tokens(tokens: Question, asking: Sequence[Span]) -> NDArray[np.bool_]:
    """(m,) which of the tokens stand in these places."""
    starts, ends = tokens.offsets.T
    found = np.zeros(len(starts), dtype=bool)
    for span in asking:
        found |= (span.start < ends) & (starts < span.end)
    return found


@cache
def _pattern(language: str) -> re.Pattern[str]:
    words = sorted(_WORDS[language].split(), key=len, reverse=True)
    joined = "|".join(map(re.escape, words))
    if language in _UNSPACED:
        return re.compile(joined)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)

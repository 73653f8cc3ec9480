"""Tells which questions ask for a number: when, how many, how tall. Knows no ranking.

What answers them says a number that the question does not: a date, an amount. That is more than a
bag of matches knows, because the question has nothing for that number to match.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from qa.types import Span

_ASKS = {
    "en": r"when|how (?:many|much|long|old|often|far|tall|high|large|big|deep|fast|heavy|wide)"
    r"|(?:what|which) (?:year|date|day|month|century|decade|age|percentage|number|population)",
    "de": r"wann|wieviele?n?|wie (?:viele?n?|lange?|alt|oft|weit|hoch|gro(?:ß|ss)|tief|schnell"
    r"|schwer|breit|teuer)"
    r"|welche[mrns]? (?:jahr|datum|tag|monat|jahrhundert|jahrzehnt|alter|anteil|zahl|anzahl)",
    "fr": r"quand|combien"
    r"|quel(?:le)? (?:année|date|jour|mois|siècle|décennie|âge|pourcentage|nombre|population)",
    "es": r"cu[aá]ndo|cu[aá]nt[oa]s?"
    r"|(?:qu[eé]|cu[aá]l) (?:año|fecha|día|mes|siglo|década|edad|porcentaje|número)",
    "it": r"quando|quant[oaie]"
    r"|(?:che|quale?) (?:anno|data|giorno|mese|secolo|decennio|età|percentuale|numero)",
    "pt": r"quando|quant[oa]s?"
    r"|(?:que|qual) (?:ano|data|dia|mês|século|década|idade|percent\w+|porcent\w+|número)",
    "nl": r"wanneer|hoeveel|hoe (?:lang|oud|vaak|ver|hoog|groot|diep|snel|zwaar|breed|duur)"
    r"|welke? (?:jaar|datum|dag|maand|eeuw|decennium|leeftijd|percentage|aantal)",
    "pl": r"kiedy|ile|ilu|jak (?:długo|często|daleko|star\w+|wysok\w+|duż\w+|głębok\w+)"
    r"|(?:któr|jak)\w+ (?:rok\w*|dni\w*|dzień|miesiąc\w*|wieku?|procent\w*|liczb\w+|dat\w+)",
    "cs": r"kdy|kolik|kolika|jak (?:dlouho|často|daleko|star\w+|vysok\w+|velk\w+|hlubok\w+)"
    r"|(?:kter|jak)\w+ (?:ro[kc]\w*|den|dne|měsíc\w*|století|věku?|procent\w*|poč\w+|dat\w+)",
    "ru": r"когда|сколь\w+|как (?:долго|часто|далеко|давно|высок\w+|велик\w*)"
    r"|(?:как|котор)\w+ (?:год\w*|дат\w+|день|дня|числ\w+|месяц\w*|век\w*|возраст\w*|процент\w*)",
    "uk": r"коли|скіль\w+|як (?:довго|часто|далеко|давно|висок\w+)"
    r"|(?:як|котр)\w+ (?:ро[кц]\w*|рік|дат\w+|день|дня|числ\w+|місяц\w*|столітт\w+|віці|відсот\w+)",
    "be": r"калі|коль\w+|як (?:доўга|часта|далёка|даўно|высок\w+)"
    r"|(?:як|катор)\w+ (?:год\w*|дат\w+|дзень|дня|месяц\w*|стагоддз\w+|узрос\w+|працэнт\w*)",
    "tr": r"ne (?:zaman(?:dan)?|kadar)|kaç\w*|hangi (?:yıl|tarih|gün|ay|yüzyıl|yaş)\w*",
    "ar": r"مت[ىي]|كم|أي (?:عام|سنة|يوم|شهر|قرن|تاريخ)",
    "hi": r"कब|कितन[ाीे]|किस (?:वर्ष|साल|सन|दिन|तारीख|सदी|महीने)",
    "zh": r"什么时候|什麼時候|何时|何時|多少|几(?![乎何])|幾(?![乎何])"
    r"|多[久大高长長远遠深]|哪一?[年天月日]",
    "ja": r"いつ(?!も)|何(?:年|月|日|時|人|歳|回|個|本|度|件|世紀|割|パーセント|メートル|キロ)"
    r"|何[かカ]国|いくつ|いくら|ど(?:の|れ)(?:くらい|ぐらい|だけ)",
}
_ANYWHERE = {"zh", "ja"}  # no spaces part the words, and what asks need not come first
_NUMBER = re.compile(r"\d+")


def asks_number(question: str, language: str | None, asking: Sequence[Span]) -> bool:
    """Whether it asks for a date or an amount.

    No other asking word may come before: in "Who ruled when he left?" it joins two clauses.

    Args:
        question: what is asked.
        language: ISO 639-1; False for those without words here and for None.
        asking: where the words stand that only ask (``qa.interrogatives``); False without any.
    """
    if language not in _ASKS or not asking:
        return False
    found = _pattern(language).search(question)
    return found is not None and (language in _ANYWHERE or found.start() <= asking[0].start)


def says_number(text: str, question: str) -> bool:
    """Whether the text says a number in digits that the question does not."""
    return not set(_NUMBER.findall(text)) <= set(_NUMBER.findall(question))


@cache
def _pattern(language: str) -> re.Pattern[str]:
    either = _ASKS[language]
    return re.compile(either if language in _ANYWHERE else rf"(?<!\w)(?:{either})(?!\w)", re.I)

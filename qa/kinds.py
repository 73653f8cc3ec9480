"""Says what kind of change a difference is. Knows words of many languages, no documents.

``negation``, then ``date``, ``number``, ``unit``, ``name``, then ``words``: the first that fits.
The lists hold folded words (``qa.words.Token.key``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import regex

from qa.words import Token

_NEGATIONS = frozenset(
    """
    nicht nichts nie niemals niemand kein keine keinen keinem keiner keines keinerlei nirgends
    nirgendwo ohne weder niemanden niemandem keineswegs keinesfalls
    not no never none nobody nothing nowhere neither nor without cannot
    не нет ни никогда никто ничего никак нигде без нельзя ні немає ніколи ніхто нічого ніде жоден
    жодна жодного няма ніякі
    ne n pas jamais rien personne aucun aucune ni sans non
    no nunca jamás nadie nada ningún ninguno ninguna sin tampoco
    mai nessuno nessuna nessun niente nulla né senza
    nie nigdy nikt nic bez żaden żadna żadne
    niet geen nooit niemand niets zonder não nem ninguém sem nenhum nenhuma
    ولا وليس ولم ولن
    nikdy nikdo žádný žádná değil hayır yok hiç asla لا ليس لم لن غير नहीं मत 不 没 沒 無 无 未 非
    """.split()
)
_MONTHS = frozenset(
    """
    januar jänner februar märz april mai juni juli august september oktober november dezember
    january february march may june july october december
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
    січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
    студзеня сакавіка красавіка чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada
    grudnia montag dienstag mittwoch donnerstag freitag samstag sonntag
    monday tuesday wednesday thursday friday saturday sunday
    """.split()
)
_UNITS = frozenset(
    """
    % ‰ € $ £ ¥ ₽ ₴ ° prozent prozentpunkte percent procent процент процента процентов відсотків
    відсотка pourcent porcentaje percento km kilometer kilometern kilometers kilometres kilómetros
    chilometri км m meter metern meters metres mètres metros metri cm mm zentimeter meile meilen
    mile miles kg kilogramm kilo kilos gramm g tonne tonnen tons tonnes тонн т liter litern litres
    l ha hektar hectares euro euros dollar dollars cent rubel рублей евро долларов hrywnja pfund
    franken yen tausend million millionen milliarde milliarden billion billionen billions millions
    thousand hundred hundert тысяч тысячи миллион миллиона миллионов миллиардов тисяч мільйонів
    millón millones milione milioni miliardi mille tysiące tysięcy milionów stunde stunden minute
    minuten sekunde sekunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren
    hour hours minutes second seconds day days week weeks month months year years часов дней лет
    heures jours ans horas días años ore giorni anni grad celsius degrees watt kw mw gw volt
    """.split()
)
_NUMBER_WORDS = frozenset(
    """
    null eins ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn
    zwanzig dreißig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig hundert tausend
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty
    ноль один одна два две три четыре пять шесть семь восемь девять десять двадцать тридцать сто
    дві чотири п"ять шість сім вісім дев"ять десять двадцять
    deux trois quatre cinq six sept huit neuf dix vingt trente cent
    dos tres cuatro cinco seis siete ocho nueve diez veinte cien
    due tre quattro cinque sei sette otto nove dieci venti cento
    dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć twee drie vijf zes zeven acht negen
    tien erste erster ersten zweite zweiten dritte dritten first third primero premier
    一 二 三 四 五 六 七 八 九 十 百 千 万 億
    """.split()
)
NEGATES_INSIDE = regex.compile("ไม่|มิได้|ない|なかっ|なく|ません|ずに|않|못[하할한했]")
"""Negations in the middle of what has no spaces, or of a word."""
_YEAR = regex.compile(r"1[4-9]\d\d|20\d\d|2100")
_DAY = regex.compile(r"\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?\.?|\d{4}-\d\d-\d\d")
_FULL_STOPS = frozenset('.!?:…"')


def kind_of(
    changed: Sequence[Token],
    after: Sequence[Token],
    before: Sequence[Token],
) -> str:
    """The kind of a change.

    Args:
        changed: the tokens on both sides that are not on the other.
        after: up to two tokens that follow them in the document or the quote.
        before: the token before each side, to know where sentences start.
    """
    unspaced = "".join(token.text for token in changed)
    if any(negates(token) for token in changed) or NEGATES_INSIDE.search(unspaced):
        return "negation"
    numbers = [token for token in changed if is_number(token)]
    if any(token.key in _MONTHS and _capital_or_month(token) for token in changed):
        return "date"
    if numbers:
        return "date" if _dated(numbers, after) else "number"
    if any(token.key.lower() in _UNITS for token in changed):
        return "unit"
    starts = bool(before) and all(token.key in _FULL_STOPS for token in before)
    if any(_named(token) for token in changed) and not (starts and len(changed) < 2):
        return "name"
    return "words"


def negates(token: Token) -> bool:
    """Whether a token denies; Italian "mai" does, and the month "Mai" does not."""
    if token.text == "Mai":
        return False
    return token.key in _NEGATIONS or token.key.endswith(('n"t', "n't"))


def is_number(token: Token) -> bool:
    """Whether a token is a number, in digits or in words."""
    return token.kind == "number" or token.key in _NUMBER_WORDS


def _capital_or_month(token: Token) -> bool:
    """Whether it is a month: "may" is a verb too, "mai" means never, so those need a capital."""
    return token.key not in ("may", "mai", "march", "mars", "mayo") or token.text[:1].isupper()


def _dated(numbers: Iterable[Token], after: Sequence[Token]) -> bool:
    following = [token for token in after if token.key != "."]
    if any(token.key in _MONTHS for token in following[:1]):
        return True
    return all(_YEAR.fullmatch(n.key) or _DAY.fullmatch(n.key) for n in numbers)


def _named(token: Token) -> bool:
    return token.kind == "word" and token.text[:1].isupper()

"""Questions for a date or an amount are known in every language, and others are not taken so."""

from __future__ import annotations

import pytest

from qa.interrogatives import asking_words
from qa.numbers_asked import asks_number, says_number


def asks(question: str, language: str | None) -> bool:
    return asks_number(question, language, asking_words(question, language))


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "When was the treaty signed?"),
        ("en", "In what year did the war begin?"),
        ("en", "How tall is the tower?"),
        ("de", "Wie viele Soldaten hat Belarus?"),
        ("de", "In welchem Jahr wurde der Vertrag geschlossen?"),
        ("de", "Seit wann gilt das?"),
        ("fr", "Combien d'habitants y a-t-il ?"),
        ("fr", "En quelle année a-t-il été élu ?"),
        ("es", "¿Cuántos soldados tiene Bielorrusia?"),
        ("es", "¿En qué año empezó?"),
        ("it", "Quando iniziò la crisi?"),
        ("it", "In che anno è nato?"),
        ("pt", "Quantas pessoas vivem lá?"),
        ("nl", "Hoeveel soldaten heeft Belarus?"),
        ("nl", "Hoe oud is hij?"),
        ("pl", "Ilu żołnierzy ma Białoruś?"),
        ("pl", "W którym roku to było?"),
        ("cs", "Kolik vojáků má Bělorusko?"),
        ("cs", "V kterém roce válka začala?"),
        ("ru", "Сколько солдат у Беларуси?"),
        ("ru", "В каком году началась война?"),
        ("uk", "Коли почалася війна?"),
        ("be", "Колькі салдат у Беларусі?"),
        ("tr", "Savaş ne zaman başladı?"),
        ("tr", "Lukaşenko ne zamandan beri iktidarda"),
        ("tr", "Belarus'un kaç askeri var?"),
        ("ar", "متى بدأت الحرب؟"),
        ("ar", "كم عدد الجنود؟"),
        ("hi", "युद्ध कब शुरू हुआ?"),
        ("hi", "कितने सैनिक हैं?"),
        ("zh", "战争什么时候开始？"),
        ("zh", "白俄罗斯有多少士兵？"),
        ("ja", "戦争はいつ始まりましたか？"),
        ("ja", "ベラルーシの兵士は何人ですか？"),
    ],
)
def test_questions_for_a_number(language: str, question: str) -> None:
    assert asks(question, language)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Who ruled when he left?"),  # "when" joins clauses
        ("en", "Which country sends soldiers?"),
        ("en", "The year when it was signed"),  # no question
        ("de", "Wie heißt der Präsident?"),
        ("de", "Warum ging er, wann kam er?"),
        ("es", "¿Quién gobernaba cuando se fue?"),
        ("fr", "Quelle est la capitale ?"),
        ("ru", "Как зовут президента?"),
        ("zh", "谁几乎赢得了战争？"),  # 几乎: almost
        ("ja", "彼はいつも誰と話しますか？"),  # いつも: always
        (None, "When was it?"),
        ("th", "เมื่อไหร่?"),  # a language without a list
    ],
)
def test_questions_for_something_else(language: str | None, question: str) -> None:
    assert not asks(question, language)


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("It was signed in 1973.", "When was it signed?", True),
        ("It was signed in spring.", "When was it signed?", False),
        ("Nobody left in 1973.", "How many left in 1973?", False),
        ("In 1973 800 people left.", "How many left in 1973?", True),
        ("১৯৭৩ সালে", "When?", True),
    ],
)
def test_numbers_that_the_question_does_not_say(text: str, question: str, expected: bool) -> None:
    assert says_number(text, question) is expected

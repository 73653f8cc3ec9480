"""Words that only ask are found in every language, and nothing is lost with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.interaction import LateInteraction
from embeddings.static import StaticEncoder
from qa.interrogatives import WEIGHT, asking_tokens, asking_words, blanked, lightened


def asks(question: str, language: str | None) -> list[str]:
    return [question[s.start : s.end] for s in asking_words(question, language)]


@pytest.mark.parametrize(
    ("language", "question", "expected"),
    [
        ("en", "How many soldiers does Belarus have?", ["How many", "does"]),
        ("de", "Wie viele Soldaten hat Belarus?", ["Wie viele"]),
        ("fr", "Qu'est-ce que le Bélarus a promis ?", ["Qu'est-ce", "que"]),
        ("es", "¿Cuántos soldados tiene Bielorrusia?", ["Cuántos"]),
        ("ru", "Сколько солдат у Беларуси?", ["Сколько"]),
        ("uk", "Чи відправить Білорусь солдатів?", ["Чи"]),
        ("be", "Колькі салдат у Беларусі?", ["Колькі"]),
        ("tr", "Belarus asker gönderecek mi?", ["mi"]),
        ("ar", "متى بدأت الحرب؟", ["متى"]),
        ("hi", "युद्ध कब शुरू हुआ?", ["कब"]),
        ("zh", "战争什么时候开始？", ["什么时候"]),
        ("ja", "戦争はいつ始まりましたか？", ["いつ", "ましたか"]),
    ],
)
def test_words_that_only_ask(language: str, question: str, expected: list[str]) -> None:
    assert asks(question, language) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Soldiers who left the country"),  # no question
        ("en", "Who?"),  # nothing would be left
        (None, "Who left the country?"),
        ("th", "ใครออกจากประเทศ?"),  # a language without a list
    ],
)
def test_nothing_is_taken_where_that_would_harm(language: str | None, text: str) -> None:
    assert asks(text, language) == []


def test_a_question_without_a_mark_is_known_by_its_first_word() -> None:
    assert asks("wer hält Lukaschenko an der Macht", "de") == ["wer"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "In which year did he win", ["which", "did"]),
        ("de", "Seit wann regiert Lukaschenko", ["wann"]),
        ("de", "„Mit wem spricht er“", ["wem"]),
        ("fr", "À qui appartient l'usine", ["qui"]),
        ("it", "In quale anno nacque", ["quale"]),
        ("es", "Según el ministro, quiénes lo mantienen en el poder", ["quiénes"]),
        ("pt", "Em que dia viajou", ["que"]),
        ("pl", "W którym roku się urodził", ["którym"]),
        ("ru", "С какого года он правит", ["какого"]),
        ("ru", "Признал ли Лукашенко аннексию", ["ли"]),
        ("uk", "За що критикували владу", ["що"]),
        ("be", "Да чаго заклікала апазіцыя", ["чаго"]),
        ("ar", "في أي عام بدأت الحرب", ["أي"]),
        ("tr", "Belarus hangi gerekçeyi öne sürdü", ["hangi"]),
        ("tr", "Belarus asker gönderecek mi", ["mi"]),
        ("hi", "लुकाशेंको कब से सत्ता में हैं", ["कब"]),
        ("zh", "卢卡申科从哪一年开始执政", ["哪一"]),
        ("ja", "戦争はいつ始まりましたか。", ["いつ", "ましたか"]),
        ("ja", "この本を書いたのは誰", ["誰"]),
    ],
)
def test_a_question_without_a_mark_is_known_by_what_only_asks(
    language: str, text: str, expected: list[str]
) -> None:
    assert asks(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Er weiß, was er will."),
        ("es", "Dice que viene como siempre."),
        ("tr", "Çocuk uyudu, ne güldü ne ağladı."),
        ("hi", "किसी ने दरवाज़ा खटखटाया।"),  # somebody, in which who is a part
        ("zh", "谁也不知道他是否爱她。"),  # nobody
        ("ja", "かれはいつも本を読んでいます。"),  # always
        ("ja", "期待されたほどの効果はなかった。"),  # as much as
        ("ja", "何人もの人質が救出されました。"),  # many
    ],
)
def test_what_tells_something_is_no_question(language: str, text: str) -> None:
    assert asks(text, language) == []


@pytest.mark.parametrize(
    ("language", "question", "expected"),
    [
        ("de", "Was macht Wasser mit Wolle?", ["Was"]),
        ("hi", "किसी ने कब देखा?", ["कब"]),
        ("ja", "かばんはどこですか？", ["どこ", "ですか"]),
    ],
)
def test_parts_of_words_stay(language: str, question: str, expected: list[str]) -> None:
    assert asks(question, language) == expected


def test_what_also_describes_asks_only_behind_how() -> None:
    assert asks("How old is The Old Man and the Sea?", "en") == ["How old"]
    assert asks("Bu zaman makinesi ne zaman yapıldı?", "tr") == ["ne zaman"]


def test_blanks_keep_every_other_character_in_its_place() -> None:
    question = "Wer hält Lukaschenko?"
    told = blanked(question, asking_words(question, "de"))
    assert told == "    hält Lukaschenko?"


def test_tokens_of_such_words_weigh_less(tiny_model_dir: Path) -> None:
    interaction = LateInteraction(StaticEncoder(tiny_model_dir))
    question = "Wird Belarus was schicken?"
    tokens = interaction.prepare(question)
    light = lightened(tokens, asking_tokens(tokens, asking_words(question, "de")))
    inside = (tokens.offsets[:, 0] >= 13) & (tokens.offsets[:, 1] <= 16)
    assert inside.any()
    np.testing.assert_allclose(light.weights[inside], WEIGHT * tokens.weights[inside])
    np.testing.assert_array_equal(light.weights[~inside], tokens.weights[~inside])

"""Languages of passages and of short questions, and the model's unpacked copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa import langid_model, language, scripts


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Will Belarus send soldiers to Ukraine?", "en"),
        ("Wird Belarus Soldaten in die Ukraine schicken?", "de"),
        ("La Biélorussie enverra-t-elle des soldats en Ukraine ?", "fr"),
        ("¿Enviará Bielorrusia soldados a Ucrania?", "es"),
        ("La Bielorussia manderà soldati in Ucraina?", "it"),
        ("A Bielorrússia vai enviar soldados para a Ucrânia?", "pt"),
        ("Czy Białoruś wyśle żołnierzy na Ukrainę?", "pl"),
        ("Pošle Bělorusko vojáky na Ukrajinu?", "cs"),
        ("Stuurt Belarus soldaten naar Oekraïne?", "nl"),
        ("Belarus Ukrayna'ya asker gönderecek mi?", "tr"),
        ("Пошлёт ли Беларусь солдат в Украину?", "ru"),
        ("кто написал эту книгу", "ru"),
        ("Чи відправить Білорусь солдатів в Україну?", "uk"),
        ("Ці адправіць Беларусь салдат ва Украіну?", "be"),
        ("Хто забіў Цэзара?", "be"),
        ("Ще изпрати ли Беларус войници в Украйна?", "bg"),
        ("هل سترسل بيلاروسيا جنودًا إلى أوكرانيا؟", "ar"),
        ("آیا بلاروس سرباز به اوکراین می‌فرستد؟", "fa"),
        ("क्या बेलारूस यूक्रेन में सैनिक भेजेगा?", "hi"),
        ("白俄罗斯会向乌克兰派兵吗？", "zh"),
        ("ベラルーシはウクライナに派兵するのか？", "ja"),
        ("벨라루스는 우크라이나에 파병할까요?", "ko"),
        ("เบลารุสจะส่งทหารไปยูเครนหรือไม่", "th"),
        ("Θα στείλει η Λευκορωσία στρατιώτες στην Ουκρανία;", "el"),
        ("האם בלארוס תשלח חיילים לאוקראינה?", "he"),
        ("Կուղարկի՞ Բելառուսը զինվորներ Ուկրաինա։", "hy"),
        ("გაგზავნის ბელარუსი ჯარისკაცებს უკრაინაში?", "ka"),
    ],
)
def test_questions(question: str, expected: str) -> None:
    assert language.detect_question(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("кто пел песню i will always love you", "ru"),
        ("谁演唱了 hotel california 这首歌", "zh"),
        ("من يغني i wanna be a billionaire", "ar"),
        ("hotel californiaを歌ったのは誰ですか", "ja"),
    ],
)
def test_a_latin_title_does_not_hide_the_language_of_a_question(
    question: str, expected: str
) -> None:
    assert language.detect_question(question) == expected


def test_ukrainian_with_latin_letters_typed_for_its_own() -> None:
    assert language.detect_question("Вiн зовсiм не дивиться телевiзор?") == "uk"


@pytest.mark.parametrize("text", ["", "?", "2022", "😀", "a", "https://example.org/path/file"])
def test_what_has_no_words_has_no_language(text: str) -> None:
    assert language.detect_question(text) is None
    assert language.detect(text) is None


def test_a_passage_too_short_to_tell_is_left_open() -> None:
    assert language.detect("LESEN SIE:") is None
    assert language.detect("Ja. Nein. 2022. 14 %") is None


def test_a_long_text_is_told_by_samples_of_all_of_it() -> None:
    german = "Der Krieg dauert an, und niemand weiß, wann er endet. "
    spanish = "La guerra continúa y nadie sabe cuándo va a terminar. "
    assert language.detect(spanish + german * 200_000) == "de"
    assert language.detect(german * 3 + spanish * 2000) == "es"


def test_the_language_around_is_left_only_on_clear_evidence() -> None:
    names = "The New York Times, Foreign Policy"
    assert language.detect(names) == "en"
    assert language.detect(names, expected="de") == "de"
    assert language.detect("La botarga se ha convertido en una", expected="de") == "es"
    assert language.detect("Война продолжается и дальше", expected="de") == "ru"


def test_the_closer_of_two_languages() -> None:
    assert language.closer("Más Noticias", "de", "es") == "es"
    assert language.closer("LESEN SIE WEITER:", "de", "es") == "de"
    assert language.closer("더 읽기", "de", "ko") == "ko"
    assert language.closer("2022", "de", "es") == "de"


def test_lone_surrogates_and_marks_do_no_harm() -> None:
    assert language.detect("\ud800\udfff Der Krieg dauert an, niemand weiß warum. \u0301") == "de"


def test_every_answer_is_an_iso_639_1_code() -> None:
    codes = {code for shares in language._PRIORS.values() for code in shares}
    codes |= {script for _, _, script in scripts._RANGES if script not in language._PRIORS}
    assert all(len(code) == 2 for code in codes - {scripts.KANA})


def test_scripts_weigh_letters_only() -> None:
    assert scripts.weights("Ab, 12! Ж 字 カ 한 ไ") == {
        "latin": 2, "cyrillic": 1, "han": 3, "kana": 2, "ko": 2, "th": 1,
    }  # fmt: skip


def test_the_unpacked_copy_gives_the_same_answers_and_heals(tmp_path: Path) -> None:
    question = "Will Belarus send soldiers to Ukraine?"
    fresh = langid_model.load(None).scores(question).tolist()
    assert langid_model._load(tmp_path).scores(question).tolist() == fresh
    (kept,) = tmp_path.iterdir()
    whole = (kept / "ptc.npy").read_bytes()
    assert langid_model._load(tmp_path).scores(question).tolist() == fresh

    (kept / "ptc.npy").unlink()  # a new file, because the model read before may still be mapped
    (kept / "ptc.npy").write_bytes(whole[: len(whole) // 2])
    assert langid_model._load(tmp_path).scores(question).tolist() == fresh
    assert (kept / "ptc.npy").read_bytes() == whole
    assert [one.name for one in tmp_path.iterdir()] == [kept.name]


def best(model: langid_model.Identifier, text: str) -> str:
    return model.labels[int(model.scores(text).argmax())]


def test_texts_are_scored_as_py3langid_scores_them() -> None:
    from py3langid import langid

    theirs, ours = langid._get_identifier(), langid_model.load(None)
    for text in (
        "Will Belarus send soldiers?",
        "WIRD BELARUS SOLDATEN SCHICKEN?",
        "",
        "Мінск.",
        "…",
    ):
        expected = dict(theirs.rank(text))
        found = {label: -np.inf for label in ours.labels}
        for label, score in zip(ours.labels, ours.scores(text), strict=True):
            found[label] = max(found[label], score)
        names = sorted(found)
        differences = np.array([found[name] - found["en"] for name in names])
        wanted = np.array([expected[name] - expected["en"] for name in names])
        np.testing.assert_allclose(differences, wanted, atol=0.02)


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    model = langid_model._load(blocked / "below")
    assert best(model, "Will Belarus send soldiers?") == "en"


def test_preload_returns_before_the_model_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    started, go_on = threading.Event(), threading.Event()
    asked: list[Path | None] = []

    def slow(folder: Path | None) -> None:
        asked.append(folder)
        started.set()
        go_on.wait(10)

    monkeypatch.setattr(langid_model, "load", slow)
    language.preload(Path("somewhere"))
    assert started.wait(10)
    go_on.set()
    assert asked == [Path("somewhere")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wer ist Putin?", True),
        ("Кто такой Путин?", True),
        ("Ποιος είναι;", True),
        ("普京是谁？", False),
        ("プーチンは誰？", False),
        ("من هو بوتين؟", False),
        ("पुतिन कौन है?", False),
        ("42?", True),
        ("", True),
    ],
)
def test_alphabets_are_told_from_other_scripts(text: str, expected: bool) -> None:
    assert scripts.alphabetic(text) is expected

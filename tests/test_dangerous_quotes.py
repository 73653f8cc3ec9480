"""Quotes that read like the document and say something else, and some that say the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.collection import Collection
from qa.settings import Settings
from qa.types import Document
from tests.texts import SCRIPTS

CASES = [
    ("Es wird keine Mobilisierung geben", "eine Mobilisierung geben", "altered"),
    ("Es wird keine Mobilisierung geben", "Eine Mobilisierung geben", "altered"),
    ("Ein Angriff ist unmöglich geworden", "möglich geworden", "altered"),
    ("Das war ungewöhnlich gut informiert", "Gewöhnlich gut informiert", "altered"),
    ("He was unable to attend the summit", "able to attend the summit", "altered"),
    ("Es kamen 10 500 Soldaten ins Land", "500 Soldaten ins Land", "altered"),
    ("Es kamen 10\u202f500 Soldaten ins Land", "500 Soldaten ins Land", "altered"),
    ("Es kamen 10\xa0500 Soldaten ins Land", "500 Soldaten ins Land", "altered"),
    ("Insgesamt waren es etwa 5\u202f000 Mann", "Insgesamt waren es etwa 5", "altered"),
    ("Insgesamt waren es etwa 5 Mann", "Insgesamt waren es etwa 5", "exact"),
    ("Der Spalt war rund 5 mm breit", "Der Spalt war rund 5 m", "altered"),
    ("Er hat dem Plan nicht zugestimmt", "Er hat dem Plan […] zugestimmt", "altered"),
    ("Er hat nie gesagt, dass er geht", "Er hat […] gesagt, dass er geht", "altered"),
    ("Es waren minus 5 Grad", "Es waren 5 Grad", "altered"),
    ("Es waren −5 Grad", "Es waren 5 Grad", "altered"),
    ("Es waren –5 Grad", "Es waren -5 Grad", "normalised"),
    ("Die Fläche misst 120 m² im Ganzen", "Die Fläche misst 120 m2 im Ganzen", "altered"),
    ("rund 10³ Einheiten wurden gezählt", "rund 103 Einheiten wurden gezählt", "altered"),
    ("nur ½ Liter Wasser blieb übrig", "nur 12 Liter Wasser blieb übrig", "altered"),
    ("nur ½ Liter Wasser blieb übrig", "nur 1/2 Liter Wasser blieb übrig", "altered"),
    ("genau 1.000 Personen waren da", "genau 1,000 Personen waren da", "altered"),
    ("etwa 1,5 Millionen Menschen kamen", "etwa 15 Millionen Menschen kamen", "altered"),
    ("etwa 5 % der Stimmen fehlten", "etwa 5% der Stimmen fehlten", "normalised"),
    ("etwa 5 % der Stimmen fehlten", "etwa 5 ‰ der Stimmen fehlten", "altered"),
    ("es kostete $5 im Laden nebenan", "es kostete $ 5 im Laden nebenan", "normalised"),
    ("es kostete $ 5 im Laden nebenan", "es kostete $5 im Laden nebenan", "normalised"),
    ("It began in the 1990’s they said", "It began in the 1990's they said", "normalised"),
    ("‘It was in 1991’, he said then", "'It was in 1991', he said then", "normalised"),
    ("ベラルーシは派兵しないと述べた", "ベラルーシは派兵\nしないと述べた", "normalised"),
    ("ベラルーシは派兵しないと述べた", "ベラルーシは派兵すると述べた", "altered"),
    ("İSTANBUL bugün güzel bir şehir", "istanbul bugün güzel bir şehir", "normalised"),
    ("Die Maße sind bekannt geworden", "Die Masse sind bekannt geworden", "altered"),
    (
        "Der Präsident Lukaschenko besuchte Putin",
        "Der Präsident Putin besuchte Lukaschenko",
        "altered",
    ),
    ("Die Mobili\xadsierung ist beﬁnitiv", "Die Mobilisierung ist befinitiv", "normalised"),
    ("Es gibt „keinen Krieg“ hier", "Es gibt »keinen Krieg« hier", "normalised"),
    ("Es gilt § 5 Abs. 2 der Ordnung", "Es gilt §5 Abs. 2 der Ordnung", "normalised"),
    ("Die Werte lagen bei 3-5 Einheiten", "Die Werte lagen bei 35 Einheiten", "altered"),
    ("Die Werte lagen bei 3–5 Einheiten", "Die Werte lagen bei 3-5 Einheiten", "normalised"),
    ("Sie sagte: Nein, das stimmt", "Sie sagte Nein, das stimmt", "altered"),
    ("He didn’t agree with the plan", "He didn't agree with the plan", "normalised"),
    ("He didn’t agree with the plan", "He did agree with the plan", "altered"),
    ("Temperatur +5 bis 8 im Mittel", "Temperatur -5 bis 8 im Mittel", "altered"),
    ("Er ist US-Bürger seit Jahren", "Er ist US Bürger seit Jahren", "altered"),
    ("Sie wollen Kinder, nicht Waffen", "Sie wollen Kinder nicht, Waffen", "altered"),
    ("Wasser wiegt 1 kg pro Liter", "Wasser wiegt 1 Kg pro Liter", "normalised"),
    ("Leistung von 5 MW im Netz", "Leistung von 5 mW im Netz", "altered"),
    ("Kurs bei 3:1 heute morgen", "Kurs bei 3 : 1 heute morgen", "normalised"),
    ("um 12:30 Uhr begann die Sitzung", "30 Uhr begann die Sitzung", "altered"),
    ("um 12:30 Uhr begann die Sitzung", "um 12", "altered"),
    ("Er wurde 1/2 Jahr später entlassen", "2 Jahr später entlassen", "altered"),
    ("Sie ging vorgestern nicht. Dann hat sie gelacht", "Sie ging […] hat sie gelacht", "altered"),
    (
        "Er kam. Das war nicht gut. Dann hat er zugestimmt",
        "Er kam. […] Dann hat er zugestimmt",
        "normalised",
    ),
    ("Er hat im Mai dem Plan zugestimmt", "Er hat […] dem Plan zugestimmt", "normalised"),
    ("He said they don't agree on it", "He said they […] agree on it", "altered"),
    ("派兵はしないと彼は述べた", "派兵は[…]と彼は述べた", "altered"),
    ('ein 6" breiter Tisch', "ein 6' breiter Tisch", "altered"),
    ("das war non-violent und gut", "violent und gut", "altered"),
    ("派兵はしない", "兵はしな", "exact"),
]
BEFORE = "Am Montag sprach der Minister lange über das Wetter. "
AFTER = ". Danach gingen alle nach Hause, und es wurde still."


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = Collection.open(Settings(data_dir=tmp_path_factory.mktemp("dangerous")))
    said = dict.fromkeys(document for document, _, _ in CASES)
    collection.put(
        [Document(f"d{n}", BEFORE + text + AFTER, "test") for n, text in enumerate(said)]
        + [Document("scripts", "".join(text for text in SCRIPTS if text.isprintable()), "test")]
    )
    yield collection
    collection.close()


@pytest.mark.parametrize(("document", "quote", "verdict"), CASES)
def test_by_hand(opened: Collection, document: str, quote: str, verdict: str) -> None:
    number = list(dict.fromkeys(text for text, _, _ in CASES)).index(document)
    found = opened.verify(quote, f"d{number}")
    # Another document may say what was altered here.
    assert found.verdict in (verdict, *(("other_document",) if verdict == "altered" else ()))
    assert bool(found.differences) == (found.verdict == "altered")
    if "[…]" in quote and verdict == "altered":
        assert {d.kind for d in found.differences} == {"negation"}


@given(st.data())
@settings(
    derandomize=True,
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_altered_says_what_differs(opened: Collection, data: st.DataObject) -> None:
    text = opened.text("scripts")
    start = data.draw(st.integers(0, len(text) - 2))
    quote = text[start : start + data.draw(st.integers(2, 120))]
    at = data.draw(st.integers(0, len(quote) - 1))
    put = data.draw(st.sampled_from(["", " ", "x", "5", "'", "-", "\u0301", "。", "\u200b", "[…]"]))
    quote = quote[:at] + put + quote[at + data.draw(st.integers(0, 2)) :]
    if not quote.strip():
        return
    found = opened.verify(quote)
    assert bool(found.differences) == (found.verdict == "altered")
    for change in found.differences:
        where = opened.text(found.matches[0].document_id)
        assert where[change.found_start : change.found_end] == change.found
        assert quote[change.expected_start : change.expected_end] == change.expected

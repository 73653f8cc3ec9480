"""Verification: nothing verbatim is missed, nothing altered passes, every place is proved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa import seeds
from qa.boundaries import cuts
from qa.collection import Collection
from qa.errors import InvalidInput, NotFound
from qa.folding import fold
from qa.settings import Settings
from qa.types import Citation, Document
from qa.verification import Verification
from tests.texts import SCRIPTS

SEED = "000_0213957b6fa26305.txt"
SEEDS = {document.id: document.text for document in seeds.documents()}
QUOTE = "Machthaber Lukaschenko lehnt es bisher jedoch ab, seine Soldaten an die Front zu schicken."
TEXTS = {
    **{f"script-{n}": text * 3 for n, text in enumerate(SCRIPTS[:14]) if text.strip()},
    "mixed": "".join(text for text in SCRIPTS if text.isprintable() or "\n" in text),
    "long": "".join(f"Satz Nummer {n} über Wasser und Brot. " for n in range(2000)),
    "numbers": "Es waren 25 Prozent, 1,5 Prozent oder -5 Prozent auf 10 m² am 24.02.2022.",
}

FOLDED = [fold(text) for text in TEXTS.values()]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Texts in many scripts."""
    opened = Collection.open(Settings(data_dir=tmp_path_factory.mktemp("scripts")))
    opened.put([Document(i, text, "test", language="de") for i, text in TEXTS.items()])
    yield opened
    opened.close()


@pytest.fixture
def changeable(copy_of_seeded: Callable[[], Path]) -> Iterator[Collection]:
    opened = Collection.open(Settings(data_dir=copy_of_seeded()))
    yield opened
    opened.close()


def proved(collection: Collection, verification: Verification) -> Verification:
    near = [citation for _, citation in verification.nearest]
    for citation in (*verification.matches, *near):
        text = collection.text(citation.document_id)
        assert text[citation.start : citation.end] == citation.quote
        assert collection.citation(citation.id).status == "valid"
    if verification.verdict in ("altered", "not_found"):
        assert bool(verification.differences) == (verification.verdict == "altered")
    for change in verification.differences:
        text = collection.text(verification.matches[0].document_id)
        assert text[change.found_start : change.found_end] == change.found
        quote = verification.quote
        assert quote[change.expected_start : change.expected_end] == change.expected
    return verification


def place(citation: Citation) -> tuple[str, int, int]:
    return citation.document_id, citation.start, citation.end


@given(st.data())
@settings(
    derandomize=True,
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_slice_is_found_where_it_is(scripts: Collection, data: st.DataObject) -> None:
    document_id = data.draw(st.sampled_from(sorted(TEXTS)))
    text = TEXTS[document_id]
    start = data.draw(st.integers(0, len(text) - 1))
    end = min(len(text), start + data.draw(st.integers(1, 700)))
    quote = text[start:end]
    if not quote.strip() or cuts(text, start, end):
        return
    found = proved(scripts, scripts.verify(quote, document_id))
    assert found.verdict in ("exact", "ambiguous")
    assert found.places == 1 or found.verdict == "ambiguous"
    if found.places <= 50:
        assert (document_id, start, end) in [place(match) for match in found.matches]
    assert scripts.verify(quote).places >= found.places


@given(st.data())
@settings(
    derandomize=True,
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_slice_with_a_character_changed_passes(scripts: Collection, data: st.DataObject) -> None:
    text = TEXTS[data.draw(st.sampled_from(sorted(TEXTS)))]
    start = data.draw(st.integers(0, max(0, len(text) - 20)))
    quote = list(text[start : start + data.draw(st.integers(12, 300))])
    letters = [n for n, c in enumerate(quote) if c.isalnum()]
    if not letters:
        return
    quote[data.draw(st.sampled_from(letters))] = data.draw(st.sampled_from("7qжعकกの"))
    changed = "".join(quote)
    if any(fold(changed).strip(' "') in other for other in FOLDED):
        return
    assert proved(scripts, scripts.verify(changed)).verdict in ("altered", "not_found")


def test_what_differs_in_no_word_is_altered_all_the_same(changeable: Collection) -> None:
    changeable.put([Document("x", "Der Tisch ist 6' lang und aus altem Holz.", "test")])
    found = proved(changeable, changeable.verify('Der Tisch ist 6" lang und aus altem', "x"))
    assert found.verdict == "altered"


@pytest.mark.parametrize(
    "quote",
    [
        f"  {QUOTE}\n",
        f"„{QUOTE}“",
        f"« {QUOTE} »",
        QUOTE.upper(),
        QUOTE.replace(" ", "\u00a0"),
        QUOTE.replace("Soldaten", "Sol\u00addaten"),
        QUOTE + " Als Russland die Ukraine überfällt",
    ],
)
def test_what_does_not_matter_is_normalised(collection: Collection, quote: str) -> None:
    found = proved(collection, collection.verify(quote))
    assert (found.verdict, found.places) == ("normalised", 1)
    assert (found.matches[0].document_id, found.matches[0].start) == (SEED, 75)


def test_verbatim_in_one_place_is_exact_and_in_several_ambiguous(collection: Collection) -> None:
    found = proved(collection, collection.verify(QUOTE))
    assert (found.verdict, found.places) == ("exact", 1)
    assert place(found.matches[0]) == (SEED, 75, 165)
    many = proved(collection, collection.verify("Lukaschenko"))
    assert many.verdict == "ambiguous"
    assert many.places == sum(len(re.findall(r"\bLukaschenko\b", text)) for text in SEEDS.values())
    assert len(many.matches) == min(50, many.places)
    one = proved(collection, collection.verify("Lukaschenko", SEED))
    assert one.places == len(re.findall(r"\bLukaschenko\b", SEEDS[SEED]))


@pytest.mark.parametrize(
    ("quote", "changes"),
    [
        (QUOTE.replace("Lukaschenko", "Putin"), [("Putin", "Lukaschenko", "name")]),
        ("hat der 67-Jährige vor allem seinem", [("67", "68", "number")]),
        ("es wird eine Mobilisierung geben", [("eine", "keine", "negation")]),
        ("Das ist keine Lüge", [("keine", "eine", "negation")]),
        ("8-Jährige vor allem seinem", [("8", "68", "number")]),
    ],
)
def test_what_was_altered_is_told(
    collection: Collection, quote: str, changes: list[tuple[str, str, str]]
) -> None:
    found = proved(collection, collection.verify(quote))
    assert (found.verdict, found.places, found.matches[0].document_id) == ("altered", 1, SEED)
    assert [(d.expected, d.found, d.kind) for d in found.differences] == changes


def test_words_in_another_order_are_altered(collection: Collection) -> None:
    quote = "seine Soldaten lehnt Lukaschenko es bisher jedoch ab, Machthaber an die Front"
    assert proved(collection, collection.verify(quote)).verdict == "altered"


@pytest.mark.parametrize(
    "quote", ["5 Prozent, 1,5", "5 Prozent oder", "-5 Prozent auf 10 m", "oder 5 Prozent auf"]
)
def test_a_cut_number_is_another_number(scripts: Collection, quote: str) -> None:
    found = proved(scripts, scripts.verify(quote, "numbers"))
    assert found.verdict == "altered"
    assert {change.kind for change in found.differences} & {"number", "unit", "words"}


def test_an_ellipsis_spans_its_parts(collection: Collection) -> None:
    for mark in ("[…]", "[...]", "(…)", "…", "..."):
        quote = f"Machthaber Lukaschenko {mark} seine Soldaten an die Front {mark}"
        found = proved(collection, collection.verify(quote))
        assert (found.verdict, found.places) == ("normalised", 1)
        assert place(found.matches[0]) == (SEED, 75, 152)
        text = SEEDS[SEED]
        assert [text[part.start : part.end] for part in found.parts] == [
            "Machthaber Lukaschenko",
            "seine Soldaten an die Front",
        ]


def test_an_ellipsis_hides_no_change_and_no_order(collection: Collection) -> None:
    changed = collection.verify("Machthaber Lukaschenko […] seine Panzer an die Front zu schicken")
    assert changed.verdict == "altered"
    assert [(d.expected, d.kind) for d in proved(collection, changed).differences] == [
        ("Panzer", "name")
    ]
    turned = collection.verify("seine Soldaten an die Front […] Machthaber Lukaschenko lehnt es")
    assert proved(collection, turned).verdict in ("altered", "not_found")


def test_words_of_another_document_say_where_they_are(collection: Collection) -> None:
    other = sorted(SEEDS)[1]
    found = proved(collection, collection.verify(QUOTE, other))
    assert found.verdict == "other_document"
    assert place(found.matches[0]) == (SEED, 75, 165)


def test_what_nobody_says_is_not_found(collection: Collection) -> None:
    found = proved(collection, collection.verify("Die Katze schläft seit gestern auf dem Sofa."))
    assert (found.verdict, found.matches, found.places) == ("not_found", (), 0)
    assert 0 < len(found.nearest) <= 3
    similarities = [similarity for similarity, _ in found.nearest]
    assert similarities == sorted(similarities, reverse=True)


def test_a_change_of_the_documents_is_seen_at_once(changeable: Collection) -> None:
    assert changeable.verify("Der Hafen von Odessa ist offen").verdict == "not_found"
    changeable.put([Document("hafen", "Der Hafen von Odessa ist offen.", "test")])
    assert changeable.verify("Der Hafen von Odessa ist offen").verdict == "exact"
    changeable.put([Document("hafen", "Der Hafen von Odessa ist zu.", "test")])
    assert changeable.verify("Der Hafen von Odessa ist offen").verdict == "altered"
    changeable.remove(["hafen", SEED])
    assert changeable.verify("Der Hafen von Odessa ist offen").verdict == "not_found"
    assert changeable.verify(QUOTE).verdict != "exact"


def test_two_documents_of_the_same_words_are_both_named(changeable: Collection) -> None:
    changeable.put([Document("copy", SEEDS[SEED], "test")])
    found = proved(changeable, changeable.verify(QUOTE))
    assert (found.verdict, found.places) == ("ambiguous", 2)
    assert [match.document_id for match in found.matches] == [SEED, "copy"]


def test_a_quote_is_found_deep_in_a_long_text(scripts: Collection) -> None:
    assert proved(scripts, scripts.verify("Satz Nummer 1777 über Wasser")).verdict == "exact"
    quote = "Nummer 1776 über Wasser und Brot. Satz Nummer 1777 über Wasser oder Brot. Satz Nummer"
    found = proved(scripts, scripts.verify(quote))
    assert [(d.expected, d.found) for d in found.differences] == [("oder", "und")]


def test_an_empty_collection_says_nothing(tmp_path: Path) -> None:
    opened = Collection.open(Settings(data_dir=tmp_path))
    assert opened.verify(QUOTE) == Verification("not_found", QUOTE)
    opened.close()


@pytest.mark.parametrize("quote", ["", "  \n", "x" * 20_001])
def test_no_quote_and_too_long_a_quote_are_refused(collection: Collection, quote: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 20000"):
        collection.verify(quote)


def test_an_unknown_document_is_not_found(collection: Collection) -> None:
    with pytest.raises(NotFound):
        collection.verify(QUOTE, "nothing")
    with pytest.raises(NotFound):
        collection.verify_text("text", "nothing")


def test_only_marks_are_looked_for_as_they_are(collection: Collection) -> None:
    assert collection.verify("?!?!").verdict == "not_found"
    assert collection.verify("“").verdict in ("ambiguous", "exact", "not_found")


def test_every_quotation_of_a_text_is_verified(collection: Collection) -> None:
    text = f"Man liest: „{QUOTE}“ Und: „Es wird eine Mobilisierung geben“, so „Nascha Niwa“."
    found = collection.verify_text(text)
    assert [v.verdict for _, v in found.quotations] == ["exact", "altered"]
    assert (dict(found.counts), found.skipped) == ({"altered": 1, "exact": 1}, 1)
    assert all(text[q.start : q.end] == q.quote for q, _ in found.quotations)


def test_too_many_quotations_are_refused(collection: Collection) -> None:
    with pytest.raises(InvalidInput, match="in parts"):
        collection.verify_text("„eins zwei drei“ " * 1001)


def test_the_longest_quote_with_one_word_changed(scripts: Collection) -> None:
    quote = TEXTS["long"][1000:21000].replace("Satz Nummer 300 über", "Satz Nummer 301 über")
    found = proved(scripts, scripts.verify(quote))
    assert [(d.expected, d.found, d.kind) for d in found.differences] == [("301", "300", "number")]
    assert found.matches[0].start == 1001  # without the space


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("20,000 Mann", "20.000 Mann"),
        ("auf 10 m2 Wiese", "auf 10 m² Wiese"),
        ("mit 103 Litern", "mit 10³ Litern"),
        ("es sind 5 Grad", "es sind −5 Grad"),
        ("es sind 5 Grad", "es sind -5 Grad"),
        ("ein halber Liter, 1/2", "ein halber Liter, ½"),
        ("es waren 5 % mehr", "es waren 6 % mehr"),
        ("gut in Maßen genossen", "gut in Massen genossen"),
        ("es sei möglich, sagt", "es sei unmöglich, sagt"),
        ("sie hat zwei Kinder", "sie hat drei Kinder"),
    ],
)
def test_what_reads_alike_and_is_not(changeable: Collection, expected: str, found: str) -> None:
    changeable.put([Document("x", f"Er schrieb dazu: {found}, und ging.", "test")])
    told = proved(changeable, changeable.verify(f"schrieb dazu: {expected}", "x"))
    assert told.verdict == "altered"

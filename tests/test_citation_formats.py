"""Citations for other programs: what is written, and that no document's words become markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from qa.citation_formats import FORMATS, bibtex, csl, markdown, plain, web_annotation
from qa.citations import TextView, cite
from qa.engine import TextVersion
from qa.types import Citation, Span, text_sha256
from tests.texts import any_text

TEXT = "Vorher.\fDer Hafen ist offen.\nSo der Minister.\fNachher."
SHA256 = "6b2f0ab7c5a1a0b1a14dbd1a1d2b1d2b86c4c0c6e2d7a7f7c2a0f3a4b5c6d7e8"


def citation(**fields: object) -> Citation:
    known = {
        "id": f"{SHA256[:20]}.00112233.8.28",
        "document_id": "hafen.txt",
        "document_sha256": SHA256,
        "title": "Größe & Übung",
        "source": "https://example.org/hafen?a=1&b=2",
        "language": "de",
        "published": "2022-09-05",
        "start": 8,
        "end": 28,
        "lines": (1, 2),
        "page": 2,
        "pages": (2, 3),
        "quote": "Der Hafen ist offen.",
        "prefix": "Vorher.\f",
        "suffix": "\nSo der Minister.",
        "url": "https://f.example/x/documents/hafen.txt#char=8,28",
        "source_url": "https://example.org/hafen?a=1&b=2#:~:text=Der%20Hafen",
    }
    return Citation(**{**known, **fields})  # type: ignore[arg-type]


LOCAL = {"source": "ordner/hafen.txt", "source_url": None, "url": "/documents/hafen.txt#char=8,28"}


def test_an_annotation_selects_the_words_in_the_text_of_that_hash() -> None:
    assert web_annotation(citation(document_sha256="00" * 31 + "ff")) == {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": f"https://f.example/x/v1/citations/{SHA256[:20]}.00112233.8.28",
        "type": "Annotation",
        "motivation": "highlighting",
        "target": {
            "type": "SpecificResource",
            "source": {
                "id": "https://f.example/x/documents/hafen.txt",
                "type": "Text",
                "format": "text/plain",
                "language": "de",
                "dcterms:title": "Größe & Übung",
                "dcterms:issued": "2022-09-05",
                "via": "https://example.org/hafen?a=1&b=2",
            },
            "state": {
                "type": "TimeState",
                "cached": "ni:///sha-256;" + "A" * 41 + "P8",
            },
            "selector": [
                {"type": "TextPositionSelector", "start": 8, "end": 28},
                {
                    "type": "TextQuoteSelector",
                    "exact": "Der Hafen ist offen.",
                    "prefix": "Vorher.\f",
                    "suffix": "\nSo der Minister.",
                },
            ],
        },
    }
    local = web_annotation(citation(**LOCAL, title=None, language=None, published=None))
    assert local["target"]["source"] == {
        "id": "/documents/hafen.txt",
        "type": "Text",
        "format": "text/plain",
    }
    assert local["id"] == f"/v1/citations/{SHA256[:20]}.00112233.8.28"


def test_csl() -> None:
    assert csl(citation()) == [
        {
            "id": f"{SHA256[:20]}.00112233.8.28",
            "type": "webpage",
            "title": "Größe & Übung",
            "issued": {"date-parts": [[2022, 9, 5]]},
            "language": "de",
            "page": "2-3",
            "URL": "https://example.org/hafen?a=1&b=2#:~:text=Der%20Hafen",
            "version": f"sha256:{SHA256}",
            "annote": "Der Hafen ist offen.",
        }
    ]
    (item,) = csl(citation(**LOCAL, title=None, published="2022", pages=(4, 4)))
    assert (item["type"], item["title"], item["page"]) == ("document", "hafen.txt", "4")
    assert (item["source"], item["issued"]) == ("ordner/hafen.txt", {"date-parts": [[2022]]})
    assert "URL" not in item
    assert "issued" not in csl(citation(published=None))[0]


def test_bibtex_with_umlauts_and_braces() -> None:
    cited = citation(title="Größe {x} & 5 % \\ _~^", quote='„Ja“ #1 $2\n{ <b>|a" -')
    assert bibtex(cited) == (
        f"@misc{{fundstelle-{SHA256[:20]}-00112233-8-28,\n"
        r"  title = {{Größe \textbraceleft{}x\textbraceright{} \& 5 \% \textbackslash{} "
        r"\_\textasciitilde{}\textasciicircum{}}}," + "\n"
        "  year = {2022},\n"
        "  month = sep,\n"
        "  day = {5},\n"
        "  pages = {2--3},\n"
        "  language = {de},\n"
        "  url = {https://example.org/hafen?a=1&b=2#:~:text=Der%20Hafen},\n"
        f"  note = {{Characters 8--28 of the text with the SHA-256 {SHA256}}},\n"
        r"  annote = {„Ja“ \#1 \$2 \textbraceleft{} \textless{}b\textgreater{}\textbar{}a"
        '" -}\n'
        "}\n"
    )


def test_bibtex_leaves_out_what_is_not_known() -> None:
    written = bibtex(citation(**LOCAL, title=None, published=None, language=None, pages=None))
    assert re.findall(r"^  (\w+) =", written, re.MULTILINE) == [
        "title",
        "howpublished",
        "note",
        "annote",
    ]
    assert "howpublished = {ordner/hafen.txt}" in written
    assert "month" not in bibtex(citation(published="2022"))


@pytest.mark.parametrize(
    "address", ["https://e.org/{a", "https://e.org/a}\\end", 'https://e.org/"']
)
def test_a_url_cannot_end_its_field(address: str) -> None:
    written = bibtex(citation(source_url=address))
    (url,) = re.findall(r"^  url = \{(.*)\},$", written, re.MULTILINE)
    assert re.fullmatch(r"https://e\.org/[a-z0-9A-Z%]+", url)


@given(any_text)
@settings(derandomize=True, max_examples=60)
def test_the_braces_of_bibtex_always_pair_up(text: str) -> None:
    written = bibtex(citation(title=text[:40] or None, source=text[:40], quote=text))
    written.encode()
    depth = 0
    for character in written:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("*_<script>alert(1)</script>", r"> \*\_\<script\>alert(1)\</script\>"),
        ("[a](javascript:b)", r"> \[a\](javascript\:b)"),
        ("![a](b)", r"> !\[a\](b)"),
        ("a\\b `c` ~~d~~ $e$ &copy; | @f #1", r"> a\\b \`c\` \~\~d\~\~ \$e\$ \&copy; \| \@f \#1"),
        ("# Nein", r"> \# Nein"),
        ("> Nein", r"> \> Nein"),
        ("- a\n+ b\n=== c\n1. d\n12) e", "> \\- a\n> \\+ b\n> \\=== c\n> 1\\. d\n> 12\\) e"),
        ("    kein Code\n\tkeiner", "> kein Code\n> keiner"),
        ("eins  \r\n\r\nzwei\rdrei\fvier", "> eins\n>\n> zwei\n> drei\n> vier"),
        ("https://a.de www.b.de :smile:", r"> https\://a.de www\.b.de \:smile:"),
        ("um 12 Uhr: ja, z. B. 3.5 - gut!", "> um 12 Uhr: ja, z. B. 3.5 - gut!"),
        ("a\x1b[31m\x00b", r"> a�\[31m�b"),
    ],
)
def test_nothing_in_a_quote_becomes_markdown(quote: str, expected: str) -> None:
    assert markdown(citation(quote=quote)).partition("\n\n— ")[0] == expected


def test_markdown_says_where_it_stands() -> None:
    written = markdown(citation(title="Der [Hafen]\n- neu"))
    assert written == (
        "> Der Hafen ist offen.\n\n"
        "— [Der \\[Hafen\\] - neu](<https://example.org/hafen?a=1&amp;b=2#:~:text=Der%20Hafen>), "
        "https\\://example.org/hafen?a=1\\&b=2, 2022-09-05, pages 2–3, lines 1–2\n"
    )
    assert "](<https://e.org/a%3E%20b%5C>)" in markdown(citation(source_url="https://e.org/a> b\\"))


def test_plain_text() -> None:
    assert plain(citation(**LOCAL, pages=(2, 2), lines=(7, 7))) == (
        "Der Hafen ist offen.\n\n"
        "— Größe & Übung, ordner/hafen.txt, 2022-09-05, page 2, line 7\n"
        "/documents/hafen.txt#char=8,28\n"
    )
    bare = citation(**{**LOCAL, "source": "hafen.txt"}, title=None, published=None, pages=None)
    assert plain(replace(bare, quote="a\r\nb\x9b")) == (
        "a\nb�\n\n— hafen.txt, lines 1–2\n/documents/hafen.txt#char=8,28\n"
    )


@given(any_text.filter(bool))
@settings(derandomize=True, max_examples=60)
def test_every_format_can_be_sent_and_json_keeps_the_words(text: str) -> None:
    version = TextVersion(
        "a.txt", text_sha256(text), text[:50], text[:50] or None, "de", "2022", (), 1, True
    )
    cited = cite(version, TextView(text), Span(0, len(text)))
    written = {name: write(cited).encode() for name, write in FORMATS.items()}
    annotation = json.loads(written["jsonld"])
    assert annotation["target"]["selector"][1]["exact"] == text
    assert json.loads(written["csl"])[0]["annote"] == text

"""From bytes to documents: encodings, formats, and what is refused and why."""

from __future__ import annotations

import datetime
import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import EmptyDocument, FundstelleError, InvalidDate, TooLarge, UnreadableFile
from qa.readers import read_document

SEEDS = Path(__file__).parent.parent / "seeds"
GERMAN = "Größe und Übung: „Es wird keine Mobilisierung geben“, sagte der Machthaber in Minsk.\r\n"
LATIN = "Die Größe der Übung überraschte die Bevölkerung, erklärte der Präsident. "
RUSSIAN = "Лукашенко заявил, что мобилизации в Беларуси не будет. Что будет дальше? "
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, řekl včera český prezident novinářům. "
TURKISH = "Işık ve gölge arasında kalan şehir, dün gece yağan yağmurla ıslandı, dediler. "
CHINESE = "白俄罗斯总统卢卡申科表示，不会进行动员。未来会怎样？没有人知道。"


@pytest.mark.parametrize(
    ("prefix", "title", "published"),
    [
        ("000", None, "2022-09"),
        ("001", None, "2022-03"),
        ("002", "Wird sich Belarus dem Krieg gegen die Ukraine anschließen?", None),
        ("003", None, None),
        ("004", None, None),
    ],
)
def test_the_seeds(prefix: str, title: str | None, published: str | None) -> None:
    path = next(SEEDS.glob(f"{prefix}_*.txt"))
    document = read_document(path.read_bytes(), path.name)
    assert document.text == path.read_bytes().decode("utf-8")
    assert (document.id, document.source) == (path.name, path.name)
    assert (document.title, document.published, document.language) == (title, published, "de")
    assert document.pages == ()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-32"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32-le"),
        (GERMAN, "utf-32-be"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "utf-16-le"),
        (RUSSIAN * 3, "cp1251"),
        (RUSSIAN * 3, "koi8-r"),
        (RUSSIAN * 3, "cp866"),
        (LATIN, "latin-1"),
        (CZECH * 2, "cp1250"),
        (CZECH * 2, "iso8859-2"),
        ("Rząd ogłosił wczoraj, że będzie głosować w tej sprawie jutro.", "cp1250"),
        ("Rząd ogłosił wczoraj, że będzie głosować w tej sprawie jutro.", "iso8859-2"),
        (TURKISH * 2, "cp1254"),
        (CHINESE * 2, "gb18030"),
        ("हाँ, क्या तुम आए? İstanbul, 👩‍👩‍👧 a\u0308", "utf-8"),
    ],
)
def test_text_comes_back_in_every_encoding(text: str, encoding: str) -> None:
    assert read_document(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_not_text(mark: str) -> None:
    assert read_document("Ä date".encode(mark), "a.txt").text == "Ä date"


def test_a_damaged_byte_spoils_one_character_only() -> None:
    data = (GERMAN * 50).encode()
    broken = data[:4000] + b"\xff" + data[4000:]
    document = read_document(broken, "a.txt")
    assert document.text.replace("\ufffd", "") == GERMAN * 50
    assert document.metadata == {"undecodable": 1}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(range(256)) * 20, "binary data"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\1\2\3" * 50, "binary data"),
        (b"text " * 100 + b"\x01\x02\x03" * 10, "30 control characters"),
        (b"a\0b\0\0c" * 10, "zero bytes"),
    ],
)
def test_binary_data_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=f"a.txt: .*{reason}"):
        read_document(data, "a.txt")


@pytest.mark.parametrize("data", [b"", b" \r\n\t", "\ufeff \n".encode(), "\u3000".encode("utf-16")])
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_an_empty_file_is_refused(data: bytes, name: str) -> None:
    with pytest.raises(EmptyDocument, match=name):
        read_document(data, name)


def test_what_the_caller_knows_goes_first() -> None:
    document = read_document(
        b" date 2022-09 Text of it.", "a b.txt", document_id="x", source="s/a b.txt",
        published="2023-01", title="T", language="nl", metadata={"k": 1},
    )  # fmt: skip
    assert (document.id, document.source, document.published) == ("x", "s/a b.txt", "2023-01")
    assert (document.title, document.language, document.metadata) == ("T", "nl", {"k": 1})
    assert document.text == " date 2022-09 Text of it."


def test_limits_and_dates_are_checked() -> None:
    with pytest.raises(TooLarge, match="11 characters, more than the 10"):
        read_document(b"Hello world", "a.txt", max_characters=10)
    with pytest.raises(InvalidDate):
        read_document(b"Hello world", "a.txt", published="2022-13")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Krieg in Europa\n\nDer Krieg dauert an.", "Krieg in Europa"),
        ("Kommt der Krieg?\nDer Krieg dauert an.", "Kommt der Krieg?"),
        ("date 2022-09 Krieg in Europa\n\nDer Krieg dauert an.", "Krieg in Europa"),
        ("Der Krieg dauert an.\n\nUnd weiter.", None),
        ("Der Krieg, der im Februar begann und seitdem\nandauert, endet nicht.", None),
        ("Der Krieg, der im vergangenen Februar begann und\nSeither nie endet.", None),
        ("Nur eine Zeile", None),
        ("x" * 121 + "\n\nText.", None),
        ("- Punkt eins\n- Punkt zwei", None),
    ],
)
def test_a_headline_is_the_title_of_a_text(text: str, title: str | None) -> None:
    assert read_document(text.encode(), "a.txt").title == title


def test_twenty_megabytes_are_read_in_a_second_or_two() -> None:
    data = (GERMAN * 230_000).encode()
    started = time.process_time()
    document = read_document(data, "a.txt")
    assert time.process_time() - started < 4
    assert len(document.text.encode()) == len(data) > 20_000_000


@pytest.mark.parametrize(
    ("text", "title", "published"),
    [
        ("---\ntitle: \"Der Titel\"\ndate: 2022-09-14\nlang: de-AT\n---\n\n# Anders\n\nText.",
         "Der Titel", "2022-09-14"),
        ("```\n# Kommentar\n```\n\n# Der Titel #\r\n\r\nText.", "Der Titel", None),
        ("Der Titel\n=========\n\nText.", "Der Titel", None),
        ("Text ohne Titel.", None, None),
        ("---\nnur Text\n---\n\n## Zwei\n", None, None),
    ],
)  # fmt: skip
def test_markdown_is_kept_as_it_is_written(
    text: str, title: str | None, published: str | None
) -> None:
    document = read_document(text.encode(), "a.md")
    assert (document.text, document.title, document.published) == (text, title, published)


PAGE = """<!DOCTYPE html><html lang="en"><head>{head}<title>Krieg und Frieden – Zeitung</title>
<meta property="article:published_time" content="2022-09-14T10:00:00+02:00">
<link rel="canonical" href="https://example.org/krieg"></head><body>
<nav><a href="/">Start</a><a href="/abo">Abo</a></nav><script>var x = 1;</script>
<article><h1>Krieg und Frieden</h1>
<p>Der belarussische Machthaber lehnt es bisher ab, seine Soldaten an die Front zu schicken. Größe.</p>
<p>Nach der Verkündung der Mobilmachung wachsen auch in Belarus die Sorgen vor einer Mobilisierung.</p>
<p>Russland ist eines der wenigen Länder, die Lukaschenko als Präsidenten von Belarus anerkennen.</p>
</article><footer>Impressum</footer></body></html>"""  # noqa: E501


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="utf-8">', "utf-8"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', "cp1252"),
        ('<meta charset="windows-1252">', "utf-8-sig"),
        ('<meta charset="nonsense">', "utf-8"),
        ("", "cp1252"),
    ],
)
def test_html_gives_its_main_text(head: str, encoding: str) -> None:
    document = read_document(PAGE.format(head=head).encode(encoding), "a.html")
    assert "an die Front zu schicken. Größe." in document.text
    assert "eines der wenigen Länder" in document.text
    for rest in ("Impressum", "Abo", "var x"):
        assert rest not in document.text
    assert document.title is not None
    assert document.title.startswith("Krieg und Frieden")
    assert document.published == "2022-09-14"
    assert document.language == "de"
    assert document.metadata["url"] == "https://example.org/krieg"


def test_html_without_a_main_text_gives_what_is_visible() -> None:
    data = b"<html><title>T</title><style>p{}</style><body><p>One <b>bold</b> word<p>Two</html>"
    document = read_document(data, "a.htm")
    assert document.text.split("\n") == ["One bold word", "Two"]
    assert document.title == "T"


def test_xhtml_with_a_declaration() -> None:
    source = '<?xml version="1.0" encoding="iso-8859-1"?>' + PAGE.format(head="")
    document = read_document(source.encode("cp1252"), "a.xhtml")
    assert "schicken. Größe." in document.text


@pytest.mark.parametrize("data", [b"<html></html>", b"<!-- nothing -->", b"<p> </p>"])
def test_html_without_text_is_empty(data: bytes) -> None:
    with pytest.raises((EmptyDocument, UnreadableFile), match=r"a\.html"):
        read_document(data, "a.html")


def pdf(*pages: str, extra: str = "") -> bytes:
    """A minimal PDF; each page's lines in Helvetica, an empty string a page without text."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    kids = []
    for page in pages:
        lines = "".join(f"({line}) Tj 0 -20 Td " for line in page.split("\n") if line)
        stream = f"BT /F1 12 Tf 72 720 Td {lines}ET" if lines else ""
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {len(objects) + 2} 0 R"
            "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica"
            "/Encoding/WinAnsiEncoding>>>>>>>>"
        )
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
    objects.append("<</Title(The title)/Author(A. Writer)/CreationDate(D:20220914120000Z)>>")
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj{body}endobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"<</Size {len(objects) + 1}/Root 1 0 R/Info {len(objects)} 0 R{extra}>>"
    return (
        out
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer{trailer}\n"
            f"startxref\n{len(out)}\n%%EOF"
        ).encode()
    )


def test_pdf_text_has_pages() -> None:
    document = read_document(pdf("First page.\nLine two: \xfcber.", "", "Third page."), "a.pdf")
    assert document.text == "First page.\nLine two: über.\f\fThird page."
    first, second, third = document.pages
    assert (first, document.text[second:][:1], document.text[third:]) == (0, "\f", "Third page.")
    assert (document.title, document.published) == ("The title", "2022-09-14")
    assert document.metadata == {"author": "A. Writer"}


def test_pdf_is_told_by_its_content() -> None:
    assert read_document(pdf("One page only."), "download").text == "One page only."


@pytest.mark.parametrize(
    ("data", "mend"),
    [
        (pdf("", ""), "2 pages without any.*OCR"),
        (pdf("Text.")[:150], "damaged.*qpdf"),
        (pdf("Text.", extra="/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + "11" * 32 + ">/U<"
             + "22" * 32 + ">>>/ID[<00><00>]"), "password.*--decrypt"),
    ],
)  # fmt: skip
def test_a_pdf_that_cannot_be_read_says_what_to_do(data: bytes, mend: str) -> None:
    with pytest.raises(UnreadableFile, match=f"a.pdf: .*{mend}"):
        read_document(data, "a.pdf")


def word() -> bytes:
    import docx

    document = docx.Document()
    document.core_properties.title = "Der Titel"
    document.core_properties.author = "A. Autorin"
    document.core_properties.created = datetime.datetime(2022, 9, 14, 12, 0)
    document.add_heading("Überschrift", 1)
    document.add_paragraph("Vor der Tabelle: „Größe“.")
    table = document.add_table(2, 2)
    for row, values in zip(table.rows, (("Land", "Soldaten"), ("Belarus", "48 000")), strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph("")
    document.add_paragraph("Nach der Tabelle 👩‍👩‍👧.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_docx_keeps_the_order_of_paragraphs_and_tables() -> None:
    document = read_document(word(), "a.docx")
    assert document.text == (
        "Überschrift\n\nVor der Tabelle: „Größe“.\n\n"
        "Land\tSoldaten\nBelarus\t48 000\n\nNach der Tabelle 👩‍👩‍👧."
    )
    assert (document.title, document.published) == ("Der Titel", "2022-09-14")
    assert document.metadata == {"author": "A. Autorin"}
    assert read_document(word(), "download.bin").text == document.text


@pytest.mark.parametrize("data", [word()[:2000], b"not a zip file at all", b"PK\x03\x04 short"])
def test_a_damaged_docx_says_what_to_do(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"a\.docx: .*save it as \.docx"):
        read_document(data, "a.docx")


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt", "text")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"a,b\n1,2\n", "a.csv", "data"),
        (b"{}  ", "a.json", "data"),
        (b"{\\rtf1 text}", "a.rtf", r"save it as \.docx"),
        (b"{\\rtf1 text}", "letter", r"save it as \.docx"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "a.doc", r"save it as \.docx"),
        (archive(), "a.zip", "archive"),
        (b"\x7fELF\0\0\1\2\3", "program", "binary data"),
    ],
)
def test_what_is_no_document_is_refused_and_the_kinds_are_listed(
    data: bytes, name: str, reason: str
) -> None:
    with pytest.raises(UnreadableFile, match=rf"{name}: .*{reason}.*Supported: \.txt .*\.docx"):
        read_document(data, name)


@pytest.mark.parametrize("name", ["README", "a.rst", "a.text", "a.TXT"])
def test_an_unknown_kind_that_is_text_is_read(name: str) -> None:
    assert read_document(GERMAN.encode(), name).text == GERMAN


def test_an_unknown_kind_that_is_html_is_read_as_html() -> None:
    document = read_document(PAGE.format(head="").encode(), "download")
    assert document.text.count("<") == 0
    assert "eines der wenigen Länder" in document.text


@given(
    st.sampled_from(["a.txt", "a.md", "a.html", "a.pdf", "a.docx", "a"]),
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.lists(
            st.sampled_from(
                [
                    *(b"<html>", b"<p>", b"</p>", b"<!--", b"<meta charset=x", b"<table><tr>"),
                    *(b"---\n", b"title: x\n", b"# ", b"%PDF-1.4", b"PK\x03\x04", b"\xff\xfe"),
                    *("Größe ".encode(), "дата ".encode("cp1251"), b"date 2022-09 ", b"\0a"),
                ]
            ),
            max_size=20,
        ).map(b"".join),
    ),
)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_any_bytes_are_a_document_or_an_error_of_ours(name: str, data: bytes) -> None:
    try:
        outcome = read_document(data, name).text.strip()
    except FundstelleError as error:
        outcome = str(error) if name in str(error) else ""
    assert outcome


def test_libraries_are_imported_when_a_file_needs_them() -> None:
    heavy = "trafilatura docx pypdfium2 lxml py3langid charset_normalizer sentencex"
    code = (
        "import sys, qa.readers, qa.splitter, qa.files\n"
        f"assert not set({heavy.split()}) & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SEEDS.parent)

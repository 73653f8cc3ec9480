"""Reads the text layer of PDF files by pdfium. Recognises no scanned pages.

Pages are joined by a form feed, which nothing on a page contains, and each page's offset is kept.
Words that are hyphenated at the end of a line stay so: undoing it needs a dictionary, and the
quote would no longer be what is printed.
"""

from __future__ import annotations

import threading
from typing import Any

from qa import dates
from qa.errors import UnreadableFile
from qa.readers.content import Content

PAGE_BREAK = "\f"

_LOCK = threading.Lock()  # pdfium is not thread-safe
_PASSWORD = 4  # FPDF_ERR_PASSWORD
# pdfium marks the hyphen at a line's end by a noncharacter, and ends lines with CR LF.
_PRINTED = (("\ufffe", "-"), ("\x02", "-"), ("\r\n", "\n"), ("\r", "\n"), ("\f", "\n"), ("\0", ""))


def read(data: bytes) -> Content:
    """Text of all pages, with title, dates and page offsets.

    Raises:
        UnreadableFile: damaged, encrypted, or without a text layer; the message names the mend.
    """
    with _LOCK:
        pages, facts = _extract(data)
    if not any(page.strip() for page in pages):
        raise UnreadableFile(
            f"expected text, found {len(pages)} pages without any (scanned images, it seems); "
            "run OCR on it first, for instance: ocrmypdf in.pdf out.pdf"
        )
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + len(PAGE_BREAK)
    return Content(
        text=PAGE_BREAK.join(pages),
        title=facts.get("Title", "").strip() or None,
        published=dates.normalised(facts.get("CreationDate", "")),
        metadata={"author": facts["Author"].strip()} if facts.get("Author", "").strip() else {},
        pages=tuple(starts),
    )


def _extract(data: bytes) -> tuple[list[str], dict[str, str]]:
    import pypdfium2

    try:
        document: Any = pypdfium2.PdfDocument(data)
        try:
            pages = [_page(document[index]) for index in range(len(document))]
            return pages, document.get_metadata_dict()
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise UnreadableFile(
                "expected a readable PDF, found one that needs a password; remove the password, "
                "for instance: qpdf --decrypt --password=… in.pdf out.pdf"
            ) from error
        raise UnreadableFile(
            f"expected a PDF, found a damaged one ({error}); repair it, for instance: "
            "qpdf in.pdf out.pdf, or export it again"
        ) from error


def _page(page: Any) -> str:  # noqa: ANN401 - pypdfium2 has no types
    textpage = page.get_textpage()
    try:
        text = str(textpage.get_text_bounded())
    finally:
        textpage.close()
        page.close()
    for marked, printed in _PRINTED:
        text = text.replace(marked, printed)
    return text.strip("\n")

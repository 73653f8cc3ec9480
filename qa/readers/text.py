"""Reads plain text of any common encoding. The text is decoded and nothing else is done to it.

The encoding is settled by the first of these that holds: a byte order mark; the pattern of zero
bytes that UTF-16 and UTF-32 leave; validity as UTF-8; and then a code page. Where few bytes are
above 127 the text is in Latin letters, and its language, which the ASCII letters tell, names the
code page; otherwise charset-normalizer compares the code pages of the other scripts.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qa import dates, language
from qa.errors import UnreadableFile
from qa.paragraphs import looks_like_heading
from qa.readers.content import Content

_MARKS = (  # the longer first: the mark of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024
_MOSTLY_HIGH = 0.25  # share of bytes above 127 from which a text is not in Latin letters
_CODE_PAGES = {
    "cp1254": frozenset(("tr", "az")),
    "cp1257": frozenset(("lt", "lv", "et")),
    "cp1258": frozenset(("vi",)),
}
_ISO_POLISH = re.compile(rb"[\xa1\xa6\xac\xb1\xb6\xbc]")  # ĄŚŹąśź
_ISO_OTHERS = re.compile(rb"[\xa9\xab\xae\xb9\xbb\xbe]")  # ŠŤŽšťž
_CENTRAL_EUROPE = frozenset("pl cs sk hu hr sl ro sq bs".split())
_OTHER_SCRIPTS = (
    "cp1251 koi8_r cp866 cp1253 cp1255 cp1256 tis_620 gb18030 big5 cp932 euc_jp cp949".split()
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_MAX_CONTROL = 0.01  # share of control characters from which a file is not text


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and, in ``metadata``, what is remarkable about how it was decoded."""

    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


def read(data: bytes) -> Content:
    """Plain text, with a title where the first line is one, and a date where it begins with one."""
    decoded = decode(data)
    marker = dates.from_text_start(decoded.text)
    return Content(
        text=decoded.text,
        title=_title(decoded.text[marker.end if marker else 0 :]),
        published=marker.published if marker else None,
        metadata=decoded.metadata,
    )


def decode(data: bytes) -> Decoded:
    """Bytes as text, without a byte order mark; line ends stay as they are.

    Raises:
        UnreadableFile: the bytes are not text.
    """
    text, metadata = _decode(data)
    controls = len(_CONTROL.findall(text[:_SAMPLE]))
    if controls > _MAX_CONTROL * min(len(text), _SAMPLE):
        raise UnreadableFile(
            f"expected text, found binary data ({controls} control characters in the first "
            f"{min(len(text), _SAMPLE):,}); convert the file to text, HTML, PDF or DOCX first"
        )
    return Decoded(text, metadata)


def _decode(data: bytes) -> tuple[str, dict[str, Any]]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _tolerant(data[len(mark) :], encoding)
    if b"\0" in data:
        return _wide(data), {}
    try:
        return data.decode("utf-8"), {}
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    # A few damaged bytes in what is otherwise UTF-8 must not turn all of it into mojibake.
    broken = text.count("\ufffd")
    if len(data) - len(text) > 20 * broken:
        return text, {"undecodable": broken}
    encoding = _code_page(data)
    text, metadata = _tolerant(data, encoding)
    return text, {"encoding": encoding} | metadata


def _tolerant(data: bytes, encoding: str) -> tuple[str, dict[str, Any]]:
    try:
        return data.decode(encoding), {}
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        return text, {"undecodable": text.count("\ufffd")}


def _wide(data: bytes) -> str:
    """Text with zero bytes in it: UTF-16 or UTF-32 without a mark, or no text at all."""
    zeros = data[:_SAMPLE].count(0)
    even = data[:_SAMPLE:2].count(0)
    candidates = ["utf-32-le", "utf-32-be"] if zeros > 0.6 * min(len(data), _SAMPLE) else []
    if even <= 0.02 * zeros:
        candidates.append("utf-16-le")
    elif even >= 0.98 * zeros:
        candidates.append("utf-16-be")
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableFile(
        "expected text, found binary data (zero bytes that no encoding of text explains); "
        "convert the file to text, HTML, PDF or DOCX first"
    )


def _code_page(data: bytes) -> str:
    sample = data[:_SAMPLE]
    if sum(byte > 127 for byte in sample) >= _MOSTLY_HIGH * len(sample):
        from charset_normalizer import from_bytes

        best = from_bytes(sample, cp_isolation=_OTHER_SCRIPTS).best()
        if best is not None and best.encoding != "ascii":
            return best.encoding
    spoken = language.detect(sample.decode("cp1252", "replace"))
    if spoken in _CENTRAL_EUROPE:
        # Windows has letters where ISO has only control characters; and of the bytes that mean
        # different letters in the two, each language uses some in one of them only.
        telling = _ISO_POLISH if spoken == "pl" else _ISO_OTHERS
        windows = re.search(rb"[\x80-\x9f]", sample) or not re.search(telling, sample)
        return "cp1250" if windows else "iso8859_2"
    for page, spoken_there in _CODE_PAGES.items():
        if spoken in spoken_there:
            return page
    return "cp1252"


def _title(text: str) -> str | None:
    """The first line, where it stands alone like a headline and something follows it."""
    lines = text.lstrip().split("\n", 2)
    line = lines[0].strip()
    below = lines[1].strip() if len(lines) > 1 else ""
    if not "".join(lines[1:]).strip() or not line or not looks_like_heading(line):
        return None
    # The first line of text wrapped at some width is not a title.
    asks = line.endswith(("?", "!"))
    wrapped = below and not asks and (below[0].islower() or (40 < len(line) and len(below) <= 100))
    return None if wrapped else line

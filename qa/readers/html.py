"""Reads HTML: the main text by trafilatura, or all that is visible where it finds none.

The text is made here, from markup, once; offsets count in what is made.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from qa import dates
from qa.errors import UnreadableFile
from qa.readers.content import Content
from qa.readers.text import decode

_DECLARED = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.I
)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
# What browsers read under these names (WHATWG Encoding Standard).
_BROWSERS_READ = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "latin-1": "cp1252",
    "latin1": "cp1252", "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "utf-16": "utf-8",
}  # fmt: skip
_HIDDEN = "script style noscript template head svg nav iframe object".split()
_BLOCKS = frozenset(
    "address article aside blockquote br caption dd div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tbody td th tr ul".split()
)


def read(data: bytes) -> Content:
    """Main text of a page, with title, date and address as the page states them.

    Raises:
        UnreadableFile: it cannot be parsed as HTML.
    """
    import trafilatura

    source = _XML_DECLARATION.sub("", _decode(data))
    if not source.strip():
        return Content(text="")
    found = trafilatura.bare_extraction(
        _tree(source),
        include_comments=False,
        with_metadata=True,
        date_extraction_params={"original_date": True, "extensive_search": False},
    )
    facts: dict[str, Any] = found if isinstance(found, dict) else found.as_dict() if found else {}
    text = (facts.get("text") or "").strip() or _visible(_tree(source))
    tree = _tree(source)
    keep = {"url": "url", "author": "author", "sitename": "site", "description": "description"}
    return Content(
        text=text,
        title=facts.get("title") or _element(tree, ".//title") or _element(tree, ".//h1"),
        published=dates.normalised(facts.get("date") or ""),
        language=_language(
            tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
        ),
        metadata={name: facts[key] for key, name in keep.items() if facts.get(key)},
    )


def _decode(data: bytes) -> str:
    """HTML as text: a byte order mark counts most, then what the page declares, then the bytes."""
    declared = _DECLARED.search(data[:4096])
    marked = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if declared and not marked:
        name = (declared[1] or declared[2]).decode("ascii").lower()
        try:
            return data.decode(_BROWSERS_READ.get(name, name))
        except (LookupError, UnicodeDecodeError):
            pass  # a wrong declaration: let the bytes speak
    return decode(data).text


def _tree(source: str) -> Any:  # noqa: ANN401 - lxml has no types
    from lxml import etree, html

    try:
        return html.document_fromstring(source)
    except (etree.ParserError, ValueError) as error:
        raise UnreadableFile(
            f"expected HTML, found something that does not parse ({error}); "
            "open it in a browser and save it again"
        ) from error


def _element(tree: Any, path: str) -> str | None:  # noqa: ANN401 - lxml has no types
    element = tree.find(path)
    text = " ".join(element.text_content().split()) if element is not None else ""
    return text or None


def _visible(tree: Any) -> str:  # noqa: ANN401 - lxml has no types
    """Everything a reader sees, one block a line."""
    from lxml import etree

    etree.strip_elements(tree, *_HIDDEN, etree.Comment, with_tail=False)
    parts: list[str] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        block = element.tag in _BLOCKS
        if block:
            parts.append("\n")
        text = element.text if event == "start" else element.tail
        parts.append(re.sub(r"\s+", " ", text or ""))
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _language(value: str) -> str | None:
    code = value.strip().lower().split("-")[0]
    return code if re.fullmatch(r"[a-z]{2}", code) else None

"""Citations in the formats of other programs. Knows what a citation says; no store and no HTTP.

Web Annotation JSON-LD (W3C Web Annotation Data Model), CSL-JSON (citeproc, Zotero, pandoc),
BibTeX, Markdown (CommonMark and GitHub's) and plain text. Each is written so that nothing in a
document's words, title or source can become markup of the format.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote as percent_encoded

from qa.types import Citation

ANNOTATION_CONTEXT = "http://www.w3.org/ns/anno.jsonld"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\n|\r|\f")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

# With braces that pair up: BibTeX counts them, escaped or not.
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        **{character: f"\\{character}" for character in "$&%#_"},
    }
)
_MARKDOWN_ANYWHERE = re.compile(r"[\\`*_{}\[\]<>#|~&$^@]|:(?=\S)|(?<=\bwww)\.", re.IGNORECASE)
_MARKDOWN_LINE_START = re.compile(r"\A(?:\d{1,9}(?=[.)])|(?=[-+=]))")


def web_annotation(citation: Citation) -> dict[str, Any]:
    """The citation as an annotation that points at its words.

    Its target is the text as served here, for the offsets count in that. The state names the
    exact text by its SHA-256 (RFC 6920); ``via`` is the page that it was taken from.
    """
    address = citation.url.partition("#")[0]
    here = address.removesuffix(f"/documents/{citation.document_id}")
    source = {
        "id": address,
        "type": "Text",
        "format": "text/plain",
        "language": citation.language,
        "dcterms:title": citation.title,
        "dcterms:issued": citation.published,
        "via": _page_of(citation),
    }
    return {
        "@context": ANNOTATION_CONTEXT,
        "id": f"{here}/v1/citations/{citation.id}",
        "type": "Annotation",
        "motivation": "highlighting",
        "target": {
            "type": "SpecificResource",
            "source": _known(source),
            "state": {"type": "TimeState", "cached": _named_by_hash(citation.document_sha256)},
            "selector": [
                {
                    "type": "TextPositionSelector",
                    "start": citation.start,
                    "end": citation.end,
                },
                {
                    "type": "TextQuoteSelector",
                    "exact": citation.quote,
                    "prefix": citation.prefix,
                    "suffix": citation.suffix,
                },
            ],
        },
    }


def csl(citation: Citation) -> list[dict[str, Any]]:
    """The citation as CSL-JSON: a list of one item, as the schema asks."""
    page = _page_of(citation)
    date = [int(part) for part in citation.published.split("-")] if citation.published else None
    item = {
        "id": citation.id,
        "type": "webpage" if page else "document",
        "title": _title(citation),
        "issued": {"date-parts": [date]} if date else None,
        "language": citation.language,
        "page": _pages(citation, "-"),
        "source": None if page else citation.source,
        "URL": _address(citation),
        "version": f"sha256:{citation.document_sha256}",
        "annote": citation.quote,
    }
    return [_known(item)]


def bibtex(citation: Citation) -> str:
    """The citation as a BibTeX entry in UTF-8, its key made of the citation's id.

    The quote is an ``annote``, which no common style prints.
    """
    year, month, day = [*(citation.published or "").split("-"), "", ""][:3]
    fields = {
        "title": f"{{{{{_latex(_title(citation))}}}}}",  # twice: styles keep its capitals
        "howpublished": None if _page_of(citation) else _braced(_latex(citation.source)),
        "year": _braced(year),
        "month": _MONTHS[int(month) - 1] if month else None,  # a macro of every style
        "day": _braced(day.lstrip("0")),
        "pages": _braced(_pages(citation, "--")),
        "language": _braced(citation.language),
        "url": _braced(_address(citation)),
        "note": _braced(
            f"Characters {citation.start}--{citation.end} of the text with the SHA-256 "
            f"{citation.document_sha256}"
        ),
        "annote": _braced(_latex(citation.quote)),
    }
    lines = ",\n".join(f"  {name} = {value}" for name, value in _known(fields).items())
    return f"@misc{{fundstelle-{citation.id.replace('.', '-')},\n{lines}\n}}\n"


def markdown(citation: Citation) -> str:
    """The quote as a block quote, and below it where it stands."""
    lines = (_markdown(line.strip(" \t")) for line in _printable(citation.quote).split("\n"))
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    link = _link(citation).replace("&", "&amp;")  # or it could be read as the name of a character
    facts = [f"[{_markdown(_one_line(_title(citation)))}](<{link}>)"]
    facts += [_markdown(_one_line(fact)) for fact in _facts(citation)]
    return f"{quoted}\n\n— {', '.join(facts)}\n"


def plain(citation: Citation) -> str:
    """The quote, and below it where it stands, for people."""
    place = ", ".join(_one_line(fact) for fact in (_title(citation), *_facts(citation)))
    return f"{_printable(citation.quote)}\n\n— {place}\n{_link(citation)}\n"


def _json(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    try:
        written.encode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
        written = json.dumps(value, allow_nan=False, indent=2)
    return written + "\n"


FORMATS: Mapping[str, Callable[[Citation], str]] = {
    "jsonld": lambda citation: _json(web_annotation(citation)),
    "csl": lambda citation: _json(csl(citation)),
    "bibtex": bibtex,
    "text": plain,
    "markdown": markdown,
}
"""What writes a citation in each format, by the format's name."""


def _facts(citation: Citation) -> list[str]:
    """What is said beside the title, in this order."""
    first, last = citation.lines
    pages = _pages(citation, "–")
    facts = (
        None if citation.source == _title(citation) else citation.source,
        citation.published,
        None if pages is None else f"{'pages' if '–' in pages else 'page'} {pages}",
        f"line {first}" if first == last else f"lines {first}–{last}",
    )
    return [fact for fact in facts if fact]


def _title(citation: Citation) -> str:
    return citation.title or citation.document_id


def _link(citation: Citation) -> str:
    """Where the words can be read: at their source on the web, or here. Safe in all formats."""
    return percent_encoded(citation.source_url or citation.url, safe="%#:/?@!$&'()*+,;=~-._[]")


def _address(citation: Citation) -> str | None:
    """The link, unless it names no server (FUNDSTELLE_PUBLIC_URL) and so cannot stand alone."""
    link = _link(citation)
    return None if link.startswith("/") else link


def _page_of(citation: Citation) -> str | None:
    """The source's own URL, where it has one."""
    return citation.source if citation.source_url else None


def _pages(citation: Citation, dash: str) -> str | None:
    if citation.pages is None:
        return None
    first, last = citation.pages
    return str(first) if first == last else f"{first}{dash}{last}"


def _named_by_hash(sha256: str) -> str:
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _printable(text: str) -> str:
    """Without what could steer a terminal or cannot be encoded; line ends are LF."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _LINE_END.sub("\n", text))


def _one_line(text: str) -> str:
    return " ".join(_printable(text).split())


def _braced(value: str | None) -> str | None:
    return f"{{{value}}}" if value else None


def _latex(text: str) -> str:
    return _one_line(text).translate(_LATEX)


def _markdown(line: str) -> str:
    """One line with a backslash before all that CommonMark or GitHub would read as markup."""
    escaped = _MARKDOWN_ANYWHERE.sub(r"\\\g<0>", line)
    return _MARKDOWN_LINE_START.sub(r"\g<0>\\", escaped)

"""Examples for the OpenAPI document, from the seed documents. Data only."""

from __future__ import annotations

from typing import Any

_SHA = "8a13dbc69da49f554a84b4debf30b178dfadb2ec20dd8cb2ffd7365ea6067172"
_QUOTE = (
    "Machthaber Lukaschenko lehnt es bisher jedoch ab, seine Soldaten an die Front zu schicken."
)
_CITATION: dict[str, Any] = {
    "id": f"{_SHA[:20]}.1c5c2891.75.165",
    "document_id": "000_0213957b6fa26305.txt",
    "document_sha256": _SHA,
    "title": None,
    "source": "seeds/000_0213957b6fa26305.txt",
    "language": "de",
    "published": "2022-09",
    "start": 75,
    "end": 165,
    "lines": [1, 1],
    "page": None,
    "pages": None,
    "quote": _QUOTE,
    "prefix": "aketen in Richtung der Ukraine. ",
    "suffix": "\n\nAls Russland die Ukraine überf",
    "url": "/documents/000_0213957b6fa26305.txt#char=75,165",
    "source_url": None,
}
_INDEX = {"sequence": 1, "model": "bundled", "documents": 5, "passages": 61}

ANSWER: dict[str, Any] = {
    "question": "Will Belarus send soldiers to Ukraine?",
    "question_language": "en",
    "answerable": True,
    "answer": {"text": _QUOTE, "citation": _CITATION},
    "results": [
        {
            "rank": 1,
            "score": 0.91,
            "scores": {"dense": 0.62, "lexical": None, "interaction": 0.58, "sound": 9.1},
            "text": _QUOTE,
            "highlights": [{"start": 131, "end": 139, "text": "Soldaten"}],
            "citation": _CITATION,
        }
    ],
    "index": _INDEX,
    "took_ms": 4.2,
}
CHANGE: dict[str, Any] = {
    "id": "hafen",
    "sha256": "a8bd471bcff4218e5ff062ef1fc59e3056568b29b97b1abb7e9b7bc29f9db58b",
    "sequence": 6,
    "passages": 1,
    "status": "created",
}
CHANGES = {"documents": [CHANGE], "sequence": 6}
FILES: dict[str, Any] = {
    "documents": [CHANGE],
    "failed": [
        {
            "name": "scan.bin",
            "problem": {
                "type": "urn:problem-type:fundstelle:unreadable-file",
                "title": "Unreadable file",
                "status": 422,
                "detail": "scan.bin is not text.",
            },
        }
    ],
}
DOCUMENT: dict[str, Any] = {
    "id": "000_0213957b6fa26305.txt",
    "sha256": _SHA,
    "title": None,
    "source": "seeds/000_0213957b6fa26305.txt",
    "language": "de",
    "published": "2022-09",
    "metadata": {},
    "pages": [],
    "characters": 4809,
    "passages": 11,
    "sequence": 1,
    "added": "2026-01-05T09:30:00Z",
    "updated": "2026-01-05T09:30:00Z",
}
DOCUMENTS = {"documents": [DOCUMENT], "next_cursor": None}
TEXT = {
    "id": "000_0213957b6fa26305.txt",
    "sha256": _SHA,
    "start": 75,
    "end": 165,
    "text": _QUOTE,
    "length": 4809,
}
REMOVED = {"id": "hafen", "sequence": 7, "status": "deleted"}
CITATION_CHECK: dict[str, Any] = {
    "status": "valid",
    "citation": _CITATION,
    "current": {"start": 75, "end": 165, "quote": _QUOTE},
    "differences": [],
}
_SERVER = "http://127.0.0.1:8000"
ANNOTATION: dict[str, Any] = {
    "@context": "http://www.w3.org/ns/anno.jsonld",
    "id": f"{_SERVER}/v1/citations/{_CITATION['id']}",
    "type": "Annotation",
    "motivation": "highlighting",
    "target": {
        "type": "SpecificResource",
        "source": {
            "id": f"{_SERVER}/documents/000_0213957b6fa26305.txt",
            "type": "Text",
            "format": "text/plain",
            "language": "de",
            "dcterms:issued": "2022-09",
        },
        "state": {
            "type": "TimeState",
            "cached": "ni:///sha-256;ihPbxp2kn1VKhLTevzCxeN-tsuwg3Yyy_9c2XqYGcXI",
        },
        "selector": [
            {"type": "TextPositionSelector", "start": 75, "end": 165},
            {
                "type": "TextQuoteSelector",
                "exact": _QUOTE,
                "prefix": _CITATION["prefix"],
                "suffix": _CITATION["suffix"],
            },
        ],
    },
}
CSL: list[dict[str, Any]] = [
    {
        "id": _CITATION["id"],
        "type": "document",
        "title": "000_0213957b6fa26305.txt",
        "issued": {"date-parts": [[2022, 9]]},
        "language": "de",
        "source": "seeds/000_0213957b6fa26305.txt",
        "URL": f"{_SERVER}{_CITATION['url']}",
        "version": f"sha256:{_SHA}",
        "annote": _QUOTE,
    }
]
BIBTEX = rf"""@misc{{fundstelle-{_SHA[:20]}-1c5c2891-75-165,
  title = {{{{000\_0213957b6fa26305.txt}}}},
  howpublished = {{seeds/000\_0213957b6fa26305.txt}},
  year = {{2022}},
  month = sep,
  language = {{de}},
  url = {{{_SERVER}{_CITATION["url"]}}},
  note = {{Characters 75--165 of the text with the SHA-256 {_SHA}}},
  annote = {{{_QUOTE}}}
}}
"""
MARKDOWN = rf"""> {_QUOTE}

— [000\_0213957b6fa26305.txt](<{_SERVER}{_CITATION["url"]}>), seeds/000\_0213957b6fa26305.txt, 2022-09, line 1
"""  # noqa: E501
TEXT_CITATION = f"""{_QUOTE}

— 000_0213957b6fa26305.txt, seeds/000_0213957b6fa26305.txt, 2022-09, line 1
{_SERVER}{_CITATION["url"]}
"""
VERIFICATION: dict[str, Any] = {
    "verdict": "altered",
    "quote": _QUOTE.replace("Lukaschenko", "Putin"),
    "matches": [_CITATION],
    "differences": [
        {
            "op": "replace",
            "expected": "Putin",
            "found": "Lukaschenko",
            "kind": "name",
            "expected_start": 11,
            "expected_end": 16,
            "found_start": 86,
            "found_end": 97,
        }
    ],
    "nearest": [],
    "parts": [],
    "places": 1,
}
VERIFIED_TEXT: dict[str, Any] = {
    "quotations": [
        {
            "start": 12,
            "end": 102,
            "quote": _QUOTE,
            "verdict": "exact",
            "matches": [_CITATION],
            "differences": [],
            "nearest": [],
            "parts": [],
            "places": 1,
        }
    ],
    "counts": {"exact": 1},
    "skipped": 0,
}
HEALTH = {"status": "ok"}
READY = {"status": "ready", **_INDEX}


def _problem(
    status: int, title: str, detail: str, kind: str | None = None, **members: object
) -> dict[str, Any]:
    return {
        "type": f"urn:problem-type:fundstelle:{kind}" if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        **members,
        "instance": "/v1/ask",
    }


PROBLEMS: dict[int, dict[str, Any]] = {
    400: _problem(
        400, "Bad Request", "The body is not JSON: Expecting value at character 12.", "json"
    ),
    404: _problem(404, "Not found", "There is no document 'hafen'.", "not-found"),
    409: _problem(409, "Conflict", "The id 'hafen' belongs to another document.", "conflict"),
    410: _problem(
        410,
        "Text dropped",
        "The text that this citation names was dropped by `fundstelle gc` on 2026-01-05.",
        "text-dropped",
    ),
    413: _problem(413, "Content Too Large", "The request body may have at most 67,108,864 bytes."),
    415: _problem(
        415,
        "Unsupported Media Type",
        "Expected a body of type application/json, found text/plain.",
    ),
    422: _problem(
        422,
        "Invalid request",
        "top_k: Input should be less than or equal to 50",
        "invalid-request",
        errors=[{"pointer": "#/top_k", "detail": "Input should be less than or equal to 50"}],
    ),
    503: _problem(503, "Not ready", "Not ready yet: the collection is being opened.", "not-ready"),
}

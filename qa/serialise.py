"""Values as the JSON of the HTTP contract. Knows no HTTP, no storage and no terminal.

The service and ``--json`` on the command line both speak through these functions, so that one
program can read either. The order of keys is the contract's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pydantic_core

from qa.types import Answer, Change, Citation, IndexStatus, Result, StoredDocument

if TYPE_CHECKING:
    from qa.citations import CitationCheck
    from qa.differences import Difference
    from qa.verification import Verification
    from qa.verified_text import VerifiedText

JsonObject = dict[str, Any]
"""A JSON object: string keys, and values that JSON can hold."""

SCORE_DIGITS = 6
"""Scores are float32: about seven significant digits, of which the last is noise."""


def to_json(value: Mapping[str, Any]) -> bytes:
    """One line of JSON in UTF-8, in the texts' own scripts.

    Raises:
        ValueError: there is a NaN or an infinity in it, which JSON cannot hold.
    """
    try:
        line = pydantic_core.to_json(value)  # in less than half the time of Python's own
    except pydantic_core.PydanticSerializationError:  # a lone surrogate, among others
        return _to_strict_json(value)
    return _to_strict_json(value) if any(name in line for name in _NOT_JSON) else line


_NOT_JSON = (b"NaN", b"Infinity")
"""What stands for a number that is none; or words of a text, which Python's own tells apart."""


def _to_strict_json(value: Mapping[str, Any]) -> bytes:
    line = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return line.encode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def answer_to_dict(answer: Answer) -> JsonObject:
    """The body of ``POST /v1/ask``."""
    sentence = answer.answer
    return {
        "question": answer.question,
        "question_language": answer.question_language,
        "answerable": answer.answerable,
        "answer": None
        if sentence is None
        else {"text": sentence.text, "citation": citation_to_dict(sentence.citation)},
        "results": [result_to_dict(result) for result in answer.results],
        "index": index_to_dict(answer.index, answer.model),
        "took_ms": round(float(answer.took_ms), 3),
    }


def result_to_dict(result: Result) -> JsonObject:
    """One ranked passage."""
    scores = result.scores
    return {
        "rank": result.rank,
        "score": _score(result.score),
        "scores": {
            "dense": _score(scores.dense),
            "lexical": None if scores.lexical is None else _score(scores.lexical),
            "interaction": _score(scores.interaction),
            "sound": None if scores.sound is None else _score(scores.sound),
        },
        "text": result.text,
        "highlights": [
            {"start": highlight.start, "end": highlight.end, "text": highlight.text}
            for highlight in result.highlights
        ],
        "citation": citation_to_dict(result.citation),
    }


def citation_to_dict(citation: Citation) -> JsonObject:
    """A place in a version of a document."""
    return {
        "id": citation.id,
        "document_id": citation.document_id,
        "document_sha256": citation.document_sha256,
        "title": citation.title,
        "source": citation.source,
        "language": citation.language,
        "published": citation.published,
        "start": citation.start,
        "end": citation.end,
        "lines": list(citation.lines),
        "page": citation.page,
        "pages": None if citation.pages is None else list(citation.pages),
        "quote": citation.quote,
        "prefix": citation.prefix,
        "suffix": citation.suffix,
        "url": citation.url,
        "source_url": citation.source_url,
    }


def citation_check_to_dict(check: CitationCheck) -> JsonObject:
    """The body of ``GET /v1/citations/{id}``."""
    current = check.current
    return {
        "status": check.status,
        "citation": citation_to_dict(check.citation),
        "current": None
        if current is None
        else {"start": current.start, "end": current.end, "quote": current.quote},
        "differences": [difference_to_dict(each) for each in check.differences],
    }


def difference_to_dict(difference: Difference) -> JsonObject:
    """One change between what was cited or pasted and what the document says."""
    return {
        "op": difference.op,
        "expected": difference.expected,
        "found": difference.found,
        "kind": difference.kind,
        "expected_start": difference.expected_start,
        "expected_end": difference.expected_end,
        "found_start": difference.found_start,
        "found_end": difference.found_end,
    }


def verification_to_dict(verification: Verification) -> JsonObject:
    """The body of ``POST /v1/citations/verify``."""
    return {
        "verdict": verification.verdict,
        "quote": verification.quote,
        "matches": [citation_to_dict(citation) for citation in verification.matches],
        "differences": [difference_to_dict(each) for each in verification.differences],
        "nearest": [
            {"similarity": _score(similarity), "citation": citation_to_dict(citation)}
            for similarity, citation in verification.nearest
        ],
        "parts": [{"start": part.start, "end": part.end} for part in verification.parts],
        "places": verification.places,
    }


def verified_text_to_dict(found: VerifiedText) -> JsonObject:
    """The body of ``POST /v1/citations/verify-text``."""
    quotations: list[JsonObject] = []
    for quotation, verification in found.quotations:
        told = verification_to_dict(verification)
        told = {"quote": told.pop("quote"), **told}
        quotations.append({"start": quotation.start, "end": quotation.end, **told})
    return {"quotations": quotations, "counts": dict(found.counts), "skipped": found.skipped}


def index_to_dict(status: IndexStatus, model: str) -> JsonObject:
    """The state of the store that an answer was computed from."""
    return {
        "sequence": status.sequence,
        "model": model,
        "documents": status.documents,
        "passages": status.passages,
    }


def change_to_dict(change: Change) -> JsonObject:
    """What happened to one document."""
    return {
        "id": change.id,
        "sha256": change.sha256,
        "sequence": change.sequence,
        "passages": change.passages,
        "status": change.status,
    }


def document_to_dict(document: StoredDocument) -> JsonObject:
    """A document's description."""
    return {
        "id": document.id,
        "sha256": document.sha256,
        "title": document.title,
        "source": document.source,
        "language": document.language,
        "published": document.published,
        "metadata": dict(document.metadata),
        "pages": list(document.pages),
        "characters": document.characters,
        "passages": document.passages,
        "sequence": document.sequence,
        "added": document.added,
        "updated": document.updated,
    }


def _score(value: float) -> float:
    return round(float(value), SCORE_DIGITS)

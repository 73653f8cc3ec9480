"""Two halves of the development questions: one to fit the ranking on, one to measure it by.

Knows no files. A question is in the same half in every language, so that none is measured of which
a translation was fitted.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from qa.evaluation.questions import Question


def to_fit(questions: Iterable[Question]) -> list[Question]:
    """Those that the ranking may be fitted on, in their order."""
    return [question for question in questions if _fits(question)]


def to_measure(questions: Iterable[Question]) -> list[Question]:
    """Those that it is never fitted on, in their order."""
    return [question for question in questions if not _fits(question)]


def _fits(question: Question) -> bool:
    """By the id without its language, as even as a checksum is."""
    name = "-".join(part for part in question.id.split("-") if part != question.language)
    return sha256(name.encode()).digest()[0] % 2 == 0

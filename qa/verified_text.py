"""Verifies every quotation of a text. Knows no search of its own and no HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qa.errors import InvalidInput
from qa.quotations import Quotation, quotations
from qa.verification import QUOTE_CHARACTERS, Verification

TEXT_CHARACTERS = 200_000
QUOTATIONS = 1000


@dataclass(frozen=True, slots=True)
class VerifiedText:
    """The quotations of a text with what became of each.

    Attributes:
        quotations: in order; offsets count in the text that was given.
        counts: how many there are of each verdict.
        skipped: how many were under three words (or over 20,000 characters).
    """

    quotations: tuple[tuple[Quotation, Verification], ...]
    counts: Mapping[str, int]
    skipped: int


def verified_text(text: str, verify: Callable[[str], Verification]) -> VerifiedText:
    """Find the quotations and verify each.

    Raises:
        InvalidInput: there are more than 1,000.
    """
    found, skipped = quotations(text)
    if len(found) > QUOTATIONS:
        raise InvalidInput(
            f"The text has {len(found)} quotations; {QUOTATIONS} can be verified at once. "
            "Verify it in parts."
        )
    fit = [q for q in found if len(q.quote) <= QUOTE_CHARACTERS]
    # What stands between the marks may begin or end in white space: "« Oui »".
    made = tuple((q, verify(q.quote)) for q in map(_trimmed, fit))
    counts = Counter(verification.verdict for _, verification in made)
    return VerifiedText(made, dict(sorted(counts.items())), skipped + len(found) - len(fit))


def _trimmed(quotation: Quotation) -> Quotation:
    space = len(quotation.quote) - len(quotation.quote.lstrip())
    quote = quotation.quote.strip()
    start = quotation.start + space
    return Quotation(start, start + len(quote), quote)

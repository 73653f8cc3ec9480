"""Chooses between a page for people and plain text for programs. Knows no routes."""

from __future__ import annotations


def prefers_html(accept: str) -> bool:
    """Whether an Accept header asks for HTML, and not less than for plain text.

    Browsers name ``text/html``; programs that send nothing or ``*/*`` get the text.
    """
    qualities = dict(_quality(part) for part in accept.lower().split(",") if part.strip())
    html = max(qualities.get("text/html", 0.0), qualities.get("application/xhtml+xml", 0.0))
    ranges = ("text/plain", "text/*", "*/*")
    plain = next((qualities[name] for name in ranges if name in qualities), 0.0)
    return html > 0 and html >= plain


def _quality(part: str) -> tuple[str, float]:
    name, *parameters = (field.strip() for field in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, float(value)
            except ValueError:
                return name, 0.0
    return name, 1.0

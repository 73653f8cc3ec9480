"""Who asks for a page and who for the text."""

from __future__ import annotations

import pytest

from api.negotiation import prefers_html


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("application/xhtml+xml, */*;q=0.1", True),
        ("text/html, text/plain", True),
        ("text/plain, text/html;q=0.5", False),
        ("text/html;q=0.5, */*", False),
        ("text/html;q=0.5, text/plain;q=0.2, */*", True),
        ("text/html;q=0", False),
        ("text/html;q=many", False),
        ("*/*", False),
        ("text/*", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_html_goes_to_those_who_name_it(accept: str, html: bool) -> None:
    assert prefers_html(accept) is html

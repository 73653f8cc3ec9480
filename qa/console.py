"""How the command line shows things to people. Knows no store and computes nothing.

Colour appears only in a terminal (and never with NO_COLOR); piped output is plain and is not
wrapped, so that it can be searched.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from qa.intake import Refused, Taken
from qa.pieces import chance, pieces
from qa.types import Answer, Citation, StoredDocument

if TYPE_CHECKING:
    from qa.differences import Difference
    from qa.verification import Verification

BAR_AFTER_SECONDS = 1.0
# Everything that could steer a terminal; documents are not to be trusted with that.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OUTCOMES = ("created", "updated", "unchanged", "failed")
_UNWRAPPED = 1_000_000
_VERDICTS = {
    "exact": "the documents say this, word for word",
    "normalised": "the documents say this, but for marks, spaces, case or what was left out",
    "ambiguous": "several places say this, word for word",
    "other_document": "another document says this",
    "altered": "the documents say something else",
    "not_found": "no document says this; the nearest places are",
}


def out() -> Console:
    """The console on standard output."""
    return Console(highlight=False, emoji=False, markup=False, width=_width(sys.stdout.isatty()))


def error(message: str) -> None:
    """One red line on standard error."""
    console = Console(stderr=True, highlight=False, emoji=False, markup=False, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), (_safe(message), "red")))


def show_answer(answer: Answer) -> None:
    """The sentence that answers, then the passages with their evidence."""
    console = out()
    if answer.answer is not None:
        console.print(Text(_safe(answer.answer.text), style="bold"))
        console.print(Text("  " + place(answer.answer.citation), style="cyan"))
    elif answer.results:
        console.print(
            Text(
                "These documents do not answer the question. The nearest passages are:",
                style="yellow",
            )
        )
    else:
        console.print(Text("Nothing was found.", style="yellow"))
    for result in answer.results:
        text = Text()
        for piece in pieces(result):
            text.append(_safe(piece.text), style="bold green" if piece.highlighted else "")
        facts = f"{place(result.citation)} · {chance(result.score)} ({result.score:.0%})"
        console.print()
        console.print(Text.assemble((f"{result.rank}. ", "bold"), (facts, "cyan")))
        console.print(text)


def show_documents(documents: Sequence[StoredDocument]) -> None:
    """A table of documents."""
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "title", "language", "published"):
        table.add_column(heading, overflow="fold")
    for heading in ("passages", "characters"):
        table.add_column(heading, justify="right")
    for document in documents:
        table.add_row(
            Text(document.id),
            Text(_safe(document.title or document.source)),
            Text(document.language or "-"),
            Text(document.published or "-"),
            f"{document.passages:,}",
            f"{document.characters:,}",
        )
    out().print(table)


def show_refused(refused: Sequence[Refused]) -> None:
    """Each document that is not in, with the reason, on standard error."""
    for each in refused:
        error(f"{each.name}: {each.error}")


def show_added(taken: Sequence[Taken], refused: Sequence[Refused]) -> None:
    """How many documents were created, updated, unchanged or refused."""
    counts = Counter(each.change.status for each in taken)
    counts["failed"] = len(refused)
    words = [f"{counts[word]} {word}" for word in _OUTCOMES if counts[word]]
    out().print(", ".join(words) or "nothing to add")


def show_verification(verification: Verification) -> None:
    """The verdict, then each place with the difference drawn: ``[-expected-] {+found+}``."""
    console = out()
    verdict = _VERDICTS[verification.verdict]
    good = verification.verdict in ("exact", "normalised", "ambiguous")
    style = "bold green" if good else "bold yellow"
    places = f" ({verification.places} places)" if verification.places > 1 else ""
    console.print(Text(f"{verification.verdict}{places}: {verdict}", style=style))
    for number, citation in enumerate(verification.matches):
        console.print(Text("  " + place(citation), style="cyan"))
        drawn = verification.differences if number == 0 else ()
        console.print(_drawn(citation, drawn))
    for similarity, citation in verification.nearest:
        console.print(Text(f"  {place(citation)} · {similarity:.0%} alike", style="cyan"))
        console.print(_drawn(citation, ()))
    for each in verification.differences:
        console.print(Text(f"  {each.kind}: {_change(each)}"))


def _drawn(citation: Citation, drawn: Sequence[Difference]) -> Text:
    """The document's words with what was expected in place of them."""
    text, at = Text("  "), citation.start
    for each in sorted(drawn, key=lambda d: (d.found_start, d.expected_start)):
        text.append(_safe(citation.quote[at - citation.start : each.found_start - citation.start]))
        space = "" if each.op == "replace" else " "
        if each.op == "insert" or text.plain.endswith(" "):
            space = ""
        if each.expected:
            text.append(space + f"[-{_safe(each.expected)}-]", style="red")
        if each.found:
            text.append(" " if each.expected else "")
            text.append(f"{{+{_safe(each.found)}+}}", style="green")
        at = each.found_end
    text.append(_safe(citation.quote[at - citation.start :]))
    return text


def _change(difference: Difference) -> str:
    expected, found = _safe(difference.expected), _safe(difference.found)
    if not expected:
        return f"the document also says {found!r}"
    if not found:
        return f"the document does not say {expected!r}"
    return f"{expected!r} is {found!r} in the document"


def place(citation: Citation) -> str:
    """Where a quote is, for people."""
    first, last = citation.lines
    facts = [
        citation.title,
        citation.source,
        _pages(citation.pages),
        f"line {first}" if first == last else f"lines {first}-{last}",
        citation.published,
        citation.language,
    ]
    return _safe(" · ".join(fact for fact in facts if fact))


def _pages(pages: tuple[int, int] | None) -> str | None:
    if pages is None:
        return None
    first, last = pages
    return f"page {first}" if first == last else f"pages {first}–{last}"


class Bar:
    """A progress bar on standard error that appears only when something takes over a second."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._console = Console(stderr=True)

    def __enter__(self) -> Bar:
        """Nothing to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self.hide()

    def hide(self) -> None:
        """Take the bar away until the next update."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def update(self, doing: str, done: int, total: int) -> None:
        """Say what is being done and how far it has come."""
        if not self._console.is_terminal:
            return
        if self._progress is None:
            if time.monotonic() - self._started < BAR_AFTER_SECONDS:
                return
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._task = self._progress.add_task(doing, total=total)
            self._progress.start()
        self._progress.update(self._task, description=doing, completed=done, total=total)


def _width(is_terminal: bool) -> int | None:
    return None if is_terminal else _UNWRAPPED


def _safe(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))

"""Measures how many questions are asked a second. Knows nothing of what they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from qa.evaluation.report import Report


class Pace:
    """Counts questions and the seconds that asking them took; reading documents is left out."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """Nothing has been asked yet; ``clock`` tells seconds."""
        self._clock = clock
        self._questions = 0
        self._seconds = 0.0

    @contextmanager
    def asking(self, questions: int) -> Iterator[None]:
        """So many questions are asked within."""
        started = self._clock()
        yield
        self._seconds += self._clock() - started
        self._questions += questions

    def added_to(self, report: Report, title: str) -> Report:
        """The report with its pace: a line for people, numbers for programs."""
        rate = self._questions / max(self._seconds, 1e-9)
        report.notes.append(f"{title}: {self._questions:,} questions asked, {rate:,.0f} a second.")
        report.data["pace"] = {
            "questions": self._questions,
            "seconds": self._seconds,
            "questions a second": rate,
        }
        return report

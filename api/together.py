"""Answers questions that come at about the same time together, within the event loop.

In a thread of its own an answer takes a seventh longer, and all questions together too: threads
take Python's lock from each other. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from qa.types import Answer, Asking

TOGETHER = 8
"""Questions that are answered in one round of the event loop at most: while they are, nobody else
is heard."""
ARRIVING = 1
"""Rounds in which those may come that were asked with the first."""
BETWEEN = 4
"""Rounds after some were answered. Of connections that come, each round accepts one."""

_Waiting = tuple[Asking, "asyncio.Future[Answer | None]"]


class Together:
    """Takes questions, each in a task of its own, and answers those that wait in one go."""

    def __init__(self, answer: Callable[[Sequence[Asking]], Sequence[Answer]]) -> None:
        """Answer by this; what it raises says that they have to be answered in another way."""
        self._answer = answer
        self._waiting: list[_Waiting] = []
        self._rounds = 0

    async def answer(self, asking: Asking) -> Answer | None:
        """The answer, or None where the question has to be answered in another way."""
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[Answer | None] = loop.create_future()
        self._waiting.append((asking, mine))
        if len(self._waiting) == 1:
            self._rounds = ARRIVING
            loop.call_soon(self._work)
        return await mine

    def _work(self) -> None:
        """Let a round of the event loop pass, or answer some of those that wait."""
        if self._rounds:
            self._rounds -= 1
        else:
            some, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
            self._settle(some)
            self._rounds = BETWEEN
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._work)

    def _settle(self, waiting: Sequence[_Waiting]) -> None:
        wanted = [(asking, future) for asking, future in waiting if not future.done()]
        answers: Sequence[Answer | None] = [None] * len(wanted)
        try:
            answers = self._answer([asking for asking, _ in wanted])
        except Exception:  # which is raised again, for whoever is to hear of it
            if len(wanted) > 1:
                for one in wanted:
                    self._settle([one])
                return
        for (_, future), answer in zip(wanted, answers, strict=True):
            future.set_result(answer)

"""Questions that wait for the event loop: who is answered with whom, and what becomes of errors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from api.together import TOGETHER, Together
from qa.types import Answer, Asking, IndexStatus


def answer_to(asking: Asking) -> Answer:
    return Answer(asking.question, None, False, None, (), IndexStatus(0, 0, 0), "m", 0.0)


class Answering:
    """Notes what is asked together; ``?`` alone cannot be answered."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, askings: Sequence[Asking]) -> list[Answer]:
        questions = [asking.question for asking in askings]
        self.asked.append(questions)
        if "?" in questions:
            raise ValueError("no question")
        return [answer_to(asking) for asking in askings]


def answered(
    questions: Sequence[str], cancelled: int | None = None
) -> tuple[Answering, list[object]]:
    """What was asked together, and what each was told; one gives up before it is answered."""
    answering = Answering()

    async def all_of_them() -> list[object]:
        together = Together(answering)
        tasks = [asyncio.ensure_future(together.answer(Asking(one))) for one in questions]
        await asyncio.sleep(0)  # by now all of them wait
        if cancelled is not None:
            tasks[cancelled].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        late = await together.answer(Asking("later"))
        assert late == answer_to(Asking("later"))
        return [one.question if isinstance(one, Answer) else one for one in found]

    return answering, asyncio.run(all_of_them())


def test_those_that_wait_are_answered_together_in_order_and_not_too_many() -> None:
    questions = [f"q{n}" for n in range(2 * TOGETHER + 1)]
    answering, told = answered(questions)
    assert told == questions
    first, second, rest, late = answering.asked
    assert first + second + rest == questions
    assert (len(first), len(second), late) == (TOGETHER, TOGETHER, ["later"])


def test_one_that_cannot_be_answered_does_not_keep_the_others_from_it() -> None:
    answering, told = answered(["a", "?", "b"])
    assert told == ["a", None, "b"]
    assert answering.asked == [["a", "?", "b"], ["a"], ["?"], ["b"], ["later"]]


def test_one_that_gave_up_is_not_answered() -> None:
    answering, told = answered(["a", "b", "c"], cancelled=1)
    assert answering.asked == [["a", "c"], ["later"]]
    assert [one for one in told if isinstance(one, str)] == ["a", "c"]
    assert isinstance(told[1], asyncio.CancelledError)

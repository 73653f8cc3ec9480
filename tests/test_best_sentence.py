"""Which sentence of a passage is the answer."""

import numpy as np
import pytest

from qa.best_sentence import best_sentence

EVEN = np.array([0.5, 0.5])


def matches(*rows: tuple[float, float]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    return np.array(rows, dtype=np.float32)


def test_the_best_match_wins() -> None:
    assert best_sentence(["A.", "B.", "C."], matches((0, 0), (1, 0.5), (0.5, 0)), EVEN) == 1


def test_weights_decide() -> None:
    rows = matches((1, 0), (0, 0.9))
    assert best_sentence(["A.", "B."], rows, np.array([0.1, 0.9])) == 1
    assert best_sentence(["A.", "B."], rows, np.array([0.9, 0.1])) == 0


def test_a_sentence_inherits_from_the_one_before() -> None:
    rows = matches((0.9, 0.1), (0.1, 0.9))  # "Lukashenko …", "He refuses to send soldiers."
    assert best_sentence(["Names him.", "Says he refuses."], rows, EVEN) == 1


def test_nothing_is_inherited_from_the_one_after() -> None:
    rows = matches((0, 0), (0.5, 0.4), (0, 0.6))
    assert best_sentence(["A.", "B.", "C."], rows, EVEN) == 1


@pytest.mark.parametrize("end", ["?", "?“", "؟", "？", '?"', "? "])
def test_a_question_is_no_answer(end: str) -> None:
    rows = matches((1, 1), (0.4, 0.4), (0.45, 0.45))
    assert best_sentence([f"Will he{end}", "He will not.", "Elsewhere."], rows, EVEN) == 1


def test_a_question_mark_inside_does_not_make_a_question() -> None:
    rows = matches((1, 1), (0.4, 0.4))
    assert best_sentence(["„Kommt er?“, fragte sie.", "Nein."], rows, EVEN) == 0


def test_a_lone_question_is_better_than_nothing() -> None:
    assert best_sentence(["Warum?", "Wer?"], matches((0.1, 0), (0.5, 0.5)), EVEN) == 1
    assert best_sentence(["Warum?"], matches((0.1, 0)), EVEN) == 0


def test_a_number_that_is_asked_for_counts_a_little() -> None:
    texts = ["Signed by all.", "Signed in 1973."]
    near, far = matches((0.6, 0.6), (0.55, 0.55)), matches((0.9, 0.9), (0.55, 0.55))
    assert best_sentence(texts, near, EVEN) == 0
    assert best_sentence(texts, near, EVEN, [False, True]) == 1
    assert best_sentence(texts, far, EVEN, [False, True]) == 0

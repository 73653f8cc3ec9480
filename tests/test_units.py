"""Units whose case says what they are."""

from __future__ import annotations

import pytest

from qa.units import same_units


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("5 mW", "5 MW", False),
        ("5mW im Netz", "5MW im Netz", False),
        ("10 Mb", "10 MB", False),
        ("20 nm", "20 Nm", True),
        ("1 kg", "1 Kg", True),
        ("5 mm", "5 MM", True),
        ("5 MW", "5 mw", True),
        ("5 ml", "5 mL", True),
        ("im MW", "im mW", True),
    ],
)
def test_by_hand(one: str, other: str, same: bool) -> None:
    assert same_units(one, other) is same

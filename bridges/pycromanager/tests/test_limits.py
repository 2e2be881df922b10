from __future__ import annotations

import math

import pytest

from parfocal_bridge import ZLimits


def test_a_move_within_the_limits_is_allowed() -> None:
    assert ZLimits(-10, 10, 5).refusal(0, 5) is None
    assert ZLimits(-10, 10).refusal(-10, 10) is None


@pytest.mark.parametrize(
    ("from_um", "to_um", "named"),
    [
        (0, 10.002, "outside"),
        (0, -10.002, "outside"),
        (0, 5.002, "longer"),
        (0, math.nan, "no position"),
        (0, math.inf, "no position"),
        (None, 0, "not known"),
        (math.nan, 0, "not known"),
    ],
)
def test_any_other_move_is_refused_with_a_reason(from_um: float | None, to_um: float, named: str) -> None:
    refusal = ZLimits(-10, 10, 5).refusal(from_um, to_um)
    assert refusal is not None and named in refusal


@pytest.mark.parametrize("limits", [(1, 0), (math.nan, 0), (0, math.inf), (0, 1, 0), (0, 1, math.nan)])
def test_limits_that_make_no_sense_are_refused(limits: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"must|above"):
        ZLimits(*limits)

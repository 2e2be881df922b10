"""Colours of levels, the same as on the agent's page."""

from __future__ import annotations

import math


def colour_of(level: float | None) -> tuple[int, int, int]:
    """The page's colour of a level, 0 to 10 (cividis), as red, green and blue; grey where there is none."""
    if level is None or not math.isfinite(level):
        return (136, 136, 136)
    # The darkest tenth is left out: it looks black on a screen.
    at = (0.1 + 0.9 * min(1.0, max(0.0, level / 10))) * (len(_CIVIDIS) - 1)
    low, high = _CIVIDIS[math.floor(at)], _CIVIDIS[math.ceil(at)]
    red, green, blue = (round(a + (b - a) * (at % 1)) for a, b in zip(low, high, strict=True))
    return (red, green, blue)


_CIVIDIS = (
    (0, 32, 77),
    (0, 49, 106),
    (60, 77, 110),
    (89, 103, 113),
    (124, 123, 120),
    (161, 147, 118),
    (198, 172, 103),
    (231, 199, 80),
    (255, 234, 70),
)

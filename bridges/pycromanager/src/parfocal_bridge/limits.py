"""Where the focus drive may go."""

from __future__ import annotations

import math
from dataclasses import dataclass

Span = tuple[float, float]
"""Lowest and highest slice of a z-stack, um from its middle."""
TOLERANCE_UM = 0.001
"""Rounding of sums and of a drive's steps must not make a limit itself forbidden."""
SINGLE_PLANE: Span = (0.0, 0.0)


@dataclass(frozen=True)
class ZLimits:
    """Lowest and highest z and the longest single move, all in micrometres.

    A move outside is refused, never clipped: a clipped move ends at a z that nobody asked for.
    """

    low_um: float
    high_um: float
    max_step_um: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low_um) and math.isfinite(self.high_um)):
            raise ValueError(f"z limits must be finite: {self.low_um}, {self.high_um} um")
        if self.low_um > self.high_um:
            raise ValueError(f"low_um {self.low_um} is above high_um {self.high_um}")
        if not self.max_step_um > 0:
            raise ValueError(f"max_step_um must be positive: {self.max_step_um}")

    @property
    def range_um(self) -> tuple[float, float]:
        """Lowest and highest z, um."""
        return (self.low_um, self.high_um)

    def allows(self, z_um: float) -> bool:
        """True if the drive may be there."""
        return self.low_um - TOLERANCE_UM <= z_um <= self.high_um + TOLERANCE_UM

    def refusal(self, from_um: float | None, to_um: float, span_um: Span = SINGLE_PLANE) -> str | None:
        """Why the drive may not go from one z to another; None if it may.

        :param span_um: for a z-stack, whose middle moves.
        """
        if from_um is None or not math.isfinite(from_um):
            return "the z of the drive is not known"
        if not math.isfinite(to_um):
            return f"z {to_um} um is no position"
        for edge_um in (to_um + span_um[0], to_um + span_um[1]):
            if not self.allows(edge_um):
                return f"z {edge_um:.3f} um is outside {self.low_um} to {self.high_um} um"
        step_um = abs(to_um - from_um)
        if step_um > self.max_step_um + TOLERANCE_UM:
            return f"a move of {step_um:.3f} um is longer than {self.max_step_um} um"
        return None

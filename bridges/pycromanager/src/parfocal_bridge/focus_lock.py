"""How a hardware focus lock is treated while it is engaged."""

from __future__ import annotations

import math
from dataclasses import dataclass

LOCK_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class FocusLock:
    """What to do with an engaged lock (PFS, CRISP, Definite Focus): ``none``, ``offset`` or ``pause``.

    :param moves: ``none``, ``offset`` or ``pause``; use the methods of these names.
    :param device: stage whose position is the offset; the core's autofocus offset if None.
    :param um_per_unit: z of one unit of the offset, um.
    :param timeout_s: how long the lock may take until it holds again, s.
    """

    moves: str
    device: str | None = None
    um_per_unit: float = 1.0
    timeout_s: float = LOCK_TIMEOUT_S

    def __post_init__(self) -> None:
        if self.moves not in ("none", "offset", "pause"):
            raise ValueError(f"moves is none, offset or pause, not {self.moves!r}")
        if not math.isfinite(self.um_per_unit) or self.um_per_unit == 0:
            raise ValueError(f"um_per_unit must be a number other than 0: {self.um_per_unit}")
        if not self.timeout_s >= 0:
            raise ValueError(f"timeout_s must not be negative: {self.timeout_s}")

    @classmethod
    def none(cls) -> FocusLock:
        """Nothing is moved while a lock is engaged."""
        return cls("none")

    @classmethod
    def offset(
        cls, *, um_per_unit: float, device: str | None = None, timeout_s: float = LOCK_TIMEOUT_S
    ) -> FocusLock:
        """The offset of the lock is moved instead of the focus drive; z is that of the offset.

        :param um_per_unit: z of one unit of the offset, um; negative if they run against each other.
        :param device: stage whose position is the offset; the core's autofocus offset if None.
        :param timeout_s: how long the lock may take until it holds with the new offset, s.
        """
        return cls("offset", device, um_per_unit, timeout_s)

    @classmethod
    def pause(cls, *, timeout_s: float = LOCK_TIMEOUT_S) -> FocusLock:
        """The lock is switched off around each move: for locks that hold the focus they find.

        :param timeout_s: how long the lock may take until it holds again, s.
        """
        return cls("pause", timeout_s=timeout_s)

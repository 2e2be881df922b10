"""What a gated run gates, and how far it may go."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from parfocal_bridge.kinds import require
from parfocal_bridge.limits import ZLimits

E = TypeVar("E")


@dataclass(frozen=True)
class GateRules(Generic[E]):
    """What is gated, and how far it may go; see the options of the adapters."""

    limits: ZLimits
    channels: Collection[str] | None = None
    gate_if: Callable[[E], bool] | None = None
    stacks: str = "gate"
    carry_z: bool = False
    start_at_suggested_z: bool = False
    max_suggestion_um: float | None = None
    max_attempts: int = 8

    def __post_init__(self) -> None:
        require("limits", self.limits, ZLimits)
        if self.stacks not in ("gate", "observe"):
            raise ValueError(f"stacks is gate or observe, not {self.stacks!r}")
        if isinstance(self.channels, str):
            raise ValueError(f"channels is a list of names: [{self.channels!r}]")
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts must be at least 1: {self.max_attempts}")

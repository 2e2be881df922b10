"""What gating needs to know of the events of an acquisition library, and to make of them."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from parfocal_bridge.messages import Frame, Site
from parfocal_bridge.visits import ReadableEvents

E = TypeVar("E")


class Events(ReadableEvents[E], Protocol[E]):
    """Reads events and makes those that are acquired."""

    way_back_by_event: bool
    """True if the drive must not be moved behind the engine's back: it skips a z that equals its last one."""

    def site(self, event: E) -> Site:
        """The site that the event images."""
        ...

    def time_index(self, event: E) -> int | None:
        """The time point, from 0."""
        ...

    def place(self, event: E) -> tuple[float | None, float | None]:
        """x and y of the stage, um."""
        ...

    def planned_z(self, event: E) -> float | None:
        """Planned z, um; None if the plan has none."""
        ...

    def at(self, event: E, attempt: int, shift_um: float, base_um: float | None) -> E:
        """The event as attempt ``attempt``, this far from its planned z.

        :param base_um: z that counts as planned for an event without, where the engine alone moves the drive.
        """
        ...

    def without_z(self, event: E, attempt: int) -> E:
        """The event as attempt ``attempt`` where the drive is."""
        ...

    def frame(self, event: E, attempt: int, metadata: Any) -> Frame:
        """Describes the frame that was acquired for an event, without what gating adds."""
        ...

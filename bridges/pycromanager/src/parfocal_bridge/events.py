"""What gating needs to know of the events of an acquisition library, and to make of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from parfocal_bridge.messages import Frame, Site
from parfocal_bridge.visits import ReadableEvents

E = TypeVar("E")


@dataclass(frozen=True, eq=False)
class Delivered:
    """One frame as the library gave it. ``camera`` is the one that took it, where there are several.

    ``payload`` is what the library wants back to save it; ``channel`` the one that it names, if it does.
    """

    image: Any
    metadata: Any
    camera: str | None = None
    payload: Any = None
    channel: str | None = None


@dataclass(frozen=True, eq=False)
class Catch:
    """What came of one event: the frames of its cameras, or none and why.

    ``is_skipped`` if the library did not execute the event at all.
    """

    frames: tuple[Delivered, ...] = ()
    why_none: str = "no frame came"
    is_skipped: bool = False


NOTHING = Catch()


def with_camera(channel: str | None, camera: str | None) -> str | None:
    """The name of a channel of one of several cameras, as Micro-Manager has it ("DAPI-Left", or "Left")."""
    if camera is None:
        return channel
    return camera if channel is None else f"{channel}-{camera}"


class Events(ReadableEvents[E], Protocol[E]):
    """Reads events and makes those that are acquired."""

    way_back_by_event: bool
    """True if the drive must not be moved behind the engine's back: it skips a z that equals its last one."""

    def knows(self, plan: Iterable[E]) -> None:
        """These events are all that is to come; of others the number of a slice makes them one."""
        ...

    def site(self, event: E) -> Site:
        """The site that the event images."""
        ...

    def time_index(self, event: E) -> int | None:
        """The time point, from 0, that the agent is told."""
        ...

    def round_index(self, event: E) -> int | None:
        """The same without what ``counted`` adds: a z found holds until the plan leaves the place."""
        ...

    def counted(self, event: E) -> E:
        """An event of the plan, marked if it repeats an earlier one: its time point is a later one."""
        ...

    def gated_channel(self, event: E) -> str | None:
        """The channel of the frame that is judged: with several cameras, that of the camera that gates."""
        ...

    def channel_names(self, event: E) -> Sequence[str | None]:
        """The names by which a user may ask for the channel of the event."""
        ...

    def gating(self, frames: Sequence[Delivered]) -> Delivered | None:
        """Of the frames of all cameras, the one that is judged; None if that camera gave none."""
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

    def frame(self, event: E, attempt: int, delivered: Delivered) -> Frame:
        """Describes a frame that was acquired for an event, without what gating adds."""
        ...

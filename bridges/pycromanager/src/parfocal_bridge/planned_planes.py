"""Which events of a plan are slices of a z-stack: that an event has a number of a slice is no proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

E = TypeVar("E")


class PlannedPlanes(Generic[E]):
    """In how many planes a plan that is known as a whole images each place and time.

    :param place_of: equal for the slices of one position and time, in all channels.
    """

    def __init__(
        self,
        place_of: Callable[[E], Hashable],
        channel_of: Callable[[E], str | None],
        slice_of: Callable[[E], Hashable],
    ) -> None:
        self._place_of = place_of
        self._channel_of = channel_of
        self._slice_of = slice_of
        self._planes: defaultdict[Hashable, set[Hashable]] = defaultdict(set)

    def read(self, plan: Iterable[E]) -> None:
        """Counts the planes of these events, too."""
        for event in plan:
            for key in (self._place_of(event), self._with_channel(event)):
                self._planes[key].add(self._slice_of(event))

    def is_alone(self, event: E) -> bool:
        """True if the place of the event is imaged in one plane, in whatever channels."""
        return len(self._planes.get(self._place_of(event), ())) == 1

    def is_alone_in_channel(self, event: E) -> bool:
        """True if its channel is imaged there in one plane."""
        return len(self._planes.get(self._with_channel(event), ())) == 1

    def _with_channel(self, event: E) -> Hashable:
        return self._place_of(event), self._channel_of(event)

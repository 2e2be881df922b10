"""How far from the planned z each position was found in focus. No input or output."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass
class _Round:
    """The plan is at a position: the images that came, and the z that was planned for each, um."""

    time_index: int | None
    planned_um: dict[Hashable, float | None] = field(default_factory=dict)


class CarriedShifts:
    """How far from the planned z each position was found in focus, um.

    A shift found on a gated channel also holds for the channels of that position that are not gated, so that
    the differences between channels in the plan are kept. It ends with the time point, or where the plan
    comes back to the position, unless ``to_later_times``.
    """

    def __init__(self, to_later_times: bool) -> None:
        self._to_later_times = to_later_times
        self._shifts: dict[str, dict[str | None, tuple[int | None, float]]] = {}
        self._rounds: dict[str, _Round] = {}
        self._last: str | None = None

    def arrive(
        self, position: str, time_index: int | None, image: Hashable, planned_um: float | None
    ) -> None:
        """An image of a position comes.

        The same one once more, without a time point to tell them apart, belongs to another round of the plan
        if another position came between, or if another z is planned for it.

        :param image: what tells it from others of this position and time, such as channel and slice.
        """
        is_back, self._last = position != self._last, position
        here = self._rounds.get(position)
        if here is None or here.time_index != time_index:
            here = self._rounds[position] = _Round(time_index)
        elif image in here.planned_um and (is_back or here.planned_um[image] != planned_um):
            here.planned_um.clear()
            if not self._to_later_times:
                self._shifts.pop(position, None)
        here.planned_um[image] = planned_um

    def get(self, position: str, channel: str | None, time_index: int | None) -> float:
        """The shift to apply, um; 0 if nothing was found."""
        shifts = self._shifts.get(position, {})
        for key in (channel, None):
            if key in shifts:
                found_at, shift_um = shifts[key]
                if self._to_later_times or found_at == time_index:
                    return shift_um
        return 0.0

    def found(self, position: str, channel: str | None, time_index: int | None, shift_um: float) -> None:
        """Remembers a shift for this channel, and for the position's channels that have none of their own."""
        shifts = self._shifts.setdefault(position, {})
        for key in (channel, None):
            shifts[key] = (time_index, shift_um)

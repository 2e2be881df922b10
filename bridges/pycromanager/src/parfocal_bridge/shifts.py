"""How far from the planned z each position was found in focus. No input or output."""

from __future__ import annotations


class CarriedShifts:
    """How far from the planned z each position was found in focus, um.

    A shift found on a gated channel also holds for the channels of that position that are not gated, so that
    the differences between channels in the plan are kept. It ends with the time point unless
    ``to_later_times``.
    """

    def __init__(self, to_later_times: bool) -> None:
        self._to_later_times = to_later_times
        self._shifts: dict[tuple[str, str | None], tuple[int | None, float]] = {}

    def get(self, position: str, channel: str | None, time_index: int | None) -> float:
        """The shift to apply, um; 0 if nothing was found."""
        for key in ((position, channel), (position, None)):
            if key in self._shifts:
                found_at, shift_um = self._shifts[key]
                if self._to_later_times or found_at == time_index:
                    return shift_um
        return 0.0

    def found(self, position: str, channel: str | None, time_index: int | None, shift_um: float) -> None:
        """Remembers a shift for this channel, and for the position's channels that have none of their own."""
        for key in ((position, channel), (position, None)):
            self._shifts[key] = (time_index, shift_um)

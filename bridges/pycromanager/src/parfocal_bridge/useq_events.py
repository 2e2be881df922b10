"""Events of useq (``MDAEvent``) as gating sees them."""

from __future__ import annotations

import re
import time
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from parfocal_bridge.messages import Frame, Optics, Site

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

ATTEMPT_KEY = "parfocal_attempt"
"""Key of ``event.metadata`` that holds the attempt, from 0."""

_WELL_POSITION = re.compile(r"([A-Z]{1,2}[0-9]{1,2})_[0-9]{4}")


class UseqEvents:
    """Reads events of useq and makes the ones to acquire.

    :param optics: of the objective; None leaves it to the agent.
    """

    way_back_by_event = False

    def __init__(self, core: CMMCorePlus, optics: Optics | None, plate: str | None) -> None:
        self._core = core
        self._optics = optics
        self._plate = plate

    def is_image(self, event: MDAEvent) -> bool:
        return event.action is None or event.action.type == "acquire_image"

    def site(self, event: MDAEvent) -> Site:
        name = event.pos_name or f"p{event.index.get('p', 0)}"
        well = _WELL_POSITION.fullmatch(name)
        if "g" in event.index:
            name = f"{name}-g{event.index['g']}"
        return Site(name=name, plate=self._plate, well=well[1] if well else None)

    def channel(self, event: MDAEvent) -> str | None:
        return None if event.channel is None else event.channel.config

    def time_index(self, event: MDAEvent) -> int | None:
        return event.index.get("t")

    def z_index(self, event: MDAEvent) -> int | None:
        return event.index.get("z")

    def place(self, event: MDAEvent) -> tuple[float | None, float | None]:
        return event.x_pos, event.y_pos

    def planned_z(self, event: MDAEvent) -> float | None:
        return event.z_pos

    def run_key(self, event: MDAEvent) -> Hashable:
        if is_single_plane(event):
            return None
        return tuple(sorted((str(axis), i) for axis, i in event.index.items() if axis not in ("z", "c")))

    def ends_run(self, event: MDAEvent) -> bool:
        sequence = event.sequence
        if sequence is None:
            return False
        plans = [position.sequence for position in sequence.stage_positions]
        position = event.index.get("p", 0)
        if position < len(plans) and plans[position] is not None:
            return False  # of sizes of its own
        return all(event.index.get(axis, 0) == max(sequence.sizes.get(axis, 1), 1) - 1 for axis in ("c", "z"))

    def at(self, event: MDAEvent, attempt: int, shift_um: float, base_um: float | None) -> MDAEvent:
        """Relative to the event's own z: the engine may add an offset to each z of a position."""
        is_shifted = event.z_pos is not None and shift_um != 0
        return _attempt_of(event, attempt, {"z_pos": (event.z_pos or 0.0) + shift_um} if is_shifted else {})

    def without_z(self, event: MDAEvent, attempt: int) -> MDAEvent:
        return _attempt_of(event, attempt, {"z_pos": None})

    def frame(self, event: MDAEvent, attempt: int, metadata: Any) -> Frame:
        position = metadata.get("position") or {}
        z_um = position.get("z")
        is_measured = z_um is not None
        bit_depth = self._core.getImageBitDepth()
        return Frame(
            site=self.site(event),
            attempt=attempt,
            channel=self.channel(event),
            time_index=self.time_index(event),
            z_index=self.z_index(event),
            x_um=position.get("x", event.x_pos),
            y_um=position.get("y", event.y_pos),
            z_um=z_um if is_measured else event.z_pos,
            z_source="measured" if is_measured else "intended",
            pixel_um=metadata.get("pixel_size_um") or None,
            exposure_ms=metadata.get("exposure_ms"),
            bit_depth=bit_depth if 8 <= bit_depth <= 16 else None,
            optics=self._optics,
            timestamp_ms=time.time() * 1000,
        )


def is_single_plane(event: MDAEvent) -> bool:
    """True unless the event is a slice of a z-stack: its slices are meant to differ in focus."""
    if "z" not in event.index:
        return True
    return event.sequence is not None and event.sequence.sizes.get("z") == 1


def _attempt_of(event: MDAEvent, number: int, update: dict[str, Any]) -> MDAEvent:
    """The event to acquire as attempt ``number``. A retry waits for no start time and restarts no timer."""
    update = {**update, "metadata": {**event.metadata, ATTEMPT_KEY: number}}
    if number > 0:
        update |= {"min_start_time": None, "reset_event_timer": False}
    return event.model_copy(update=update)

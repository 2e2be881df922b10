"""Notices hardware that refused what an event asks: pymmcore-plus only logs that, and images all the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from parfocal_bridge.said_once import SaidOnce

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

log = logging.getLogger(__name__)

_NEAR_UM = 30.0
"""How far off the stage may be where the size of the field is not known."""


class HardwareCheck:
    """Asks after each event was set up whether its picture would show the place and the channel of its name.

    A stage may be off by half a field: it is neither exact, nor is an engine that follows a cell to blame. So
    may the camera's region, which many cameras round.
    """

    def __init__(self, core: CMMCorePlus) -> None:
        self._core = core
        self._said = SaidOnce()
        self._reached_um: tuple[float | None, float | None] | None = None
        """Where the stage was found last: it is not asked again, which may take a while, before it moves."""
        self._stale: tuple[str, str] | None = None
        """A channel that the core takes for set, though another one may be half set since."""

    def fault(self, event: MDAEvent) -> str | None:
        """What of an event that was set up is not so; None if all is, or cannot be asked."""
        if event.action is not None and event.action.type != "acquire_image":
            return None
        asked = {"stage": self._off_place, "region": self._off_region, "channel": self._wrong_channel}
        for what, fault_of in asked.items():
            why = fault_of(event)
            if why is not None:
                if self._said.is_news(what):
                    name = event.pos_name or dict(event.index)
                    log.warning("%s: %s; such frames are kept, and not judged (said once a run)", name, why)
                return why
        return None

    def _off_place(self, event: MDAEvent) -> str | None:
        core, asked_um = self._core, (event.x_pos, event.y_pos)
        try:
            stage = core.getXYStageDevice()
            if not stage or asked_um in ((None, None), self._reached_um):
                return None
            here_um = core.getXYPosition()
            near_um = core.getPixelSizeUm() * min(core.getImageWidth(), core.getImageHeight()) / 2 or _NEAR_UM
        except Exception as error:
            log.debug("The XY stage cannot be asked: %s", error)
            return None
        pairs = zip(asked_um, here_um, strict=True)
        if all(asked is None or abs(here - asked) <= near_um for asked, here in pairs):
            self._reached_um = asked_um
            return None
        self._reached_um = None
        return f"the stage {stage} is at {_place(here_um)} um, not at {_place(asked_um)}"

    def _off_region(self, event: MDAEvent) -> str | None:
        roi = getattr(event, "roi", None)
        if roi is None:
            return None
        asked = (roi.offset_x, roi.offset_y, roi.width, roi.height)
        try:
            here = tuple(self._core.getROI())
        except Exception as error:
            log.debug("The camera cannot be asked for its region: %s", error)
            return None
        near_px = min(roi.width, roi.height) / 2
        if all(abs(is_px - asked_px) <= near_px for is_px, asked_px in zip(here, asked, strict=True)):
            return None
        return f"the camera shows the region {_region(here)}, not {_region(asked)}"

    def _wrong_channel(self, event: MDAEvent) -> str | None:
        if event.channel is None:
            return None
        asked = (event.channel.group, event.channel.config)
        # A preset that was set need not read back as it is written (a laser's power), so that comes second.
        set_last = getattr(self._core, "_last_config", asked)
        if set_last == asked != self._stale:
            self._stale = None
            return None
        why = self._unlike_preset(*asked)
        if why is not None:
            self._stale = set_last
        return why

    def _unlike_preset(self, group: str, preset: str) -> str | None:
        core = self._core
        try:
            for device, name, wanted in core.getConfigData(group, preset):
                value = core.getProperty(device, name)
                if not _is_same(value, wanted):
                    return f"channel {preset} is not set: {device} {name} is {value}, not {wanted}"
        except Exception as error:
            return f"channel {preset} is not set: {error}"
        return None


def _place(place_um: Sequence[float | None]) -> str:
    # Plus 0, so that no minus stands before it.
    return ", ".join("-" if um is None else f"{round(um, 1) + 0.0:.1f}" for um in place_um)


def _region(roi: Sequence[int]) -> str:
    x_px, y_px, width_px, height_px = roi
    return f"{width_px} x {height_px} px at {x_px}, {y_px}"


def _is_same(value: str, wanted: str) -> bool:
    try:
        return float(value) == float(wanted)
    except ValueError:
        return value == wanted

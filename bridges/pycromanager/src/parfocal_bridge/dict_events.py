"""Events of pycro-manager (dicts with ``axes``) as gating sees them."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from parfocal_bridge.callbacks import guarded
from parfocal_bridge.events import Delivered, with_camera
from parfocal_bridge.kinds import require, require_if_given
from parfocal_bridge.messages import Frame, Optics, Site
from parfocal_bridge.planned_planes import PlannedPlanes
from parfocal_bridge.site_names import Place, SiteNames
from parfocal_bridge.wells import site_in, well_of_name

ATTEMPT_AXIS = "attempt"
"""Axis of every gated event that tells the retries apart; the planned acquisition is 0."""

CAMERA_AXIS = "camera"

_NO_SITE_AXES = (ATTEMPT_AXIS, CAMERA_AXIS, "time", "channel", "z")

Event = dict[str, Any]


def site_of_axes(event: Mapping[str, Any], plate: str | None = None) -> Site:
    """The site of an event: its axis ``position`` and all others but time, channel, camera, z and attempt.

    They are named "B03", "p4", "B03-row1", "p3-row1".
    """
    axes = {name: value for name, value in event.get("axes", {}).items() if name not in _NO_SITE_AXES}
    position = axes.pop("position", None)
    parts = [f"{name}{axes[name]}" for name in sorted(axes)]
    if position is not None:
        parts.insert(0, position if isinstance(position, str) and position else f"p{position}")
    well = well_of_name(position) if isinstance(position, str) else None
    return site_in(well, "-".join(parts) or "p0", plate, _index(position))


def is_single_plane(event: Mapping[str, Any]) -> bool:
    """True unless the event is a slice of a z-stack: its slices are meant to differ in focus."""
    return "z" not in event.get("axes", {})


class DictEvents:
    """Reads events of pycro-manager and makes the ones to acquire."""

    way_back_by_event = True  # the Java engine skips a z that equals that of the event before

    def __init__(
        self,
        optics: Optics | None,
        site_of: Callable[[Event], Site] = site_of_axes,
        camera: str | None = None,
        cameras: Callable[[], Sequence[str]] = tuple,
        names: SiteNames | None = None,
    ) -> None:
        self._planes = PlannedPlanes(_place_of, self.channel, lambda event: event["axes"].get("z"))
        require_if_given("optics", optics, Optics)
        self._optics = optics
        self._site_of = guarded(_checked(site_of), site_of_axes, "site_of")
        self._camera = camera
        self._cameras = cameras
        self._names = names or SiteNames()
        self._run = self._names.new_run()

    def is_image(self, event: Event) -> bool:
        return True

    def site(self, event: Event) -> Site:
        return self._site_of(event)

    def knows(self, plan: Iterable[Event]) -> None:
        self._planes.read(plan)

    def channel(self, event: Event) -> str | None:
        return with_camera(_optical_channel(event), _text(event["axes"].get(CAMERA_AXIS)))

    def gated_channel(self, event: Event) -> str | None:
        cameras = self._cameras()
        if len(cameras) < 2 or CAMERA_AXIS in event["axes"]:
            return self.channel(event)
        return with_camera(_optical_channel(event), self._camera or cameras[0])

    def channel_names(self, event: Event) -> Sequence[str | None]:
        return _optical_channel(event), self.channel(event), self.gated_channel(event)

    def gating(self, frames: Sequence[Delivered]) -> Delivered | None:
        if self._camera is None or len(frames) < 2:
            return frames[0] if frames else None
        return next((frame for frame in frames if frame.camera == self._camera), None)

    def time_index(self, event: Event) -> int | None:
        """Without an axis of time, the number of earlier runs of the session that imaged the site."""
        index = _index(event["axes"].get("time"))
        if index is not None:
            return index
        return self._names.passes_before(self._place_at(event), self._run) or None

    def watched_time_index(self, event: Event, metadata: Mapping[str, Any]) -> int | None:
        """The same of an image whose plan nobody knows: one that comes again is of another acquisition."""
        index = _index(event["axes"].get("time"))
        if index is not None:
            return index
        camera = (metadata.get("Camera"), metadata.get("CameraChannelIndex"))
        image = (camera, frozenset(event["axes"].items()))
        return self._names.pass_of(self._place_at(event), self._run, image) or None

    def round_index(self, event: Event) -> int | None:
        return self.time_index(event)

    def counted(self, event: Event) -> Event:
        # A data set has one image for each set of axes, so that a plan has an axis for what it repeats.
        return event

    def _place_at(self, event: Event) -> Place:
        site = self.site(event)
        return Place(site.name, plate=site.plate)

    def z_index(self, event: Event) -> int | None:
        return _index(event["axes"].get("z"))

    def place(self, event: Event) -> tuple[float | None, float | None]:
        return _number(event.get("x")), _number(event.get("y"))

    def planned_z(self, event: Event) -> float | None:
        return _number(event.get("z"))

    def run_key(self, event: Event) -> Hashable:
        is_slice = not (is_single_plane(event) or self._planes.is_alone(event))
        return _place_of(event) if is_slice else None

    def is_plane(self, event: Event) -> bool:
        return self._planes.is_alone_in_channel(event)

    def ends_run(self, event: Event) -> bool:
        return False

    def at(self, event: Event, attempt: int, shift_um: float, base_um: float | None) -> Event:
        planned_um = event.get("z", base_um)
        z = {} if planned_um is None else {"z": planned_um + shift_um}
        return {**self.without_z(event, attempt), **z}

    def without_z(self, event: Event, attempt: int) -> Event:
        left_out = ("z", "min_start_time") if attempt > 0 else ("z",)
        kept = {key: value for key, value in event.items() if key not in left_out}
        return {**kept, "axes": {**event["axes"], ATTEMPT_AXIS: attempt}}

    def frame(self, event: Event, attempt: int, delivered: Delivered) -> Frame:
        metadata = delivered.metadata
        bit_depth = metadata.get("BitDepth")
        camera = delivered.camera or _text(event["axes"].get(CAMERA_AXIS))
        x_um, y_um = self.place(event)
        return Frame(
            site=self.site(event),
            attempt=attempt,
            channel=with_camera(_optical_channel(event) or _text(metadata.get("Channel")), camera),
            time_index=self.time_index(event),
            z_index=self.z_index(event),
            x_um=_number(metadata.get("XPosition_um_Intended")) if x_um is None else x_um,
            y_um=_number(metadata.get("YPosition_um_Intended")) if y_um is None else y_um,
            z_um=_number(event.get("z", metadata.get("ZPosition_um_Intended"))),
            z_source="intended",
            pixel_um=_number(metadata.get("PixelSizeUm") or metadata.get("PixelSize_um")) or None,
            exposure_ms=_number(event.get("exposure", metadata.get("Exposure"))),
            bit_depth=bit_depth if isinstance(bit_depth, int) and 8 <= bit_depth <= 16 else None,
            optics=self._optics,
            timestamp_ms=time.time() * 1000,
        )


def _checked(site_of: Callable[[Event], Site]) -> Callable[[Event], Site]:
    """The same, but what is no site with a name of its own is an error: a run would end, or be unscored."""

    def checked(event: Event) -> Site:
        site = site_of(event)
        require("what it returns", site, Site)
        require("the name of its site", site.name, str)
        if not site.name:
            raise ValueError("the name of its site is empty")
        return site

    return checked


def _place_of(event: Event) -> Hashable:
    """Equal for the slices of one position and time, in all channels."""
    axes = event["axes"].items()
    return frozenset((axis, value) for axis, value in axes if axis not in ("z", "channel", CAMERA_AXIS))


def _optical_channel(event: Event) -> str | None:
    channel = event["axes"].get("channel")
    if channel is None and event.get("config_group"):
        channel = event["config_group"][1]
    return None if channel is None else str(channel)


def _index(value: Any) -> int | None:
    """A whole number of any kind, also one of numpy."""
    try:
        number = operator.index(value)
    except TypeError:
        return None
    return number if number >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None

"""Events of useq (``MDAEvent``) as gating sees them."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from parfocal_bridge.events import Delivered, with_camera
from parfocal_bridge.kinds import require_if_given
from parfocal_bridge.messages import Frame, Optics, Site
from parfocal_bridge.plan_reader import is_known_plan
from parfocal_bridge.planned_planes import PlannedPlanes
from parfocal_bridge.site_names import Place, SiteNames
from parfocal_bridge.wells import Well, site_in, well_at, well_of_name

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

ATTEMPT_KEY = "parfocal_attempt"
"""Key of ``event.metadata`` that holds the attempt, from 0."""
_PASS_KEY = "parfocal_pass"
"""The same for how often the place was imaged before, where the plan itself comes back to it."""


class UseqEvents:
    """Reads events of useq and makes the ones to acquire.

    :param optics: of the objective; None leaves it to the agent.
    :param names: of the session, which tells its sites apart.
    :param camera: of several cameras, the one whose frames are judged; the first if None.
    """

    way_back_by_event = False

    def __init__(
        self,
        core: CMMCorePlus,
        optics: Optics | None,
        plate: str | None,
        names: SiteNames | None = None,
        camera: str | None = None,
    ) -> None:
        require_if_given("optics", optics, Optics)
        require_if_given("plate", plate, str)
        self._core = core
        self._optics = optics
        self._plate = plate
        self._names = names or SiteNames()
        self._run = self._names.new_run()
        self._camera = camera
        self._planes = PlannedPlanes(_stack_of, self.channel, self.z_index)

    def knows(self, plan: Iterable[MDAEvent]) -> None:
        self._planes.read(event for event in plan if self.is_image(event))

    def is_image(self, event: MDAEvent) -> bool:
        return event.action is None or event.action.type == "acquire_image"

    def site(self, event: MDAEvent) -> Site:
        name = self._names.name_of(self._place_of(event), self._run)
        return site_in(_well_of(event), name, self._plate, event.index.get("p"))

    def channel(self, event: MDAEvent) -> str | None:
        return None if event.channel is None else event.channel.config

    def gated_channel(self, event: MDAEvent) -> str | None:
        if self._core.getNumberOfCameraChannels() < 2:
            return self.channel(event)
        return with_camera(self.channel(event), self._camera or self._core.getPhysicalCameraDevice(0))

    def channel_names(self, event: MDAEvent) -> Sequence[str | None]:
        return self.channel(event), self.gated_channel(event)

    def gating(self, frames: Sequence[Delivered]) -> Delivered | None:
        if self._core.getNumberOfCameraChannels() < 2 or all(frame.camera is None for frame in frames):
            return frames[0] if frames else None
        judged = self._camera or self._core.getPhysicalCameraDevice(0)
        return next((frame for frame in frames if frame.camera == judged), None)

    def time_index(self, event: MDAEvent) -> int | None:
        """Without time points in the plan, how often the session has imaged the site before."""
        return event.metadata.get(_PASS_KEY) or self.round_index(event)

    def round_index(self, event: MDAEvent) -> int | None:
        index = event.index.get("t")
        return (
            index
            if index is not None
            else self._names.passes_before(self._place_of(event), self._run) or None
        )

    def counted(self, event: MDAEvent) -> MDAEvent:
        if not self.is_image(event) or event.index.get("t") is not None:
            return event
        image = (self.channel(event), self.z_index(event), event.index.get("cam"))
        number = self._names.pass_of(self._place_of(event), self._run, image)
        if number == (self.round_index(event) or 0):
            return event
        return event.model_copy(update={"metadata": {**event.metadata, _PASS_KEY: number}})

    def _place_of(self, event: MDAEvent) -> Place:
        index = event.index
        return Place(
            *(event.pos_name, index.get("p"), index.get("g"), event.x_pos, event.y_pos),
            time_index=index.get("t"),
            plate=self._plate,
        )

    def z_index(self, event: MDAEvent) -> int | None:
        return event.index.get("z")

    def place(self, event: MDAEvent) -> tuple[float | None, float | None]:
        return event.x_pos, event.y_pos

    def planned_z(self, event: MDAEvent) -> float | None:
        return event.z_pos

    def run_key(self, event: MDAEvent) -> Hashable:
        is_slice = not (is_single_plane(event) or self._planes.is_alone(event))
        return _stack_of(event) if is_slice else None

    def is_plane(self, event: MDAEvent) -> bool:
        return not _has_stack(event) or self._planes.is_alone_in_channel(event)

    def ends_run(self, event: MDAEvent) -> bool:
        if event.sequence is None or not self.is_image(event):
            return False  # an autofocus of the plan has the index of the image that it comes before
        last = {"z": (planned_slices(event) or 1) - 1, "c": _planned_channels(event) - 1}
        return all(event.index.get(axis, 0) == index for axis, index in last.items())

    def at(self, event: MDAEvent, attempt: int, shift_um: float, base_um: float | None) -> MDAEvent:
        """Relative to the event's own z: the engine may add an offset to each z of a position."""
        is_shifted = event.z_pos is not None and shift_um != 0
        return _attempt_of(event, attempt, {"z_pos": (event.z_pos or 0.0) + shift_um} if is_shifted else {})

    def without_z(self, event: MDAEvent, attempt: int) -> MDAEvent:
        return _attempt_of(event, attempt, {"z_pos": None})

    def frame(self, event: MDAEvent, attempt: int, delivered: Delivered) -> Frame:
        metadata = delivered.metadata
        # While the hardware is triggered the core knows neither exposure nor position of a single frame.
        is_triggered = bool(metadata.get("hardware_triggered"))
        position: dict[str, Any] = {} if is_triggered else metadata.get("position") or {}
        exposure_ms = metadata.get("exposure_ms")
        if is_triggered and event.exposure is not None:
            exposure_ms = event.exposure
        z_um = position.get("z")
        is_measured = z_um is not None
        bit_depth = self._core.getImageBitDepth()
        return Frame(
            site=self.site(event),
            attempt=attempt,
            channel=with_camera(self.channel(event), delivered.camera),
            time_index=self.time_index(event),
            z_index=self.z_index(event),
            x_um=position.get("x", event.x_pos),
            y_um=position.get("y", event.y_pos),
            z_um=z_um if is_measured else event.z_pos,
            z_source="measured" if is_measured else "intended",
            pixel_um=metadata.get("pixel_size_um") or None,
            exposure_ms=exposure_ms,
            bit_depth=bit_depth if 8 <= bit_depth <= 16 else None,
            optics=self._optics,
            timestamp_ms=time.time() * 1000,
        )


def is_told_by_events(plan: Iterable[MDAEvent]) -> bool:
    """True for a list, and for a sequence of ``useq.v2``: their events do not know their plan."""
    from useq import MDASequence

    return is_known_plan(plan) and not isinstance(plan, MDASequence)


def is_single_plane(event: MDAEvent) -> bool:
    """True unless the event is a slice of a z-stack: its slices are meant to differ in focus."""
    return "z" not in event.index or planned_slices(event) == 1


def _stack_of(event: MDAEvent) -> Hashable:
    """Equal for the slices of one position and time, in all channels."""
    axes = tuple(sorted((str(axis), i) for axis, i in event.index.items() if axis not in ("z", "c")))
    return axes if "p" in event.index else (axes, event.pos_name, event.x_pos, event.y_pos)


def _position_of(event: MDAEvent) -> Any:
    positions = () if event.sequence is None else event.sequence.stage_positions
    number = event.index.get("p", 0)
    return positions[number] if number < len(positions) else None


def _plan_of(event: MDAEvent, name: str) -> Any:
    """A plan of the position's own sub-sequence, which comes before that of the sequence."""
    own = getattr(_position_of(event), "sequence", None)
    return (own and getattr(own, name)) or getattr(event.sequence, name, None)


def planned_slices(event: MDAEvent) -> int | None:
    """Slices of the stack that the event belongs to; None if not known."""
    if event.sequence is None:
        return None
    plan = _plan_of(event, "z_plan")
    return 1 if plan is None else len(list(plan))


def _has_stack(event: MDAEvent) -> bool:
    """False if the plan images the event's channel in one plane of the stack only."""
    channels, number = _plan_of(event, "channels") or (), event.index.get("c", 0)
    return number >= len(channels) or channels[number].do_stack


def _planned_channels(event: MDAEvent) -> int:
    return max(len(_plan_of(event, "channels") or ()), 1)


def _well_of(event: MDAEvent) -> Well | None:
    """As the name says, or else the plan: rows and columns of the plate from 0."""
    named = well_of_name(event.pos_name or "")
    position = _position_of(event)
    row, column = getattr(position, "plate_row", None), getattr(position, "plate_col", None)
    return named if row is None or column is None else _with_index(well_at(row, column), named)


def _with_index(planned: Well | None, named: Well | None) -> Well | None:
    is_same = planned and named and (planned.row, planned.column) == (named.row, named.column)
    return named if is_same else planned


def _attempt_of(event: MDAEvent, number: int, update: dict[str, Any]) -> MDAEvent:
    """The event to acquire as attempt ``number``. A retry waits for no start time and restarts no timer."""
    update = {**update, "metadata": {**event.metadata, ATTEMPT_KEY: number}}
    if number > 0:
        update |= {"min_start_time": None, "reset_event_timer": False}
    return event.model_copy(update=update)

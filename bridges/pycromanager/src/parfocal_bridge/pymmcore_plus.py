"""Gates and observes acquisitions of pymmcore-plus.

Threads: the runner of pymmcore-plus pulls events from the generator and emits ``frameReady`` in one and the
same thread, so a frame is there when the generator resumes, and the generator may use the core. Only the
socket to the agent lives elsewhere.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Frame, Optics, Site, Verdict
from parfocal_bridge.site import CarriedShifts, SiteAttempts, SiteResult, Step

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

log = logging.getLogger(__name__)

ATTEMPT_KEY = "parfocal_attempt"
"""Key of ``event.metadata`` that holds the attempt, from 0."""

_WELL_POSITION = re.compile(r"([A-Z]{1,2}[0-9]{1,2})_[0-9]{4}")
_LABEL_WITH_NA = re.compile(r"(\d+(?:\.\d+)?)\s*[xX]\s*/?\s*(?:NA\s*=?\s*)?([01]\.\d+)")


def is_single_plane(event: MDAEvent) -> bool:
    """True unless the event is a slice of a z-stack: its slices are meant to differ in focus."""
    slices = event.sequence.sizes.get("z", 1) if event.sequence is not None else 1
    return slices <= 1 and event.index.get("z", 0) == 0


def gated(
    events: Iterable[MDAEvent],
    client: FocusClient,
    core: CMMCorePlus,
    *,
    limits: ZLimits,
    optics: Optics | None = None,
    channels: Collection[str] | None = None,
    gate_if: Callable[[MDAEvent], bool] = is_single_plane,
    carry_z: bool = False,
    autofocus: Callable[[], None] | None = None,
    plate: str | None = None,
    max_attempts: int = 8,
    frame_wait_s: float = 0.5,
    on_site: Callable[[SiteResult], None] | None = None,
) -> Iterator[MDAEvent]:
    """Yields the events, each followed by its retries: pass the result to ``core.run_mda``.

    Each event is acquired, its frame scored and the action executed. A retry is the same event at a new z,
    with ``event.metadata["parfocal_attempt"]`` counting from 0. Without a verdict in time the run goes on.

    :param limits: where the focus drive may be sent. A move outside is refused and ends the site.
    :param optics: of the objective; by default what its label says ("20x/0.75"), else the agent's setting.
    :param channels: channels to gate, all if None; the others are observed, at the z found on the gated one.
    :param gate_if: further events to only observe; by default the slices of z-stacks.
    :param carry_z: start later time points of a position at the z found there.
    :param autofocus: executes the action ``autofocus``; ``core.fullFocus`` if None. A planned
        ``HardwareAutofocus`` is passed on as it is; it is not used for the action, since the engine then adds
        what it found to every later z of the position, also where that was wrong.
    :param plate: name of the plate.
    :param max_attempts: most frames of one site, whatever the agent asks for.
    :param frame_wait_s: how long to wait for a frame that does not come at once, s.
    :param on_site: called with what became of each gated site, in the runner's thread.
    """
    _fit_grid_to_camera(events, core)
    catcher = _FrameCatcher()
    shifts = CarriedShifts(carry_z)
    builder = _FrameBuilder(core, limits, optics or optics_of(core), plate)
    drive = _Drive(core, limits, autofocus)
    core.mda.events.frameReady.connect(catcher.frame_ready)
    try:
        for planned in events:
            if planned.action is not None and planned.action.type != "acquire_image":
                yield planned
                continue
            channel, time_index = _channel_of(planned), planned.index.get("t")
            position = builder.site(planned).name
            shift_um = shifts.get(position, channel, time_index)
            event = _shifted(planned, shift_um)
            if not (gate_if(planned) and (channels is None or channel in channels)):
                catcher.arm()
                yield _attempt_of(event, 0)
                _offer(client, builder, event, catcher)
                continue
            attempts = SiteAttempts(builder.site(planned), channel, time_index, limits, max_attempts)
            while True:
                number = attempts.number
                catcher.arm()
                yield _attempt_of(event, number)
                z_um, verdict = _score(client, builder, event, number, catcher.take(frame_wait_s))
                step = attempts.add(z_um, verdict)
                try:
                    event = _shifted(event, drive.execute(step, z_um))
                except Exception as error:
                    step = attempts.refuse(str(error))
                    drive.return_to(attempts.result().kept.z_um)
                if not step.again:
                    break
            result = attempts.result()
            first_um, kept_um = result.attempts[0].z_um, result.kept.z_um
            if first_um is not None and kept_um is not None:
                shifts.found(position, channel, time_index, shift_um + kept_um - first_um)
            if on_site is not None:
                on_site(result)
    finally:
        core.mda.events.frameReady.disconnect(catcher.frame_ready)


class ObserveListener:
    """Sends every frame of every acquisition of ``core`` to the agent, and waits for nothing.

    Connects at once; ``close`` (or leaving its ``with`` block) disconnects. It never raises in the runner.
    """

    def __init__(
        self,
        core: CMMCorePlus,
        client: FocusClient,
        *,
        optics: Optics | None = None,
        plate: str | None = None,
    ) -> None:
        self._core = core
        self._client = client
        self._builder = _FrameBuilder(core, None, optics or optics_of(core), plate)
        core.mda.events.frameReady.connect(self._frame_ready)

    def __enter__(self) -> ObserveListener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listens no more."""
        self._core.mda.events.frameReady.disconnect(self._frame_ready)

    def _frame_ready(self, image: Any, event: MDAEvent, meta: Any) -> None:
        try:
            attempt = event.metadata.get(ATTEMPT_KEY, 0)
            self._client.offer(image, self._builder.frame(event, attempt, meta))
        except Exception as error:
            log.warning("A frame was not observed: %s", error)


def optics_of(core: CMMCorePlus) -> Optics | None:
    """What the label of the objective in use says, if it names a numerical aperture ("Plan Apo 20x/0.75")."""
    try:
        for device in core.guessObjectiveDevices():
            match = _LABEL_WITH_NA.search(core.getStateLabel(device))
            if match is not None:
                return Optics(na=float(match[2]), magnification=float(match[1]))
    except Exception as error:
        log.debug("The objective is not known: %s", error)
    return None


class _FrameCatcher:
    """Holds the frame of the event that was yielded last."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._caught: tuple[Any, Any] | None = None

    def arm(self) -> None:
        with self._changed:
            self._caught = None

    def frame_ready(self, image: Any, event: MDAEvent, meta: Any) -> None:
        with self._changed:
            if self._caught is None:  # of several cameras, the first
                self._caught = (image, meta)
                self._changed.notify_all()

    def take(self, timeout_s: float) -> tuple[Any, Any] | None:
        """Image and metadata; None if the camera gave none."""
        with self._changed:
            self._changed.wait_for(lambda: self._caught is not None, timeout_s)
            return self._caught


class _FrameBuilder:
    """Describes frames to the agent."""

    def __init__(
        self, core: CMMCorePlus, limits: ZLimits | None, optics: Optics | None, plate: str | None
    ) -> None:
        self._core = core
        self._limits = limits
        self._optics = optics
        self._plate = plate

    def site(self, event: MDAEvent) -> Site:
        name = event.pos_name or f"p{event.index.get('p', 0)}"
        well = _WELL_POSITION.fullmatch(name)
        if "g" in event.index:
            name = f"{name}-g{event.index['g']}"
        return Site(name=name, plate=self._plate, well=well[1] if well else None)

    def frame(self, event: MDAEvent, attempt: int, meta: Any) -> Frame:
        position = meta.get("position") or {}
        z_um = position.get("z")
        if z_um is None:
            z_um = _z_of(self._core)
        is_measured = z_um is not None
        bit_depth = self._core.getImageBitDepth()
        return Frame(
            site=self.site(event),
            attempt=attempt,
            channel=_channel_of(event),
            time_index=event.index.get("t"),
            z_index=event.index.get("z"),
            x_um=position.get("x", event.x_pos),
            y_um=position.get("y", event.y_pos),
            z_um=z_um if is_measured else event.z_pos,
            z_source="measured" if is_measured else "intended",
            z_limits_um=None if self._limits is None else self._limits.range_um,
            pixel_um=meta.get("pixel_size_um") or None,
            exposure_ms=meta.get("exposure_ms"),
            bit_depth=bit_depth if 8 <= bit_depth <= 16 else None,
            optics=self._optics,
            timestamp_ms=time.time() * 1000,
        )


def _score(
    client: FocusClient,
    builder: _FrameBuilder,
    event: MDAEvent,
    number: int,
    caught: tuple[Any, Any] | None,
) -> tuple[float | None, Verdict | None]:
    """Where the frame was taken, um, and its verdict."""
    if caught is None:
        log.warning("%s: the camera gave no frame", builder.site(event).name)
        return None, None
    image, meta = caught
    try:
        frame = builder.frame(event, number, meta)
        return frame.z_um, client.score(image, frame)
    except Exception as error:
        log.warning("%s: unscored: %s", builder.site(event).name, error)
        return None, None


def _offer(client: FocusClient, builder: _FrameBuilder, event: MDAEvent, catcher: _FrameCatcher) -> None:
    caught = catcher.take(0)
    if caught is None:
        return
    try:
        client.offer(caught[0], builder.frame(event, 0, caught[1]))
    except Exception as error:
        log.warning("%s: not observed: %s", builder.site(event).name, error)


class _Drive:
    """The focus drive, within limits. Raises RuntimeError where it may not, or cannot, do what is asked."""

    def __init__(self, core: CMMCorePlus, limits: ZLimits, autofocus: Callable[[], None] | None) -> None:
        self._core = core
        self._limits = limits
        self._autofocus = autofocus or core.fullFocus

    def execute(self, step: Step, z_um: float | None) -> float:
        """Executes the action of a step from ``z_um``; returns how far the drive moved, um.

        A move is made here, though the retry repeats it, so that a drive's refusal ends the site and not the
        run.
        """
        if step.autofocus:
            self._autofocus()
            self._core.waitForSystem()
            after_um = _z_of(self._core)
            refusal = self._limits.refusal(after_um, after_um) if after_um is not None else None
            if refusal is not None:
                raise RuntimeError(f"after autofocus: {refusal}")
            return 0.0 if after_um is None or z_um is None else after_um - z_um
        if step.move_to_um is None or z_um is None:
            return 0.0
        if self._core.isContinuousFocusEnabled():
            raise RuntimeError("a focus lock is engaged: the drive is not moved against it")
        self._core.setZPosition(step.move_to_um)
        self._core.waitForDevice(self._core.getFocusDevice())
        return step.move_to_um - z_um

    def return_to(self, z_um: float | None) -> None:
        """Back to a z that was good, after something failed; nothing if that is not known or fails, too."""
        try:
            if z_um is not None and not self._core.isContinuousFocusEnabled():
                self._core.setZPosition(z_um)
                self._core.waitForDevice(self._core.getFocusDevice())
        except Exception as error:
            log.warning("The drive did not return to %.3f um: %s", z_um, error)


def _attempt_of(event: MDAEvent, number: int) -> MDAEvent:
    """The event to acquire as attempt ``number``. A retry waits for no start time and restarts no timer."""
    update: dict[str, Any] = {"metadata": {**event.metadata, ATTEMPT_KEY: number}}
    if number > 0:
        update |= {"min_start_time": None, "reset_event_timer": False}
    return event.model_copy(update=update)


def _shifted(event: MDAEvent, shift_um: float) -> MDAEvent:
    """The event at another z, relative to its own: the engine may add an offset to each z of a position."""
    if event.z_pos is None or shift_um == 0:
        return event
    return event.model_copy(update={"z_pos": event.z_pos + shift_um})


def _channel_of(event: MDAEvent) -> str | None:
    return None if event.channel is None else event.channel.config


def _z_of(core: CMMCorePlus) -> float | None:
    """Position of the focus drive, um; None if there is none or it does not say."""
    try:
        return float(core.getZPosition()) if core.getFocusDevice() else None
    except Exception:
        return None


def _fit_grid_to_camera(events: Any, core: CMMCorePlus) -> None:
    """Does for the grids of a sequence what the engine does when it is given the sequence itself."""
    pixel_um = core.getPixelSizeUm()
    if not pixel_um:
        return
    *_, width_px, height_px = core.getROI()
    plans = [events, *(position.sequence for position in getattr(events, "stage_positions", ()))]
    for grid in (getattr(plan, "grid_plan", None) for plan in plans):
        if grid is not None:
            grid.fov_width, grid.fov_height = width_px * pixel_um, height_px * pixel_um

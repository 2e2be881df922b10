"""Gates and observes acquisitions of pycro-manager, with its Python and its Java backend.

Threads: the gate loop runs in the caller's thread and hands over one event at a time; a ``FrameCollector`` as
the acquisition's ``image_process_fn`` receives each image in a thread of pycro-manager. The loop waits for
images with a timeout, since an image that never comes is not reported.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Frame, Optics, Site, Verdict
from parfocal_bridge.site import CarriedShifts, SiteAttempts, SiteResult, Step

log = logging.getLogger(__name__)

ATTEMPT_AXIS = "attempt"
"""Axis of every gated event that tells the retries apart; the planned acquisition is 0."""

_NO_SITE_AXES = (ATTEMPT_AXIS, "time", "channel", "z")
_MAX_HELD = 4

Event = dict[str, Any]


def site_of_axes(event: Mapping[str, Any], plate: str | None = None) -> Site:
    """The site of an event: its axis ``position``, else all but time, channel, z and attempt ("p3-row1")."""
    axes: Mapping[str, Any] = event.get("axes", {})
    if "position" in axes:
        position = axes["position"]
        return Site(name=position if isinstance(position, str) and position else f"p{position}", plate=plate)
    rest = [f"{name}{axes[name]}" for name in sorted(axes) if name not in _NO_SITE_AXES]
    return Site(name="-".join(rest) or "p0", plate=plate)


def is_single_plane(event: Mapping[str, Any]) -> bool:
    """True unless the event is a slice of a z-stack: its slices are meant to differ in focus."""
    return "z" not in event.get("axes", {})


class FrameCollector:
    """The ``image_process_fn`` of a gated acquisition: keeps the newest images and passes all on.

    :param process: changes image and metadata first, for example to correct the illumination.
    """

    def __init__(self, process: Callable[[Any, Any], tuple[Any, Any]] | None = None) -> None:
        self._process = process
        self._changed = threading.Condition()
        self._images: OrderedDict[frozenset[tuple[str, Any]], tuple[Any, Any]] = OrderedDict()

    def __call__(self, image: Any, metadata: Any) -> tuple[Any, Any]:
        if self._process is not None:
            image, metadata = self._process(image, metadata)
        with self._changed:
            self._images[_key(metadata.get("Axes", {}))] = (image, metadata)
            while len(self._images) > _MAX_HELD:
                self._images.popitem(last=False)
            self._changed.notify_all()
        return image, metadata

    def take(self, axes: Mapping[str, Any], timeout_s: float) -> tuple[Any, Any] | None:
        """Image and metadata of an event; None if they did not come in time."""
        key = _key(axes)
        with self._changed:
            self._changed.wait_for(lambda: key in self._images, timeout_s)
            return self._images.pop(key, None)


def gate_loop(
    acq: Any,
    events: Iterable[Event],
    client: FocusClient,
    frames: FrameCollector,
    *,
    limits: ZLimits,
    core: Any = None,
    optics: Optics | None = None,
    channels: Collection[str] | None = None,
    gate_if: Callable[[Event], bool] = is_single_plane,
    site_of: Callable[[Event], Site] = site_of_axes,
    carry_z: bool = False,
    max_attempts: int = 8,
    image_timeout_s: float = 30.0,
    on_site: Callable[[SiteResult], None] | None = None,
) -> None:
    """Acquires the events one by one, each followed by its retries; returns when the last one is done.

    A retry is the same event at a new ``z``, with the axis ``attempt`` counting from 0. Without a verdict in
    time, or without an image, the loop goes on.

    :param acq: an ``Acquisition`` whose ``image_process_fn`` is ``frames``.
    :param limits: where the focus drive may be sent. A move outside is refused and ends the site.
    :param core: ``pycromanager.Core()``: z is measured then, and the action ``autofocus`` possible. Without
        it, z is the event's.
    :param optics: of the objective; by default the agent's setting.
    :param channels: channels to gate, all if None; the others are observed, at the z found on the gated one.
    :param gate_if: further events to only observe; by default those with an axis ``z``.
    :param site_of: which site an event is.
    :param carry_z: start later time points of a position at the z found there.
    :param max_attempts: most frames of one site, whatever the agent asks for.
    :param image_timeout_s: how long an image may take beyond the event's start time, s.
    :param on_site: called with what became of each gated site.
    """
    loop = _GateLoop(acq, client, frames, limits, core, optics, site_of, image_timeout_s)
    shifts = CarriedShifts(carry_z)
    for planned in events:
        _check(acq, planned)
        site, channel, time_index = site_of(planned), _channel_of(planned), _time_of(planned)
        shift_um = shifts.get(site.name, channel, time_index)
        event = _shifted(planned, shift_um)
        if not (gate_if(planned) and (channels is None or channel in channels)):
            loop.observe(event)
            continue
        result = loop.gate(event, SiteAttempts(site, channel, time_index, limits, max_attempts))
        first_um, kept_um = result.attempts[0].z_um, result.kept.z_um
        if first_um is not None and kept_um is not None:
            shifts.found(site.name, channel, time_index, shift_um + kept_um - first_um)
        if on_site is not None:
            on_site(result)
    loop.finish()


def observing(
    client: FocusClient,
    *,
    optics: Optics | None = None,
    site_of: Callable[[Event], Site] = site_of_axes,
) -> Callable[[Any, Any], tuple[Any, Any]]:
    """An ``image_process_fn`` that sends every image to the agent, waits for nothing and passes it on."""

    def image_process_fn(image: Any, metadata: Any) -> tuple[Any, Any]:
        try:
            axes = dict(metadata.get("Axes", {}))
            event = {"axes": axes}
            frame = _frame_of(event, site_of(event), axes.get(ATTEMPT_AXIS, 0), metadata, None, None, optics)
            client.offer(image, frame)
        except Exception as error:
            log.warning("An image was not observed: %s", error)
        return image, metadata

    return image_process_fn


class _GateLoop:
    """Acquires single events and executes what the verdicts ask for.

    The drive is moved through events alone, since the Java engine skips the z of an event that equals the one
    before it and never looks where the drive is. A way back after the last retry is therefore left to the
    next event.
    """

    def __init__(
        self,
        acq: Any,
        client: FocusClient,
        frames: FrameCollector,
        limits: ZLimits,
        core: Any,
        optics: Optics | None,
        site_of: Callable[[Event], Site],
        image_timeout_s: float,
    ) -> None:
        self._acq = acq
        self._client = client
        self._frames = frames
        self._limits = limits
        self._core = core
        self._optics = optics
        self._site_of = site_of
        self._image_timeout_s = image_timeout_s
        self._started_s = time.monotonic()
        self._way_back_um: float | None = None

    def observe(self, event: Event) -> None:
        caught = self._acquire(event, 0)
        if caught is not None:
            try:
                self._client.offer(caught[0], self._frame(event, 0, caught[1], None))
            except Exception as error:
                log.warning("%s: not observed: %s", self._site_of(event).name, error)

    def gate(self, event: Event, attempts: SiteAttempts) -> SiteResult:
        """Acquires the event and its retries."""
        while True:
            number = attempts.number
            z_um, verdict = self._score(event, number, self._acquire(event, number))
            step = attempts.add(z_um, verdict)
            try:
                shift_um = self._execute(step, z_um)
            except Exception as error:
                step, shift_um = attempts.refuse(str(error)), 0.0
                self._way_back_um = attempts.result().kept.z_um
            if not step.again:
                return attempts.result()
            base_um = event.get("z", z_um)
            event = event if base_um is None else {**event, "z": base_um + shift_um}

    def finish(self) -> None:
        """Goes the way back that no event went."""
        if self._way_back_um is None or self._core is None:
            return
        try:
            drive = self._core.get_focus_device()
            self._core.set_position(drive, self._way_back_um)
            self._core.wait_for_device(drive)
        except Exception as error:
            log.warning("The drive did not return to %.3f um: %s", self._way_back_um, error)

    def _execute(self, step: Step, z_um: float | None) -> float:
        """Executes the action of a step; returns how far z shifts for a retry, um."""
        if step.autofocus:
            if self._core is None:
                raise RuntimeError("autofocus needs the core")
            self._core.full_focus()
            after_um = self._measured_z()
            refusal = None if after_um is None else self._limits.refusal(after_um, after_um)
            if refusal is not None:
                raise RuntimeError(f"after autofocus: {refusal}")
            return 0.0 if after_um is None or z_um is None else after_um - z_um
        if step.move_to_um is None or z_um is None:
            return 0.0
        if self._core is not None and self._core.is_continuous_focus_enabled():
            raise RuntimeError("a focus lock is engaged: the drive is not moved against it")
        if not step.again:
            self._way_back_um = step.move_to_um
        return step.move_to_um - z_um

    def _acquire(self, event: Event, number: int) -> tuple[Any, Any] | None:
        """Image and metadata of one event, None if no image came."""
        axes = {**event["axes"], ATTEMPT_AXIS: number}
        asked = {**event, "axes": axes}
        if "z" not in asked and self._way_back_um is not None:
            asked["z"] = self._way_back_um
        self._way_back_um = None
        timeout_s = self._image_timeout_s + float(event.get("exposure") or 0) / 1000
        if number > 0:
            asked.pop("min_start_time", None)
        elif "min_start_time" in event:
            elapsed_s = time.monotonic() - self._started_s
            timeout_s += max(0.0, float(event["min_start_time"]) - elapsed_s)
        self._acq.acquire(asked)
        return self._frames.take(axes, timeout_s)

    def _score(
        self, event: Event, number: int, caught: tuple[Any, Any] | None
    ) -> tuple[float | None, Verdict | None]:
        """Where the frame was taken, um, and its verdict."""
        name = self._site_of(event).name
        if caught is None:
            log.warning("%s: no image came", name)
            return None, None
        image, metadata = caught
        try:
            frame = self._frame(event, number, metadata, self._measured_z())
            return frame.z_um, self._client.score(image, frame)
        except Exception as error:
            log.warning("%s: unscored: %s", name, error)
            return None, None

    def _frame(self, event: Event, number: int, metadata: Any, z_um: float | None) -> Frame:
        return _frame_of(event, self._site_of(event), number, metadata, z_um, self._limits, self._optics)

    def _measured_z(self) -> float | None:
        if self._core is None:
            return None
        try:
            drive = self._core.get_focus_device()
            return float(self._core.get_position(drive)) if drive else None
        except Exception as error:
            log.debug("z cannot be read: %s", error)
            return None


def _frame_of(
    event: Mapping[str, Any],
    site: Site,
    number: int,
    metadata: Any,
    z_um: float | None,
    limits: ZLimits | None,
    optics: Optics | None,
) -> Frame:
    is_measured = z_um is not None
    z_index = event["axes"].get("z")
    bit_depth = metadata.get("BitDepth")
    return Frame(
        site=site,
        attempt=number,
        channel=_channel_of(event) or _text(metadata.get("Channel")),
        time_index=_time_of(event),
        z_index=z_index if isinstance(z_index, int) and z_index >= 0 else None,
        x_um=_number(event.get("x", metadata.get("XPosition_um_Intended"))),
        y_um=_number(event.get("y", metadata.get("YPosition_um_Intended"))),
        z_um=z_um if is_measured else _number(event.get("z", metadata.get("ZPosition_um_Intended"))),
        z_source="measured" if is_measured else "intended",
        z_limits_um=None if limits is None else limits.range_um,
        pixel_um=_number(metadata.get("PixelSizeUm") or metadata.get("PixelSize_um")) or None,
        exposure_ms=_number(event.get("exposure", metadata.get("Exposure"))),
        bit_depth=bit_depth if isinstance(bit_depth, int) and 8 <= bit_depth <= 16 else None,
        optics=optics,
        timestamp_ms=time.time() * 1000,
    )


def _check(acq: Any, event: Event) -> None:
    if not isinstance(event, dict) or "axes" not in event:
        raise ValueError(f"an event is a dict with axes, one at a time; got {event!r}")
    if ATTEMPT_AXIS in event["axes"]:
        raise ValueError(f"the axis {ATTEMPT_AXIS!r} is the gate's own: {event['axes']}")
    if "tags" in event and type(acq).__name__ == "PythonBackendAcquisition":
        raise ValueError("the Python backend of pycro-manager hangs on events with 'tags'")


def _key(axes: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    return frozenset(axes.items())


def _shifted(event: Event, shift_um: float) -> Event:
    return event if shift_um == 0 or "z" not in event else {**event, "z": event["z"] + shift_um}


def _channel_of(event: Mapping[str, Any]) -> str | None:
    channel = event["axes"].get("channel")
    if channel is None and event.get("config_group"):
        channel = event["config_group"][1]
    return None if channel is None else str(channel)


def _time_of(event: Mapping[str, Any]) -> int | None:
    time_index = event["axes"].get("time")
    return time_index if isinstance(time_index, int) and time_index >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None

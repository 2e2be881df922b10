"""Gates and observes acquisitions of pycro-manager, with its Python and its Java backend.

Threads: the gate loop runs in the caller's thread and hands over one event at a time; a ``FrameCollector`` as
the acquisition's ``image_process_fn`` receives each image in a thread of pycro-manager. The loop waits for
images with a timeout, since an image that never comes is not reported.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.dict_events import (
    ATTEMPT_AXIS,
    CAMERA_AXIS,
    DictEvents,
    Event,
    is_single_plane,
    site_of_axes,
)
from parfocal_bridge.events import Catch, Delivered
from parfocal_bridge.focus_core import FocusCore
from parfocal_bridge.focus_drive import FocusDrive
from parfocal_bridge.focus_lock import FocusLock
from parfocal_bridge.frame_collector import FrameCollector, Image
from parfocal_bridge.gate import Gate, failure_of
from parfocal_bridge.gate_rules import GateRules
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Optics, Site
from parfocal_bridge.orderly_exit import in_order
from parfocal_bridge.plan_reader import PlanReader, is_known_plan
from parfocal_bridge.said_once import SaidOnce
from parfocal_bridge.site import SiteResult
from parfocal_bridge.visits import Visit
from parfocal_bridge.watched_stacks import WatchedStacks

__all__ = [
    "ATTEMPT_AXIS",
    "Event",
    "FrameCollector",
    "gate_loop",
    "is_single_plane",
    "observing",
    "site_of_axes",
]


log = logging.getLogger(__name__)

_HOOKS = (
    "event_generation_hooks_",
    "before_hardware_hooks_",
    "before_z_hooks_",
    "after_hardware_hooks_",
    "after_camera_hooks_",
    "after_exposure_hooks_",
)
"""Where the engine of the Python backend keeps them."""


class _Acquisition:
    """What the loop needs of an ``Acquisition``, with either backend."""

    def __init__(self, acq: Any, frames: FrameCollector) -> None:
        self._acq = acq
        self._frames = frames
        self._started_s = time.monotonic()
        self._has_ended = False
        self._said = SaidOnce()
        self._due_s = 0.0
        self.is_python = type(acq).__name__ == "PythonBackendAcquisition"
        for name in _HOOKS if self.is_python else ():
            for hook in getattr(getattr(acq, "_acq", None), name, ()):
                hook._hook_fn = self._told(hook._hook_fn)

    def acquire(self, event: Event, count: int, image_timeout_s: float) -> Catch:
        """What came of an event. Raises what made the acquisition fail."""
        timeout_s = image_timeout_s + float(event.get("exposure") or 0) / 1000
        if "min_start_time" in event:
            self._due_s = self._started_s + float(event["min_start_time"])
            timeout_s += max(0.0, self._due_s - time.monotonic())
        try:
            self._acq.acquire(event)
        except Exception as error:
            if type(error).__name__ != "AcqAlreadyCompleteException":
                raise
            # pycro-manager keeps it and would raise it when the user's `with` block ends.
            if getattr(self._acq, "_exception", None) is error:
                self._acq._exception = None
            self._has_ended = True
            return Catch((), "the acquisition was aborted", is_skipped=True)
        frames = self._frames.take(event["axes"], timeout_s, count, self.is_over)
        if not frames and not self.is_over() and self._said.is_news("no image"):
            log.warning(
                "No image of %s came within %.1f s (said once): a hook left it out, the camera failed, or "
                "the acquisition's image_process_fn is not the FrameCollector that gate_loop has",
                event["axes"],
                timeout_s,
            )
        if count < 2:
            frames = tuple(Delivered(frame.image, frame.metadata) for frame in frames)
        return Catch(frames, "no image came")

    def is_waiting(self) -> bool:
        """True before the start time of an event."""
        return time.monotonic() < self._due_s

    def is_over(self) -> bool:
        """True once it was aborted. Raises what made it fail."""
        if self._frames.failure is not None:
            raise self._frames.failure
        if self._has_ended:
            return True
        failure = getattr(self._acq, "_exception", None)
        if failure is not None:
            raise failure
        engine = getattr(self._acq, "_acq", None)
        if engine is None:
            return hasattr(self._acq, "_acq")  # it has ended
        engine.check_for_exceptions()
        return bool(engine.is_abort_requested())

    def save(self, image: Image) -> None:
        """Saves an image with the Python backend, which takes one from its processor."""
        pixels, metadata = image
        tagged = self._acq._acq.core_.TaggedImage(metadata, pixels)
        self._acq._image_processor.output_queue.put(tagged)

    def _told(self, hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """What it raises: the Python backend prints and forgets that, and aborts as if its user had."""

        def told(event: Any) -> Any:
            try:
                with in_order():
                    return hook(event)
            except Exception as error:
                self._frames.failure = error
                raise

        return told


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
    gate_if: Callable[[Event], bool] | None = None,
    stacks: str = "gate",
    focus_lock: FocusLock | None = None,
    site_of: Callable[[Event], Site] = site_of_axes,
    carry_z: bool = False,
    start_at_suggested_z: bool = False,
    max_suggestion_um: float | None = None,
    autofocus: Callable[[], None] | None = None,
    max_attempts: int = 8,
    camera: str | None = None,
    image_timeout_s: float = 30.0,
    on_site: Callable[[SiteResult], None] | None = None,
) -> None:
    """Acquires the events one by one, each followed by its retries; returns when the last one is done.

    A retry is the same event at a new ``z``, with the axis ``attempt`` counting from 0. Without a verdict in
    time, or without an image, the loop goes on. If the acquisition is aborted, it goes home to the best z
    known and returns; if the acquisition fails, it raises why.

    Events are read one at a time, so that a generator may react to what became of the last one; z-stacks are
    read whole with one event more, and with ``start_at_suggested_z`` the plan is read up to the next event
    that is gated.

    :param acq: an ``Acquisition`` whose ``image_process_fn`` is ``frames``.
    :param limits: where the focus drive may be sent. A move outside is refused and ends the site.
    :param core: ``pycromanager.Core()``: z is measured then, and the action ``autofocus`` possible. Without
        it, z is the event's, and focus locks are not seen.
    :param optics: of the objective; by default the agent's setting.
    :param channels: channels to gate, all if None; the others are observed, at the z found on the gated one.
    :param gate_if: further events to only observe.
    :param stacks: ``gate``: a z-stack (axis ``z``) is judged as a whole, and shifted and acquired again with
        all channels of its slices where its focus lies outside; ``observe``: it is acquired as planned.
    :param focus_lock: what to do while a hardware focus lock is engaged; by default nothing is moved.
    :param site_of: which site an event is.
    :param carry_z: start later time points of a position at the z found there.
    :param start_at_suggested_z: start a site where the agent expects its focus, instead of at its planned z.
    :param max_suggestion_um: how far from the planned z that may be, um.
    :param autofocus: executes the action ``autofocus``; ``core.full_focus`` if None.
    :param max_attempts: most frames, or z-stacks, of one site, whatever the agent asks for.
    :param camera: of several cameras, the one whose images are judged; by default the first. The others are
        observed. Needs ``core``.
    :param image_timeout_s: how long an image may take beyond the event's start time, s.
    :param on_site: called with what became of each gated site.
    """
    rules = GateRules(
        limits, channels, gate_if, stacks, carry_z, start_at_suggested_z, max_suggestion_um, max_attempts
    )
    drive = FocusDrive(core, focus_lock or FocusLock.none(), limits, autofocus)
    own = _Acquisition(acq, frames)
    frames.begin(own.save if own.is_python else None)
    client.is_waiting = own.is_waiting
    cameras = _cameras_of(core)
    if camera is not None and camera not in cameras():
        raise ValueError(
            f"there is no camera {camera!r} that could gate; the cameras are {', '.join(cameras())}"
        )
    dict_events = DictEvents(optics, site_of, camera, cameras, client.names)
    is_known = is_known_plan(events)
    if is_known:
        dict_events.knows(_checked(events, own.is_python))
    gate = Gate(client, dict_events, drive, rules, on_site)

    def acquired(event: Event) -> Catch:
        count = 1 if CAMERA_AXIS in event["axes"] else max(1, len(cameras()))
        return own.acquire(event, count, image_timeout_s)

    try:
        plan = PlanReader(_checked(events, own.is_python), own.is_over, is_known)
        for visit in gate.visits(plan):
            frames.settle(_visited(gate, visit, acquired, own))
            if own.is_over():
                break
    except BaseException as error:
        gate.leave(failure_of(error))
        raise
    if own.is_over():
        frames.settle(gate.leave())
    else:
        gate.finish()


def _visited(
    gate: Gate[Event], visit: Visit[Event], acquired: Callable[[Event], Catch], own: _Acquisition
) -> int:
    """Acquires a visit and its retries; returns the attempt to keep."""
    shots = gate.visit(visit)
    try:
        shot = next(shots)
        while True:
            catch = acquired(shot)
            if own.is_over():
                return gate.leave()
            shot = shots.send(catch)
    except StopIteration as end:
        keep: int = end.value
        return keep


def observing(
    client: FocusClient,
    *,
    optics: Optics | None = None,
    site_of: Callable[[Event], Site] = site_of_axes,
) -> Callable[[Any, Any], tuple[Any, Any]]:
    """An ``image_process_fn`` that sends every image to the agent, waits for nothing and passes it on.

    The images of a z-stack (axis ``z``) are judged as one. Since an image does not tell how many slices there
    are, the last one is sent when something else is imaged, or nothing for two seconds.
    """
    events = DictEvents(optics, site_of, names=client.names)
    watched = WatchedStacks(client)

    def image_process_fn(image: Any, metadata: Any) -> tuple[Any, Any]:
        try:
            axes = dict(metadata.get("Axes", {}))
            event = {"axes": axes}
            frame = events.frame(event, axes.get(ATTEMPT_AXIS, 0), Delivered(image, metadata))
            frame = replace(frame, time_index=events.watched_time_index(event, metadata))
            watched.offer(image, frame, events.run_key(event))
        except Exception as error:
            client.unsent.note("an image", error)
        return image, metadata

    return image_process_fn


def _checked(events: Iterable[Event], is_python: bool) -> Iterator[Event]:
    """The events of a plan, each looked at before it is used."""
    for event in events:
        if not isinstance(event, dict) or "axes" not in event:
            raise ValueError(f"an event is a dict with axes, one at a time; got {event!r}")
        if ATTEMPT_AXIS in event["axes"]:
            raise ValueError(f"the axis {ATTEMPT_AXIS!r} is the gate's own: {event['axes']}")
        if "tags" in event and is_python:
            raise ValueError("the Python backend of pycro-manager hangs on events with 'tags'")
        yield event


def _cameras_of(core: Any) -> Callable[[], tuple[str, ...]]:
    return tuple if core is None else FocusCore(core).cameras

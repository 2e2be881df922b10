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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.dict_events import ATTEMPT_AXIS, DictEvents, Event, is_single_plane, site_of_axes
from parfocal_bridge.focus_drive import FocusDrive
from parfocal_bridge.focus_lock import FocusLock
from parfocal_bridge.gate import Gate, GateRules
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Optics, Site
from parfocal_bridge.site import SiteResult

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

_MAX_HELD = 4


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
    gate_if: Callable[[Event], bool] | None = None,
    stacks: str = "gate",
    focus_lock: FocusLock | None = None,
    site_of: Callable[[Event], Site] = site_of_axes,
    carry_z: bool = False,
    start_at_suggested_z: bool = False,
    max_suggestion_um: float | None = None,
    autofocus: Callable[[], None] | None = None,
    max_attempts: int = 8,
    image_timeout_s: float = 30.0,
    on_site: Callable[[SiteResult], None] | None = None,
) -> None:
    """Acquires the events one by one, each followed by its retries; returns when the last one is done.

    A retry is the same event at a new ``z``, with the axis ``attempt`` counting from 0. Without a verdict in
    time, or without an image, the loop goes on.

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
    :param image_timeout_s: how long an image may take beyond the event's start time, s.
    :param on_site: called with what became of each gated site.
    """
    rules = GateRules(
        limits, channels, gate_if, stacks, carry_z, start_at_suggested_z, max_suggestion_um, max_attempts
    )
    drive = FocusDrive(core, focus_lock or FocusLock.none(), limits, autofocus)
    gate = Gate(client, DictEvents(optics, site_of), drive, rules, on_site)
    started_s = time.monotonic()
    shots = gate.shots(_checked(acq, events))
    try:
        shot = next(shots, None)
        while shot is not None:
            timeout_s = image_timeout_s + float(shot.get("exposure") or 0) / 1000
            if "min_start_time" in shot:
                timeout_s += max(0.0, float(shot["min_start_time"]) - (time.monotonic() - started_s))
            acq.acquire(shot)
            try:
                shot = shots.send(frames.take(shot["axes"], timeout_s))
            except StopIteration:
                return
    finally:
        shots.close()


def observing(
    client: FocusClient,
    *,
    optics: Optics | None = None,
    site_of: Callable[[Event], Site] = site_of_axes,
) -> Callable[[Any, Any], tuple[Any, Any]]:
    """An ``image_process_fn`` that sends every image to the agent, waits for nothing and passes it on."""
    events = DictEvents(optics, site_of)

    def image_process_fn(image: Any, metadata: Any) -> tuple[Any, Any]:
        try:
            axes = dict(metadata.get("Axes", {}))
            client.offer(image, events.frame({"axes": axes}, axes.get(ATTEMPT_AXIS, 0), metadata))
        except Exception as error:
            log.warning("An image was not observed: %s", error)
        return image, metadata

    return image_process_fn


def _checked(acq: Any, events: Iterable[Event]) -> Iterator[Event]:
    for event in events:
        if not isinstance(event, dict) or "axes" not in event:
            raise ValueError(f"an event is a dict with axes, one at a time; got {event!r}")
        if ATTEMPT_AXIS in event["axes"]:
            raise ValueError(f"the axis {ATTEMPT_AXIS!r} is the gate's own: {event['axes']}")
        if "tags" in event and type(acq).__name__ == "PythonBackendAcquisition":
            raise ValueError("the Python backend of pycro-manager hangs on events with 'tags'")
        yield event


def _key(axes: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    return frozenset(axes.items())

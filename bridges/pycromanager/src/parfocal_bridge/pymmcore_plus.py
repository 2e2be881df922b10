"""Gates and observes acquisitions of pymmcore-plus.

Threads: the runner of pymmcore-plus pulls events from the generator and emits ``frameReady`` in one and the
same thread, so a frame is there when the generator resumes, and the generator may use the core. Only the
socket to the agent lives elsewhere.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.focus_drive import FocusDrive
from parfocal_bridge.focus_lock import FocusLock
from parfocal_bridge.gate import Gate, GateRules
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Optics
from parfocal_bridge.site import SiteResult
from parfocal_bridge.useq_events import ATTEMPT_KEY, UseqEvents, is_single_plane

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

__all__ = ["ATTEMPT_KEY", "ObserveListener", "gated", "is_single_plane", "optics_of"]

log = logging.getLogger(__name__)

_LABEL_WITH_NA = re.compile(r"(\d+(?:\.\d+)?)\s*[xX]\s*/?\s*(?:NA\s*=?\s*)?([01]\.\d+)")


def gated(
    events: Iterable[MDAEvent],
    client: FocusClient,
    core: CMMCorePlus,
    *,
    limits: ZLimits,
    optics: Optics | None = None,
    channels: Collection[str] | None = None,
    gate_if: Callable[[MDAEvent], bool] | None = None,
    stacks: str = "gate",
    focus_lock: FocusLock | None = None,
    carry_z: bool = False,
    start_at_suggested_z: bool = False,
    max_suggestion_um: float | None = None,
    autofocus: Callable[[], None] | None = None,
    plate: str | None = None,
    max_attempts: int = 8,
    frame_wait_s: float = 0.5,
    on_site: Callable[[SiteResult], None] | None = None,
) -> Iterator[MDAEvent]:
    """Yields the events, each followed by its retries: pass the result to ``core.run_mda``.

    Each event is acquired, its frame scored and the action executed. A retry is the same event at a new z,
    with ``event.metadata["parfocal_attempt"]`` counting from 0. Without a verdict in time the run goes on.

    Events are read one at a time, so that a generator may react to what became of the last one; z-stacks are
    read whole, and with ``start_at_suggested_z`` the plan is read up to the next event that is gated.

    :param limits: where the focus drive may be sent. A move outside is refused and ends the site.
    :param optics: of the objective; by default what its label says ("20x/0.75"), else the agent's setting.
    :param channels: channels to gate, all if None; the others are observed, at the z found on the gated one.
    :param gate_if: further events to only observe.
    :param stacks: ``gate``: a z-stack is judged as a whole, and shifted and acquired again with all channels
        of its slices where its focus lies outside; ``observe``: it is acquired as planned.
    :param focus_lock: what to do while a hardware focus lock is engaged; by default nothing is moved.
    :param carry_z: start later time points of a position at the z found there.
    :param start_at_suggested_z: start a site where the agent expects its focus, instead of at its planned z.
    :param max_suggestion_um: how far from the planned z that may be, um.
    :param autofocus: executes the action ``autofocus``; ``core.fullFocus`` if None. A planned
        ``HardwareAutofocus`` is passed on as it is; it is not used for the action, since the engine then adds
        what it found to every later z of the position, also where that was wrong.
    :param plate: name of the plate.
    :param max_attempts: most frames, or z-stacks, of one site, whatever the agent asks for.
    :param frame_wait_s: how long to wait for a frame that does not come at once, s.
    :param on_site: called with what became of each gated site, in the runner's thread.
    """
    rules = GateRules(
        limits, channels, gate_if, stacks, carry_z, start_at_suggested_z, max_suggestion_um, max_attempts
    )
    drive = FocusDrive(core, focus_lock or FocusLock.none(), limits, autofocus)
    gate = Gate(client, UseqEvents(core, optics or optics_of(core), plate), drive, rules, on_site)
    return _run(gate, events, core, frame_wait_s)


def _run(
    gate: Gate[MDAEvent], events: Iterable[MDAEvent], core: CMMCorePlus, frame_wait_s: float
) -> Iterator[MDAEvent]:
    _fit_grid_to_camera(events, core)
    catcher = _FrameCatcher()
    shots = gate.shots(events)

    def run_ended(*_: Any) -> None:
        """A run that is cancelled leaves this generator where it is, so that nobody else ends the search."""
        with contextlib.suppress(ValueError):  # it is at work in another thread
            shots.close()

    core.mda.events.frameReady.connect(catcher.frame_ready)
    core.mda.events.sequenceFinished.connect(run_ended)
    try:
        shot = next(shots, None)
        while shot is not None:
            catcher.arm()
            yield shot
            is_image = shot.action is None or shot.action.type == "acquire_image"
            try:
                shot = shots.send(catcher.take(frame_wait_s) if is_image else None)
            except StopIteration:
                return
    finally:
        core.mda.events.frameReady.disconnect(catcher.frame_ready)
        core.mda.events.sequenceFinished.disconnect(run_ended)
        shots.close()


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
        self._events = UseqEvents(core, optics or optics_of(core), plate)
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
            self._client.offer(image, self._events.frame(event, attempt, meta))
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

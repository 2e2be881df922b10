"""Gates and observes acquisitions of pymmcore-plus.

Threads: the runner pulls events from the generator and executes them in one and the same thread. What the
engine acquires is taken there, from the engine itself: a frame is there when the generator resumes, with any
event loop or none, and belongs to its event.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.engine_tap import EngineListener, EngineTap
from parfocal_bridge.events import Catch, Delivered
from parfocal_bridge.focus_engine import FocusEngine
from parfocal_bridge.gate import Gate
from parfocal_bridge.gated_sequence import GatedEvents, gated_sequence
from parfocal_bridge.hardware_check import HardwareCheck
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Optics
from parfocal_bridge.mmcore_gate import GateOptions, delivered_of, is_cancelled, make_gate, optics_of
from parfocal_bridge.orderly_exit import in_order
from parfocal_bridge.plan_reader import PlanReader, is_known_plan
from parfocal_bridge.runner_waits import RunnerWaits
from parfocal_bridge.useq_events import (
    ATTEMPT_KEY,
    UseqEvents,
    is_single_plane,
    is_told_by_events,
    planned_slices,
)
from parfocal_bridge.watched_stacks import WatchedStacks

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from typing_extensions import Unpack
    from useq import MDAEvent

log = logging.getLogger(__name__)

__all__ = [
    "ATTEMPT_KEY",
    "FocusEngine",
    "GateOptions",
    "ObserveListener",
    "gated",
    "is_single_plane",
    "optics_of",
]


def gated(
    events: Iterable[MDAEvent],
    client: FocusClient,
    core: CMMCorePlus,
    *,
    limits: ZLimits,
    **options: Unpack[GateOptions],
) -> Iterator[MDAEvent]:
    """Yields the events, each followed by its retries: pass the result to ``core.run_mda``.

    Each event is acquired, its frame scored and the action executed. A retry is the same event at a new z,
    with ``event.metadata["parfocal_attempt"]`` counting from 0. Without a verdict in time the run goes on.
    Listeners and files get the retries, too; where only the frames to keep are wanted, use ``FocusEngine``.

    Events are read one at a time, so that a generator may react to what became of the last one; z-stacks are
    read whole, and with ``start_at_suggested_z`` the plan is read up to the next event that is gated.

    :param limits: where the focus drive may be sent. A move outside is refused and ends the site.
    :param options: see ``GateOptions``.
    """
    if isinstance(core.mda.engine, FocusEngine):
        raise ValueError(
            "this core has a FocusEngine, which gates by itself: run the sequence without gated()"
        )
    from useq import MDASequence

    waits = RunnerWaits(core)
    client.is_waiting = waits.is_waiting
    gate = make_gate(client, core, limits, options)
    shots = GatedEvents(_run(gate, events, core, waits), lambda: gate.is_over)
    return gated_sequence(events, shots) if isinstance(events, MDASequence) else shots


def _run(
    gate: Gate[MDAEvent], events: Iterable[MDAEvent], core: CMMCorePlus, waits: RunnerWaits
) -> Generator[MDAEvent, None, None]:
    from useq import CustomAction, MDAEvent

    engine: Any = core.mda.engine
    if is_told_by_events(events):
        gate.knows(events)
    plan = PlanReader(gate.counted(events), functools.partial(is_cancelled, core), is_known_plan(events))
    shots = gate.shots(plan)
    catcher = _Catcher(gate.imaged, HardwareCheck(core))
    tap = EngineTap.of(engine)

    def ended() -> None:
        """A run that is cancelled leaves this generator where it is, so that nobody else ends the search."""
        shots.close()
        tap.leave(listener)

    listener = EngineListener(
        executed=catcher.executed, acquired=catcher.acquired, skipped=catcher.skipped, ended=ended
    )
    tap.listen(listener)
    with in_order():
        try:
            for shot in _executed(shots, catcher):
                waits.next_event = shot
                yield shot
            if gate.was_cancelled:
                # The runner takes the end of its events for that of the plan; this one it does not execute.
                yield MDAEvent(action=CustomAction(name="cancelled"))
        finally:
            ended()


def _executed(shots: Generator[MDAEvent, Catch, None], catcher: _Catcher) -> Iterator[MDAEvent]:
    shot = next(shots, None)
    while shot is not None:
        catcher.expect(shot)
        yield shot
        try:
            shot = shots.send(catcher.take())
        except StopIteration:
            return


class _Catcher:
    """Holds what came of the event that was yielded last.

    :param imaged: told of each frame of it.
    :param check: asked before its frames come.
    """

    def __init__(self, imaged: Callable[[], None], check: HardwareCheck) -> None:
        self._imaged = imaged
        self._check = check
        self._shot: MDAEvent | None = None
        self._frames: list[Delivered] = []
        self._why_none, self._is_skipped = "", True

    def expect(self, shot: MDAEvent) -> None:
        self._shot, self._frames = shot, []
        self._why_none, self._is_skipped = "the event was not executed", True

    def acquired(self, event: MDAEvent, image: Any, own_event: MDAEvent, metadata: Any) -> None:
        if self._is_expected(event) and not self._is_skipped:
            self._frames.append(delivered_of(image, own_event, metadata))
            self._imaged()

    def executed(self, event: MDAEvent) -> None:
        if self._is_expected(event):
            fault = self._check.fault(event)
            self._why_none, self._is_skipped = fault or "no frame came", fault is not None

    def skipped(self, event: MDAEvent, error: Exception) -> None:
        if self._is_expected(event):
            self._why_none, self._is_skipped = f"the engine skipped it: {error}", True

    def take(self) -> Catch:
        return Catch(tuple(self._frames), self._why_none, self._is_skipped)

    def _is_expected(self, event: MDAEvent) -> bool:
        """Somebody between may have made an event of his own of it, or put others between."""
        shot = self._shot
        if shot is None or event is shot:
            return shot is not None
        key = ATTEMPT_KEY
        is_attempt = key in event.metadata and event.metadata[key] == shot.metadata.get(key)
        return is_attempt and (event.index, event.pos_name) == (shot.index, shot.pos_name)


class ObserveListener:
    """Sends every frame of every acquisition of ``core`` to the agent, and waits for nothing.

    A z-stack is judged as one. Listens at once to the engine that the core has, and to the one that has taken
    its place when a run begins; ``close`` (or leaving its ``with`` block) ends that. It never raises in the
    runner. Frames of a gated run are left out: the agent has them already.
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
        self._optics = optics
        self._plate = plate
        self._events = self._new_run()
        self._stacks = WatchedStacks(client)
        self._tap = EngineTap.of(core.mda.engine)
        self._listener = EngineListener(started=self._started, acquired=self._acquired, ended=self._ended)
        self._tap.listen(self._listener)
        core.mda.events.sequenceStarted.connect(self._follow)

    def __enter__(self) -> ObserveListener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listens no more."""
        with contextlib.suppress(Exception):  # not connected any more
            self._core.mda.events.sequenceStarted.disconnect(self._follow)
        self._tap.leave(self._listener)
        self._stacks.end()

    def _new_run(self) -> UseqEvents:
        names = getattr(self._client, "names", None)
        return UseqEvents(self._core, self._optics or optics_of(self._core), self._plate, names)

    def _follow(self, *_: Any) -> None:
        """A run begins, perhaps with an engine that was registered after the one that is listened to."""
        try:
            tap = EngineTap.of(self._core.mda.engine)
        except RuntimeError as error:
            log.warning("Nothing is observed: %s", error)
            return
        if tap is self._tap:
            return
        self._tap.leave(self._listener)
        self._tap = tap
        self._started()
        tap.listen(self._listener)

    def _started(self, *_: Any) -> None:
        self._events = self._new_run()
        self._client.acquiring = True

    def _ended(self) -> None:
        self._client.acquiring = False
        self._stacks.end()

    def _acquired(self, _: MDAEvent, image: Any, event: MDAEvent, metadata: Any) -> None:
        if ATTEMPT_KEY in event.metadata:
            return
        try:
            event = self._events.counted(event)
            frame = self._events.frame(event, 0, delivered_of(image, event, metadata))
            size = 1 if self._events.is_plane(event) else planned_slices(event)
            self._stacks.offer(image, frame, self._events.run_key(event), size)
        except Exception as error:
            self._client.unsent.note("a frame", error)

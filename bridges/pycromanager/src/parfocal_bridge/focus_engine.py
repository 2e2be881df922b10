"""An engine of pymmcore-plus that gates: what is saved has the planned shape."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.events import NOTHING, Catch
from parfocal_bridge.gate import Gate, failure_of
from parfocal_bridge.hardware_check import HardwareCheck
from parfocal_bridge.held_visit import HeldVisit
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.mmcore_gate import GateOptions, delivered_of, is_cancelled, make_gate
from parfocal_bridge.orderly_exit import in_order
from parfocal_bridge.plan_reader import PlanReader, is_known_plan
from parfocal_bridge.runner_waits import RunnerWaits
from parfocal_bridge.useq_events import is_told_by_events
from parfocal_bridge.visits import Visit

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from pymmcore_plus.mda import SkipEvent
    from typing_extensions import Unpack
    from useq import MDAEvent, MDASequence

log = logging.getLogger(__name__)

_RUNNER_CLOCK = "runner_t0"
"""Where the runner tells the engine when the run began."""


class FocusEngine:
    """Gates every acquisition of a core: ``core.mda.set_engine(FocusEngine(core, client, limits=...))``.

    Each event, or z-stack, is acquired as often as the agent asks. Only the frames of the attempt to keep are
    given to the runner, so that files, displays and listeners get exactly the frames of the plan, each in its
    place; the retries are in the agent's record. A planned frame that the camera did not give stays empty.

    The frames of one site, and of one channel's z-stack, are held in memory until its last attempt, or until
    the run ends. Retries are no events of the runner's: nothing that listens to it is told when they start.

    :param engine: what drives the microscope; the engine that the core has now if None.
    :param options: as for ``gated``; see ``GateOptions``.
    """

    def __init__(
        self,
        core: CMMCorePlus,
        client: FocusClient,
        *,
        limits: ZLimits,
        engine: Any = None,
        **options: Unpack[GateOptions],
    ) -> None:
        inner = engine or core.mda.engine
        self.engine: Any = inner.engine if isinstance(inner, FocusEngine) else inner
        """What drives the microscope."""
        self._core = core
        self._client = client
        self._limits = limits
        self._options = options
        self._gate: Gate[MDAEvent] = make_gate(client, core, limits, options)
        self._check = HardwareCheck(core)
        self._waits = RunnerWaits(core)
        self._held: HeldVisit | None = None
        self._clock: float | None = None
        self._is_over = False

    def __getattr__(self, name: str) -> Any:
        """Whatever else the other engine offers."""
        return getattr(self.__dict__["engine"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        """What is not this engine's own is a setting of the other engine."""
        is_own = name.startswith("_") or name in vars(self) or hasattr(type(self), name)
        if is_own or "engine" not in vars(self):
            super().__setattr__(name, value)
        else:
            setattr(self.engine, name, value)

    def setup_sequence(self, sequence: MDASequence) -> Any:
        """A run begins."""
        summary = self.engine.setup_sequence(sequence)
        self._gate = make_gate(self._client, self._core, self._limits, self._options)
        self._check = HardwareCheck(self._core)
        self._client.is_waiting = self._waits.is_waiting
        self._held, self._is_over = None, False
        return summary

    def event_iterator(self, events: Iterable[MDAEvent]) -> Iterator[MDAEvent]:
        """The events of the plan. The next is read when the site before is finished."""
        if is_told_by_events(events):
            self._gate.knows(events)
        own = _of_engine(self.engine, events)
        plan = PlanReader(
            self._gate.counted(own), functools.partial(is_cancelled, self._core), is_known_plan(events)
        )
        with in_order():
            for visit in self._gate.visits(plan):
                self._held = self._hold(visit)
                for event in visit.events:
                    self._waits.next_event = event
                    yield event
        self._is_over = not self._gate.was_cancelled

    def setup_event(self, event: MDAEvent) -> None:
        """Nothing: it is done for each attempt."""

    def exec_event(self, event: MDAEvent) -> Iterator[Any]:
        """Acquires an event; what can be handed on by then, ``None`` for each frame that there is not."""
        held = self._held
        if held is None or held.next_event is not event:
            held = self._held = self._hold(self._gate.alone(event))
        self._clock = event.metadata.pop(_RUNNER_CLOCK, None)
        try:
            with in_order():
                held.acquire()
        except Exception as error:
            # The runner ends with this event: what is not handed on now is lost.
            self._end(held, failure_of(error))
            yield from held.ready()
            raise
        if is_cancelled(self._core):
            self._end(held)
        yield from held.ready()
        if held.next_event is None:
            self._held = None  # and with it the frames of other attempts

    def teardown_event(self, event: MDAEvent) -> None:
        """Nothing: it is done for each attempt."""

    def teardown_sequence(self, sequence: MDASequence) -> None:
        """A run is over."""
        if self._is_over:
            self._gate.finish()
        else:
            self._gate.leave()
        self._held = None
        getattr(self.engine, "teardown_sequence", _nothing)(sequence)

    def _hold(self, visit: Visit[MDAEvent]) -> HeldVisit:
        return HeldVisit(visit, self._gate, self._execute, self._waits)

    def _end(self, held: HeldVisit, failure: str | None = None) -> None:
        """The run ends in the middle of this visit, or just after it."""
        if held.is_held:
            held.end(self._gate.leave(failure))

    def _execute(self, shot: MDAEvent, payloads: list[Any]) -> Catch:
        """Fills ``payloads`` with what to hand on of a shot."""
        count = self._core.getNumberOfCameraChannels()
        skip, fault = self._run(shot, payloads)
        is_image = self._gate.is_image(shot)
        if skip is not None:
            payloads += [None] * (skip.num_frames * count if is_image else 0)
            return Catch((), f"the engine skipped it: {skip}", is_skipped=True)
        if not is_image:
            return NOTHING
        payloads[:] = _by_camera(payloads, count)
        if fault is not None:
            return Catch((), fault, is_skipped=True)
        return Catch(tuple(delivered_of(*payload) for payload in payloads if payload is not None))

    def _run(self, shot: MDAEvent, payloads: list[Any]) -> tuple[SkipEvent | None, str | None]:
        """Has the engine execute a shot, and adds what it gives; why it skips it, and what was refused."""
        from pymmcore_plus.mda import SkipEvent

        teardown = getattr(self.engine, "teardown_event", _nothing)
        if self._clock is not None:
            shot.metadata[_RUNNER_CLOCK] = self._clock
        try:
            self.engine.setup_event(shot)
        except SkipEvent as skip:
            teardown(shot)
            return skip, None
        else:
            fault = self._check.fault(shot)
            try:
                for payload in self.engine.exec_event(shot) or ():
                    payloads.append(payload)
            finally:
                teardown(shot)
            return None, fault
        finally:
            shot.metadata.pop(_RUNNER_CLOCK, None)  # the shot of an action is the user's own event


def _by_camera(payloads: Sequence[Any], cameras: int) -> list[Any]:
    """What an engine gave for one event, each frame in the place of its camera and ``None`` in others."""
    frames = [payload for payload in payloads if payload is not None]
    numbered = {event.index.get("cam"): (image, event, metadata) for image, event, metadata in frames}
    if len(numbered) == len(frames) and numbered.keys() <= set(range(cameras)):
        return [numbered.get(camera) for camera in range(cameras)]
    if len(payloads) == cameras:
        return list(payloads)
    return frames + [None] * (cameras - len(frames))


def _of_engine(engine: Any, events: Iterable[MDAEvent]) -> Iterator[MDAEvent]:
    """The events of a plan as the engine that drives the microscope wants them, one by one."""
    from pymmcore_plus.core import SequencedEvent
    from pymmcore_plus.mda import MDAEngine

    own = getattr(engine, "event_iterator", iter)
    # The default one but joins events for the hardware to trigger, and reads ahead for that.
    is_default = getattr(own, "__func__", None) is MDAEngine.event_iterator
    for event in (iter if is_default else own)(events):
        yield from event.events if isinstance(event, SequencedEvent) else (event,)


def _nothing(*_: Any) -> None:
    pass

"""An engine of pymmcore-plus that gates: what is saved has the planned shape."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from parfocal_bridge.client import FocusClient
from parfocal_bridge.events import Catch, Delivered
from parfocal_bridge.gate import Gate
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.mmcore_gate import GateOptions, delivered_of, is_cancelled, make_gate
from parfocal_bridge.useq_events import ATTEMPT_KEY
from parfocal_bridge.visits import Visit

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
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

    The frames of one site, and of one channel's z-stack, are held in memory until its last attempt.

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
        self._visit: Visit[MDAEvent] | None = None
        self._kept: dict[int, list[Any]] = {}
        self._is_over = False

    def __getattr__(self, name: str) -> Any:
        """Whatever else the other engine offers."""
        return getattr(self.__dict__["engine"], name)

    def setup_sequence(self, sequence: MDASequence) -> Any:
        """A run begins."""
        summary = self.engine.setup_sequence(sequence)
        self._gate = make_gate(self._client, self._core, self._limits, self._options)
        self._visit, self._kept, self._is_over = None, {}, False
        return summary

    def event_iterator(self, events: Iterable[MDAEvent]) -> Iterator[MDAEvent]:
        """The events of the plan. The next is read when the site before is finished."""
        for visit in self._gate.visits(events):
            self._visit = visit
            yield from visit.events
        self._is_over = True

    def setup_event(self, event: MDAEvent) -> None:
        """Nothing: it is done for each attempt."""

    def exec_event(self, event: MDAEvent) -> Iterator[Any]:
        """The frames to keep of an event; ``None`` for each that there is not."""
        if self._visit is None or not _holds(self._visit, event):
            self._visit = self._gate.alone(event)
        if id(event) not in self._kept:
            self._kept = self._acquired(self._visit, event.metadata.get(_RUNNER_CLOCK))
        # A generator, since the runner sends its wishes to what it gets.
        return (payload for payload in self._kept.pop(id(event)))

    def teardown_event(self, event: MDAEvent) -> None:
        """Nothing: it is done for each attempt."""

    def teardown_sequence(self, sequence: MDASequence) -> None:
        """A run is over."""
        if self._is_over:
            self._gate.finish()
        else:
            self._gate.leave()
        self._kept = {}
        getattr(self.engine, "teardown_sequence", _nothing)(sequence)

    def _acquired(self, visit: Visit[MDAEvent], clock: float | None) -> dict[int, list[Any]]:
        """What to hand on for each event of a visit, once its last attempt is done."""
        attempts: list[dict[int, tuple[Delivered, ...]]] = []
        shots = self._gate.visit(visit)
        keep = 0
        try:
            shot = next(shots)
            while True:
                number = shot.metadata.get(ATTEMPT_KEY, 0)
                if number == len(attempts):
                    attempts.append({})
                catch = self._execute(shot, clock)
                attempts[number][len(attempts[number])] = catch.frames
                if is_cancelled(self._core):
                    keep = self._gate.leave()
                    break
                shot = shots.send(catch)
        except StopIteration as end:
            keep = end.value
        return self._handed_on(visit, attempts[keep] if keep < len(attempts) else {})

    def _handed_on(
        self, visit: Visit[MDAEvent], taken: dict[int, tuple[Delivered, ...]]
    ) -> dict[int, list[Any]]:
        kept: dict[int, list[Any]] = {}
        images = iter(range(len(visit.events)))
        for event in visit.events:
            if not self._gate.is_image(event):
                kept[id(event)] = []
                continue
            frames = taken.get(next(images), ())
            missing = self._core.getNumberOfCameraChannels() - len(frames)
            kept[id(event)] = [frame.payload for frame in frames] + [None] * missing
        return kept

    def _execute(self, shot: MDAEvent, clock: float | None) -> Catch:
        from pymmcore_plus.mda import SkipEvent

        if clock is not None:
            shot.metadata[_RUNNER_CLOCK] = clock
        teardown = getattr(self.engine, "teardown_event", _nothing)
        try:
            self.engine.setup_event(shot)
        except SkipEvent as skip:
            teardown(shot)
            return Catch((), f"the engine skipped it: {skip}", is_skipped=True)
        try:
            payloads = [payload for payload in self.engine.exec_event(shot) or () if payload is not None]
        finally:
            teardown(shot)
        for _, event, _ in payloads:
            event.metadata.pop(_RUNNER_CLOCK, None)
        return Catch(tuple(delivered_of(*payload) for payload in payloads))


def _holds(visit: Visit[MDAEvent], event: MDAEvent) -> bool:
    return any(event is planned for planned in visit.events)


def _nothing(*_: Any) -> None:
    pass

"""Gates a plan: what is acquired next after each verdict, the same for all acquisition libraries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from parfocal_bridge.client import FocusClient
from parfocal_bridge.events import Events
from parfocal_bridge.focus_core import DriveError
from parfocal_bridge.focus_drive import FocusDrive
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Frame, NextSite, Stack, Verdict
from parfocal_bridge.placing import Placing
from parfocal_bridge.site import SiteAttempts, SiteResult, SiteStart, Step
from parfocal_bridge.start_z import StartZ
from parfocal_bridge.visits import Visit, Visits

log = logging.getLogger(__name__)

E = TypeVar("E")

Caught = tuple[Any, Any]
"""Image and metadata of an acquired event."""
SLICES_IN_FLIGHT = 3
"""Slices that may be unanswered when the next one is offered."""


@dataclass(frozen=True)
class GateRules(Generic[E]):
    """What is gated, and how far it may go; see the options of the adapters."""

    limits: ZLimits
    channels: Collection[str] | None = None
    gate_if: Callable[[E], bool] | None = None
    stacks: str = "gate"
    carry_z: bool = False
    start_at_suggested_z: bool = False
    max_suggestion_um: float | None = None
    max_attempts: int = 8

    def __post_init__(self) -> None:
        if self.stacks not in ("gate", "observe"):
            raise ValueError(f"stacks is gate or observe, not {self.stacks!r}")
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts must be at least 1: {self.max_attempts}")


class Gate(Generic[E]):
    """One gated run.

    :param on_site: called with what became of each gated site.
    """

    def __init__(
        self,
        client: FocusClient,
        events: Events[E],
        drive: FocusDrive,
        rules: GateRules[E],
        on_site: Callable[[SiteResult], None] | None = None,
    ) -> None:
        self._client = client
        self._events = events
        self._drive = drive
        self._rules = rules
        self._on_site = on_site
        self._placing = Placing(events, drive, rules.limits)
        carry_z = rules.carry_z and not drive.carries_z
        self._starts = StartZ(events, rules.limits, carry_z, rules.max_suggestion_um)
        self._open: Visit[E] | None = None
        """The visit that the agent wants a retry of."""

    def shots(self, plan: Iterable[E]) -> Generator[E, Caught | None, None]:
        """Yields the events to acquire; is sent what was acquired, None if no frame came."""
        visits = Visits(plan, self._events, self._is_gated, judges_stacks=self._rules.stacks == "gate")
        try:
            for visit in visits:
                self._placing.arrive(visit)
                if not visit.judged:
                    yield from self._observe(visit)
                    continue
                upcoming = visits.next_judged() if self._rules.start_at_suggested_z else None
                result = yield from self._judge(visit, upcoming)
                if self._on_site is not None:
                    self._on_site(result)
        except GeneratorExit:
            if self._open is not None:
                self._abandon(self._open, "cancelled", "the run was cancelled")
            raise
        self._placing.finish()

    def _is_gated(self, event: E) -> bool:
        rules = self._rules
        if rules.gate_if is not None and not rules.gate_if(event):
            return False
        return rules.channels is None or self._events.channel(event) in rules.channels

    def _observe(self, visit: Visit[E]) -> Generator[E, Caught | None, None]:
        for event in visit.events:
            if not self._events.is_image(event):
                self._starts.refocused_elsewhere()
                yield event
                continue
            self._placing.place(event, self._starts.shift_of(event))
            caught = yield self._placing.event(event, 0)
            if caught is not None:
                self._offer(event, 0, caught)

    def _judge(self, visit: Visit[E], upcoming: Visit[E] | None) -> Generator[E, Caught | None, SiteResult]:
        """Acquires a visit and its retries."""
        closing = visit.judged[-1]
        start = self._starts.start(visit, self._placing.planned_z(visit))
        shift_um = start_shift_um = (start.start_z_um or 0.0) - (start.planned_z_um or 0.0)
        attempts = SiteAttempts(
            self._events.site(closing),
            self._events.channel(closing),
            self._events.time_index(closing),
            self._rules.limits,
            self._rules.max_attempts,
            start,
        )
        while True:
            z_um, verdict = yield from self._attempt(visit, attempts.number, shift_um, start, upcoming)
            step = attempts.add(z_um, verdict)
            try:
                if self._placing.failure is not None:
                    raise self._placing.failure
                shift_um += self._execute(step, z_um, visit)
            except DriveError as error:
                step = attempts.refuse(str(error), error.why)
                self._placing.undo()
                self._placing.come_back(step.move_to_um)
            if not step.again:
                break
        result = attempts.result()
        if result.refused is not None or self._open is not None:
            why = result.refused_why or "other"
            self._abandon(visit, why, result.refused or "the retry got no verdict")
        self._open = None
        first_um, kept_um = result.attempts[0].z_um, result.kept.z_um
        if first_um is not None and kept_um is not None:
            self._starts.found(closing, start_shift_um + kept_um - first_um)
        if upcoming is not None and verdict is not None and verdict.next is not None and not result.refused:
            self._starts.suggested(upcoming, self._placing.planned_z(upcoming), verdict.next.z_um)
        return result

    def _attempt(
        self, visit: Visit[E], number: int, shift_um: float, start: SiteStart, upcoming: Visit[E] | None
    ) -> Generator[E, Caught | None, tuple[float | None, Verdict | None]]:
        """Acquires all events of a visit once; returns where the drive was, um, and the verdict."""
        offered: list[str] = []
        answer: tuple[float | None, Verdict | None] = (None, None)
        for event in visit.events:
            if not self._events.is_image(event):
                if number == 0:
                    yield event
                continue
            self._placing.place(event, shift_um)
            caught = yield self._placing.event(event, number)
            if caught is None:
                log.warning("%s: no frame came", self._events.site(event).name)
            elif event is visit.judged[-1]:
                answer = self._score(visit, number, caught, start, upcoming, offered)
            else:
                if offered:
                    self._client.wait_for_answers(offered, SLICES_IN_FLIGHT - 1)
                is_slice = any(event is judged for judged in visit.judged)
                stack = Stack(size=len(visit.judged)) if is_slice else None
                offered += self._offer(event, number, caught, stack, start.planned_z_um if is_slice else None)
        return answer

    def _score(
        self,
        visit: Visit[E],
        number: int,
        caught: Caught,
        start: SiteStart,
        upcoming: Visit[E] | None,
        offered: list[str],
    ) -> tuple[float | None, Verdict | None]:
        image, metadata = caught
        closing = visit.judged[-1]
        try:
            frame = self._frame(closing, number, metadata, start.planned_z_um)
            if len(visit.judged) > 1:
                waiting = self._client.wait_for_answers(offered, SLICES_IN_FLIGHT - 1)
                frame = replace(
                    frame,
                    stack=Stack(size=len(visit.judged)),
                    deadline_ms=self._client.deadline_ms * (1 + waiting),
                )
            frame = replace(frame, next=self._next_of(upcoming))
            verdict = self._client.score(image, frame)
            if verdict is not None:
                self._open = visit if verdict.acquire_again else None
        except Exception as error:
            log.warning("%s: unscored: %s", self._events.site(closing).name, error)
            return None, None
        # The z of a z-stack is that of its middle.
        return None if frame.z_um is None else frame.z_um - self._placing.off_middle(visit, closing), verdict

    def _offer(
        self,
        event: E,
        number: int,
        caught: Caught,
        stack: Stack | None = None,
        planned_z_um: float | None = None,
    ) -> list[str]:
        """Sends a frame that nobody waits for; its id, none if it cannot be sent."""
        try:
            frame = self._frame(event, number, caught[1], planned_z_um)
            return [self._client.offer(caught[0], replace(frame, stack=stack))]
        except Exception as error:
            log.warning("%s: not observed: %s", self._events.site(event).name, error)
            return []

    def _frame(self, event: E, number: int, metadata: Any, planned_z_um: float | None) -> Frame:
        frame = self._events.frame(event, number, metadata)
        return self._placing.describe(frame, event, planned_z_um)

    def _next_of(self, upcoming: Visit[E] | None) -> NextSite | None:
        planned_um = None if upcoming is None else self._placing.planned_z(upcoming)
        if upcoming is None or planned_um is None:
            return None
        event = upcoming.judged[-1]
        x_um, y_um = self._events.place(event)
        return NextSite(
            site=self._events.site(event),
            channel=self._events.channel(event),
            time_index=self._events.time_index(event),
            x_um=x_um,
            y_um=y_um,
            z_um=planned_um,
        )

    def _execute(self, step: Step, z_um: float | None, visit: Visit[E]) -> float:
        """Executes the action of a step; returns how far z shifts for a retry, um."""
        if step.autofocus:
            return self._drive.focus(z_um)
        if step.move_to_um is None or z_um is None:
            return 0.0
        self._placing.move(step, visit)
        return step.move_to_um - z_um

    def _abandon(self, visit: Visit[E], why: str, reason: str) -> None:
        event = visit.judged[-1]
        self._client.abandon(
            self._events.site(event),
            self._events.channel(event),
            self._events.time_index(event),
            why,
            reason,
        )

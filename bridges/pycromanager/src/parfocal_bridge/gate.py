"""Gates a plan: what is acquired next after each verdict, the same for all acquisition libraries."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar

from parfocal_bridge.callbacks import guarded
from parfocal_bridge.client import FocusClient
from parfocal_bridge.events import Catch, Events
from parfocal_bridge.focus_core import DriveError
from parfocal_bridge.focus_drive import FocusDrive
from parfocal_bridge.frame_sender import FrameSender
from parfocal_bridge.gate_rules import GateRules
from parfocal_bridge.placing import Placing
from parfocal_bridge.plan_reader import PlanReader
from parfocal_bridge.said_once import SaidOnce
from parfocal_bridge.site import Attempt, SiteAttempts, SiteResult, SiteStart, Step
from parfocal_bridge.start_z import StartZ
from parfocal_bridge.visits import Visit, Visits

log = logging.getLogger(__name__)

E = TypeVar("E")

MAX_REPORTED = 10_000
"""Most sites of a cancelled run that are reported as skipped."""


Shots = Generator[E, Catch, int]
"""Yields the events to acquire, is sent what came of each, and returns the attempt to keep."""


class Gate(Generic[E]):
    """One gated run.

    :param on_site: called with what became of each gated site.
    :param failure: says what ended a run before its plan, if that was an error; else it was cancelled.
    """

    def __init__(
        self,
        client: FocusClient,
        events: Events[E],
        drive: FocusDrive,
        rules: GateRules[E],
        on_site: Callable[[SiteResult], None] | None = None,
        failure: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._client = client
        self._events = events
        self._drive = drive
        self._rules = rules
        self._failure = failure
        self._on_site = guarded(on_site or _no_one, _no_one, "on_site")
        self._gate_if = guarded(rules.gate_if or _every_one, _every_one, "gate_if")
        self._placing = Placing(events, drive, rules.limits)
        self._sender = FrameSender(client, events, self._placing)
        carry_z = rules.carry_z and not drive.carries_z
        self._starts = StartZ(events, rules.limits, carry_z, rules.max_suggestion_um)
        self._visits: Visits[E] | None = None
        self._under_way: tuple[Visit[E], SiteAttempts] | None = None
        """A visit that has not ended."""
        self._announced: Visit[E] | None = None
        """A visit that has not begun, though the plan has been read past it."""
        self._has_frame = False
        self._keep = 0
        """The attempt to keep of the last visit that ended."""
        self.is_over = False
        """The run has ended, one way or another."""
        self._said = SaidOnce()
        self._was_stopped = False
        """A user has ended the run: nobody need be alarmed by what is left of it."""

    def knows(self, plan: Iterable[E]) -> None:
        """These events are all that is to come."""
        self._events.knows(plan)

    def counted(self, plan: Iterable[E]) -> Iterator[E]:
        """The events of a plan, told apart where it repeats some."""
        return map(self._events.counted, plan)

    def shots(self, plan: Iterable[E] | PlanReader[E]) -> Generator[E, Catch, None]:
        """All events of a plan with their retries. Closed before its end, it goes home."""
        try:
            for visit in self.visits(plan):
                yield from self.visit(visit)
        except BaseException as error:
            self.leave(failure_of(error))
            raise
        self.finish()

    def visits(self, plan: Iterable[E] | PlanReader[E]) -> Iterator[Visit[E]]:
        """What of a plan is acquired together, in the plan's order."""
        judges_stacks = self._rules.stacks == "gate"
        self._visits = Visits(plan, self._events, self._is_gated, judges_stacks)
        self._client.acquiring = True
        for visit in self._visits:
            self._announced = visit
            yield visit

    @property
    def was_cancelled(self) -> bool:
        """True if the plan gave no further event because the run was cancelled."""
        return self._visits is not None and self._visits.was_cancelled

    def visit(self, visit: Visit[E]) -> Shots[E]:
        """The events of a visit and their retries."""
        self._announced = None
        self._placing.arrive(visit)
        if not visit.judged:
            return (yield from self._observe(visit))
        with_next = self._visits is not None and self._rules.start_at_suggested_z
        upcoming = self._visits.next_judged() if with_next and self._visits is not None else None
        return (yield from self._judge(visit, upcoming))

    def finish(self) -> None:
        """The plan is over."""
        self.is_over, self._client.acquiring = True, False
        self._placing.finish()
        if self._visits is not None:
            self._visits.close()

    def leave(self, failure: str | None = None) -> int:
        """The run ends before its plan: home to the best z known, and word of the sites that nobody will see.

        Returns the attempt to keep of the site that was under way.

        :param failure: the error that ended the run; by default as ``failure`` says.
        """
        self.is_over, self._client.acquiring = True, False
        failure, keep = failure or self._failure(), self._keep
        self._was_stopped = failure is None
        reason = failure or "the run was cancelled"
        if self._under_way is not None:
            visit, attempts = self._under_way
            self._under_way = None
            if attempts.number > 0:
                attempts.refuse(reason, "cancelled")
                self._placing.come_back(attempts.best_z_um)
                result = attempts.result()
                keep = result.keep_attempt
                with contextlib.suppress(SystemExit, KeyboardInterrupt):  # it ends already
                    self._ended(visit, result)
            else:
                self._abandon(visit, "unscored" if self._has_frame else "skipped", reason)
        self._placing.finish()
        if self._visits is None:
            return keep
        announced = () if self._announced is None else (self._announced,)
        self._announced = None
        left = (visit for visit in itertools.chain(announced, self._visits.rest()) if visit.judged)
        with contextlib.suppress(SystemExit, KeyboardInterrupt):  # of gate_if
            for visit in itertools.islice(left, MAX_REPORTED):
                self._abandon(visit, "skipped", reason)
        self._visits.close()
        return keep

    def imaged(self) -> None:
        """A frame of the visit under way is there, whether or not the run goes on to judge it."""
        self._has_frame = True

    def is_image(self, event: E) -> bool:
        """True if the event acquires an image."""
        return self._events.is_image(event)

    def alone(self, event: E) -> Visit[E]:
        """An event of which nobody knows what comes after it: judged if it is a single plane."""
        event = self._events.counted(event)
        return next(iter(Visits([event], self._events, self._is_gated, judges_stacks=False)))

    def _is_gated(self, event: E) -> bool:
        channels = self._rules.channels
        if channels is not None and not any(name in channels for name in self._events.channel_names(event)):
            return False
        return self._gate_if(event)

    def _observe(self, visit: Visit[E]) -> Shots[E]:
        self._note_if_alone(visit)
        for event in visit.events:
            if not self._events.is_image(event):
                self._starts.refocused_elsewhere()
                yield event
                continue
            self._placing.place(event, self._starts.shift_of(event))
            catch = yield self._placing.event(event, 0)
            self._sender.offer(visit, event, 0, catch.frames)
        return 0

    def _note_if_alone(self, visit: Visit[E]) -> None:
        """A slice without its stack cannot be judged, and a run in the wrong order gates nothing at all."""
        event, *others = visit.events
        is_slice = self._events.is_image(event) and self._events.run_key(event) is not None
        if others or not is_slice or self._events.is_plane(event) or self._rules.stacks != "gate":
            return
        if self._is_gated(event) and self._said.is_news("alone"):
            log.warning(
                "%s: only watched, not gated: no other slice of its z-stack is known to follow (said once)",
                self._events.site(event).name,
            )

    def _judge(self, visit: Visit[E], upcoming: Visit[E] | None) -> Shots[E]:
        """Acquires a visit and its retries."""
        closing = visit.judged[-1]
        start = self._starts.start(visit, self._placing.planned_z(visit))
        shift_um = start_shift_um = (start.start_z_um or 0.0) - (start.planned_z_um or 0.0)
        attempts = SiteAttempts(
            self._events.site(closing),
            self._events.gated_channel(closing),
            self._events.time_index(closing),
            self._rules.limits,
            self._rules.max_attempts,
            start,
        )
        self._under_way, self._has_frame, self._keep = (visit, attempts), False, 0
        while True:
            attempt = yield from self._attempt(visit, attempts.number, shift_um, start, upcoming)
            step = attempts.take(attempt)
            try:
                if self._placing.failure is not None:
                    raise self._placing.failure
                shift_um += self._execute(step, attempt.z_um, visit)
            except DriveError as error:
                step = attempts.refuse(str(error), error.why)
                self._placing.undo()
                self._placing.come_back(step.move_to_um)
            if not step.again:
                break
        self._under_way = None
        result = attempts.result()
        first_um, kept_um = result.attempts[0].z_um, result.kept.z_um
        if first_um is not None and kept_um is not None:
            self._starts.found(closing, start_shift_um + kept_um - first_um)
        verdict = attempt.verdict
        if upcoming is not None and verdict is not None and verdict.next is not None and not result.refused:
            self._starts.suggested(upcoming, self._placing.planned_z(upcoming), verdict.next.z_um)
        self._keep = result.keep_attempt
        self._ended(visit, result)
        return result.keep_attempt

    def _attempt(
        self, visit: Visit[E], number: int, shift_um: float, start: SiteStart, upcoming: Visit[E] | None
    ) -> Generator[E, Catch, Attempt]:
        """Acquires all events of a visit once."""
        attempt = Attempt(None, None)
        self._sender.begin()
        for event in visit.events:
            if not self._events.is_image(event):
                if number == 0:
                    yield event
                continue
            self._placing.place(event, shift_um)
            catch = yield self._placing.event(event, number)
            gating = self._events.gating(catch.frames)
            others = [frame for frame in catch.frames if frame is not gating]
            self._sender.offer(visit, event, number, others)
            is_closing = event is visit.judged[-1]
            if gating is not None and is_closing:
                attempt = self._sender.score(visit, number, gating, start.planned_z_um, upcoming)
            elif gating is not None:
                self._sender.offer_slice(visit, event, number, gating, start.planned_z_um)
            elif is_closing:
                attempt = Attempt(None, None, catch.why_none, catch.is_skipped)
        return attempt

    def _execute(self, step: Step, z_um: float | None, visit: Visit[E]) -> float:
        """Executes the action of a step; returns how far z shifts for a retry, um."""
        if step.autofocus:
            return self._drive.focus(z_um)
        if step.move_to_um is None:
            return 0.0
        self._placing.move(step, visit)
        return 0.0 if z_um is None else step.move_to_um - z_um

    def _ended(self, visit: Visit[E], result: SiteResult) -> None:
        """Tells the agent what it cannot know, and the user."""
        if result.refused is not None:
            self._abandon(visit, result.refused_why or "other", result.refused)
        elif result.status != "judged":
            self._abandon(visit, result.status, result.reason, result.attempts[-1].unscored_id)
        self._on_site(result)

    def _abandon(self, visit: Visit[E], why: str, reason: str, frame_id: str | None = None) -> None:
        event = visit.judged[-1]
        self._client.abandon(
            self._events.site(event),
            self._events.gated_channel(event),
            self._events.time_index(event),
            why,
            reason,
            frame_id,
            cancelled=self._was_stopped,
        )


def failure_of(error: BaseException) -> str | None:
    """What ended a run; None if it was its user, who closed it or pressed Ctrl-C."""
    is_error = isinstance(error, Exception) and not isinstance(error, (SystemExit, KeyboardInterrupt))
    return f"the run ended with an error: {type(error).__name__}: {error}" if is_error else None


def _no_one(result: SiteResult) -> None:
    pass


def _every_one(event: object) -> bool:
    return True

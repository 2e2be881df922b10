"""Brings the focus to where each event wants it: through the event, or beside an engaged focus lock."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from parfocal_bridge.events import Events
from parfocal_bridge.focus_core import DriveError
from parfocal_bridge.focus_drive import FocusDrive
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Frame, LockReport
from parfocal_bridge.site import Step
from parfocal_bridge.visits import Visit

log = logging.getLogger(__name__)

E = TypeVar("E")


class Placing(Generic[E]):
    """Where the drive has to be for an event, and how it gets there.

    Without a lock the events carry their z, and the engine moves the drive. While a lock is engaged they
    carry none: what the plan and the agent ask for within a position, relative to its first event, is done
    here if ``FocusLock`` says how. If it says ``none``, slices of z-stacks keep the z of the plan.
    """

    def __init__(self, events: Events[E], drive: FocusDrive, limits: ZLimits) -> None:
        self._events = events
        self._drive = drive
        self._limits = limits
        self._lock: LockReport | None = None
        self._place: Hashable = None
        self._reference_um: float | None = None
        self._home_um: float | None = None
        """Offset, or drive, of an engaged lock where this place is planned, um."""
        self._is_home_measured = False
        self._shift_um = 0.0
        self._base_um: float | None = None
        """Where a position without planned z was when its first frame was taken, um."""
        self._last_um: float | None = None
        self._way_back_um: float | None = None
        self.failure: DriveError | None = None

    def arrive(self, visit: Visit[E]) -> None:
        """A visit begins."""
        event = visit.events[0]
        place = self._place_of(event)
        is_new = place != self._place
        self._lock = self._drive.look(is_new_site=is_new)
        self.failure = None
        self._base_um = None
        if is_new and self._events.is_image(event):
            self._place = place
            self._reference_um = _middle(
                [self._events.planned_z(e) for e in visit.judged or visit.events if self._events.is_image(e)]
            )
            self._home_um = self._drive.home_um
            self._is_home_measured = self._home_um is not None
            if self._home_um is None and not self._drive.follows_events:
                self._home_um = self._drive.read()

    def planned_z(self, visit: Visit[E]) -> float | None:
        """Planned z of what a visit judges, for a z-stack that of its middle, um; None if not known."""
        return _middle([self._planned_z(event) for event in visit.judged])

    def off_middle(self, visit: Visit[E], event: E) -> float:
        """How far an event lies from the middle of what its visit judges, um."""
        middle_um, z_um = self.planned_z(visit), self._planned_z(event)
        return 0.0 if middle_um is None or z_um is None else z_um - middle_um

    def place(self, event: E, shift_um: float) -> None:
        """Before an event is acquired; where the drive refuses, ``failure`` says so and it stays."""
        planned_um = self._planned_z(event)
        self._shift_um = shift_um
        if planned_um is None:
            return
        if shift_um != 0 and not self._limits.allows(planned_um + shift_um):
            log.warning("%s: %.3f um beside its plan is outside the limits", self._name(event), shift_um)
            self._shift_um = 0.0
        if self._drive.follows_events:
            return
        try:
            to_um = planned_um + self._shift_um
            if not self._limits.allows(to_um):
                raise DriveError(f"z {to_um:.3f} um is outside the limits", "limits")
            self._drive.go(to_um)
        except DriveError as error:
            log.warning("%s: acquired where the drive is: %s", self._name(event), error)
            self.failure = error

    def event(self, event: E, attempt: int) -> E:
        """The event as it is to be acquired, after ``place``."""
        if not self._drive.follows_events:
            is_slice = self._events.run_key(event) is not None
            if is_slice and self._drive.leaves_stacks_to_plan:
                return self._events.at(event, attempt, 0.0, None)
            return self._events.without_z(event, attempt)
        base_um, self._way_back_um = self._way_back_um, None
        if base_um is None and self._shift_um != 0:
            base_um = self._base_um
        return self._events.at(event, attempt, self._shift_um, base_um)

    def describe(self, frame: Frame, event: E, planned_z_um: float | None) -> Frame:
        """The frame with where the drive is, where it was planned, and the lock as it is now."""
        self._lock = self._drive.look()
        own_planned_um = self._planned_z(event)
        if not self._drive.follows_events or frame.z_source != "measured":
            measured_um = self._drive.read()
            if measured_um is not None:
                frame = replace(frame, z_um=measured_um, z_source="measured")
            elif own_planned_um is not None:
                frame = replace(frame, z_um=own_planned_um + self._shift_um)
        self._last_um = frame.z_um
        if frame.z_um is not None:
            if self._base_um is None:
                self._base_um = frame.z_um - self._shift_um
            if not self._is_home_measured and not self._drive.follows_events:
                # A lock that is only paused followed the sample on the way here.
                self._home_um = frame.z_um - self._shift_um - self._beside_reference(event)
                self._is_home_measured = True
        return replace(
            frame,
            planned_z_um=own_planned_um if planned_z_um is None else planned_z_um,
            z_limits_um=self._limits.range_um,
            focus_lock=self._lock,
        )

    def move(self, step: Step, visit: Visit[E]) -> None:
        """Makes the move of a step: now, so that a drive's refusal ends the site and not the run."""
        assert step.move_to_um is not None
        if not step.again:
            if self._events.way_back_by_event and self._drive.follows_events and self._drive.may_move:
                self._way_back_um = step.move_to_um
            else:
                self._drive.go(step.move_to_um, step.via_um)
            return
        # A z-stack begins anew: the stop is on the way to its first slice.
        first_um = self.off_middle(visit, visit.judged[0])
        via_um = None if step.via_um is None else step.via_um + first_um
        self._drive.go(step.move_to_um + first_um, via_um)

    def come_back(self, to_um: float | None) -> None:
        """Back to a z of this site without a frame; nothing if that is not known, not allowed, or fails."""
        if to_um is None or not self._drive.may_move:
            return
        if self._events.way_back_by_event and self._drive.follows_events:
            self._way_back_um = to_um
            return
        self._go_quietly(to_um)

    def undo(self) -> None:
        """After a move that failed: back to the last frame's z, where the engine takes the drive to be."""
        if self._last_um is not None and self._drive.may_move:
            self._go_quietly(self._last_um)

    def finish(self) -> None:
        """Goes the way back that no event went."""
        if self._way_back_um is not None:
            self._go_quietly(self._way_back_um)

    def _go_quietly(self, to_um: float) -> None:
        try:
            self._drive.go(to_um)
        except DriveError as error:
            log.warning("The drive did not return to %.3f um: %s", to_um, error)

    def _planned_z(self, event: E) -> float | None:
        if self._drive.follows_events:
            return self._events.planned_z(event)
        if not self._drive.may_move:
            return None
        home_um = self._home_um if self._place_of(event) == self._place else self._drive.home_um
        return None if home_um is None else home_um + self._beside_reference(event)

    def _beside_reference(self, event: E) -> float:
        z_um = self._events.planned_z(event)
        if z_um is None or self._reference_um is None or self._place_of(event) != self._place:
            return 0.0
        return z_um - self._reference_um

    def _place_of(self, event: E) -> Hashable:
        return self._events.site(event), self._events.round_index(event)

    def _name(self, event: E) -> str:
        return self._events.site(event).name


def _middle(z_um: Sequence[float | None]) -> float | None:
    """Half way between the lowest and the highest, um; None unless all are known."""
    known = [value for value in z_um if value is not None]
    return (min(known) + max(known)) / 2 if known and len(known) == len(z_um) else None

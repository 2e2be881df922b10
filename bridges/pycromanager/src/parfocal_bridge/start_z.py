"""At which z a site begins: planned, found there before, or suggested by the agent."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from parfocal_bridge.events import Events
from parfocal_bridge.limits import SINGLE_PLANE, Span, ZLimits
from parfocal_bridge.shifts import CarriedShifts
from parfocal_bridge.site import SiteStart
from parfocal_bridge.visits import Visit

log = logging.getLogger(__name__)

E = TypeVar("E")


@dataclass(frozen=True)
class _Suggestion(Generic[E]):
    """Focus is expected ``shift_um`` from the planned z of a visit to come, um."""

    visit: Visit[E]
    shift_um: float


class StartZ(Generic[E]):
    """What earlier sites taught about the z of the next ones, as shifts from their planned z.

    :param max_suggestion_um: how far from the planned z a suggestion may lie, um; by default as far as a
        single move.
    """

    def __init__(
        self, events: Events[E], limits: ZLimits, carry_z: bool, max_suggestion_um: float | None
    ) -> None:
        if max_suggestion_um is not None and not max_suggestion_um > 0:
            raise ValueError(f"max_suggestion_um must be positive: {max_suggestion_um}")
        self._events = events
        self._limits = limits
        self._max_suggestion_um = max_suggestion_um
        self._shifts = CarriedShifts(carry_z)
        self._suggestion: _Suggestion[E] | None = None

    def shift_of(self, event: E) -> float:
        """How far from its plan an event is acquired, um: as found at its position, or suggested for it."""
        name, time_index = self._events.site(event).name, self._events.round_index(event)
        image = (self._events.channel(event), self._events.z_index(event))
        self._shifts.arrive(name, time_index, image, self._events.planned_z(event))
        suggestion = self._suggestion
        if suggestion is not None and self._place_of(event) == self._place_of(suggestion.visit.judged[-1]):
            return suggestion.shift_um
        return self._shifts.get(name, self._events.channel(event), time_index)

    def found(self, event: E, shift_um: float) -> None:
        """A site ended this far from its plan, um."""
        self._shifts.found(
            self._events.site(event).name,
            self._events.channel(event),
            self._events.round_index(event),
            shift_um,
        )

    def suggested(self, visit: Visit[E], planned_um: float | None, z_um: float) -> None:
        """The agent expects focus at a visit to come there, um; refused where it may not start there."""
        refusal = "its planned z is not known"
        if planned_um is not None:
            refusal = self._refusal(planned_um, z_um, self._span(visit)) or ""
        if planned_um is None or refusal:
            log.warning(
                "%s: the suggestion is refused: %s", self._events.site(visit.judged[-1]).name, refusal
            )
        else:
            self._suggestion = _Suggestion(visit, z_um - planned_um)

    def refocused_elsewhere(self) -> None:
        """An action of the plan came between, an autofocus perhaps: the suggestion does not know of it."""
        self._suggestion = None

    def start(self, visit: Visit[E], planned_um: float | None) -> SiteStart:
        """Where a visit begins.

        :param planned_um: planned z, for a z-stack that of its middle, um; None if not known.
        """
        span_um = self._span(visit)
        is_suggested = self._suggestion is not None and self._suggestion.visit is visit
        shift_um = self.shift_of(visit.judged[-1])
        self._suggestion = None
        if planned_um is None:
            return SiteStart(span_um=span_um)
        start_um = planned_um + shift_um
        if shift_um != 0 and self._limits.refusal(start_um, start_um, span_um) is not None:
            start_um = planned_um
        return SiteStart(planned_um, start_um, is_suggested, span_um)

    def _refusal(self, planned_um: float, z_um: float, span_um: Span) -> str | None:
        distance_um = abs(z_um - planned_um)
        if self._max_suggestion_um is not None and distance_um > self._max_suggestion_um:
            return f"it lies {distance_um:.3f} um from the plan, more than {self._max_suggestion_um} um"
        return self._limits.refusal(planned_um, z_um, span_um)

    def _span(self, visit: Visit[E]) -> Span:
        planned = [self._events.planned_z(event) for event in visit.judged]
        known = [z_um for z_um in planned if z_um is not None]
        if len(known) < 2 or len(known) < len(planned):
            return SINGLE_PLANE
        middle_um = (min(known) + max(known)) / 2
        return (min(known) - middle_um, max(known) - middle_um)

    def _place_of(self, event: E) -> Hashable:
        return self._events.site(event), self._events.round_index(event)

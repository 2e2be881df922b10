"""What is sent to the agent of the frames of a visit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from parfocal_bridge.client import FocusClient
from parfocal_bridge.events import Delivered, Events, with_camera
from parfocal_bridge.messages import Frame, NextSite, Stack
from parfocal_bridge.placing import Placing
from parfocal_bridge.site import Attempt
from parfocal_bridge.visits import Visit

log = logging.getLogger(__name__)

E = TypeVar("E")

SLICES_IN_FLIGHT = 3
"""Slices that may be unanswered when the next one is offered."""


class FrameSender(Generic[E]):
    """Describes frames, sends them, and waits for the verdict on the last of a visit. Raises nothing."""

    def __init__(self, client: FocusClient, events: Events[E], placing: Placing[E]) -> None:
        self._client = client
        self._events = events
        self._placing = placing
        self._slices: list[str] = []

    def begin(self) -> None:
        """A visit, or a retry of it, begins."""
        self._slices = []

    def offer(self, visit: Visit[E], event: E, number: int, frames: Sequence[Delivered]) -> None:
        """Sends frames that nobody waits for, each by its own channel: an engine may make several of one."""
        for delivered in frames:
            stack, channel = self._watched_stack(visit, event), delivered.channel
            self._offer(event, number, delivered, stack, channel=channel)

    def offer_slice(
        self, visit: Visit[E], event: E, number: int, delivered: Delivered, planned_z_um: float | None
    ) -> None:
        """Sends an event of a z-stack before the last one, no faster than they are answered."""
        if self._slices:
            self._client.wait_for_answers(self._slices, SLICES_IN_FLIGHT - 1)
        is_judged = any(event is judged for judged in visit.judged)
        stack = Stack(size=len(visit.judged)) if is_judged else self._watched_stack(visit, event)
        self._slices += self._offer(event, number, delivered, stack, planned_z_um if is_judged else None)

    def score(
        self,
        visit: Visit[E],
        number: int,
        delivered: Delivered,
        planned_z_um: float | None,
        upcoming: Visit[E] | None,
    ) -> Attempt:
        """Sends the frame that closes a visit, and waits for the verdict."""
        closing = visit.judged[-1]
        try:
            frame = self._frame(closing, number, delivered, planned_z_um)
            if len(visit.judged) > 1:
                waiting = self._client.wait_for_answers(self._slices, SLICES_IN_FLIGHT - 1)
                frame = replace(
                    frame,
                    stack=Stack(size=len(visit.judged)),
                    deadline_ms=self._client.deadline_ms * (1 + waiting),
                )
            frame = replace(frame, next=self._next_of(upcoming))
            verdict = self._client.score(delivered.image, frame)
        except Exception as error:
            log.warning("%s: unscored: %s", self._events.site(closing).name, error)
            return Attempt(None, None, why_unscored=str(error))
        z_um = None if frame.z_um is None else frame.z_um - self._placing.off_middle(visit, closing)
        if verdict is not None:
            return Attempt(z_um, verdict)
        client = self._client
        return Attempt(z_um, None, why_unscored=client.why_unscored, unscored_id=client.unscored_id)

    def _offer(
        self,
        event: E,
        number: int,
        delivered: Delivered,
        stack: Stack | None,
        planned_z_um: float | None = None,
        channel: str | None = None,
    ) -> list[str]:
        """The id of the frame, none if it cannot be sent."""
        try:
            frame = self._frame(event, number, delivered, planned_z_um)
            if channel is not None:
                frame = replace(frame, channel=with_camera(channel, delivered.camera))
            return [self._client.offer(delivered.image, replace(frame, stack=stack))]
        except Exception as error:
            self._client.unsent.note(self._events.site(event).name, error)
            return []

    def _watched_stack(self, visit: Visit[E], event: E) -> Stack | None:
        """The z-stack of a channel or camera that nobody gates; None for a single plane."""
        images = [other for other in visit.events if self._events.is_image(other)]
        slices = [other for other in images if self._events.channel(other) == self._events.channel(event)]
        is_last = event is slices[-1]
        return Stack(size=len(slices), last=is_last or None) if len(slices) > 1 else None

    def _frame(self, event: E, number: int, delivered: Delivered, planned_z_um: float | None) -> Frame:
        frame = self._events.frame(event, number, delivered)
        return self._placing.describe(frame, event, planned_z_um)

    def _next_of(self, upcoming: Visit[E] | None) -> NextSite | None:
        planned_um = None if upcoming is None else self._placing.planned_z(upcoming)
        if upcoming is None or planned_um is None:
            return None
        event = upcoming.judged[-1]
        x_um, y_um = self._events.place(event)
        return NextSite(
            site=self._events.site(event),
            channel=self._events.gated_channel(event),
            time_index=self._events.time_index(event),
            x_um=x_um,
            y_um=y_um,
            z_um=planned_um,
        )

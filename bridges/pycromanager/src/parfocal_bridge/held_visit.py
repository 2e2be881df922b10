"""A visit while pymmcore-plus acquires it: its frames are held until the attempt to keep is known."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from parfocal_bridge.events import Catch
from parfocal_bridge.gate import Gate
from parfocal_bridge.runner_waits import RunnerWaits
from parfocal_bridge.visits import Visit

if TYPE_CHECKING:
    from useq import MDAEvent

Execute = Callable[["MDAEvent", list[Any]], Catch]
"""Acquires an event and fills the list with what to hand on of it: the payload of each frame, ``None`` for a
place that stays empty. Where it raises, the list has what came before."""


class HeldVisit:
    """Acquires a visit event by event, as the runner comes to them; the retries follow the last one.

    Of a visit that nobody judges nothing is held.

    """

    def __init__(
        self,
        visit: Visit[MDAEvent],
        gate: Gate[MDAEvent],
        execute: Execute,
        waits: RunnerWaits,
    ) -> None:
        self.visit = visit
        self._execute = execute
        self._waits = waits
        self._shots = gate.visit(visit)
        self._catch: Catch | None = None
        self._is_image = [gate.is_image(event) for event in visit.events]
        self._taken: dict[tuple[int, int], list[Any]] = {}
        """What came of each event, by attempt and place in the visit. Actions have but the first attempt."""
        self._reached = 0
        self._handed_on = 0
        self._keep = None if visit.judged else 0

    @property
    def next_event(self) -> MDAEvent | None:
        """The event that the runner comes to next; None after the last one."""
        return self.visit.events[self._reached] if self._reached < len(self.visit.events) else None

    @property
    def is_held(self) -> bool:
        """True while the attempt to keep is not known."""
        return self._keep is None

    def acquire(self) -> None:
        """Acquires the next event, and all retries after the last one.

        Returns when the event after it may start: a run that is cancelled while its runner waits for that
        would lose the frames that are held.
        """
        place, shot = self._reached, self._next_shot()
        assert shot is not None
        self._reached += 1
        self._take(shot, 0, place)
        if self.next_event is None:
            self._retry()
        elif self.is_held:
            self._waits.until_due(self.next_event)

    def end(self, keep: int) -> None:
        """The run ends before the visit: this attempt is handed on, as far as it came."""
        self._keep = keep

    def ready(self) -> Iterator[Any]:
        """What can be handed on by now, each frame once."""
        while self._keep is not None and self._handed_on < self._reached:
            place = self._handed_on
            self._handed_on += 1
            attempt = self._keep if self._is_image[place] else 0
            # Through a generator, since the runner sends its wishes to what it gets.
            yield from (payload for payload in self._taken.pop((attempt, place), ()))

    def _retry(self) -> None:
        images = [place for place, is_image in enumerate(self._is_image) if is_image]
        retries = ((attempt, place) for attempt in itertools.count(1) for place in images)
        while (shot := self._next_shot()) is not None and self._waits.while_paused():
            self._take(shot, *next(retries))

    def _take(self, shot: MDAEvent, attempt: int, place: int) -> None:
        payloads = self._taken[attempt, place] = []
        self._catch = self._execute(shot, payloads)

    def _next_shot(self) -> MDAEvent | None:
        """What to acquire next; None after the last attempt. Tells the gate what came of the shot before."""
        try:
            return next(self._shots) if self._catch is None else self._shots.send(self._catch)
        except StopIteration as end:
            self._keep = end.value
            return None

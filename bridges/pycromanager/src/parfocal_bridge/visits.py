"""Which events of a plan are judged together: single planes one by one, the slices of a z-stack as one."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from parfocal_bridge.plan_reader import NoEvent, PlanReader

E = TypeVar("E")
_E = TypeVar("_E", contravariant=True)

SLICE_WAIT_S = 2.0
"""A z-stack whose end is not known is over when the plan gives no event for so long, s."""


class ReadableEvents(Protocol[_E]):
    """What must be known of an event to tell what belongs together."""

    def is_image(self, event: _E) -> bool:
        """True if the event acquires an image."""
        ...

    def channel(self, event: _E) -> str | None:
        """Name of the channel."""
        ...

    def z_index(self, event: _E) -> Hashable:
        """The slice, None outside z-stacks."""
        ...

    def run_key(self, event: _E) -> Hashable:
        """Equal for the slices of one position and time, in all channels; None for what is no slice."""
        ...

    def is_plane(self, event: _E) -> bool:
        """True if the plan has no other slice of the channel at this position and time."""
        ...

    def ends_run(self, event: _E) -> bool:
        """True if the event is known to be the last slice of its position and time."""
        ...


@dataclass(frozen=True, eq=False)
class Visit(Generic[E]):
    """Events that are acquired one after the other, and again together.

    ``judged`` are those whose focus is judged: none, a single plane, or the slices of a z-stack, the last of
    which is gated.
    """

    events: tuple[E, ...]
    judged: tuple[E, ...] = ()


class Visits(Generic[E]):
    """Reads a plan, no further than needed.

    Single planes are read one at a time, so that a generator sees what became of one before it gives the
    next. A z-stack is read whole and, unless its end is known, with one event more, or until none comes for
    ``SLICE_WAIT_S``: whoever gives the events may be waiting for its frames. A slice alone is not judged,
    unless the plan has no other of its channel.

    :param is_gated: whether an event is to be judged.
    :param judges_stacks: z-stacks are judged as a whole; otherwise they are not judged.
    """

    def __init__(
        self,
        events: Iterable[E] | PlanReader[E],
        plan: ReadableEvents[E],
        is_gated: Callable[[E], bool],
        judges_stacks: bool,
    ) -> None:
        self._reader = events if isinstance(events, PlanReader) else PlanReader(events)
        self._plan = plan
        self._is_gated = is_gated
        self._judges_stacks = judges_stacks
        self._pushed_back: list[E] = []
        self._ahead: deque[Visit[E]] = deque()
        self.was_cancelled = False
        """True if there was no further event because the run was cancelled."""

    def __iter__(self) -> Iterator[Visit[E]]:
        while self._ahead or self._read():
            yield self._ahead.popleft()

    def next_judged(self) -> Visit[E] | None:
        """The next visit that is judged; reads the plan as far as that takes."""
        position = 0
        while position < len(self._ahead) or self._read():
            if self._ahead[position].judged:
                return self._ahead[position]
            position += 1
        return None

    def rest(self) -> Iterator[Visit[E]]:
        """What is left of a plan that is known as a whole; nothing of any other, which may wait for ever."""
        yield from self if self._reader.is_known else ()

    def close(self) -> None:
        """Reads no more."""
        self._reader.close()

    def _pull(self, patience_s: float | None = None) -> E | NoEvent:
        return self._pushed_back.pop() if self._pushed_back else self._reader.next(patience_s)

    def _read(self) -> bool:
        event = self._pull()
        if isinstance(event, NoEvent):
            self.was_cancelled = event is NoEvent.CANCELLED
            return False
        key = self._plan.run_key(event) if self._plan.is_image(event) else None
        if key is None:
            self._ahead.append(self._single(event))
        else:
            self._ahead.extend(self._split(self._run(event, key)))
        return True

    def _run(self, event: E, key: Hashable) -> list[E]:
        """The slices of one position and time, in all channels."""
        run, slices = [event], {self._slice(event)}
        while not self._plan.ends_run(run[-1]):
            event_or_end = self._pull(SLICE_WAIT_S)
            if isinstance(event_or_end, NoEvent):
                break
            is_repeated = self._plan.is_image(event_or_end) and self._slice(event_or_end) in slices
            if self._plan.run_key(event_or_end) != key or is_repeated:
                self._pushed_back.append(event_or_end)
                break
            run.append(event_or_end)
            if self._plan.is_image(event_or_end):
                slices.add(self._slice(event_or_end))
        return run

    def _slice(self, event: E) -> tuple[str | None, Hashable]:
        return self._plan.channel(event), self._plan.z_index(event)

    def _single(self, event: E) -> Visit[E]:
        is_judged = self._plan.is_image(event) and self._is_gated(event)
        return Visit((event,), (event,) if is_judged else ())

    def _split(self, run: list[E]) -> list[Visit[E]]:
        """Channel after channel gives a stack each; channels within each slice give one visit.

        In the latter the first gated channel is judged for all of them.
        """
        blocks: list[list[E]] = []
        waiting: list[E] = []  # actions before the image they prepare
        for event in run:
            waiting.append(event)
            if not self._plan.is_image(event):
                continue
            if blocks and self._plan.channel(blocks[-1][-1]) == self._plan.channel(event):
                blocks[-1].extend(waiting)
            else:
                blocks.append(waiting)
            waiting = []
        channels = [self._plan.channel(block[-1]) for block in blocks]
        is_interleaved = len(set(channels)) < len(channels)
        visits = [visit for block in ([run] if is_interleaved else blocks) for visit in self._of_block(block)]
        if not is_interleaved:
            visits += [Visit((event,)) for event in waiting]
        is_judged = any(visit.judged for visit in visits)
        return visits if is_judged or not self._judges_stacks else [self._by_plane(v) for v in visits]

    def _by_plane(self, visit: Visit[E]) -> Visit[E]:
        """Where no stack is gated, a gated channel that is imaged in one plane is judged by that."""
        images = filter(self._plan.is_image, visit.events)
        planes = (event for event in images if self._plan.is_plane(event) and self._is_gated(event))
        return Visit(visit.events, tuple(itertools.islice(planes, 1)))

    def _of_block(self, block: list[E]) -> list[Visit[E]]:
        images = [event for event in block if self._plan.is_image(event)]
        channels = dict.fromkeys(self._plan.channel(event) for event in images)
        stacks = [tuple(e for e in images if self._plan.channel(e) == channel) for channel in channels]
        stacks = [slices for slices in stacks if len(slices) > 1]
        if not stacks:  # slices that do not follow each other are meant to differ in focus
            return [Visit((event,)) for event in block]
        gated = [slices for slices in stacks if self._judges_stacks and all(map(self._is_gated, slices))]
        return [Visit(tuple(block), gated[0] if gated else ())]

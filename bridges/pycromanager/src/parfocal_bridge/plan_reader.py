"""Reads the events of a plan without being held up by one that does not come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, Generic, Literal, TypeVar

E = TypeVar("E")

_CANCEL_POLL_S = 0.05


class NoEvent(Enum):
    """Why there is no event: the plan is over, the run was cancelled meanwhile, or none came in time."""

    OVER = "over"
    CANCELLED = "cancelled"
    LATE = "late"


def is_known_plan(events: Iterable[object]) -> bool:
    """True for a list and a sequence of useq. Any other iterable may wait, have no end, or do something."""
    return isinstance(events, Sequence) or hasattr(events, "axis_order")


class PlanReader(Generic[E]):
    """One event after the other.

    A plan that may keep its reader waiting (such as ``iter(queue.get, None)`` or a generator) is read in a
    thread of its own, one event at a time and only when one is asked for, so that a run can be cancelled
    meanwhile. The event that such a thread waits for then is lost.

    :param is_cancelled: asked while an event does not come; None if the run cannot be cancelled.
    :param is_known: whether the whole plan is known; by default as ``is_known_plan`` says.
    """

    def __init__(
        self,
        events: Iterable[E],
        is_cancelled: Callable[[], bool] | None = None,
        is_known: bool | None = None,
    ) -> None:
        self._events = iter(events)
        self._is_cancelled = is_cancelled
        self.is_known = is_known_plan(events) if is_known is None else is_known
        """True if the whole plan is known: reading it takes no waiting and has no effect."""
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Callable[[], E | NoEvent]] = queue.SimpleQueue()
        self._is_waiting = False
        self._thread: threading.Thread | None = None

    def next(self, patience_s: float | None = None) -> E | NoEvent:
        """The next event; raises what the plan raises.

        :param patience_s: how long to wait for one, s; for ever if None. After ``LATE``, ask again.
        """
        if self.is_known or self._is_cancelled is None:
            return next(self._events, NoEvent.OVER)
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="parfocal-plan", daemon=True)
            self._thread.start()
        if not self._is_waiting:
            self._is_waiting = True
            self._asked.put(True)
        left_s = patience_s
        while True:
            step_s = _CANCEL_POLL_S if left_s is None else min(_CANCEL_POLL_S, left_s)
            try:
                answer = self._answers.get(timeout=step_s)
            except queue.Empty:
                if self._is_cancelled():
                    return NoEvent.CANCELLED
                if left_s is not None:
                    left_s -= step_s
                    if left_s <= 0:
                        return NoEvent.LATE
                continue
            self._is_waiting = False
            return answer()

    def close(self) -> None:
        """Reads no more."""
        self._asked.put(False)

    def _read(self) -> None:
        while self._asked.get():
            try:
                event: E | Literal[NoEvent.OVER] = next(self._events, NoEvent.OVER)
            except BaseException as error:
                self._answers.put(_raising(error))
            else:
                self._answers.put(_returning(event))


def _returning(value: Any) -> Callable[[], Any]:
    return lambda: value


def _raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail

"""Waits within an event as the runner of pymmcore-plus waits between events, where it cannot."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from parfocal_bridge.mmcore_gate import is_cancelled

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

_PAUSE_POLL_S = 0.1
_DUE_POLL_S = 0.5
"""Both as the runner has them."""


class RunnerWaits:
    """A pause of the run, and the start times of its events. A cancelled run waits for neither."""

    def __init__(self, core: CMMCorePlus) -> None:
        self._core = core
        self.next_event: MDAEvent | None = None
        """What the runner was given last."""

    def is_waiting(self) -> bool:
        """True while the run stands still as it is meant to."""
        runner: Any = self._core.mda
        if runner.is_paused() or runner.status.pause_requested:
            return True
        return self.next_event is not None and self._left_s(self.next_event) > 0

    def while_paused(self) -> bool:
        """Waits while the run is paused; false if it was cancelled."""
        runner: Any = self._core.mda
        while not is_cancelled(self._core):
            if not runner.status.pause_requested:
                return True
            time.sleep(_PAUSE_POLL_S)
            # As after a pause of the runner's own, later events start so much later.
            runner._paused_time = _paused_s(runner) + _PAUSE_POLL_S
        return False

    def until_due(self, event: MDAEvent) -> bool:
        """Waits until an event may start; false if the run was cancelled."""
        runner: Any = self._core.mda
        self.next_event = event
        while self.while_paused():
            left_s = self._left_s(event)
            if left_s <= 0:
                return True
            runner.events.awaitingEvent.emit(event, left_s)
            time.sleep(min(left_s, _DUE_POLL_S))
        return False

    def _left_s(self, event: MDAEvent) -> float:
        """Until an event may start, s; not above 0 if it may."""
        runner: Any = self._core.mda
        # An event that sets the clock back waits from there, which is the runner's business.
        start_s = 0.0 if event.reset_event_timer else event.min_start_time or 0.0
        return 0.0 if start_s == 0 else start_s + _paused_s(runner) - runner.event_seconds_elapsed()


def _paused_s(runner: Any) -> float:
    """How long the run has been paused, s; the runner tells nobody."""
    return getattr(runner, "_paused_time", 0.0)

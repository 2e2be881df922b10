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
        while self.while_paused():
            # An event that sets the clock back waits from there, which is the runner's business.
            start_s = 0.0 if event.reset_event_timer else event.min_start_time or 0.0
            left_s = start_s + _paused_s(runner) - runner.event_seconds_elapsed()
            if start_s == 0 or left_s <= 0:
                return True
            runner.events.awaitingEvent.emit(event, left_s)
            time.sleep(min(left_s, _DUE_POLL_S))
        return False


def _paused_s(runner: Any) -> float:
    """How long the run has been paused, s; the runner tells nobody."""
    return getattr(runner, "_paused_time", 0.0)

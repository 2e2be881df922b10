"""Pauses and start times within what an engine gates: it waits there as the runner does between events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from engine_runs import (
    SHIFTED_ONCE,
    STACK,
    failures_of_runs,
    gate,
    is_retry,
    noted_marks,
    once,
    sequence,
    stack_events,
)
from runs import RUN_S, move, scripted


class Pause:
    """Pauses the run of a core, and half a second later goes on or cancels."""

    def __init__(self, core: Any, end: Callable[[], None]) -> None:
        self.taken = -1
        """Exposures from the beginning of the run to the end of the pause."""
        self._core, self._end = core, end
        self._thread = threading.Thread(target=self._hold)

    def begin(self) -> None:
        self._core.mda.set_paused(True)
        self._thread.start()

    def _hold(self) -> None:
        time.sleep(0.5)
        self.taken = self._core.mda.engine.engine.taken
        self._end()

    def join(self) -> None:
        self._thread.join(RUN_S)


@pytest.mark.parametrize("in_retry", [False, True])
def test_a_pause_holds_within_a_stack_and_its_retries(in_retry: bool, core: Any) -> None:
    pause = Pause(core, lambda: core.mda.set_paused(False))
    begins = once(lambda event: is_retry(event) == in_retry and event.index["z"] == 0, pause.begin)
    core.mda.engine.exposing = begins
    with noted_marks(core) as noted:
        gate(core, scripted(*SHIFTED_ONCE), sequence([15.0], z_plan=STACK))
    pause.join()
    assert pause.taken == (4 if in_retry else 1)
    assert noted == [(0, 4), (1, 5), (2, 6)]


@pytest.mark.parametrize("in_retry", [False, True])
def test_a_cancel_ends_a_pause_within_a_stack(in_retry: bool, core: Any) -> None:
    pause = Pause(core, core.mda.cancel)
    begins = once(lambda event: is_retry(event) == in_retry and event.index["z"] == 1, pause.begin)
    core.mda.engine.exposing = begins
    with noted_marks(core) as noted:
        gate(core, scripted(move(-7)), sequence([7.0], z_plan=STACK))
    pause.join()
    assert str(core.mda.status.finish_reason) == "canceled"
    assert pause.taken == (5 if in_retry else 2)
    assert noted == ([(0, 1), (1, 2), (2, 3)] if in_retry else [(0, 1), (1, 2)])


def test_a_pause_holds_before_the_retry_of_a_plane(core: Any) -> None:
    pause = Pause(core, lambda: core.mda.set_paused(False))
    core.mda.engine.exposing = once(lambda _: True, pause.begin)
    with noted_marks(core) as noted:
        gate(core, scripted(move(-5), {"keepAttempt": 1}), sequence([5.0]))
    pause.join()
    assert (pause.taken, noted) == (1, [(0, 2)])


def test_slices_wait_for_their_start_times_and_retries_for_none(core: Any) -> None:
    exposed: list[tuple[int, float]] = []
    core.mda.engine.exposing = lambda event: exposed.append(
        (event.index["z"], core.mda.event_seconds_elapsed())
    )
    events = [
        event.model_copy(update={"min_start_time": 0.4 * i or None})
        for i, event in enumerate(stack_events([13.0, 15.0, 17.0]))
    ]
    gate(core, scripted(*SHIFTED_ONCE), events)
    assert [z for z, _ in exposed] == [0, 1, 2, 0, 1, 2]
    assert all(elapsed_s >= 0.4 * z for z, elapsed_s in exposed[:3])


def test_a_cancel_ends_the_wait_for_a_slice_and_saves_those_before(core: Any) -> None:
    first, second = stack_events([13.0, 15.0])
    core.mda.engine.exposing = lambda _: threading.Timer(0.5, core.mda.cancel).start()
    with noted_marks(core) as noted:
        gate(core, scripted({}), [first, second.model_copy(update={"min_start_time": 2 * RUN_S})])
    assert (noted, str(core.mda.status.finish_reason)) == ([(0, 1)], "canceled")


def test_the_event_that_a_cancelled_run_waits_for_is_told_of(core: Any) -> None:
    plan = sequence([0.0, 0.0], time_plan={"interval": 2 * RUN_S, "loops": 2}, axis_order="tp")
    core.mda.engine.exposing = once(
        lambda event: event.index["p"] == 1, threading.Timer(0.5, core.mda.cancel).start
    )
    _, agent = gate(core, scripted({}), plan)
    told = [(m["site"]["name"], m["timeIndex"], m["why"]) for (m,) in agent.received["abandon"]]
    assert told == [("P0", 1, "skipped"), ("P1", 1, "skipped")]


def test_the_event_whose_listener_ends_the_run_is_told_of(core: Any) -> None:
    def fail(event: Any) -> None:
        if event.index["p"] == 1:
            raise RuntimeError("a listener")

    core.mda.events.eventStarted.connect(fail)
    try:
        with failures_of_runs():
            _, agent = gate(core, scripted({}), sequence([0.0] * 3))
    finally:
        core.mda.events.eventStarted.disconnect(fail)
    assert [m["site"]["name"] for (m,) in agent.received["abandon"]] == ["P1", "P2"]

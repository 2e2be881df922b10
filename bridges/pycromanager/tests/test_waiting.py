"""A run that is paused, or waits for its next time point, has not stopped: nobody is told that it has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engine_runs import LIMITS, once, sequence
from fake_agent import WAIT_S, FakeAgent
from parfocal_bridge import FocusClient
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import FocusEngine, gated
from pycro_runs import acquire, noisy
from runs import ACCEPT, PATIENT_MS, RUN_S

HOURLY = {"interval": 3600, "loops": 2}


def beats(agent: FakeAgent, acquiring: bool) -> None:
    """Waits for the next heartbeat that says so."""
    seen, end_s = len(agent.received["heartbeat"]), time.monotonic() + WAIT_S
    while not any(m["acquiring"] is acquiring for m, *_ in agent.received["heartbeat"][seen:]):
        assert time.monotonic() < end_s, f"no heartbeat says {acquiring}"
        time.sleep(0.05)


@contextmanager
def running(core: Any, client: FocusClient, plan: Any, is_engine: bool) -> Iterator[threading.Thread]:
    """A run that is cancelled at the end of the block."""
    if is_engine:
        core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
    thread = core.run_mda(plan if is_engine else gated(plan, client, core, limits=LIMITS))
    try:
        yield thread
    finally:
        core.mda.cancel()
        thread.join(RUN_S)
        assert not thread.is_alive()


@pytest.mark.parametrize("is_engine", [True, False])
@pytest.mark.parametrize("z_plan", [None, {"range": 2, "step": 2}])
def test_between_time_points_it_is_not_said_to_acquire(z_plan: Any, is_engine: bool, core: Any) -> None:
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        plan = sequence([0.0], time_plan=HOURLY, **({} if z_plan is None else {"z_plan": z_plan}))
        with running(core, client, plan, is_engine):
            agent.wait_for("frame", 1)
            beats(agent, False)


@pytest.mark.parametrize("is_engine", [True, False])
def test_a_pause_is_no_stop_and_its_end_is_told(is_engine: bool, core: Any) -> None:
    def pause() -> None:
        core.mda.set_paused(True)

    def hold(agent: FakeAgent) -> Callable[[], None]:
        return lambda: beats(agent, True)

    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        at_pause = once(lambda event: event.index["p"] == 1, pause)
        at_end = once(lambda event: event.index["p"] == 2, hold(agent))
        core.mda.engine.exposing = lambda event: (at_pause(event), at_end(event))
        with running(core, client, sequence([0.0] * 3), is_engine) as thread:
            agent.wait_for("frame", 2)
            beats(agent, False)
            core.mda.set_paused(False)
            thread.join(RUN_S)
        assert str(core.mda.status.finish_reason) == "completed"


def test_pycro_manager_between_time_points(headless: Any) -> None:
    frames = FrameCollector(noisy())
    # It cannot be aborted while it waits, so that it is to wait for several heartbeats and no longer.
    events = [{"axes": {"position": 0, "time": t}, "z": 0, "min_start_time": 4 * t} for t in range(2)]
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        acquire(frames, lambda acq: gate_loop(acq, events, client, frames, limits=LIMITS))
        agent.wait_for("frame", 2)
    second = agent.received["frame"][1][0]["timestampMs"]
    said = [m["acquiring"] for m, *_ in agent.received["heartbeat"] if m["timestampMs"] < second - 100]
    assert said and said[-1] is False

"""Ctrl-C in the thread of a run, as in a notebook: its runner ends without telling anybody."""

from __future__ import annotations

import _thread
from collections.abc import Iterator
from typing import Any

import pytest

from engine_runs import LIMITS, counting_engine, is_retry, sequence
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import FocusEngine, gated
from pycro_runs import acquire
from runs import PATIENT_MS, RUN_S, move, scripted


@pytest.fixture
def own_core() -> Iterator[Any]:
    """One that nobody uses any more: it takes an interrupted run for one that goes on."""
    import pymmcore

    from beads import beads_core

    core = beads_core()
    with counting_engine(core):
        yield core
        core.mda._state = type(core.mda._state).IDLE
    pymmcore.CMMCore.registerCallback(core, None)


def interrupt(event: Any) -> bool:
    if is_retry(event):
        raise KeyboardInterrupt
    return False


@pytest.mark.parametrize("is_engine", [True, False])
@pytest.mark.parametrize("where", ["setup", "camera", "verdict"])
def test_a_search_that_is_interrupted_goes_home_and_all_sites_are_told(
    where: str, is_engine: bool, own_core: Any
) -> None:
    core, inner = own_core, own_core.mda.engine
    if where != "verdict":
        setattr(inner, {"setup": "skipping", "camera": "exposing"}[where], interrupt)
    scripted_answer, handed_on = scripted(move(-15.0), {"keepAttempt": 1}), []

    def answer(message: dict[str, Any]) -> list[bytes]:
        if where == "verdict" and message.get("attempt") == 1:
            _thread.interrupt_main()
            return []
        return scripted_answer(message)  # type: ignore[no-any-return]

    core.mda.events.frameReady.connect(lambda image, event, meta: handed_on.append(event.z_pos))
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            plan = sequence([5.0, 6.0])
            if is_engine:
                core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
            with pytest.raises(KeyboardInterrupt):
                core.mda.run(plan if is_engine else gated(plan, client, core, limits=LIMITS))
            assert core.getPosition() == 5
            assert client.acquiring is False
        agent.wait_for("bye", 1)
    told = [(m["site"]["name"], m["why"], m["cancelled"]) for (m,) in agent.received["abandon"]]
    assert told == [("P0", "cancelled", True), ("P1", "skipped", True)]
    assert handed_on[0] == 5


def test_a_loop_of_pycro_manager_that_is_interrupted_was_ended_by_its_user(headless: Any) -> None:
    def interrupt_at_b(event: dict[str, Any]) -> bool:
        if event["axes"]["position"] == "b":
            raise KeyboardInterrupt
        return True

    events = [{"axes": {"position": name}, "z": 5.0} for name in "abc"]
    frames = FrameCollector()
    with FakeAgent(answer=scripted({})) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            keyed: dict[str, Any] = dict(limits=LIMITS, gate_if=interrupt_at_b)
            with pytest.raises(KeyboardInterrupt):
                acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
        agent.wait_for("bye", 1)
    told = [(m["site"]["name"], m["why"], m["cancelled"]) for (m,) in agent.received["abandon"]]
    assert told == [("c", "skipped", True)]

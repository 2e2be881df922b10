"""The agent is told whether an acquisition runs: one that has stopped is not one that is over."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import FocusEngine, ObserveListener, gated
from pycro_runs import acquire, noisy
from runs import ACCEPT, PATIENT_MS, RUN_S, run

LIMITS = ZLimits(-40, 40)


@pytest.mark.parametrize("acquiring", [None, True, False])
def test_each_heartbeat_says_so(acquiring: bool | None) -> None:
    with FakeAgent() as agent, FocusClient(agent.address) as client:
        client.acquiring = acquiring
        agent.wait_for("heartbeat", 1)
    assert agent.received["heartbeat"][0][0].get("acquiring") is acquiring


def test_a_gated_run_says_so_until_it_ends(beads: Any) -> None:
    from beads import bead_events

    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        seen = [client.acquiring]
        keyed: dict[str, Any] = {"limits": LIMITS, "on_site": lambda _: seen.append(client.acquiring)}
        run(beads, gated(bead_events([0.0, 1.0]), client, beads, **keyed))
        assert [*seen, client.acquiring] == [None, True, True, False]


def test_a_cancelled_run_is_over(beads: Any) -> None:
    from beads import bead_events

    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = {"limits": LIMITS, "on_site": lambda _: beads.mda.cancel()}
        thread = beads.run_mda(gated(bead_events([0.0, 1.0]), client, beads, **keyed))
        thread.join(RUN_S)
        assert not thread.is_alive() and client.acquiring is False


@pytest.mark.parametrize("is_watching", [False, True])
def test_an_engine_that_gates_and_a_listener_that_watches_say_so(is_watching: bool, beads: Any) -> None:
    from beads import bead_events

    seen: list[bool | None] = []
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        beads.mda.events.frameReady.connect(lambda *_: seen.append(client.acquiring))
        if is_watching:
            with ObserveListener(beads, client):
                run(beads, bead_events([0.0, 1.0]))
        else:
            before = beads.mda.set_engine(FocusEngine(beads, client, limits=LIMITS))
            try:
                run(beads, bead_events([0.0, 1.0]))
            finally:
                beads.mda.set_engine(before)
        assert (seen, client.acquiring) == ([True, True], False)


def test_a_gated_acquisition_of_pycro_manager_says_so_until_it_ends(headless: Any) -> None:
    needs("pycromanager")
    from beads import bead_dicts

    frames = FrameCollector(noisy())
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        seen = [client.acquiring]
        keyed: dict[str, Any] = {"limits": LIMITS, "on_site": lambda _: seen.append(client.acquiring)}
        acquire(frames, lambda acq: gate_loop(acq, bead_dicts([0.0, 1.0]), client, frames, **keyed))
        assert [*seen, client.acquiring] == [None, True, True, False]


def test_a_gated_run_that_is_not_cancelled_has_the_events_of_its_plan_and_no_other(beads: Any) -> None:
    from beads import bead_events

    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        plan = list(bead_events([0.0, 1.0]))
        events = []

        def noted() -> Any:
            for event in gated(plan, client, beads, limits=LIMITS):
                events.append(event)
                yield event

        run(beads, noted())
    assert [(event.index["p"], event.action.type) for event in events] == [
        (event.index["p"], "acquire_image") for event in plan
    ]

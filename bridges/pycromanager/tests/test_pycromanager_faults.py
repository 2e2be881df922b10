"""Acquisitions of real pycro-manager, Python backend, whose agent dies, stops, is slow, or is shared."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from conftest import Agent
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from pycro_runs import acquire, noisy
from runs import ACCEPT, PATIENT_MS, RUN_S, move

LIMITS = ZLimits(-40, 40)


def sites(count: int, z_um: float = 0.0) -> list[dict[str, Any]]:
    from beads import bead_dicts

    return bead_dicts([z_um] * count)


def gate(client: FocusClient, core: Any, events: Iterable[Any], results: list[SiteResult]) -> Any:
    from beads import bead_optics

    frames = FrameCollector(noisy())
    keyed: dict[str, Any] = dict(limits=LIMITS, core=core, optics=bead_optics(), on_site=results.append)
    return acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))


def test_the_agent_is_killed_in_mid_run_and_gating_resumes_when_it_is_back(
    own_agent: Agent, headless: Any
) -> None:
    results: list[SiteResult] = []
    restarting = threading.Thread(target=own_agent.start)
    end_s = time.monotonic() + RUN_S / 2

    def events() -> Iterator[Any]:
        for number, event in enumerate(sites(400)):
            if number == 3:
                own_agent.kill()
            if number == 6:
                restarting.start()
            is_back = len(results) > 6 and all(result.unscored == 0 for result in results[-3:])
            if is_back or time.monotonic() > end_s:
                return
            yield event
            if number >= 6 and restarting.is_alive():
                restarting.join(0.05)

    with FocusClient(own_agent.address, deadline_ms=2000, misses_until_degraded=1) as client:
        assert client.wait_for_agent(RUN_S)
        dataset = gate(client, headless, events(), results)
    restarting.join(RUN_S)
    gap = [result.decision == "unscored" for result in results]
    assert gap[:6] == [False] * 3 + [True] * 3
    assert gap[-3:] == [False] * 3
    assert len(dataset.get_image_coordinates_list()) == sum(len(result.attempts) for result in results)


def test_a_stopped_agent_does_not_stop_the_acquisition(own_agent: Agent, headless: Any) -> None:
    results: list[SiteResult] = []

    def events() -> Iterator[Any]:
        for number, event in enumerate(sites(10)):
            if number == 2:
                own_agent.send(signal.SIGSTOP)
            yield event

    with FocusClient(own_agent.address, deadline_ms=3000, misses_until_degraded=1) as client:
        assert client.wait_for_agent(RUN_S)
        try:
            gate(client, headless, events(), results)
        finally:
            own_agent.send(signal.SIGCONT)
    assert [result.unscored for result in results] == [0] * 2 + [1] * 8


def test_an_agent_slower_than_the_deadline_does_not_stop_the_acquisition(headless: Any) -> None:
    is_over = threading.Event()

    def late(message: dict[str, Any]) -> list[bytes]:
        """Says to move, long after the deadline."""
        if message["type"] != "frame":
            return []
        is_over.wait(0.3)
        return [json.dumps({**ACCEPT, **move(3), "id": message["id"]}).encode()]

    results: list[SiteResult] = []
    with FakeAgent(answer=late) as agent, FocusClient(agent.address, deadline_ms=20) as client:
        gate(client, headless, sites(5, 6.0), results)
        is_over.set()
    assert [(result.decision, len(result.attempts)) for result in results] == [("unscored", 1)] * 5
    assert headless.get_position() == pytest.approx(6.0, abs=0.05)


def test_two_controllers_share_one_agent(agent: Agent, headless: Any, beads: Any) -> None:
    from beads import bead_events, bead_optics
    from parfocal_bridge.pymmcore_plus import gated
    from runs import run

    ours: list[SiteResult] = []
    others: list[SiteResult] = []
    with (
        FocusClient(agent.address, deadline_ms=PATIENT_MS, controller="pycro-manager") as one,
        FocusClient(agent.address, deadline_ms=PATIENT_MS, controller="pymmcore-plus") as two,
    ):
        assert one.wait_for_agent(RUN_S) and two.wait_for_agent(RUN_S)

        def other_microscope() -> None:
            events = bead_events([-7.0, 5.0, 0.0, 6.0])
            keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), on_site=others.append)
            run(beads, gated(events, two, beads, **keyed))

        thread = threading.Thread(target=other_microscope)
        thread.start()
        gate(one, headless, sites(4, 6.0), ours)
        thread.join(RUN_S)
        assert not thread.is_alive()
        assert one.counters.unscored == two.counters.unscored == 0
    for results, client in ((ours, one), (others, two)):
        assert len(results) == 4
        verdicts = [attempt.verdict for result in results for attempt in result.attempts]
        assert {verdict.session for verdict in verdicts if verdict is not None} == {client.session}
        assert all(
            result.kept.verdict is not None and result.kept.verdict.expected_level <= 1 for result in results
        )

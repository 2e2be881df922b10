"""Gated and observed acquisitions of real pycro-manager, Python backend, with a real agent."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from conftest import Agent
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, gate_loop, observing, site_of_axes
from pycro_runs import acquire, noisy
from runs import ACCEPT, PATIENT_MS, RUN_S

LIMITS = ZLimits(-40, 40)


def test_sites_that_start_out_of_focus_end_in_focus(agent: Agent, headless: Any) -> None:
    from beads import bead_dicts, bead_optics

    errors_um = [-8.0, -4.0, 0.0, 5.0, 9.0]
    results: list[SiteResult] = []
    frames = FrameCollector(noisy())
    with FocusClient(agent.address, deadline_ms=PATIENT_MS, controller="pycro-manager") as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = dict(limits=LIMITS, core=headless, optics=bead_optics())
        keyed["on_site"] = results.append
        events = bead_dicts(errors_um)
        dataset = acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
        counters = client.counters
    print("\n  z error  kept z  frames  decision")
    for error_um, result in zip(errors_um, results, strict=True):
        print(f"{error_um:9.1f}{result.kept.z_um:8.2f}{len(result.attempts):8}  {result.decision}")
        assert abs(result.kept.z_um or 0) <= abs(error_um) + 0.1
    assert sum(r.kept.verdict is not None and r.kept.verdict.expected_level <= 1 for r in results) >= 4
    assert (counters.unscored, counters.errors) == (0, 0)
    saved = {(axes["position"], axes["attempt"]) for axes in dataset.get_image_coordinates_list()}
    assert saved == {(p, k) for p, result in enumerate(results) for k in range(len(result.attempts))}
    assert int(dataset.read_image(position=0, attempt=0).min()) > 50  # what was judged is what is saved


def test_it_works_without_a_core_and_carries_z_to_later_times(agent: Agent, headless: Any) -> None:
    from beads import bead_optics

    results: list[SiteResult] = []
    frames = FrameCollector(noisy())
    events = [
        {"axes": {"position": "B03", "time": t}, "x": 0.0, "y": 0.0, "z": 8.0, "min_start_time": 0.2 * t}
        for t in range(2)
    ]
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), carry_z=True)
        keyed["on_site"] = results.append
        acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
    first, second = results
    assert len(first.attempts) > 1 and len(second.attempts) == 1
    assert second.attempts[0].z_um == pytest.approx(first.kept.z_um, abs=0.01)
    assert (second.site.name, second.time_index) == ("B03", 1)


def test_without_an_agent_the_acquisition_completes(headless: Any) -> None:
    from beads import bead_dicts

    results: list[SiteResult] = []
    frames = FrameCollector()
    with FocusClient("tcp://127.0.0.1:9", deadline_ms=50) as client:
        keyed: dict[str, Any] = dict(limits=LIMITS, core=headless, on_site=results.append)
        acquire(frames, lambda acq: gate_loop(acq, bead_dicts([5.0] * 6), client, frames, **keyed))
    assert [result.decision for result in results] == ["unscored"] * 6
    assert headless.get_position() == pytest.approx(5.0, abs=0.05)


def test_the_way_back_at_the_end_is_gone_and_moves_outside_are_refused(headless: Any) -> None:
    from beads import bead_dicts

    def answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame":
            return []
        by_um, again = {0: (7, True), 1: (-7, False)}[message["attempt"]]
        if message["site"]["name"] == "p1":
            by_um, again = 60, True
        action = {"kind": "move-z", "byUm": by_um}
        decision = "retry" if again else "flag"
        verdict = {
            **ACCEPT,
            "decision": decision,
            "acquireAgain": again,
            "action": action,
            "id": message["id"],
        }
        return [json.dumps(verdict).encode()]

    results: list[SiteResult] = []
    frames = FrameCollector()
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address) as client:
        keyed: dict[str, Any] = dict(limits=LIMITS, core=headless, on_site=results.append)
        acquire(frames, lambda acq: gate_loop(acq, bead_dicts([5.0, 6.0]), client, frames, **keyed))
        assert headless.get_position() == pytest.approx(6.0, abs=0.05)
        acquire(frames, lambda acq: gate_loop(acq, bead_dicts([5.0]), client, frames, **keyed))
    assert headless.get_position() == pytest.approx(5.0, abs=0.05)
    assert [len(result.attempts) for result in results] == [2, 1, 2]
    assert [a.z_um for a in results[0].attempts] == pytest.approx([5.0, 12.0], abs=0.05)
    assert results[0].keep_attempt == 0
    assert "outside" in (results[1].refused or "")


def test_observed_acquisitions_are_answered(agent: Agent, headless: Any) -> None:
    from beads import bead_dicts

    with FocusClient(agent.address, observe_queue=32) as client:
        assert client.wait_for_agent(RUN_S)
        acquire(observing(client), lambda acq: acq.acquire(bead_dicts([8.0, 0.0, 4.0])))
        end_s = time.monotonic() + RUN_S
        while client.counters.scored + client.counters.dropped < 3 and time.monotonic() < end_s:
            time.sleep(0.02)
        counters = client.counters
    assert (counters.sent, counters.scored + counters.dropped, counters.errors) == (3, 3, 0)


@pytest.mark.parametrize("observers", [1, 2])
def test_a_plate_that_is_watched_again_has_later_time_points(observers: int, headless: Any) -> None:
    from beads import bead_dicts

    with FakeAgent(ACCEPT) as agent:
        with FocusClient(agent.address, observe_queue=32) as client:
            assert client.wait_for_agent(RUN_S)
            first = observing(client)
            for process in (first, first if observers == 1 else observing(client)):
                acquire(process, lambda acq: acq.acquire(bead_dicts([8.0, 0.0])))
        agent.wait_for("bye", 1)
    told = [(head["site"]["name"], head.get("timeIndex")) for head, _ in agent.received["frame"]]
    assert told == [("p0", None), ("p1", None), ("p0", 1), ("p1", 1)]


def test_an_observer_that_fails_passes_the_image_on() -> None:
    class Failing(FocusClient):
        def offer(self, image: Any, frame: Any) -> Any:
            raise RuntimeError("on purpose")

    image = np.zeros((4, 4), np.uint16)
    with Failing("tcp://127.0.0.1:9") as client:
        process = observing(client)
        assert process(image, {"Axes": {"position": 0}}) == (image, {"Axes": {"position": 0}})
        assert process(image, None) == (image, None)


def test_an_image_that_never_comes_is_not_waited_for_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    class Silent:
        def acquire(self, event: Any) -> None:
            pass

    results: list[SiteResult] = []
    with FocusClient("tcp://127.0.0.1:9") as client:
        keyed: dict[str, Any] = dict(limits=LIMITS, image_timeout_s=0.05, on_site=results.append)
        gate_loop(Silent(), [{"axes": {"p": 0}}, {"axes": {"p": 1}}], client, FrameCollector(), **keyed)
    assert [result.decision for result in results] == ["unscored"] * 2
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "image_process_fn is not the FrameCollector" in line]) == 1


def test_events_that_would_hang_or_collide_are_refused() -> None:
    PythonBackendAcquisition = type("PythonBackendAcquisition", (), {})  # noqa: N806
    with FocusClient("tcp://127.0.0.1:9") as client:
        for event, named in [
            ({"axes": {"position": 0}, "tags": {"a": "b"}}, "tags"),
            ({"axes": {"attempt": 0}}, "attempt"),
            ([{"axes": {}}], "one at a time"),
        ]:
            with pytest.raises(ValueError, match=named):
                gate_loop(PythonBackendAcquisition(), [event], client, FrameCollector(), limits=LIMITS)


def test_sites_are_named_after_the_axes() -> None:
    assert site_of_axes({"axes": {"position": "B03", "time": 2}}).name == "B03"
    assert site_of_axes({"axes": {"position": 4}}).name == "p4"
    assert site_of_axes({"axes": {"row": 1, "p": 3, "z": 2, "channel": "DAPI"}}).name == "p3-row1"
    assert site_of_axes({"axes": {"time": 2}}).name == "p0"

"""Events with the number of a slice that are no slices of a z-stack: most of pycro-manager's have one."""

from __future__ import annotations

from typing import Any

import pytest

from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, ZLimits
from parfocal_bridge.dict_events import DictEvents
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import FocusEngine
from parfocal_bridge.pymmcore_plus import gated as pymmcore_plus_gated
from pycro_runs import acquire
from runs import ACCEPT, PATIENT_MS, RUN_S, move, run, scripted

LIMITS = ZLimits(-40, 40)


def gated(events: Any, answer: Any = None, **options: Any) -> list[dict[str, Any]]:
    """Headers of the frames that an agent gets."""
    frames = FrameCollector()
    with FakeAgent(ACCEPT, answer) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        keyed = {"limits": LIMITS, **options}
        acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
    return [head for head, _ in agent.received["frame"]]


def test_positions_with_a_z_of_their_own_are_gated_one_by_one(headless: Any) -> None:
    from pycromanager import multi_d_acquisition_events

    xyz_um = [(600.0 * i, 0.0, 5.0 + i) for i in range(2)]
    events = multi_d_acquisition_events(xyz_positions=xyz_um, num_time_points=2)
    assert all(event["axes"]["z"] == 0 for event in events)
    frames = gated(events, scripted(move(-3.0), {"keepAttempt": 1}, {}), core=headless)
    told = [(frame["site"]["name"], frame["timeIndex"], frame["attempt"], frame["zUm"]) for frame in frames]
    assert told == [("p0", 0, 0, 5), ("p0", 0, 1, 2), ("p1", 0, 0, 6), ("p0", 1, 0, 5), ("p1", 1, 0, 6)]
    assert all(frame["mode"] == "gate" and "stack" not in frame for frame in frames)


def test_a_channel_in_one_plane_of_a_stack_is_judged_by_that_plane(headless: Any) -> None:
    def event(channel: str, z: int) -> dict[str, Any]:
        return {"axes": {"channel": channel, "z": z}, "z": float(z), "exposure": 2.0}

    frames = gated([event("DAPI", 0), event("Cy5", 0), event("Cy5", 1)], channels=["DAPI"])
    assert [(frame["channel"], frame["mode"]) for frame in frames] == [
        ("DAPI", "gate"),
        ("Cy5", "observe"),
        ("Cy5", "observe"),
    ]


def test_positions_that_are_imaged_plane_by_plane_are_stacks() -> None:
    plan = [{"axes": {"z": z, "position": position}} for z in range(2) for position in "AB"]
    events = DictEvents(None)
    events.knows(plan)
    assert not any(events.is_plane(event) or events.run_key(event) is None for event in plan)


def test_an_event_of_no_known_plan_is_a_slice_if_it_has_an_axis_z() -> None:
    events = DictEvents(None)
    events.knows([{"axes": {"z": 0, "position": "B"}}])
    other = {"axes": {"z": 0, "position": "A"}}
    assert events.run_key(other) is not None and not events.is_plane(other)


@pytest.mark.parametrize("is_engine", [True, False])
def test_a_list_of_events_of_useq_with_one_slice_each_is_gated_event_by_event(
    is_engine: bool, core: Any
) -> None:
    from useq import MDAEvent

    plan = [MDAEvent(index={"p": i, "z": 0}, x_pos=600.0 * i, y_pos=0, z_pos=5.0) for i in range(2)]
    answer = scripted(move(-3.0), {"keepAttempt": 1}, {})
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        if is_engine:
            core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        run(core, plan if is_engine else pymmcore_plus_gated(plan, client, core, limits=LIMITS))
    told = [(head["site"]["name"], head["attempt"], head["mode"]) for head, _ in agent.received["frame"]]
    assert told == [("p0", 0, "gate"), ("p0", 1, "gate"), ("p1", 0, "gate")]

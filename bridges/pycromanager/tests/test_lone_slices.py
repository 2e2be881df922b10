"""Events with the number of a slice that are no slices of a z-stack: most of pycro-manager's have one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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
@pytest.mark.parametrize("kind", ["list", "v2"])
def test_a_plan_of_useq_with_one_slice_each_is_gated_event_by_event(
    kind: str, is_engine: bool, core: Any
) -> None:
    from useq import MDAEvent, v2

    plan: Any = [MDAEvent(index={"p": i, "z": 0}, x_pos=600.0 * i, y_pos=0, z_pos=5.0) for i in range(2)]
    if kind == "v2":  # whose events do not know their sequence
        plan = v2.MDASequence(
            stage_positions=[(600.0 * i, 0, 5.0) for i in range(2)], z_plan={"range": 0, "step": 1}
        )
    answer = scripted(move(-3.0), {"keepAttempt": 1}, {})
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        if is_engine:
            core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        run(core, plan if is_engine else pymmcore_plus_gated(plan, client, core, limits=LIMITS))
    told = [(head["site"]["name"], head["attempt"], head["mode"]) for head, _ in agent.received["frame"]]
    assert told == [("p0", 0, "gate"), ("p0", 1, "gate"), ("p1", 0, "gate")]


def said_alone(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = (r for r in caplog.records if r.name == "parfocal_bridge.gate" and r.levelno == logging.WARNING)
    return [record.getMessage().split(" z-stack")[0] for record in records]


ALONE = "{}: only watched, not gated: no other slice of its"


@contextmanager
def engine_of(core: Any, client: FocusClient, **options: Any) -> Iterator[None]:
    before = core.mda.engine
    core.mda.set_engine(FocusEngine(core, client, **options))
    try:
        yield
    finally:
        core.mda.set_engine(before)


@pytest.mark.parametrize("way", ["gated", "engine", "iterator"])
def test_a_run_whose_slices_do_not_follow_each_other_says_that_it_is_only_watched(
    way: str, beads: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from useq import MDASequence

    order = "pz" if way == "iterator" else "zp"
    positions = [(600 * i, 0, 0) for i in range(2)]
    plan: Any = MDASequence(axis_order=order, stage_positions=positions, z_plan={"range": 2, "step": 2})
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, observe_queue=8) as client:
        assert client.wait_for_agent(RUN_S)
        if way == "gated":
            run(beads, pymmcore_plus_gated(plan, client, beads, limits=LIMITS))
        else:
            with engine_of(beads, client, limits=LIMITS):
                run(beads, iter(list(plan)) if way == "iterator" else plan)
    assert {head["mode"] for head, _ in agent.received["frame"]} == {"observe"}
    assert said_alone(caplog) == [ALONE.format("p0")]


def test_positions_from_a_generator_of_pycro_manager_say_it_too(
    headless: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from pycromanager import multi_d_acquisition_events

    frames = gated(iter(multi_d_acquisition_events(xyz_positions=[(0.0, 0.0, 5.0), (600.0, 0.0, 5.0)])))
    assert {frame["mode"] for frame in frames} == {"observe"}
    assert said_alone(caplog) == [ALONE.format("p0")]


def test_who_asks_for_watching_is_told_nothing(beads: Any, caplog: pytest.LogCaptureFixture) -> None:
    from useq import Channel, MDASequence

    channels = [Channel(config="DAPI", do_stack=False), Channel(config="FITC")]
    stack = {"range": 2, "step": 2}
    mixed = MDASequence(axis_order="pcz", stage_positions=[(0, 0, 0)], channels=channels, z_plan=stack)
    in_turn = MDASequence(axis_order="zp", stage_positions=[(0, 0, 0), (600, 0, 0)], z_plan=stack)
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        for plan, asked in ((mixed, {}), (in_turn, {"stacks": "observe"}), (in_turn, {"channels": ["Cy5"]})):
            options: Any = {"limits": LIMITS, **asked}
            run(beads, pymmcore_plus_gated(plan, client, beads, **options))
    assert said_alone(caplog) == []

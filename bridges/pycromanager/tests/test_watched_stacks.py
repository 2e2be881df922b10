"""Z-stacks that are only watched: the agent gets them as stacks, and judges them as stacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from conftest import Agent, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, Site
from parfocal_bridge.pycromanager import observing
from parfocal_bridge.pymmcore_plus import ObserveListener
from parfocal_bridge.watched_stacks import WatchedStacks
from pycro_runs import acquire
from runs import ACCEPT, RUN_S, run

IMAGE = np.zeros((84, 84), np.uint8)


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + RUN_S
    while not condition():
        assert time.monotonic() < end_s, "it never came to that"
        time.sleep(0.02)


def stacks_of(agent: FakeAgent) -> list[dict[str, Any] | None]:
    return [head.get("stack") for head, _ in agent.received["frame"]]


def watch(core: Any, events: Iterable[Any]) -> FakeAgent:
    """Watches a run and closes at once when it is over."""
    with FakeAgent(ACCEPT) as agent:
        with FocusClient(agent.address, observe_queue=64) as client, ObserveListener(core, client):
            assert client.wait_for_agent(RUN_S)
            run(core, events)
        agent.wait_for("bye", 1)
    return agent


def stacks(**more: Any) -> Any:
    useq = pytest.importorskip("useq")
    plan = useq.ZRangeAround(range=4, step=2)
    return useq.MDASequence(stage_positions=[(0, 0, 0), (900, 0, 0)], z_plan=plan, **more)


def test_each_stack_of_a_plan_is_sent_as_one_and_its_last_slice_ends_it(beads: Any) -> None:
    agent = watch(beads, stacks())
    assert stacks_of(agent) == [{"size": 3}, {"size": 3}, {"size": 3, "last": True}] * 2
    assert [head["zIndex"] for head, _ in agent.received["frame"]] == [0, 1, 2] * 2


def test_an_engine_that_is_registered_later_is_watched_too_and_no_longer_than_the_listener(
    beads: Any,
) -> None:
    from pymmcore_plus.mda import MDAEngine

    before = beads.mda.engine
    with FakeAgent(ACCEPT) as agent:
        with FocusClient(agent.address, observe_queue=64) as client:
            assert client.wait_for_agent(RUN_S)
            try:
                with ObserveListener(beads, client):
                    for engine in (MDAEngine(beads), MDAEngine(beads), before):
                        beads.mda.set_engine(engine)
                        run(beads, stacks())
                beads.mda.set_engine(MDAEngine(beads))
                run(beads, stacks())
            finally:
                beads.mda.set_engine(before)
        agent.wait_for("bye", 1)
    assert stacks_of(agent) == [{"size": 3}, {"size": 3}, {"size": 3, "last": True}] * 6
    assert [head.get("timeIndex") for head, _ in agent.received["frame"]] == [None] * 6 + [1] * 6 + [2] * 6


@pytest.mark.parametrize("order", ["tpcz", "tpzc"])
def test_each_channel_has_a_stack_of_its_own(order: str, beads: Any) -> None:
    agent = watch(beads, stacks(channels=["DAPI", "FITC"], axis_order=order))
    frames = [head for head, _ in agent.received["frame"]]
    for name in ("DAPI", "FITC"):
        ends = [head["stack"].get("last", False) for head in frames if head["channel"] == name]
        assert ends == [False, False, True] * 2


@pytest.mark.parametrize("order", ["tpcz", "tpzc"])
def test_a_channel_that_is_imaged_in_one_plane_is_no_stack_that_lacks_slices(order: str, beads: Any) -> None:
    useq = pytest.importorskip("useq")
    channels = ["DAPI", useq.Channel(config="FITC", do_stack=False)]
    agent = watch(beads, stacks(channels=channels, axis_order=order))
    stacks_by_channel = [(head["channel"], head.get("stack")) for head, _ in agent.received["frame"]]
    assert [stack for channel, stack in stacks_by_channel if channel == "FITC"] == [None] * 2
    dapi = [{"size": 3}, {"size": 3}, {"size": 3, "last": True}]
    assert [stack for channel, stack in stacks_by_channel if channel == "DAPI"] == dapi * 2


def test_a_stack_whose_size_nobody_tells_ends_where_something_else_is_imaged(beads: Any) -> None:
    from useq import MDAEvent

    plan = [
        MDAEvent(index={"p": p, "z": z}, x_pos=900.0 * p, y_pos=0, z_pos=z) for p in (0, 1) for z in range(3)
    ]
    plan.append(MDAEvent(index={"p": 2}, x_pos=0, y_pos=900, z_pos=0))
    agent = watch(beads, (event for event in plan))
    assert stacks_of(agent) == [*([{}, {}, {"size": 3, "last": True}] * 2), None]


def test_single_planes_are_no_stacks(beads: Any) -> None:
    useq = pytest.importorskip("useq")
    one = useq.ZRelativePositions(relative=[0])
    agent = watch(beads, useq.MDASequence(stage_positions=[(0, 0, 0), (900, 0, 0)], z_plan=one))
    assert stacks_of(agent) == [None, None]


def test_a_slice_that_is_left_alone_is_a_single_plane(beads: Any) -> None:
    from useq import MDAEvent

    agent = watch(beads, iter([MDAEvent(index={"p": 0, "z": 0}, z_pos=0)]))
    assert stacks_of(agent) == [None]


def test_stacks_of_pycro_manager_are_sent_as_stacks(headless: Any) -> None:
    plan = [
        {"axes": {"position": p, "z": z}, "x": 900.0 * p, "y": 0.0, "z": float(z), "exposure": 2.0}
        for p in (0, 1)
        for z in range(3)
    ]
    with FakeAgent(ACCEPT) as agent:
        with FocusClient(agent.address, observe_queue=64) as client:
            assert client.wait_for_agent(RUN_S)
            acquire(observing(client), lambda acq: acq.acquire(plan))
        agent.wait_for("bye", 1)
    assert stacks_of(agent) == [{}, {}, {"size": 3, "last": True}] * 2


def test_a_stack_ends_when_nothing_comes_for_a_while_and_another_one_of_the_same_place_begins() -> None:
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        watched = WatchedStacks(client, wait_s=0.05)
        for slices, sent in ((3, 3), (4, 7)):
            for z_index in range(slices):
                watched.offer(IMAGE, Frame(site=Site(name="A1"), z_index=z_index), run="A1")
            agent.wait_for("frame", sent)
    assert stacks_of(agent) == [{}, {}, {"size": 3, "last": True}, {}, {}, {}, {"size": 4, "last": True}]


def test_the_same_slice_again_begins_another_stack() -> None:
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, observe_queue=16) as client:
        assert client.wait_for_agent(RUN_S)
        watched = WatchedStacks(client, wait_s=RUN_S)
        for _ in range(2):
            for z_index in range(2):
                watched.offer(IMAGE, Frame(site=Site(name="A1"), z_index=z_index), run="A1")
        watched.end()
        agent.wait_for("frame", 4)
    assert stacks_of(agent) == [{}, {"size": 2, "last": True}] * 2


def test_the_image_of_a_slice_that_is_held_back_is_the_one_that_was_taken() -> None:
    image = IMAGE.copy()
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        watched = WatchedStacks(client, wait_s=RUN_S)
        watched.offer(image, Frame(site=Site(name="A1"), z_index=0), run="A1")
        image[:] = 7
        watched.end()
        agent.wait_for("frame", 1)
    assert not any(agent.received["frame"][0][1])


@pytest.mark.parametrize(("middle_um", "decision"), [(0.0, "accept"), (30.0, "flag")])
def test_a_watched_stack_is_judged_once_and_its_slices_are_not_flagged(
    middle_um: float, decision: str, own_agent: Agent, beads: Any
) -> None:
    needs("useq")
    import useq

    from beads import bead_optics

    plan = useq.ZRangeAround(range=20, step=2)
    sequence = useq.MDASequence(stage_positions=[(0, 0, middle_um)], z_plan=plan)
    with (
        FocusClient(own_agent.address, observe_queue=64) as client,
        ObserveListener(beads, client, optics=bead_optics()),
    ):
        assert client.wait_for_agent(RUN_S)
        run(beads, sequence)
        until(lambda: client.counters.scored + client.counters.dropped == 11)
    own_agent.stop()
    verdicts = [record for record in own_agent.records() if record["type"] == "verdict"]
    ends = [record for record in verdicts if "stack" in record]
    assert [record["decision"] for record in ends] == [decision]
    assert "flag" not in [record["decision"] for record in verdicts if "stack" not in record]
    assert not any("action" in record for record in verdicts)


@pytest.mark.parametrize(
    ("image", "reason"),
    [(IMAGE.astype(float) / 3, "float64"), (np.zeros((84, 84, 3), np.uint8), "(84, 84, 3)")],
    ids=["corrected to floats", "colours"],
)
def test_the_log_says_once_that_frames_are_in_no_table_and_the_counter_has_them_all(
    image: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        watch_one = observing(client)
        for number in range(3):
            axes = {"position": number}
            assert watch_one(image, {"Axes": axes})[0] is image, "it is saved all the same"
        watch_one(IMAGE, {"Axes": {"position": 3}})
        agent.wait_for("frame", 1)
        assert client.counters.dropped == 3
    said = [record.getMessage() for record in caplog.records if "in no table" in record.getMessage()]
    assert len(said) == 1 and said[0].startswith("p0: not observed")
    assert reason in said[0]

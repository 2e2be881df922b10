"""What an engine that gates leaves to the engine that drives the microscope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine_runs import LIMITS, gate, marks, noted_marks, sequence, stack_events, zarr_marks
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult
from parfocal_bridge.pymmcore_plus import FocusEngine, ObserveListener, gated
from runs import PATIENT_MS, RUN_S, move, run, scripted


@pytest.fixture
def two_cameras(core: Any) -> Iterator[Any]:
    """The core with two cameras behind one device."""
    for label, library, name in (("Left", "DemoCamera", "DCam"), ("Multi", "Utilities", "Multi Camera")):
        core.loadDevice(label, library, name)
        core.initializeDevice(label)
    core.setProperty("Left", "PixelType", "16bit")
    core.setProperty("Multi", "Physical Camera 1", "Camera")
    core.setProperty("Multi", "Physical Camera 2", "Left")
    before = core.getCameraDevice()
    core.setCameraDevice("Multi")
    yield core
    core.setCameraDevice(before)
    for label in ("Multi", "Left"):
        core.unloadDevice(label)


def flush() -> Any:
    from useq import CustomAction, MDAEvent

    return MDAEvent(action=CustomAction(name="flush"))


def test_a_setting_that_is_written_is_one_of_the_engine_that_drives(core: Any) -> None:
    inner = core.mda.engine
    with FocusClient("tcp://127.0.0.1:9") as client:
        core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        core.mda.engine.restore_initial_state = True
        core.mda.engine.use_hardware_sequencing = False
        assert (inner.restore_initial_state, inner.use_hardware_sequencing) == (True, False)
        assert core.mda.engine.restore_initial_state is True
        with ObserveListener(core, client):  # what it writes is to be seen by the runner
            assert "setup_event" in vars(core.mda.engine) and "setup_event" not in vars(inner)
        assert core.mda.engine.engine is inner


@pytest.mark.parametrize("restores", [False, True])
def test_the_state_is_restored_if_the_setting_says_so(restores: bool, core: Any) -> None:
    before = core.getFocusDirection("Z")
    core.setFocusDirection("Z", 1)
    core.setZPosition(2.5)

    def set_meanwhile(_: Any) -> None:
        core.mda.engine.restore_initial_state = restores

    core.mda.engine.restore_initial_state = True
    core.mda.engine.exposing = set_meanwhile
    gate(core, scripted({}), sequence([5.0]))
    core.setFocusDirection("Z", before)
    assert core.getZPosition() == pytest.approx(2.5 if restores else 5.0, abs=0.05)


def test_events_are_those_that_the_engine_makes_of_the_plan(core: Any, tmp_path: Path) -> None:
    inner, done = core.mda.engine, []

    def event_iterator(events: Iterable[Any]) -> Iterator[Any]:
        for event in type(inner).event_iterator(inner, events):
            yield from (flush(), event)

    def exec_event(event: Any) -> Iterable[Any]:
        if event.action is not None and event.action.type == "custom":
            done.append((event.action.name, inner.taken))
            return ()
        return type(inner).exec_event(inner, event)

    inner.event_iterator, inner.exec_event = event_iterator, exec_event
    results, _ = gate(
        core, scripted(move(-4), {"keepAttempt": 1}, {}), sequence([5.0, 0.0]), tmp_path / "run.ome.tiff"
    )
    assert done == [("flush", 0), ("flush", 2)]
    assert marks(tmp_path / "run.ome.tiff") == [2, 3]
    assert [len(result.attempts) for result in results] == [2, 1]


def test_events_that_the_engine_joins_for_the_hardware_are_gated_one_by_one(core: Any) -> None:
    inner, joined = core.mda.engine, []

    def event_iterator(events: Iterable[Any]) -> Iterator[Any]:
        for event in type(inner).event_iterator(inner, events):
            joined.append(len(getattr(event, "events", "1")))
            yield event

    inner.use_hardware_sequencing = True
    inner.event_iterator = event_iterator
    with noted_marks(core) as noted:
        results, _ = gate(core, scripted({}), sequence([0.0], time_plan={"interval": 0, "loops": 3}))
    assert (joined, [mark for _, mark in noted]) == ([3], [1, 2, 3])
    assert [result.time_index for result in results] == [0, 1, 2]


def test_a_cancelled_run_knows_the_rest_of_a_plan_that_the_engine_made(core: Any) -> None:
    inner = core.mda.engine
    inner.event_iterator = iter
    inner.exposing = lambda _: core.mda.cancel()
    _, agent = gate(core, scripted({}), sequence([5.0, 0.0, 1.0]))
    assert [m["site"]["name"] for (m,) in agent.received["abandon"]] == ["P1", "P2"]


@pytest.mark.parametrize("is_in_stack", [False, True])
def test_images_of_an_action_are_handed_on_in_their_place(is_in_stack: bool, core: Any) -> None:
    from useq import CustomAction, MDAEvent

    inner = core.mda.engine

    def exec_event(event: Any) -> Iterator[Any]:
        if event.action is not None and event.action.type == "custom":
            inner.exposing = lambda _: None
            yield from inner.exec_single_event(event)
        else:
            yield from type(inner).exec_event(inner, event)

    inner.exec_event = exec_event
    events = stack_events([13.0, 15.0, 17.0]) if is_in_stack else list(sequence([15.0, 0.0]))
    where = {"p": 0, "z": 1} if is_in_stack else {}
    name = "P0" if is_in_stack else None
    frap = MDAEvent(index=where, pos_name=name, x_pos=0, y_pos=0, action=CustomAction(name="frap"))
    events.insert(1, frap)
    with noted_marks(core) as noted:
        gate(core, scripted(move(-15), {"keepAttempt": 1}, {}), events)
    expected = [(0, 5), (1, 2), (1, 6), (2, 7)] if is_in_stack else [(0, 2), (None, 3), (1, 4)]
    assert noted == expected


@pytest.mark.parametrize("camera", [None, "Left"])
def test_a_camera_without_a_frame_leaves_its_place_empty_and_is_not_judged_by_the_other(
    camera: str | None, two_cameras: Any, tmp_path: Path
) -> None:
    core, lost = two_cameras, 0 if camera is None else 1
    core.mda.engine.missing = lambda event: (event.index["p"], event.index["cam"]) == (0, lost)
    results, agent = gate(core, scripted({}), sequence([0.0, 1.0]), tmp_path / "run.ome.zarr", camera=camera)
    assert zarr_marks(tmp_path / "run.ome.zarr") == ([0, 1, 2, 3] if camera is None else [1, 0, 2, 3])
    assert [result.status for result in results] == ["no-frame", "judged"]
    gated = [head["site"]["name"] for head, _ in agent.received["frame"] if head["mode"] == "gate"]
    assert gated == ["P1"]


def test_a_frame_of_one_camera_only_is_in_the_place_of_that_camera(two_cameras: Any, tmp_path: Path) -> None:
    core, inner = two_cameras, two_cameras.mda.engine

    def second_camera_alone(event: Any) -> Iterator[Any]:
        yield from list(type(inner).exec_event(inner, event))[1:]

    inner.exec_event = second_camera_alone
    gate(core, scripted({}), sequence([0.0]), tmp_path / "run.ome.zarr")
    assert zarr_marks(tmp_path / "run.ome.zarr") == [0, 2]


def test_events_of_the_user_are_left_as_they_were(core: Any) -> None:
    events = [*sequence([5.0, 0.0]), flush()]
    gate(core, scripted({}), events)
    assert [dict(event.metadata) for event in events] == [{}, {}, {}]


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_an_engine_says_how_many_places_it_skips(frames: int, core: Any, tmp_path: Path) -> None:
    from useq import MDAEvent

    inner = core.mda.engine
    events = [MDAEvent(index={"p": p}, pos_name=f"P{p}", x_pos=600 * p, y_pos=0, z_pos=0) for p in range(4)]
    inner.skipped_frames, inner.skipping = frames, lambda event: event.index["p"] == 0
    inner.event_iterator = lambda _: iter(events[: 4 - frames])
    plan = sequence([0.0], time_plan={"interval": 0, "loops": 3})
    results, _ = gate(core, scripted({}), plan, tmp_path / "run.ome.tiff")
    assert marks(tmp_path / "run.ome.tiff") == [0] * frames + list(range(1, 4 - frames))
    assert [result.status for result in results] == ["skipped"] + ["judged"] * (3 - frames)


@pytest.mark.parametrize("way", ["gated", "engine"])
def test_each_image_that_an_engine_makes_of_one_frame_is_told_by_the_channel_it_names(
    way: str, core: Any
) -> None:
    from pymmcore_plus.mda import MDAEngine

    class SplittingEngine(MDAEngine):
        def exec_single_event(self, event: Any) -> Iterator[Any]:
            for image, own_event, meta in super().exec_single_event(event):
                yield image, own_event, meta
                yield image.copy(), own_event.replace(channel="Red"), dict(meta)

    core.mda.set_engine(SplittingEngine(core))
    by = gate if way == "engine" else gate_by_generator
    results, agent = by(core, scripted(move(-4), {"keepAttempt": 1}), sequence([6.0]))
    assert [len(result.attempts) for result in results] == [2]
    told = [(head.get("channel"), head["mode"], head["attempt"]) for head, _ in agent.received["frame"]]
    assert sorted(told, key=str) == [
        ("Red", "observe", 0),
        ("Red", "observe", 1),
        (None, "gate", 0),
        (None, "gate", 1),
    ]


def gate_by_generator(core: Any, answer: Any, plan: Any) -> tuple[list[SiteResult], FakeAgent]:
    results: list[SiteResult] = []
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            run(core, gated(plan, client, core, limits=LIMITS, on_site=results.append))
        agent.wait_for("bye", 1)
    return results, agent

"""Several cameras, cameras that are triggered, and sequences whose positions have plans of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import FocusEngine, ObserveListener, gated
from runs import ACCEPT, PATIENT_MS, RUN_S, move, noted_frames, run, scripted

LIMITS = ZLimits(-40, 40)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


@pytest.fixture
def two_cameras() -> Iterator[Any]:
    """A core with two cameras behind one device."""
    import pymmcore
    from pymmcore_plus import CMMCorePlus

    core = CMMCorePlus()
    core.loadSystemConfiguration()
    core.loadDevice("Left", "DemoCamera", "DCam")
    core.loadDevice("Multi", "Utilities", "Multi Camera")
    for label in ("Left", "Multi"):
        core.initializeDevice(label)
    core.setProperty("Multi", "Physical Camera 1", "Camera")
    core.setProperty("Multi", "Physical Camera 2", "Left")
    for label in ("Camera", "Left"):
        core.setProperty(label, "PixelType", "16bit")
    core.setCameraDevice("Multi")
    yield core
    pymmcore.CMMCore.registerCallback(core, None)


def events(count: int = 1, channel: str | None = None) -> list[Any]:
    from useq import MDAEvent

    keyed: dict[str, Any] = {} if channel is None else {"channel": channel}
    return [
        MDAEvent(index={"p": p}, pos_name=f"P{p}", x_pos=600.0 * p, y_pos=0, z_pos=5, **keyed)
        for p in range(count)
    ]


def sent(agent: FakeAgent) -> list[tuple[str, str, int]]:
    return [(head["channel"], head["mode"], head["attempt"]) for head, _ in agent.received["frame"]]


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        (None, [("Camera", "gate"), ("Left", "observe")]),
        ("Camera", [("Camera", "gate"), ("Left", "observe")]),
        ("Left", [("Camera", "observe"), ("Left", "gate")]),
    ],
)
def test_every_camera_has_a_channel_and_one_of_them_gates(
    camera: str | None, expected: list[tuple[str, str]], two_cameras: Any
) -> None:
    results: list[SiteResult] = []
    answer = scripted(move(-4), {"keepAttempt": 1})
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = dict(limits=LIMITS, camera=camera, on_site=results.append)
        run(two_cameras, gated(events(), client, two_cameras, **keyed))
        agent.wait_for("frame", 4)
    assert sorted(sent(agent)) == sorted((*frame, k) for frame in expected for k in (0, 1))
    assert [result.channel for result in results] == [camera or "Camera"]


def test_the_channels_of_several_cameras_are_called_as_in_micro_manager(two_cameras: Any) -> None:
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        run(two_cameras, gated(events(channel="DAPI"), client, two_cameras, limits=LIMITS, channels=["DAPI"]))
        with ObserveListener(two_cameras, client):
            run(two_cameras, events(channel="FITC"))
        agent.wait_for("frame", 4)
    assert sorted(head["channel"] for head, _ in agent.received["frame"]) == [
        *("DAPI-Camera", "DAPI-Left"),
        *("FITC-Camera", "FITC-Left"),
    ]


def test_a_camera_that_there_is_not_cannot_gate(two_cameras: Any) -> None:
    with FocusClient("tcp://127.0.0.1:9") as client, pytest.raises(ValueError, match="Right"):
        gated(events(), client, two_cameras, limits=LIMITS, camera="Right")


def test_all_cameras_are_saved_of_the_kept_attempt(two_cameras: Any) -> None:
    with (
        FakeAgent(answer=scripted(move(-4), {"keepAttempt": 1}, {})) as agent,
        FocusClient(agent.address, deadline_ms=PATIENT_MS) as client,
        noted_frames(two_cameras) as frames,
    ):
        assert client.wait_for_agent(RUN_S)
        two_cameras.mda.set_engine(FocusEngine(two_cameras, client, limits=LIMITS))
        run(two_cameras, events(2))
    assert [(event.index["p"], event.index["cam"]) for event, _ in frames] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [z_um for _, z_um in frames] == pytest.approx([1, 1, 5, 5], abs=0.05)


def test_triggered_frames_have_the_exposure_and_the_z_that_they_were_planned_with() -> None:
    import pymmcore
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

    core = CMMCorePlus()
    core.loadSystemConfiguration()
    core.setProperty("Camera", "UseExposureSequences", "Yes")
    core.setProperty("Z", "UseSequences", "Yes")
    core.mda.engine.use_hardware_sequencing = True
    core.mda.engine.include_frame_position_metadata = True
    plan = [
        MDAEvent(index={"t": t}, pos_name="P", x_pos=0, y_pos=0, z_pos=z_um, exposure=exposure_ms)
        for t, (z_um, exposure_ms) in enumerate([(0.0, 2.0), (3.0, 20.0), (6.0, 2.0)])
    ]
    triggered = []
    core.mda.events.frameReady.connect(
        lambda image, event, meta: triggered.append(meta.get("hardware_triggered"))
    )
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, observe_queue=16) as client:
        assert client.wait_for_agent(RUN_S)
        with ObserveListener(core, client):
            run(core, plan)
        agent.wait_for("frame", 3)
    pymmcore.CMMCore.registerCallback(core, None)
    assert triggered == [True] * 3, "this test is about triggered frames"
    heads = [head for head, _ in agent.received["frame"]]
    assert [(head["zUm"], head["exposureMs"]) for head in heads] == [(0, 2), (3, 20), (6, 2)]
    assert {head["zSource"] for head in heads} == {"intended"}


def acquired(core: Any, plan: Any, answer: Any, **options: Any) -> tuple[list[float], list[SiteResult], Any]:
    results: list[SiteResult] = []
    with (
        noted_frames(core) as frames,
        FakeAgent(answer=answer) as agent,
        FocusClient(agent.address, deadline_ms=PATIENT_MS) as client,
    ):
        assert client.wait_for_agent(RUN_S)
        run(core, gated(plan, client, core, limits=LIMITS, on_site=results.append, **options))
    return [z_um for _, z_um in frames], results, agent


def test_a_stack_in_the_plan_of_one_position_is_judged_as_a_stack(beads: Any) -> None:
    from useq import MDASequence, Position

    own = MDASequence(z_plan={"range": 16, "step": 4})
    plan = MDASequence(
        stage_positions=[Position(x=0, y=0, z=1, name="a"), Position(x=600, y=0, z=0, name="b", sequence=own)]
    )
    z_um, results, agent = acquired(beads, plan, scripted({}))
    assert z_um == pytest.approx([1, -8, -4, 0, 4, 8], abs=0.05)
    assert [result.site.name for result in results] == ["a", "b"]
    assert [head.get("stack") for head, _ in agent.received["frame"]] == [None] + [{"size": 5}] * 5


@pytest.mark.parametrize("own_plan", [{"relative": [0]}, {"range": 0, "step": 1}])
def test_a_single_plane_in_the_plan_of_one_position_is_gated_among_stacks(
    own_plan: dict[str, Any], beads: Any
) -> None:
    from useq import MDASequence, Position

    positions = [
        Position(x=0, y=0, z=0, name="a"),
        Position(x=600, y=0, z=8, name="b", sequence=MDASequence(z_plan=own_plan)),
    ]
    plan = MDASequence(z_plan={"range": 4, "step": 2}, stage_positions=positions)
    z_um, results, _ = acquired(beads, plan, scripted({}, move(-8), {"keepAttempt": 1}))
    assert z_um == pytest.approx([-2, 0, 2, 8, 0], abs=0.05)
    assert [len(result.attempts) for result in results] == [1, 2]


def test_the_setup_of_a_sequence_holds(beads: Any) -> None:
    from useq import MDAEvent, MDASequence

    plan = MDASequence(setup=MDAEvent(roi=(128, 128, 256, 256), exposure=3), stage_positions=[(0, 0, 0)])
    try:
        _, _, agent = acquired(beads, plan, scripted({}))
    finally:
        beads.clearROI()
    assert [head["shape"] for head, _ in agent.received["frame"]] == [[256, 256]]


def test_the_grid_of_a_sequence_fits_the_camera_as_its_setup_leaves_it(beads: Any) -> None:
    from useq import GridRowsColumns, MDAEvent, MDASequence

    grid = GridRowsColumns(rows=1, columns=2)
    plan = MDASequence(setup=MDAEvent(roi=(0, 0, 256, 256)), grid_plan=grid)
    try:
        _, _, agent = acquired(beads, plan, scripted({}))
    finally:
        beads.clearROI()
    first, second = (head["xUm"] for head, _ in agent.received["frame"])
    assert second - first == pytest.approx(256, abs=1)

"""Z-stacks that an engine gates: actions between slices, and runs that end within one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import Agent
from engine_runs import (
    LIMITS,
    SHIFTED_ONCE,
    STACK,
    failures_of_runs,
    gate,
    is_retry,
    marks,
    noted_marks,
    once,
    sequence,
    stack_events,
    zarr_marks,
)
from parfocal_bridge import FocusClient
from parfocal_bridge.pymmcore_plus import FocusEngine
from runs import PATIENT_MS, RUN_S, move, noted_frames, run, scripted


def fail() -> None:
    raise RuntimeError("camera buffer")


@pytest.mark.parametrize("axes", [("c",), ("z",)])
def test_an_autofocus_within_a_stack_leaves_each_frame_with_its_slice(
    axes: tuple[str, ...], core: Any, tmp_path: Path
) -> None:
    from useq import AxesBasedAF

    autofocus = AxesBasedAF(autofocus_device_name="Autofocus", axes=axes)
    plan = sequence([15.0], channels=["DAPI", "FITC"], z_plan=STACK, autofocus_plan=autofocus)
    with noted_marks(core) as noted:
        gate(core, scripted(*SHIFTED_ONCE), plan, tmp_path / "run.ome.tiff")
    assert noted == [(0, 4), (1, 5), (2, 6), (0, 7), (1, 8), (2, 9)]
    assert marks(tmp_path / "run.ome.tiff") == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(("axis", "channels"), [("z", []), ("z", ["DAPI", "FITC"]), ("c", ["DAPI", "FITC"])])
def test_an_autofocus_before_the_last_slice_cuts_it_off_no_stack(
    axis: str, channels: list[str], core: Any
) -> None:
    from useq import AxesBasedAF

    autofocus = AxesBasedAF(autofocus_device_name="Autofocus", axes=(axis,))
    more = {"axis_order": "tpzc"} if axis == "c" else {}
    plan = sequence([0.0, 1.0], channels=channels, z_plan=STACK, autofocus_plan=autofocus, **more)
    results, agent = gate(core, scripted({}), plan)
    assert [result.status for result in results] == ["judged"] * len(results)
    stacks = [head["stack"] for head, _ in agent.received["frame"]]
    assert len(stacks) == 6 * max(1, len(channels)) and {stack["size"] for stack in stacks} == {3}


def test_with_a_real_agent_an_action_between_slices_shifts_no_slice(agent: Agent, beads: Any) -> None:
    from useq import CustomAction, MDAEvent

    from beads import bead_optics

    before = beads.mda.engine
    events = stack_events([-2.0, 0.0, 2.0])
    valve = MDAEvent(
        index={"p": 0, "z": 1}, pos_name="P0", x_pos=0, y_pos=0, action=CustomAction(name="valve")
    )
    events[1:1] = events[3:3] = [valve]
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client, noted_frames(beads) as frames:
        assert client.wait_for_agent(RUN_S)
        beads.mda.set_engine(FocusEngine(beads, client, limits=LIMITS, optics=bead_optics()))
        try:
            run(beads, events)
        finally:
            beads.mda.set_engine(before)
    assert [event.index["z"] for event, _ in frames] == [0, 1, 2]
    zs_um = [z_um for _, z_um in frames]
    assert [z_um - zs_um[0] for z_um in zs_um] == pytest.approx([0, 2, 4], abs=0.05)


@pytest.mark.parametrize("what", ["cancel", "error"])
def test_a_run_that_ends_within_a_stack_saves_the_slices_it_has(what: str, core: Any, tmp_path: Path) -> None:
    act = core.mda.cancel if what == "cancel" else fail
    core.mda.engine.exposing = once(lambda event: event.index["z"] == 1, act)
    with noted_marks(core) as noted, failures_of_runs() as failures:
        results, _ = gate(core, scripted({}), sequence([0.0, 1.0], z_plan=STACK), tmp_path / "run.ome.zarr")
    assert noted == ([(0, 1), (1, 2)] if what == "cancel" else [(0, 1)])
    assert zarr_marks(tmp_path / "run.ome.zarr") == [1, 2 if what == "cancel" else 0, 0, 0, 0, 0]
    assert str(core.mda.status.finish_reason) == ("canceled" if what == "cancel" else "errored")
    assert (failures, results) == ([] if what == "cancel" else ["camera buffer"], [])


@pytest.mark.parametrize("what", ["cancel", "error"])
def test_a_run_that_ends_within_a_retry_saves_the_attempt_before(
    what: str, core: Any, tmp_path: Path
) -> None:
    act = core.mda.cancel if what == "cancel" else fail
    core.mda.engine.exposing = once(lambda event: is_retry(event) and event.index["z"] == 1, act)
    plan, answer = sequence([7.0, 1.0], z_plan=STACK), scripted(move(-7))
    with noted_marks(core) as noted, failures_of_runs() as failures:
        results, agent = gate(core, answer, plan, tmp_path / "run.ome.zarr")
    assert noted == [(0, 1), (1, 2), (2, 3)]
    assert zarr_marks(tmp_path / "run.ome.zarr") == [1, 2, 3, 0, 0, 0]
    assert [(len(result.attempts), result.refused_why) for result in results] == [(1, "cancelled")]
    why = (
        "the run was cancelled"
        if what == "cancel"
        else "the run ended with an error: RuntimeError: camera buffer"
    )
    said = [(m["site"]["name"], m["reason"]) for (m,) in agent.received["abandon"]]
    assert said == [("P0", why), ("P1", why)]
    assert core.getZPosition() == pytest.approx(7.0, abs=0.05)
    assert failures == ([] if what == "cancel" else ["camera buffer"])


def test_an_error_in_the_retry_of_a_plane_saves_the_plane_before_and_ends_the_run(
    core: Any, tmp_path: Path
) -> None:
    core.mda.engine.exposing = once(is_retry, fail)
    with failures_of_runs() as failures:
        gate(core, scripted(move(-5)), sequence([5.0, 0.0]), tmp_path / "run.ome.zarr")
    assert (zarr_marks(tmp_path / "run.ome.zarr"), failures) == ([1, 0], ["camera buffer"])
    assert str(core.mda.status.finish_reason) == "errored"


def test_a_run_that_is_cancelled_while_a_stack_is_handed_on_saves_all_of_it(core: Any) -> None:
    def cancel(*_: Any) -> None:
        core.mda.cancel()

    core.mda.events.frameReady.connect(cancel)
    try:
        with noted_marks(core) as noted:
            gate(core, scripted({}), sequence([0.0, 1.0], z_plan=STACK))
    finally:
        core.mda.events.frameReady.disconnect(cancel)
    assert noted == [(0, 1), (1, 2), (2, 3)]


def test_each_slice_is_started_before_it_is_exposed(core: Any) -> None:
    said: list[tuple[str, int]] = []
    core.mda.engine.exposing = lambda event: said.append(("exposed", event.index["z"]))

    def note(event: Any) -> None:
        said.append(("started", event.index["z"]))

    core.mda.events.eventStarted.connect(note)
    try:
        gate(core, scripted({}), sequence([0.0], z_plan=STACK))
    finally:
        core.mda.events.eventStarted.disconnect(note)
    assert said == [(what, z) for z in range(3) for what in ("started", "exposed")]

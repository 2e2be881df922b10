"""What is saved of a run that an engine gates: the planned shape, with the frame to keep in each place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import Agent
from engine_runs import LIMITS, gate, marks, sequence, zarr_marks
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult
from parfocal_bridge.pymmcore_plus import ATTEMPT_KEY, FocusEngine, ObserveListener, gated
from runs import ACCEPT, PATIENT_MS, RUN_S, move, noted_frames, run, scripted

END_AT_FIRST = {"decision": "flag", "action": {"kind": "move-z", "byUm": -7}, "keepAttempt": 0}


def test_retries_leave_no_trace_in_the_file_and_the_kept_frame_is_in_its_place(
    core: Any, tmp_path: Path
) -> None:
    # P0: three exposures, the first is kept. P1: one. P2: two, the second is kept.
    answers = scripted(move(7), move(3), END_AT_FIRST, {}, move(-4) | {"keepAttempt": 0}, {"keepAttempt": 1})
    results, _ = gate(core, answers, sequence([5.0, 0.0, 6.0]), tmp_path / "run.ome.tiff")
    assert [(len(result.attempts), result.keep_attempt) for result in results] == [(3, 0), (1, 0), (2, 1)]
    assert marks(tmp_path / "run.ome.tiff") == [1, 4, 6]


def test_a_file_has_channels_and_time_points_as_planned(core: Any, tmp_path: Path) -> None:
    plan = sequence([5.0, 0.0], channels=["DAPI", "FITC"], time_plan={"interval": 0, "loops": 2})
    answers = scripted(move(-4), {"keepAttempt": 1}, {})
    gate(core, answers, plan, tmp_path / "run.ome.tiff", channels=["DAPI"])
    assert marks(tmp_path / "run.ome.tiff") == [2, 3, 6, 7, 4, 5, 8, 9], (
        "P0 then P1, t0 then t1, channel by channel"
    )


def test_a_stack_that_was_shifted_is_saved_as_its_last_attempt(core: Any, tmp_path: Path) -> None:
    plan = sequence([15.0, 0.0], z_plan={"range": 4, "step": 2})
    answers = scripted(move(-15), {"keepAttempt": 1}, {})
    with noted_frames(core) as frames:
        gate(core, answers, plan, tmp_path / "run.ome.tiff")
    assert marks(tmp_path / "run.ome.tiff") == [4, 5, 6, 7, 8, 9]
    assert [z_um for _, z_um in frames] == pytest.approx([-2, 0, 2, -2, 0, 2], abs=0.05)
    assert [event.index["z"] for event, _ in frames] == [0, 1, 2, 0, 1, 2]


def test_a_zarr_has_the_planned_shape_too(core: Any, tmp_path: Path) -> None:
    gate(core, scripted(move(-4), {"keepAttempt": 1}, {}), sequence([5.0]), tmp_path / "run.ome.zarr")
    assert zarr_marks(tmp_path / "run.ome.zarr") == [2]


def test_a_frame_that_never_came_leaves_its_place_empty_and_moves_no_other(core: Any, tmp_path: Path) -> None:
    core.mda.engine.missing = lambda event: event.pos_name == "P1"
    results, agent = gate(core, scripted({}), sequence([0.0, 1.0, 2.0]), tmp_path / "run.ome.tiff")
    assert marks(tmp_path / "run.ome.tiff") == [1, 0, 2]
    assert [result.status for result in results] == ["judged", "no-frame", "judged"]
    assert [(m["site"]["name"], m["why"]) for (m,) in agent.received["abandon"]] == [("P1", "no-frame")]


def test_an_event_that_the_engine_skips_is_a_site_that_was_skipped(core: Any, tmp_path: Path) -> None:
    core.mda.engine.skipping = lambda event: event.pos_name == "P0"
    results, agent = gate(core, scripted({}), sequence([0.0, 1.0]), tmp_path / "run.ome.tiff")
    assert marks(tmp_path / "run.ome.tiff") == [0, 1]
    assert results[0].status == "skipped" and "no sample here" in results[0].reason
    assert [(m["site"]["name"], m["why"]) for (m,) in agent.received["abandon"]] == [("P0", "skipped")]


def test_a_retry_without_a_frame_keeps_the_first_and_goes_home(core: Any, tmp_path: Path) -> None:
    core.mda.engine.missing = lambda event: event.metadata.get(ATTEMPT_KEY) == 1
    gate(core, scripted(move(7) | {"keepAttempt": 0}), sequence([5.0]), tmp_path / "run.ome.tiff")
    assert marks(tmp_path / "run.ome.tiff") == [1]
    assert core.getZPosition() == pytest.approx(5.0, abs=0.05)


def test_the_setup_of_a_sequence_holds(core: Any, tmp_path: Path) -> None:
    from useq import MDAEvent

    plan = sequence([0.0], setup=MDAEvent(roi=(128, 128, 256, 256)))
    try:
        gate(core, scripted({}), plan, tmp_path / "run.ome.tiff")
    finally:
        core.clearROI()
    import tifffile

    assert tifffile.imread(tmp_path / "run.ome.tiff").shape[-2:] == (256, 256)


def test_a_cancelled_run_goes_home_and_says_which_sites_were_not_imaged(core: Any) -> None:
    asking = scripted(move(7) | {"keepAttempt": 0})

    def cancel_and_answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame":
            core.mda.cancel()
        answer: list[bytes] = asking(message)
        return answer

    results, agent = gate(core, cancel_and_answer, sequence([5.0, 0.0, 1.0]))
    assert str(core.mda.status.finish_reason) == "canceled"
    assert core.getZPosition() == pytest.approx(5.0, abs=0.05)
    said = [(m["site"]["name"], m["why"]) for (m,) in agent.received["abandon"]]
    assert said == [("P0", "cancelled"), ("P1", "skipped"), ("P2", "skipped")]
    assert [result.refused_why for result in results] == ["cancelled"]


def test_events_from_a_generator_are_gated_one_by_one(core: Any) -> None:
    results, _ = gate(core, scripted(move(-4), {"keepAttempt": 1}, {}), iter(list(sequence([5.0, 0.0]))))
    assert [len(result.attempts) for result in results] == [2, 1]


def test_it_is_told_who_gates_twice(core: Any) -> None:
    with FocusClient("tcp://127.0.0.1:9") as client:
        core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        with pytest.raises(ValueError, match="gates by itself"):
            gated([], client, core, limits=LIMITS)
        with pytest.raises(TypeError, match="no option 'chanels'"):
            FocusEngine(core, client, limits=LIMITS, chanels=["DAPI"])  # type: ignore[call-arg]


def test_gated_frames_are_not_observed_again(core: Any) -> None:
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        with ObserveListener(core, client):
            run(core, sequence([0.0, 1.0]))
    assert [head["mode"] for head, _ in agent.received["frame"]] == ["gate"] * 2


def test_with_a_real_agent_blurred_sites_are_saved_sharp(agent: Agent, beads: Any, tmp_path: Path) -> None:
    from beads import bead_optics, um_per_level

    before = beads.mda.engine
    results: list[SiteResult] = []
    try:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), on_site=results.append)
            beads.mda.set_engine(FocusEngine(beads, client, **keyed))
            plan = sequence([6.0, 0.0, -6.0])
            thread = beads.run_mda(plan, output=str(tmp_path / "run.ome.tiff"))
            thread.join(RUN_S)
    finally:
        beads.mda.set_engine(before)
    assert len(marks(tmp_path / "run.ome.tiff")) == 3
    assert [result.kept.z_um for result in results] == pytest.approx([0.0] * 3, abs=um_per_level())
    assert sum(len(result.attempts) for result in results) > 3

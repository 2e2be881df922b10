"""A stage or a channel that refuses: pymmcore-plus goes on, with pictures of something else."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from conftest import Agent
from engine_runs import LIMITS, gate, marks, sequence
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient
from parfocal_bridge.hardware_check import HardwareCheck
from parfocal_bridge.pymmcore_plus import FocusEngine
from runs import PATIENT_MS, RUN_S, run, scripted
from runs import gate as gate_by_generator


def refusing_stage(core: Any, monkeypatch: pytest.MonkeyPatch, *refused_um: float) -> None:
    set_xy = core.setXYPosition

    def move(*to: float) -> None:
        if to[-2] in refused_um:
            raise RuntimeError("the stage does not answer")
        set_xy(*to)

    monkeypatch.setattr(core, "setXYPosition", move)


def refusing_channel(core: Any, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Half of it is set before the hardware refuses the rest."""
    set_config = core.setConfig

    def switch(group: str, preset: str) -> None:
        if preset == refused:
            core.setProperty("Dichroic", "Label", "89402bs")
            raise RuntimeError("the filter wheel does not answer")
        set_config(group, preset)

    monkeypatch.setattr(core, "setConfig", switch)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    name = "parfocal_bridge.hardware_check"
    return [r.getMessage() for r in caplog.records if r.name == name and r.levelno == logging.WARNING]


def test_sites_that_the_stage_did_not_go_to_are_not_judged_and_said_once(
    core: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    refusing_stage(core, monkeypatch, 600, 1200)
    results, agent = gate(core, scripted({}), sequence([0.0] * 4), tmp_path / "run.ome.tiff")
    assert [result.status for result in results] == ["judged", "skipped", "skipped", "judged"]
    assert marks(tmp_path / "run.ome.tiff") == [1, 2, 3, 4], "a frame that was taken is the user's"
    assert [head["site"]["name"] for head, _ in agent.received["frame"]] == ["P0", "P3"]
    said = [(m["site"]["name"], m["why"], m["reason"]) for (m,) in agent.received["abandon"]]
    assert said == [
        ("P1", "skipped", "the stage XY is at 0.0, 0.0 um, not at 600.0, 0.0"),
        ("P2", "skipped", "the stage XY is at 0.0, 0.0 um, not at 1200.0, 0.0"),
    ]
    (warning,) = warnings(caplog)
    assert warning.startswith("P1: the stage XY is at 0.0, 0.0 um")


def test_a_channel_that_was_refused_is_not_judged_nor_the_one_that_is_half_gone_since(
    core: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refusing_channel(core, monkeypatch, "FITC")
    plan = sequence([0.0] * 2, channels=["DAPI", "FITC"], axis_order="pc")
    results, agent = gate(core, scripted({}), plan)
    assert [(r.channel, r.status) for r in results] == [
        ("DAPI", "judged"),
        ("FITC", "skipped"),
        ("DAPI", "skipped"),
        ("FITC", "skipped"),
    ]
    assert "channel FITC is not set: Dichroic Label is 89402bs" in agent.received["abandon"][0][0]["reason"]
    assert "channel DAPI is not set: Dichroic Label is 89402bs" in agent.received["abandon"][1][0]["reason"]
    assert len(warnings(caplog)) == 1


def test_a_channel_that_does_not_exist_is_said(core: Any) -> None:
    results, _ = gate(core, scripted({}), sequence([0.0], channels=["DAPI", "No-such"]))
    assert [r.status for r in results] == ["judged", "skipped"]
    assert "No-such" in results[1].reason


def test_a_preset_that_does_not_read_back_as_it_is_written_is_set(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = core.getProperty
    monkeypatch.setattr(core, "getProperty", lambda d, p: "odd" if d == "Dichroic" else get(d, p))
    results, _ = gate(core, scripted({}), sequence([0.0] * 2, channels=["DAPI", "FITC"], axis_order="pc"))
    assert {r.status for r in results} == {"judged"}


def test_a_stage_that_stops_within_half_a_field_of_its_site_is_there(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from useq import MDAEvent

    core.setXYPosition(0, 0)
    core.waitForDevice("XY")
    half_um = core.getImageWidth() * core.getPixelSizeUm() / 2
    check = HardwareCheck(core)
    assert check.fault(MDAEvent(x_pos=half_um - 1, y_pos=0)) is None
    assert check.fault(MDAEvent(x_pos=half_um + 1)) is not None
    assert check.fault(MDAEvent(z_pos=3)) is None
    monkeypatch.setattr(core, "getPixelSizeUm", lambda: 0.0)
    assert check.fault(MDAEvent(y_pos=29)) is None
    assert check.fault(MDAEvent(y_pos=31)) is not None


def test_a_stage_is_asked_once_for_each_place_it_is_sent_to(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from useq import MDAEvent

    asked: list[Any] = []
    position = core.getXYPosition
    monkeypatch.setattr(core, "getXYPosition", lambda: asked.append(position()) or asked[-1])
    check = HardwareCheck(core)
    core.setXYPosition(0, 0)
    assert [check.fault(MDAEvent(x_pos=0, y_pos=0)) for _ in range(3)] == [None] * 3
    assert len(asked) == 1
    assert check.fault(MDAEvent(x_pos=9000, y_pos=0)) is not None
    assert check.fault(MDAEvent(x_pos=0, y_pos=0)) is None
    assert len(asked) == 3


def test_a_region_that_the_camera_refused_is_not_judged(
    core: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from useq import MDAEvent

    set_roi = core.setROI

    def set_region(x_px: int, *rest: int) -> None:
        if x_px == 200:
            raise RuntimeError("the camera does not answer")
        set_roi(x_px + 3, *rest)  # many cameras round

    monkeypatch.setattr(core, "setROI", set_region)
    plan = [
        MDAEvent(x_pos=0, y_pos=0, z_pos=0, pos_name=name, roi=(x_px, 100, 128, 128))
        for name, x_px in (("cell", 100), ("other", 200), ("third", 300))
    ]
    try:
        results, agent = gate(core, scripted({}), plan)
    finally:
        core.clearROI()
    assert [result.status for result in results] == ["judged", "skipped", "judged"]
    (said,) = (message["reason"] for (message,) in agent.received["abandon"])
    assert said == "the camera shows the region 512 x 512 px at 0, 0, not 128 x 128 px at 200, 100"
    assert [warning.split(";")[0] for warning in warnings(caplog)] == [f"other: {said}"]


def test_gated_notices_it_too(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing_stage(core, monkeypatch, 600)
    with FakeAgent(answer=scripted({})) as agent:
        results = gate_by_generator(core, agent.address, sequence([0.0] * 3), limits=LIMITS)
    assert [result.status for result in results] == ["judged", "skipped", "judged"]


def test_with_a_real_agent_such_a_site_is_on_no_list_of_sharp_ones(
    agent: Agent, core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def places() -> list[tuple[str, str]]:
        return [(r["type"], (r.get("frame") or r)["site"]["name"]) for r in agent.records()]

    refusing_stage(core, monkeypatch, 600)
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        run(core, sequence([0.0, 0.0]))
    assert agent.until(lambda: ("abandon", "P1") in places())
    assert ("verdict", "P0") in places() and ("verdict", "P1") not in places()

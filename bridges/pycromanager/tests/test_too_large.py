"""A camera whose frames are larger than the agent takes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Agent, running_agent
from engine_runs import LIMITS, marks, sequence
from parfocal_bridge import FocusClient, SiteResult
from parfocal_bridge.pymmcore_plus import FocusEngine
from runs import PATIENT_MS, RUN_S


@pytest.fixture
def small_agent(tmp_path: Path) -> Iterator[Agent]:
    """Takes no more than 1 MiB."""
    with running_agent(tmp_path / "results", "--set", "sources.zeromq.maxFrameMib=1") as running:
        yield running


@pytest.fixture
def large_frames(core: Any) -> Iterator[Any]:
    """A camera with frames of 2 MiB."""
    sides = "OnCameraCCDXSize", "OnCameraCCDYSize"
    before = [core.getProperty("Camera", side) for side in sides]
    for side in sides:
        core.setProperty("Camera", side, 1024)
    yield core
    for side, px in zip(sides, before, strict=True):
        core.setProperty("Camera", side, px)


def test_frames_that_are_too_large_are_said_once_and_the_run_goes_on(
    small_agent: Agent, large_frames: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    results: list[SiteResult] = []
    with FocusClient(small_agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        engine = FocusEngine(large_frames, client, limits=LIMITS, on_site=results.append)
        large_frames.mda.set_engine(engine)
        thread = large_frames.run_mda(sequence([0.0] * 5), output=str(tmp_path / "run.ome.tiff"))
        thread.join(RUN_S)
        assert not thread.is_alive() and not client.degraded
        assert client.counters.errors == 5
    assert marks(tmp_path / "run.ome.tiff") == [1, 2, 3, 4, 5]
    assert {result.status for result in results} == {"unscored"}
    assert all("sources.zeromq.maxFrameMib" in result.reason for result in results)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len([line for line in said if "maxFrameMib" in line]) == 1
    assert small_agent.until(lambda: [r["type"] for r in small_agent.records()].count("error") == 5)

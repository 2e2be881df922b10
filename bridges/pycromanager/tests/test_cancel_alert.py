"""Whoever cancels a run knows it, and need not be alarmed."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Agent
from engine_runs import LIMITS, failures_of_runs, sequence
from parfocal_bridge import FocusClient
from parfocal_bridge.pymmcore_plus import FocusEngine, gated
from runs import PATIENT_MS, RUN_S


@pytest.mark.parametrize("is_engine", [True, False])
@pytest.mark.parametrize("fails", [False, True])
def test_a_run_that_is_cancelled_raises_no_alert_and_one_that_fails_does(
    is_engine: bool, fails: bool, own_agent: Agent, core: Any
) -> None:
    def stop_at(event: Any) -> None:
        if event.index["p"] == 2:
            if fails:
                raise RuntimeError("the camera is gone")
            core.mda.cancel()

    core.mda.engine.exposing = stop_at
    with FocusClient(own_agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        plan = sequence([0.0] * 12)
        if is_engine:
            core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
        with failures_of_runs() as failures:
            thread = core.run_mda(plan if is_engine else gated(plan, client, core, limits=LIMITS))
            thread.join(RUN_S)
        assert not thread.is_alive()
        assert failures == (["the camera is gone"] if fails else [])

    def said(kind: str, key: str) -> list[str]:
        return [record[key] for record in own_agent.records() if record["type"] == kind]

    assert own_agent.until(lambda: said("abandon", "why").count("skipped") >= 9)
    own_agent.stop()
    assert ("plate-failures" in said("alert", "alert")) == fails

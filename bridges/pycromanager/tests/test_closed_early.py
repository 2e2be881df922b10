"""A script that leaves its ``with`` block while the run goes on: ``run_mda`` returns at once."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

from engine_runs import LIMITS, sequence
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult
from parfocal_bridge.pymmcore_plus import FocusEngine
from runs import PATIENT_MS, RUN_S


def test_a_client_that_is_closed_in_mid_run_says_so_and_blames_no_agent(
    core: Any, caplog: pytest.LogCaptureFixture
) -> None:
    is_scoring = threading.Event()
    results: list[SiteResult] = []

    def answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame":
            is_scoring.set()
        return []

    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            core.mda.set_engine(FocusEngine(core, client, limits=LIMITS, on_site=results.append))
            thread = core.run_mda(sequence([0.0] * 3))
            assert is_scoring.wait(RUN_S)
        thread.join(RUN_S)
        assert not thread.is_alive()
    assert [(r.status, r.reason) for r in results] == [("unscored", "the connection was closed")] * 3
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len([line for line in said if "closed while an acquisition runs" in line]) == 1
    assert not [line for line in said if "the agent" in line.lower()]


@pytest.mark.parametrize("mode", ["gate", "observe"])
def test_a_run_with_a_client_that_was_closed_before_says_so_once(
    mode: str, core: Any, caplog: pytest.LogCaptureFixture
) -> None:
    results: list[SiteResult] = []
    with FakeAgent() as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
    gate_if = {"gate": None, "observe": lambda event: False}[mode]
    keyed: dict[str, Any] = dict(limits=LIMITS, on_site=results.append, gate_if=gate_if)
    core.mda.set_engine(FocusEngine(core, client, **keyed))
    for _ in range(2):
        core.run_mda(sequence([0.0, 1.0])).join(RUN_S)
    assert [result.status for result in results] == ["unscored"] * (4 if mode == "gate" else 0)
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line for line in said if "client is closed" in line] == [
        "The client is closed and frames go on without it, unscored and in no table: make a new one"
    ]


def test_a_client_that_is_closed_after_the_run_says_nothing(
    core: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeAgent() as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        core.mda.set_engine(FocusEngine(core, client, limits=LIMITS, gate_if=lambda event: False))
        core.run_mda(sequence([0.0])).join(RUN_S)
    assert not [record for record in caplog.records if "is closed" in record.getMessage()]


def test_a_program_that_ends_without_closing_says_what_there_is_to_say() -> None:
    program = """
import sys
from parfocal_bridge import FocusClient, Site
client = FocusClient(sys.argv[1])
assert client.wait_for_agent(60)
for number in range(3000):
    client.abandon(Site(name=f"A{number}"), None, None, "skipped", "not imaged")
"""
    with FakeAgent() as agent:
        subprocess.run([sys.executable, "-c", program, agent.address], check=True, timeout=RUN_S)
        agent.wait_for("abandon", 3000)
        agent.wait_for("bye", 1)

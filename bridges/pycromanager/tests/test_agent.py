"""The agent that Python starts, and the command line."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from useq import MDASequence

from conftest import needs_program
from parfocal import Agent, AgentError, ProgramMissingError, reimage_sequence
from parfocal.program import command_line
from parfocal_bridge import FocusClient, Frame, Site

pytestmark = pytest.mark.usefixtures("program")


@pytest.fixture
def program() -> None:
    needs_program()


def test_runs_on_free_ports_while_the_block_does(tmp_path: Path) -> None:
    image = np.random.default_rng(1).poisson(200, (256, 256)).astype(np.uint16)
    with Agent(tmp_path / "a") as agent, Agent(tmp_path / "b") as other:
        assert agent.address != other.address
        with FocusClient(agent.address, deadline_ms=10_000) as client:
            assert client.wait_for_agent(30)
            assert client.score(image, Frame(site=Site(name="A1"))) is not None
        with urlopen(agent.dashboard, timeout=10) as page:
            assert b"<html" in page.read()
        assert agent.is_running
    assert not agent.is_running and not other.is_running
    lines = [json.loads(line) for line in agent.results.read_text().splitlines()]
    assert "A1" in {line.get("site", {}).get("name") for line in lines}
    assert agent.sites.parent == tmp_path / "a" and agent.sites.is_file()


def test_stops_when_the_block_fails_and_can_be_started_again(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    with pytest.raises(ZeroDivisionError), agent:
        raise ZeroDivisionError
    assert not agent.is_running
    with agent:
        assert agent.is_running
    agent.stop()


def test_says_why_the_agent_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="no-such-model"):
        Agent(tmp_path, model="no-such-model").start()
    with pytest.raises(AgentError, match="not ready after 0 s"):
        Agent(tmp_path, start_s=0).start()


def test_an_agent_that_ended_by_itself_is_not_running(tmp_path: Path) -> None:
    with Agent(tmp_path) as agent:
        assert agent._process is not None
        os.kill(agent._process.pid, signal.SIGKILL)
        agent._process.wait()
        assert not agent.is_running


def test_the_log_goes_to_python(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "parfocal.agent"):
        with Agent(tmp_path):
            pass
        end_s = time.monotonic() + 10
        while not caplog.records and time.monotonic() < end_s:
            time.sleep(0.01)
    assert {record.levelno for record in caplog.records} >= {logging.INFO}
    assert not any(record.getMessage().startswith("{") for record in caplog.records)


def test_the_command_line_is_parfocals() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "parfocal", "no-such-command"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2 and "no-such-command" in run.stderr


def test_says_what_to_do_where_the_agent_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parfocal.program._PLACES", [tmp_path])
    with pytest.raises(ProgramMissingError, match="npx parfocal agent"):
        command_line()


def test_names_the_positions_to_image_again(tmp_path: Path) -> None:
    site = {"name": "B02-Site_1", "well": "B02"}
    abandoned = {
        "v": 1,
        "type": "abandon",
        "session": "s",
        "site": site,
        "why": "no-frame",
        "reason": "the shutter",
    }
    drop_frame = {
        "v": 1,
        "type": "frame",
        "id": "f1",
        "session": "s",
        "sequence": 0,
        "mode": "gate",
        "dtype": "uint16",
        "shape": [128, 128],
        "site": {"name": "C03", "well": "C03"},
        "attempt": 0,
        "xUm": 10.5,
        "yUm": -3.0,
    }
    drop = {"v": 1, "type": "drop", "id": "f1", "session": "s", "why": "stale", "frame": drop_frame}
    lines = [json.dumps({**record, "recordedMs": 0}) for record in (abandoned, drop)]
    (tmp_path / "results.jsonl").write_text("\n".join(lines) + "\n")

    sequence = reimage_sequence(tmp_path)
    assert [(p["name"], p["x"], p["y"]) for p in sequence["stage_positions"]] == [("C03", 10.5, -3.0)]
    assert "no verdict in time" in sequence["metadata"]["parfocal"]["reasons"][0]["reason"]
    assert len(MDASequence(**sequence).stage_positions) == 1
    with pytest.raises(RuntimeError, match="no such file or folder"):
        reimage_sequence(tmp_path / "nothing")

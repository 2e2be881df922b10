"""A gated acquisition of real pycro-manager, Java backend, with a real agent.

Micro-Manager's own server and engine run in a process of their own, over a core without hardware. So does the
acquisition, since what hangs in it could not be stopped otherwise, and since a process has one backend.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, Agent, needs, skip_or_fail

BUILD = ROOT / "scripts" / "build-java-test-server.js"
RUN_S = 90.0
PATIENT_MS = 10_000.0
ERRORS_UM = [-8.0, -4.0, 0.0, 5.0, 9.0]
UM_PER_LEVEL = 2.0
"""Defocus of one level at NA 0.5 with pixels of 0.65 um, which is how the server's beads blur."""
SITE_UM = 300.0
"""Sites further apart show other beads."""
DEFAULT_PORT = 4827
"""pycro-manager reads images kept in memory over this port, whichever the acquisition was given."""


@dataclass
class JavaServer:
    """Micro-Manager's server as a process; its standard input takes commands."""

    port: int
    process: subprocess.Popen[str]

    def state(self) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("state\n")
        self.process.stdin.flush()
        state: dict[str, Any] = json.loads(self.process.stdout.readline())
        return state


@pytest.fixture
def java_server(request: pytest.FixtureRequest) -> Iterator[JavaServer]:
    """The server on the port of the parameter, by default a free one."""
    needs("pycromanager", "pyjavaz")
    port = getattr(request, "param", 0)
    if port != 0 and not is_free(port):
        skip_or_fail(f"something else has port {port}, a running Micro-Manager perhaps")
    built = json.loads(
        subprocess.run(["node", str(BUILD)], capture_output=True, text=True, check=True).stdout
    )
    if "missing" in built:
        skip_or_fail(built["missing"])
    process = subprocess.Popen(
        ["java", "-Djava.awt.headless=true", "-jar", built["jar"], "--port", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield JavaServer(json.loads(process.stdout.readline())["port"], process)
    finally:
        process.kill()
        process.communicate()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def acquire(java_port: int, agent_address: str, directory: Path | None) -> dict[str, Any]:
    """Runs this file as a program; fails instead of hanging."""
    command = [sys.executable, __file__, str(java_port), agent_address, str(directory or "")]
    paths = [
        str(Path(__file__).parent),
        str(Path(__file__).parents[1] / "scripts"),
        os.environ.get("PYTHONPATH", ""),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize(
    ("java_server", "storage"), [(DEFAULT_PORT, "memory"), (0, "disk")], indirect=["java_server"]
)
def test_sites_that_start_out_of_focus_end_in_focus(
    agent: Agent, java_server: JavaServer, tmp_path: Path, storage: str
) -> None:
    run = acquire(java_server.port, agent.address, tmp_path if storage == "disk" else None)
    sites = run["sites"]
    print("\n  z error  kept z  frames  decision")
    for error_um, site in zip(ERRORS_UM, sites, strict=True):
        print(f"{error_um:9.1f}{site['z_um']:8.2f}{site['frames']:8}  {site['decision']}")
    assert (run["unscored"], run["errors"]) == (0, 0)
    assert all(site["decision"] == "accept" for site in sites)
    for error_um, site in zip(ERRORS_UM, sites, strict=True):
        assert abs(site["z_um"]) <= max(UM_PER_LEVEL, abs(error_um) / 2)
        # A site in focus may be probed once, until the run knows how sharp its beads get, and stays there.
        assert site["frames"] > 1 if error_um else abs(site["z_um"]) < 0.1
    assert run["saved"] == [[p, k] for p, site in enumerate(sites) for k in range(site["frames"])]
    outcomes = agent.outcomes(len(sites))
    assert [outcome["recovered"] for outcome in outcomes] == [
        "not-needed" if error_um == 0 else "yes" for error_um in ERRORS_UM
    ]
    state = java_server.state()
    assert state["calls"]["snapImage"] == sum(site["frames"] for site in sites)
    assert all(-40 <= z_um <= 40 for z_um in state["moves"])


def test_without_an_agent_the_acquisition_completes(java_server: JavaServer, tmp_path: Path) -> None:
    run = acquire(java_server.port, "tcp://127.0.0.1:9", tmp_path)
    assert [site["decision"] for site in run["sites"]] == ["unscored"] * len(ERRORS_UM)
    assert run["saved"] == [[p, 0] for p in range(len(ERRORS_UM))]


def main(java_port: int, agent_address: str, directory: str | None) -> None:
    """The acquisition; prints one line of JSON."""
    from mmpycorex import Core
    from pycromanager import Acquisition

    from parfocal_bridge import FocusClient, SiteResult, ZLimits
    from parfocal_bridge.pycromanager import FrameCollector, gate_loop

    core = Core(port=java_port)
    results: list[SiteResult] = []
    frames = FrameCollector()
    events = [
        {"axes": {"position": p}, "x": SITE_UM * p, "y": 0.0, "z": error_um, "exposure": 10}
        for p, error_um in enumerate(ERRORS_UM)
    ]
    has_agent = not agent_address.endswith(":9")
    deadline_ms = PATIENT_MS if has_agent else 50.0
    with FocusClient(agent_address, deadline_ms=deadline_ms, controller="pycro-manager") as client:
        if has_agent:
            assert client.wait_for_agent(RUN_S)
        with Acquisition(
            directory=directory, name="gated", image_process_fn=frames, show_display=False, port=java_port
        ) as acq:
            keyed: dict[str, Any] = dict(limits=ZLimits(-40, 40), core=core, on_site=results.append)
            gate_loop(acq, events, client, frames, **keyed)
        counters = client.counters
    saved = sorted(
        [axes["position"], axes["attempt"]] for axes in acq.get_dataset().get_image_coordinates_list()
    )
    sites = [
        {"z_um": result.kept.z_um, "frames": len(result.attempts), "decision": result.decision}
        for result in results
    ]
    print(
        json.dumps(
            {"sites": sites, "saved": saved, "unscored": counters.unscored, "errors": counters.errors}
        ),
        flush=True,
    )
    # Threads of pycro-manager must not keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3] or None)

"""A plate whose agent is killed again and again: every site has its row, and all tables agree."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from conftest import AGENT, ROOT, START_S, Agent, needs
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import gated

SITES = 96
CHANNELS = ["DAPI", "FITC"]
TIMES = 2
PLANNED = SITES * len(CHANNELS) * TIMES
KILLS = 3
RUN_S = 240.0


def plate() -> Any:
    """A plate of 96 wells, every sixth 6 um out of focus."""
    from useq import MDASequence, Position

    wells = [(row, column) for row in range(8) for column in range(12)]
    return MDASequence(
        stage_positions=[
            Position(
                x=600 * column,
                y=600 * row,
                z=6 if (row + column) % 6 == 0 else 0,
                name=f"{'ABCDEFGH'[row]}{column + 1}",
            )
            for row, column in wells
        ],
        channels=[{"config": name, "exposure": 1} for name in CHANNELS],
        time_plan={"interval": 0, "loops": TIMES},
        axis_order="tpc",
    )


def kill_at(agent: Agent, done: Callable[[], int], moments: list[int]) -> threading.Thread:
    """Kills the agent, as the system would, once so many sites are done, and starts it again."""

    def kill() -> None:
        for moment in moments:
            while done() < moment:
                time.sleep(0.01)
            agent.kill()
            agent.start()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def table(agent: Agent, is_whole: Callable[[list[dict[str, str]]], bool]) -> list[dict[str, str]]:
    """sites.csv, once it is whole: it is rewritten a while after a change."""
    end_s = time.monotonic() + START_S
    while True:
        with (agent.results / "sites.csv").open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        if is_whole(rows) or time.monotonic() > end_s:
            return rows
        time.sleep(0.2)


def report(agent: Agent) -> dict[str, Any]:
    command = ["node", str(AGENT), "report", str(agent.results), "--json"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def page(agent: Agent, run: str) -> dict[str, Any]:
    """The run as the page has it."""
    with urlopen(f"{agent.page}api/runs/{quote(run, safe='')}") as answer:
        return json.load(answer)


@pytest.mark.parametrize("seed", [1])
def test_a_plate_with_an_agent_killed_three_times_has_a_row_for_every_site(
    own_agent: Agent, beads: Any, seed: int, request: pytest.FixtureRequest
) -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")
    from beads import bead_optics

    beads.setProperty("XY", "Velocity", 100_000)
    # Frames of 3 x 3 patches: what counts here is the sites, and there are hundreds.
    beads.setROI(0, 0, 256, 256)
    request.addfinalizer(beads.clearROI)
    moments = sorted(random.Random(seed).sample(range(10, PLANNED - 10), KILLS))
    told: list[SiteResult] = []
    with FocusClient(own_agent.address, deadline_ms=1000) as client:
        assert client.wait_for_agent(START_S)
        killing = kill_at(own_agent, lambda: len(told), moments)
        keyed = {"optics": bead_optics(), "on_site": told.append, "plate": "P1"}
        thread = beads.run_mda(gated(plate(), client, beads, limits=ZLimits(-40, 40), **keyed))
        thread.join(RUN_S)
        killing.join(START_S)
        assert not thread.is_alive() and not killing.is_alive()
        session = client.session
    assert len(told) == PLANNED

    rows = table(own_agent, lambda rows: len(rows) == PLANNED and all(row["status"] for row in rows))
    places = Counter((row["channel"], row["time_index"]) for row in rows)
    assert places == {(channel, str(t)): SITES for channel in CHANNELS for t in range(TIMES)}
    by_status = Counter(row["status"] for row in rows)
    assert "searching" not in by_status

    summary = report(own_agent)
    sharp = summary["inFocus"] + summary["recovered"]
    assert summary["sites"] == PLANNED
    assert sharp + sum(summary["givenUp"].values()) + sum(summary["unknown"].values()) == PLANNED
    assert sharp == by_status["sharp"]
    missing = [by_status[status] for status in ("unscored", "no-frame", "skipped")]
    assert summary["missing"] == sum(missing)

    snapshot = page(own_agent, session)
    assert snapshot["run"]["states"] == by_status
    # What the controller holds for judged, the record does, too.
    statuses = {(row["site"], row["channel"], row["time_index"]): row["status"] for row in rows}
    for result in told:
        place = (result.site.name, result.channel or "", str(result.time_index or 0))
        if result.status == "judged":
            assert statuses[place] in ("sharp", "flagged", "blank", "unjudged"), place
        else:
            assert result.status != "refused" or statuses[place] == "refused", place
    assert sum(result.status == "unscored" for result in told) > 0

"""A verdict that was given in time and came too late: the record says what the controller did."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from conftest import Agent, needs
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import gated
from runs import RUN_S, run
from slow_way import SlowWay

DEADLINE_MS = 3000.0


@pytest.mark.parametrize(
    ("z_um", "held_from", "kept_um"), [(0.0, 0, 0.0), (9.0, 1, 9.0)], ids=["the first frame", "the retry"]
)
def test_a_site_is_unscored_in_the_tables_whose_verdict_came_too_late(
    z_um: float, held_from: int, kept_um: float, own_agent: Agent, beads: Any
) -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")
    from beads import bead_events, bead_optics

    results: list[SiteResult] = []
    with (
        SlowWay(own_agent.address) as way,
        FocusClient(way.address, deadline_ms=DEADLINE_MS) as client,
    ):
        assert client.wait_for_agent(RUN_S)

        def hold(image: Any, event: Any, metadata: Any) -> None:
            if event.index["p"] == 0 and event.metadata["parfocal_attempt"] == held_from:
                way.hold()

        def ended(result: SiteResult) -> None:
            results.append(result)
            way.release()
            client.wait_for_agent(RUN_S)

        beads.mda.events.frameReady.connect(hold)
        try:
            keyed: dict[str, Any] = dict(limits=ZLimits(-40, 40), optics=bead_optics(), on_site=ended)
            run(beads, gated(bead_events([z_um, 0.0]), client, beads, **keyed))
        finally:
            beads.mda.events.frameReady.disconnect(hold)
    own_agent.stop()

    assert results[0].status == "unscored" and results[0].keep_attempt == 0
    verdicts = [record for record in own_agent.records() if record["type"] == "verdict"]
    assert not any(verdict.get("late") for verdict in verdicts), "the agent was in time"
    with (own_agent.results / "sites.csv").open() as file:
        first, second = csv.DictReader(file)
    assert (first["status"], first["recovered"], first["why"]) == ("unscored", "unknown", "unscored")
    assert float(first["kept_z_um"]) == pytest.approx(kept_um, abs=0.05)
    assert second["status"] == "sharp"

"""Each site that was to be gated is told apart and told of, whatever becomes of it."""

from __future__ import annotations

import csv
import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Agent, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Site, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import gated
from runs import ACCEPT, PATIENT_MS, RUN_S, move, retry, run, scripted

LIMITS = ZLimits(-40, 40)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


def gated_sites(core: Any, *plans: Any, **options: Any) -> list[dict[str, Any]]:
    """Headers of the gated frames of some runs of one session."""
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        for plan in plans:
            run(core, gated(plan, client, core, limits=LIMITS, **options))
    return [head for head, _ in agent.received["frame"] if head["mode"] == "gate"]


def names(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["site"]["name"] for frame in frames]


def test_positions_of_one_name_are_sites_of_their_own(beads: Any) -> None:
    from useq import MDASequence, Position

    plan = MDASequence(stage_positions=[Position(x=600 * i, y=0, z=0, name="cell") for i in range(3)])
    frames = gated_sites(beads, plan)
    assert names(frames) == ["cell", "cell-p1", "cell-p2"]
    assert [frame["site"]["position"] for frame in frames] == [0, 1, 2]


def test_events_without_index_and_name_are_sites_of_their_own(beads: Any) -> None:
    from useq import MDAEvent

    plan = [MDAEvent(x_pos=600.0 * i, y_pos=1200, z_pos=0) for i in (0, 1, 2, 1)]
    assert names(gated_sites(beads, plan)) == ["x0_y1200", "x600_y1200", "x1200_y1200", "x600_y1200"]


def test_a_named_cell_that_is_followed_stays_one_site_and_its_namesake_another(beads: Any) -> None:
    from useq import MDAEvent

    plan = [
        MDAEvent(index={"t": t}, pos_name="cell", x_pos=x_um + 5 * t, y_pos=0, z_pos=0)
        for t in range(3)
        for x_um in (0.0, 600.0)
    ]
    assert names(gated_sites(beads, plan)) == ["cell", "cell-x600_y0"] * 3


def test_a_plate_imaged_again_in_the_same_session_is_a_later_time_point(beads: Any) -> None:
    from useq import MDASequence, Position

    def plate() -> Any:
        return MDASequence(stage_positions=[Position(x=600 * i, y=0, z=0, name=f"L{i}") for i in range(2)])

    frames = gated_sites(beads, plate(), plate(), plate())
    assert [(frame["site"]["name"], frame.get("timeIndex")) for frame in frames] == [
        (f"L{i}", t) for t in (None, 1, 2) for i in range(2)
    ]


def test_a_plan_that_comes_back_to_a_place_gives_it_later_time_points(beads: Any) -> None:
    from useq import MDAEvent

    def plan(*rounds: tuple[str, ...]) -> Iterator[Any]:
        for channels in rounds:
            for channel in channels:
                yield MDAEvent(x_pos=0, y_pos=0, z_pos=0, pos_name="cell", channel=channel)

    twice = [MDAEvent(x_pos=0, y_pos=0, z_pos=0, pos_name="cell", channel="DAPI")] * 2
    both = ("DAPI", "FITC")
    frames = gated_sites(beads, plan(both, ("DAPI",), both), twice, plan(both))
    assert [(frame["channel"], frame.get("timeIndex")) for frame in frames] == [
        *(("DAPI", None), ("FITC", None), ("DAPI", 1), ("DAPI", 2), ("FITC", 2)),
        *(("DAPI", 3), ("DAPI", 4)),
        *(("DAPI", 5), ("FITC", 5)),
    ]
    assert names(frames) == ["cell"] * 9


def test_a_stack_that_a_cancelled_run_did_not_finish_is_on_no_list_of_sharp_ones(
    own_agent: Agent, beads: Any
) -> None:
    from useq import MDASequence

    def cancel_at_the_second_slice(image: Any, event: Any, meta: Any) -> None:
        if event.index["p"] == 1 and event.index["z"] == 1:
            beads.mda.cancel()

    plan = MDASequence(stage_positions=[(600 * i, 0, 0) for i in range(2)], z_plan={"range": 4, "step": 2})
    beads.mda.events.frameReady.connect(cancel_at_the_second_slice)
    try:
        with FocusClient(own_agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            beads.run_mda(gated(plan, client, beads, limits=LIMITS)).join(RUN_S)
    finally:
        beads.mda.events.frameReady.disconnect(cancel_at_the_second_slice)
    table = own_agent.results / "sites.csv"

    def rows() -> dict[str, tuple[str, str, str]]:
        lines = list(csv.DictReader(table.open())) if table.exists() else []
        return {row["site"]: (row["decision"], row["recovered"], row["why"]) for row in lines}

    assert own_agent.until(lambda: "p1" in rows() and rows()["p1"][2] == "unscored")
    assert rows() == {"p0": ("accept", "not-needed", "sharp"), "p1": ("", "unknown", "unscored")}


@pytest.mark.parametrize("way", ["gated", "engine", "observed"])
def test_no_visit_of_a_place_is_lost_from_the_table(way: str, own_agent: Agent, beads: Any) -> None:
    from useq import MDAEvent

    from beads import bead_optics
    from parfocal_bridge.pymmcore_plus import FocusEngine, ObserveListener

    plan = [MDAEvent(x_pos=600 * x, y_pos=0, z_pos=z) for x, z in ((0, 0), (0, 6), (1, 0), (0, 0))]
    with FocusClient(own_agent.address, deadline_ms=PATIENT_MS, observe_queue=8) as client:
        assert client.wait_for_agent(RUN_S)
        before = beads.mda.engine
        options: Any = {"limits": LIMITS, "optics": bead_optics()}
        try:
            if way == "engine":
                beads.mda.set_engine(FocusEngine(beads, client, **options))
            if way == "observed":
                with ObserveListener(beads, client):
                    run(beads, plan)
            else:
                run(beads, gated(plan, client, beads, **options) if way == "gated" else plan)
        finally:
            beads.mda.set_engine(before)
    table = own_agent.results / "sites.csv"

    def rows() -> list[tuple[str, str, str]]:
        lines = list(csv.DictReader(table.open())) if table.exists() else []
        return sorted((row["site"], row["time_index"], row["first_z_um"]) for row in lines)

    expected = [("x0_y0", str(t), z) for t, z in ((0, "0"), (1, "6"), (2, "0"))] + [("x600_y0", "0", "0")]
    assert own_agent.until(lambda: rows() == expected), rows()


def test_unnamed_positions_elsewhere_in_a_later_run_are_other_sites(beads: Any) -> None:
    from useq import MDASequence

    plans = [MDASequence(stage_positions=[(x_um, 0, 0)]) for x_um in (0, 1200, 0)]
    assert names(gated_sites(beads, *plans)) == ["p0", "p0-p0", "p0"]


def test_wells_are_read_from_names_and_from_the_plan(beads: Any) -> None:
    from useq import MDASequence, Position, WellPlatePlan

    plate = WellPlatePlan(plate="96-well", a1_center_xy=(0, 0), selected_wells=([0, 1], [0, 2]))
    named = MDASequence(stage_positions=plate)
    placed = MDASequence(stage_positions=[Position(x=0, y=2400, z=0, plate_row=1, plate_col=11)])
    sites = [frame["site"] for frame in gated_sites(beads, named, placed)]
    assert [(s["name"], s["well"], s["row"], s["column"]) for s in sites] == [
        ("A1", "A1", 0, 0),
        ("B3", "B3", 1, 2),
        ("p0", "B12", 1, 11),
    ]


def told(answer: Any, core: Any, plan: Any, **options: Any) -> tuple[list[SiteResult], list[tuple[str, str]]]:
    """Results, and what was said of which site."""
    results: list[SiteResult] = []
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=options.pop("deadline_ms", PATIENT_MS)) as client:
            assert client.wait_for_agent(RUN_S)
            thread = core.run_mda(gated(plan, client, core, limits=LIMITS, on_site=results.append, **options))
            thread.join(RUN_S)
            assert not thread.is_alive()
        agent.wait_for("bye", 1)
    return results, [(message["site"]["name"], message["why"]) for (message,) in agent.received["abandon"]]


def test_a_site_without_a_verdict_in_time_is_reported(beads: Any) -> None:
    from beads import bead_events

    def silent_on_the_second(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame" or message["site"]["name"] == "Pos1":
            return []
        return [json.dumps({**ACCEPT, "id": message["id"]}).encode()]

    results, said = told(silent_on_the_second, beads, bead_events([0.0, 1.0, 2.0]), deadline_ms=150)
    assert [result.status for result in results] == ["judged", "unscored", "judged"]
    assert said == [("Pos1", "unscored")]


def test_the_sites_of_a_cancelled_run_that_were_not_imaged_are_reported(beads: Any) -> None:
    from beads import bead_events

    def cancelling(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame" and message["site"]["name"] == "Pos1":
            beads.mda.cancel()
        is_frame = message["type"] == "frame"
        return [json.dumps({**ACCEPT, "id": message["id"]}).encode()] if is_frame else []

    plan = bead_events([0.0] * 40)
    _, said = told(cancelling, beads, plan, channels=None)
    assert said == [(f"Pos{p}", "skipped") for p in range(2, 40)]


def test_only_sites_that_were_to_be_gated_are_reported(beads: Any) -> None:
    from useq import MDASequence, Position

    positions = [Position(x=600 * i, y=0, z=0, name=f"P{i}") for i in range(3)]
    plan = MDASequence(stage_positions=positions, channels=["DAPI", "FITC"])

    def cancelling(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame":
            beads.mda.cancel()
        is_frame = message["type"] == "frame"
        return [json.dumps({**ACCEPT, "id": message["id"]}).encode()] if is_frame else []

    _, said = told(cancelling, beads, plan, channels=["DAPI"])
    assert said == [("P1", "skipped"), ("P2", "skipped")]


def heard(agent: Agent, count: int) -> set[tuple[str, str]]:
    """Sites that the agent heard of, and why they ended, once there are so many."""
    end_s = time.monotonic() + RUN_S
    while True:
        lines = (agent.results / "agent.log").read_text().splitlines()
        log = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        sites = {(line["site"], line["why"]) for line in log if line["msg"] == "Controller ended a site"}
        if len(sites) >= count or time.monotonic() > end_s:
            return sites
        time.sleep(0.05)


def test_an_agent_that_was_killed_hears_of_each_site_when_it_is_back(own_agent: Agent, beads: Any) -> None:
    from beads import bead_events, bead_optics

    results: list[SiteResult] = []

    def events() -> Iterator[Any]:
        for number, event in enumerate(bead_events([0.0] * 30)):
            if number == 2:
                own_agent.kill()
            yield event
        own_agent.start()

    with FocusClient(own_agent.address, deadline_ms=3000, misses_until_degraded=1) as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), on_site=results.append)
        run(beads, gated(events(), client, beads, **keyed))
    assert [result.status for result in results] == ["judged"] * 2 + ["unscored"] * 28
    assert heard(own_agent, 28) == {(f"Pos{p}", "unscored") for p in range(2, 30)}


def test_what_an_agent_may_have_missed_is_said_again_to_the_one_that_comes_back() -> None:
    with FocusClient("tcp://127.0.0.1:9") as nobody:
        assert nobody.counters.sent == 0  # closing does not wait for an agent that was never there
    started_s = time.monotonic()
    with FakeAgent(ACCEPT) as agent:
        client = FocusClient(agent.address)
        assert client.wait_for_agent(RUN_S)
        for number in range(50):
            client.abandon(Site(name=f"p{number}"), None, None, "no-frame", "on purpose")
        agent.wait_for("abandon", 50)
        address = agent.address
    with FakeAgent(ACCEPT, address=address) as again:
        again.wait_for("abandon", 50)
        client.close()
    assert {message["site"]["name"] for (message,) in again.received["abandon"]} == {
        f"p{i}" for i in range(50)
    }
    assert time.monotonic() - started_s < RUN_S


def test_a_stopped_agent_hears_the_reports_when_it_goes_on(own_agent: Agent, beads: Any) -> None:
    from beads import bead_events

    with FocusClient(own_agent.address, deadline_ms=300, misses_until_degraded=1) as client:
        assert client.wait_for_agent(RUN_S)
        own_agent.send(signal.SIGSTOP)
        try:
            run(beads, gated(bead_events([0.0] * 5), client, beads, limits=LIMITS))
        finally:
            own_agent.send(signal.SIGCONT)
        assert heard(own_agent, 5) == {(f"Pos{p}", "unscored") for p in range(5)}


@pytest.mark.parametrize(
    ("verdict", "options", "status"),
    [
        (retry(kind="move-z", byUm=60), {}, "refused"),
        (retry(kind="reacquire"), {"max_attempts": 2}, "refused"),
        ({}, {}, "judged"),
    ],
)
def test_a_site_says_in_one_word_what_became_of_it(
    verdict: dict[str, Any], options: dict[str, Any], status: str, beads: Any
) -> None:
    from beads import bead_events

    results, _ = told(scripted(verdict), beads, bead_events([5.0]), **options)
    assert [result.status for result in results] == [status]


def test_a_verdict_that_was_not_executed_is_no_success(beads: Any) -> None:
    from beads import bead_events

    results, said = told(scripted(move(60)), beads, bead_events([5.0]))
    assert (results[0].status, said) == ("refused", [("Pos0", "limits")])

"""Sites that start where the agent expects their focus, on a plate that is tilted, bowed and drifts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Agent, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import gated
from runs import ACCEPT, PATIENT_MS, RUN_S, move, noted_frames, run

LIMITS = ZLimits(-60, 60)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


@pytest.fixture(scope="module")
def plate_of_beads() -> Iterator[Any]:
    needs("pymmcore_plus", "mm_test_adapters", "useq")
    import pymmcore

    from plates import Plate, plate_core

    core = plate_core(Plate())
    yield core
    pymmcore.CMMCore.registerCallback(core, None)


@pytest.fixture
def frames(beads: Any) -> Iterator[list[tuple[Any, float]]]:
    with noted_frames(beads) as taken:
        yield taken


def image_plate(core: Any, plate: Any, address: str, events: Any, **options: Any) -> list[SiteResult]:
    from beads import bead_optics

    core.focus_um = plate.focus_um
    core.start_over()
    results: list[SiteResult] = []
    keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), on_site=results.append)
    with FocusClient(address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        run(core, gated(events, client, core, **keyed, **options))
        assert client.counters.unscored == 0
    return results


def extra_exposures(results: list[SiteResult]) -> list[int]:
    return [len(result.attempts) - 1 for result in results]


def is_sharp(result: SiteResult) -> bool:
    return result.kept.verdict is not None and result.kept.verdict.expected_level <= 1


def test_on_a_tilted_and_bowed_plate_that_drifts_they_cost_at_most_half_of_the_extra_exposures(
    agent: Agent, plate_of_beads: Any
) -> None:
    from beads import um_per_level
    from plates import Plate

    plate = Plate()
    events = plate.events()
    errors = [abs(plate.focus_um(e.x_pos, e.y_pos, k)) / um_per_level() for k, e in enumerate(events)]
    assert max(errors) > 4 and sum(error > 1 for error in errors) > 36, "errors of several levels"
    without = image_plate(plate_of_beads, plate, agent.address, events)
    with_them = image_plate(plate_of_beads, plate, agent.address, events, start_at_suggested_z=True)
    taught = 2 * plate.columns
    cost = [sum(extra_exposures(results)[taught:]) for results in (without, with_them)]
    print(f"\n  extra exposures at the sites after the first two rows: {cost[0]} without, {cost[1]} with")
    assert len(with_them) == len(without) == 48
    assert cost[0] > 16
    assert cost[1] <= cost[0] / 2
    assert all(is_sharp(result) for result in with_them)
    assert not any(result.start.is_suggested for result in without)
    assert sum(result.start.is_suggested for result in with_them[taught:]) > 16
    assert all(result.start.planned_z_um == 0.0 for result in with_them)


def test_with_a_site_that_jumped_nothing_ends_worse_than_without(agent: Agent, plate_of_beads: Any) -> None:
    from plates import Plate

    plate = Plate(jumps_um={(3, 4): 9.0})
    without = image_plate(plate_of_beads, plate, agent.address, plate.events())
    with_them = image_plate(plate_of_beads, plate, agent.address, plate.events(), start_at_suggested_z=True)
    taught = 2 * plate.columns
    cost = [sum(extra_exposures(results)[taught:]) for results in (without, with_them)]
    print(f"\n  extra exposures after two rows, one site jumped: {cost[0]} without, {cost[1]} with")
    for plain, suggested in zip(without, with_them, strict=True):
        assert is_sharp(suggested) or not is_sharp(plain), suggested.site.name
    assert cost[1] <= cost[0]


def test_at_later_time_points_they_cost_at_most_half_of_the_extra_exposures(
    agent: Agent, plate_of_beads: Any
) -> None:
    from plates import Plate

    plate = Plate(rows=2, columns=3, offset_um=12.0, tilt_um=(3.0, 5.0), drift_um=0.05)
    events = plate.events(times=3)
    without = image_plate(plate_of_beads, plate, agent.address, events)[6:]
    with_them = image_plate(plate_of_beads, plate, agent.address, events, start_at_suggested_z=True)[6:]
    cost = [sum(extra_exposures(results)) for results in (without, with_them)]
    print(f"\n  extra exposures at later time points: {cost[0]} without, {cost[1]} with")
    assert len(with_them) == len(without) == 12
    assert cost[0] >= 12
    assert cost[1] <= cost[0] / 2
    assert sum(result.start.is_suggested for result in with_them) > 6
    assert all(is_sharp(result) for result in with_them)


def suggesting(*z_um: float, first: dict[str, Any] | None = None) -> Any:
    """Accepts each site, ``first`` aside, and suggests these z for the next ones."""
    left = list(z_um)
    begun = [first] if first is not None else []

    def answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame":
            return []
        verdict = {**ACCEPT, "id": message["id"], "keepAttempt": message["attempt"]}
        if message["mode"] == "gate" and begun:
            verdict |= begun.pop()
        elif message["mode"] == "gate" and left:
            verdict["next"] = {"zUm": left.pop(0), "sdUm": 1, "basis": "surface"}
        return [json.dumps(verdict).encode()]

    return answer


def gate(
    core: Any, answer: Any, events: Any, **options: Any
) -> tuple[list[SiteResult], list[dict[str, Any]]]:
    results: list[SiteResult] = []
    keyed = {"limits": LIMITS, "on_site": results.append, **options}
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        run(core, gated(events, client, core, **keyed))
    return results, [message for message, _ in agent.received["frame"]]


def test_a_site_starts_at_the_suggestion_and_says_so(beads: Any, frames: list[Any]) -> None:
    from beads import bead_events

    results, sent = gate(beads, suggesting(7.5), bead_events([0.0, 3.0, 6.0]), start_at_suggested_z=True)
    assert [z_um for _, z_um in frames] == pytest.approx([0.0, 7.5, 6.0], abs=0.05)
    assert [r.start.is_suggested for r in results] == [False, True, False]
    assert [(r.start.planned_z_um, r.start.start_z_um) for r in results] == [(0, 0), (3, 7.5), (6, 6)]
    assert [message["plannedZUm"] for message in sent] == [0, 3, 6]
    assert sent[0]["next"] == {
        "site": {"name": "Pos1", "position": 1},
        "timeIndex": 0,
        "xUm": 600.0,
        "yUm": 0.0,
        "zUm": 3.0,
    }
    assert "next" not in sent[-1]


def test_by_default_nothing_is_asked_for_and_each_site_starts_as_planned(
    beads: Any, frames: list[Any]
) -> None:
    from beads import bead_events

    results, sent = gate(beads, suggesting(7.5), bead_events([0.0, 3.0]))
    assert [z_um for _, z_um in frames] == pytest.approx([0.0, 3.0], abs=0.05)
    assert not any(result.start.is_suggested for result in results)
    assert not any("next" in message for message in sent)


@pytest.mark.parametrize(
    "options",
    [{"limits": ZLimits(-60, 7)}, {"limits": ZLimits(-60, 60, 4)}, {"max_suggestion_um": 4.0}],
    ids=["limits", "longest move", "distance from plan"],
)
def test_a_suggestion_too_far_away_is_not_followed(
    options: dict[str, Any], beads: Any, frames: list[Any]
) -> None:
    from beads import bead_events

    results, _ = gate(beads, suggesting(7.5), bead_events([0.0, 3.0]), start_at_suggested_z=True, **options)
    assert frames[1][1] == pytest.approx(3.0, abs=0.05)
    assert not results[1].start.is_suggested


def test_other_channels_keep_their_distance_from_the_suggestion(beads: Any, frames: list[Any]) -> None:
    import useq

    events = [
        useq.MDAEvent(index={"p": p, "c": c}, channel=channel, x_pos=600.0 * p, y_pos=0.0, z_pos=z_um + 2 * c)
        for p, z_um in enumerate([0.0, 3.0])
        for c, channel in enumerate(["FITC", "DAPI", "Cy5"])
    ]
    results, sent = gate(beads, suggesting(9.0), events, start_at_suggested_z=True, channels=["DAPI"])
    assert [z_um for _, z_um in frames] == pytest.approx([0, 2, 4, 7, 9, 11], abs=0.05)
    assert [result.start.start_z_um for result in results] == [2.0, 9.0]
    (gated_first,) = (m for m in sent if m["mode"] == "gate" and m["site"]["name"] == "p0")
    assert (gated_first["next"]["channel"], gated_first["next"]["zUm"]) == ("DAPI", 5.0)


def test_a_correction_keeps_the_differences_between_channels_of_the_plan(
    beads: Any, frames: list[Any]
) -> None:
    import useq

    events = [
        useq.MDAEvent(index={"p": 0, "c": c}, channel=channel, x_pos=0.0, y_pos=0.0, z_pos=z_um)
        for c, (channel, z_um) in enumerate([("DAPI", 5.0), ("FITC", 8.0), ("Cy5", 3.5)])
    ]
    gate(beads, suggesting(first=move(-4)), events, channels=["DAPI"])
    assert [z_um for _, z_um in frames] == pytest.approx([5, 1, 4, -0.5], abs=0.05)


def test_the_middle_of_a_stack_starts_at_the_suggestion(beads: Any, frames: list[Any]) -> None:
    import useq

    plan = useq.ZRangeAround(range=4, step=2)
    sequence = useq.MDASequence(stage_positions=[(0, 0, 0), (600, 0, 1)], z_plan=plan)
    results, sent = gate(beads, suggesting(8.0), sequence, start_at_suggested_z=True)
    assert [z_um for _, z_um in frames] == pytest.approx([-2, 0, 2, 6, 8, 10], abs=0.05)
    assert results[1].start.start_z_um == 8.0 and results[1].start.is_suggested
    assert next(m["next"]["zUm"] for m in sent if "next" in m) == 1.0


def test_an_autofocus_of_the_plan_comes_before_a_suggestion(beads: Any, frames: list[Any]) -> None:
    import useq

    sequence = useq.MDASequence(
        stage_positions=[(0, 0, 0), (600, 0, 1)],
        autofocus_plan=useq.AxesBasedAF(autofocus_device_name=None, axes=("p",), autofocus_motor_offset=None),
    )
    results, _ = gate(beads, suggesting(8.0), sequence, start_at_suggested_z=True)
    assert [z_um for _, z_um in frames] == pytest.approx([0, 1], abs=0.05)
    assert not results[1].start.is_suggested


def test_a_generator_sees_each_result_first_unless_suggestions_need_a_look_ahead(beads: Any) -> None:
    from beads import bead_events

    for is_on, expected in ((False, [0, 1, 2]), (True, [0, 0, 1])):
        known: list[int] = []
        results: list[SiteResult] = []

        def events(known: list[int] = known, results: list[SiteResult] = results) -> Iterator[Any]:
            for event in bead_events([0.0, 1.0, 2.0]):
                known.append(len(results))
                yield event

        with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
            keyed: dict[str, Any] = dict(limits=LIMITS, on_site=results.append, start_at_suggested_z=is_on)
            run(beads, gated(events(), client, beads, **keyed))
        assert known == expected
        assert len(results) == 3


def test_sites_of_pycro_manager_start_at_the_suggestion(headless: Any) -> None:
    from beads import bead_dicts
    from parfocal_bridge.pycromanager import FrameCollector, gate_loop
    from pycro_runs import acquire

    results: list[SiteResult] = []
    frames = FrameCollector()
    with FakeAgent(answer=suggesting(7.5)) as agent, FocusClient(agent.address) as client:
        keyed: dict[str, Any] = dict(limits=LIMITS, core=headless, on_site=results.append)
        keyed["start_at_suggested_z"] = True
        events = bead_dicts([0.0, 3.0, 6.0])
        acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
    assert [r.attempts[0].z_um for r in results] == pytest.approx([0.0, 7.5, 6.0], abs=0.05)
    assert [r.start.is_suggested for r in results] == [False, True, False]
    assert [m["next"]["zUm"] for m, _ in agent.received["frame"] if "next" in m] == [3.0, 6.0]

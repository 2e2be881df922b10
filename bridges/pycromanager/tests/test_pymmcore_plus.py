"""Gated and observed runs on a real MMCore, with a real agent. Distances come from the drive, not from
scores.

What the real agent does not do on demand, a scripted one does.
"""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Agent, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, Verdict, ZLimits
from parfocal_bridge.pymmcore_plus import ATTEMPT_KEY, ObserveListener, gated, optics_of
from runs import ACCEPT, PATIENT_MS, RUN_S, noted_frames, noted_moves, retry, run, scripted

needs_here = ("pymmcore_plus", "mm_test_adapters", "useq")
LIMITS = ZLimits(-40, 40)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs(*needs_here)


@pytest.fixture
def frames(beads: Any) -> Iterator[list[tuple[Any, float]]]:
    """Events and measured z of the frames that the core takes."""
    with noted_frames(beads) as taken:
        yield taken


def table(errors_um: list[float], results: list[SiteResult]) -> None:
    print("\n  z error  frames  expected levels             kept z  decision")
    for error_um, result in zip(errors_um, results, strict=True):
        levels = " ".join(
            f"{a.verdict.expected_level:5.2f}" if a.verdict else "    -" for a in result.attempts
        )
        print(
            f"{error_um:9.1f}{len(result.attempts):8}  {levels:26}{result.kept.z_um:8.2f}  {result.decision}"
        )


def test_sites_that_start_out_of_focus_end_in_focus(agent: Agent, beads: Any, frames: list[Any]) -> None:
    from beads import bead_events, bead_optics

    errors_um = [-10.0, -6.0, -3.5, 0.0, 4.0, 6.0, 8.0, 10.0]
    results: list[SiteResult] = []
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        events = bead_events(errors_um)
        optics = bead_optics()
        run(beads, gated(events, client, beads, limits=LIMITS, optics=optics, on_site=results.append))
        counters = client.counters
    table(errors_um, results)

    assert len(results) == len(errors_um)
    assert counters.scored == counters.sent == sum(len(result.attempts) for result in results)
    assert (counters.unscored, counters.errors, counters.late) == (0, 0, 0)
    assert all(result.refused is None for result in results)
    for error_um, result in zip(errors_um, results, strict=True):
        assert result.attempts[0].z_um == pytest.approx(error_um, abs=0.05)
        assert abs(result.kept.z_um or 0) <= abs(error_um) + 0.1, "no site ends blurrier than it began"
    final = [result.kept.verdict for result in results]
    assert sum(verdict is not None and verdict.expected_level <= 1 for verdict in final) >= 7
    # Each retry is the planned event at another z.
    assert len(frames) == counters.sent
    for event, z_um in frames:
        assert z_um == pytest.approx(event.z_pos, abs=0.05)
        assert (event.x_pos, event.y_pos) == (events[event.index["p"]].x_pos, events[event.index["p"]].y_pos)
    assert [event.metadata[ATTEMPT_KEY] for event, _ in frames] == [
        number for result in results for number in range(len(result.attempts))
    ]
    outcomes = agent.outcomes(len(results))
    assert [outcome["site"]["name"] for outcome in outcomes] == [result.site.name for result in results]
    assert all(
        outcome["zBeforeUm"] == result.attempts[0].z_um
        for outcome, result in zip(outcomes, results, strict=True)
    )


def test_later_time_points_start_where_the_first_ended(agent: Agent, beads: Any) -> None:
    from beads import bead_events, bead_optics

    results: list[SiteResult] = []
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        events = bead_events([8.0, -9.0], times=2)
        keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), carry_z=True)
        keyed["on_site"] = results.append
        run(beads, gated(events, client, beads, **keyed))
    for first, second in zip(results[:2], results[2:], strict=True):
        assert len(first.attempts) > 1
        assert second.attempts[0].z_um == pytest.approx(first.kept.z_um, abs=0.05)
        assert len(second.attempts) < len(first.attempts)


def test_the_agent_is_killed_in_mid_run_and_comes_back(own_agent: Agent, beads: Any) -> None:
    from beads import bead_events, bead_optics

    results: list[SiteResult] = []
    end_s = time.monotonic() + RUN_S / 2
    restarting = threading.Thread(target=own_agent.start)

    def is_over() -> bool:
        scored_at_the_end = [result.unscored == 0 for result in results[-3:]]
        is_back = len(results) > 8 and not restarting.is_alive() and all(scored_at_the_end)
        return is_back or time.monotonic() > end_s

    def events() -> Iterator[Any]:
        for number, event in enumerate(bead_events([2.0] * 400)):
            if number == 4:
                own_agent.kill()
            if number == 8:
                restarting.start()
            if is_over():
                return
            yield event
            time.sleep(0.02)

    with FocusClient(own_agent.address, deadline_ms=2000, misses_until_degraded=1) as client:
        assert client.wait_for_agent(RUN_S)
        run(
            beads,
            gated(events(), client, beads, limits=LIMITS, optics=bead_optics(), on_site=results.append),
        )
        counters = client.counters
    restarting.join()
    gap = [result.unscored > 0 for result in results]
    print(f"\n  {len(results)} sites, {sum(gap)} of them unscored: {''.join('-' if x else '+' for x in gap)}")
    assert gap[:4] == [False] * 4
    assert gap[4:8] == [True] * 4
    assert gap[-3:] == [False] * 3
    assert counters.unscored == sum(result.unscored for result in results) == sum(gap)
    assert all(result.decision == "unscored" for result, is_gap in zip(results, gap, strict=True) if is_gap)


def test_a_stopped_agent_does_not_stop_the_run(own_agent: Agent, beads: Any) -> None:
    from beads import bead_events, bead_optics

    results: list[SiteResult] = []

    def events() -> Iterator[Any]:
        for number, event in enumerate(bead_events([0.0] * 30)):
            if number == 3:
                own_agent.send(signal.SIGSTOP)
            yield event

    with FocusClient(own_agent.address, deadline_ms=2000, misses_until_degraded=1) as client:
        assert client.wait_for_agent(RUN_S)
        try:
            start_s = time.monotonic()
            keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), on_site=results.append)
            run(beads, gated(events(), client, beads, **keyed))
            print(f"\n  30 sites in {time.monotonic() - start_s:.1f} s, 27 of them with a stopped agent")
            assert client.degraded
            assert [result.unscored for result in results] == [0] * 3 + [1] * 27
        finally:
            own_agent.send(signal.SIGCONT)
        end_s = time.monotonic() + RUN_S
        while client.degraded and time.monotonic() < end_s:
            time.sleep(0.05)
        run(
            beads,
            gated(
                bead_events([0.0] * 3),
                client,
                beads,
                optics=bead_optics(),
                limits=LIMITS,
                on_site=results.append,
            ),
        )
        assert results[-1].unscored == 0


def test_an_agent_slower_than_the_deadline_does_not_stop_the_run(beads: Any) -> None:
    from beads import bead_events

    def slowly(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame":
            return []
        time.sleep(0.3)
        verdict = {**ACCEPT, **retry(kind="move-z", byUm=3), "id": message["id"]}
        return [json.dumps(verdict).encode()]

    results: list[SiteResult] = []
    ended_s: list[float] = []

    def note(result: SiteResult) -> None:
        results.append(result)
        ended_s.append(time.monotonic())

    with FakeAgent(answer=slowly) as agent, FocusClient(agent.address, deadline_ms=20) as client:
        run(beads, gated(bead_events([6.0] * 6), client, beads, limits=LIMITS, on_site=note))
        end_s = time.monotonic() + RUN_S
        while client.counters.late < 3 and time.monotonic() < end_s:
            time.sleep(0.02)
        # Too late for three frames; the others did not wait, but for one a second on a slow machine.
        assert 3 <= client.counters.late <= 3 + int(ended_s[-1] - ended_s[1])
    assert [(result.decision, len(result.attempts)) for result in results] == [("unscored", 1)] * 6


def test_two_microscopes_share_one_agent(agent: Agent, beads: Any) -> None:
    import numpy as np

    from beads import SensorNoise, bead_events, bead_optics
    from parfocal_bridge import Frame, Site

    beads.setZPosition(0.0)
    beads.snapImage()
    image = SensorNoise().apply(beads.getImage(), np.random.default_rng(3))
    verdicts: list[Verdict | None] = []
    results: list[SiteResult] = []
    running = threading.Event()
    with (
        FocusClient(agent.address, deadline_ms=PATIENT_MS) as one,
        FocusClient(agent.address, deadline_ms=PATIENT_MS) as two,
    ):
        assert one.wait_for_agent(RUN_S) and two.wait_for_agent(RUN_S)

        def other_microscope() -> None:
            while not running.is_set():
                verdicts.append(
                    two.score(image, Frame(site=Site(name="Pos0"), z_um=0.0, z_source="measured"))
                )

        thread = threading.Thread(target=other_microscope, daemon=True)
        thread.start()
        keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), on_site=results.append)
        run(beads, gated(bead_events([6.0, -6.0, 0.0]), one, beads, **keyed))
        running.set()
        thread.join(RUN_S)
        assert one.counters.unscored == two.counters.unscored == 0
    assert len(verdicts) > 0 and all(
        verdict is not None and verdict.session == two.session for verdict in verdicts
    )
    assert all(verdict.decision == "accept" for verdict in verdicts if verdict is not None)
    assert all(
        a.verdict is not None and a.verdict.session == one.session for r in results for a in r.attempts
    )


def test_observed_runs_keep_their_plan_and_are_answered(
    own_agent: Agent, beads: Any, frames: list[Any]
) -> None:
    from beads import bead_events

    with (
        FocusClient(own_agent.address, observe_queue=32) as client,
        ObserveListener(beads, client, plate="P1"),
    ):
        assert client.wait_for_agent(RUN_S)
        run(beads, bead_events([8.0, 0.0, -8.0, 4.0]))
        end_s = time.monotonic() + RUN_S
        while client.counters.scored + client.counters.dropped < 4 and time.monotonic() < end_s:
            time.sleep(0.02)
        counters = client.counters
    assert [z_um for _, z_um in frames] == pytest.approx([8.0, 0.0, -8.0, 4.0], abs=0.05)
    assert (counters.sent, counters.scored + counters.dropped, counters.errors) == (4, 4, 0)
    own_agent.stop()
    seen = [record["frame"] for record in own_agent.records() if record["type"] in ("verdict", "drop")]
    assert len(seen) == 4
    assert {frame["mode"] for frame in seen} == {"observe"}
    assert {frame["site"]["plate"] for frame in seen} == {"P1"}


def test_the_beads_of_the_demo_camera_are_accepted_in_focus_as_they_come(
    own_agent: Agent, beads: Any
) -> None:
    from beads import bead_events, show_beads

    show_beads(beads, size=2.0, brightness=1.0, exposure_ms=10.0)  # its own settings
    results: list[SiteResult] = []
    perfect = [0.0] * 6
    try:
        with (
            FocusClient(own_agent.address, observe_queue=32, deadline_ms=PATIENT_MS) as client,
            ObserveListener(beads, client),
        ):
            assert client.wait_for_agent(RUN_S)
            run(beads, bead_events(perfect))
            run(beads, gated(bead_events(perfect), client, beads, limits=LIMITS, on_site=results.append))
    finally:
        show_beads(beads)
    own_agent.stop()
    watched = [record for record in own_agent.records() if record["type"] == "verdict"]
    watched = [record for record in watched if record["frame"]["mode"] == "observe"]
    # Of watched frames a busy agent answers the newest.
    assert len(watched) >= 3
    assert {(record["decision"], record["condition"]) for record in watched} == {("accept", "in-focus")}
    assert [result.decision for result in results] == ["accept"] * 6


def test_a_listener_whose_client_fails_does_not_disturb_the_run(beads: Any, frames: list[Any]) -> None:
    from beads import bead_events

    class Failing:
        def before_close(self, callback: Any) -> None:
            pass

        def offer(self, image: Any, frame: Any) -> None:
            raise RuntimeError("on purpose")

    with ObserveListener(beads, Failing()):  # type: ignore[arg-type]
        run(beads, bead_events([1.0, 2.0]))
    assert len(frames) == 2


def test_a_move_outside_the_limits_is_refused_and_the_drive_stays(beads: Any, frames: list[Any]) -> None:
    from beads import bead_events

    results: list[SiteResult] = []
    with (
        FakeAgent(answer=scripted(retry(kind="move-z", byUm=30))) as agent,
        FocusClient(agent.address) as client,
    ):
        run(
            beads,
            gated(bead_events([5.0, 6.0]), client, beads, limits=ZLimits(-20, 20), on_site=results.append),
        )
    assert [z_um for _, z_um in frames] == pytest.approx([5.0, 6.0], abs=0.05)
    assert all("outside" in (result.refused or "") for result in results)
    sent = agent.received["frame"][0][0]
    assert (sent["zLimitsUm"], sent["zSource"], sent["pixelUm"]) == ([-20, 20], "measured", 1.0)


def test_a_drive_that_refuses_ends_the_site_and_not_the_run(beads: Any) -> None:
    from beads import bead_events

    results: list[SiteResult] = []
    answer = scripted(retry(kind="move-z", byUm=400), {"decision": "accept"})
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address) as client:
        # The demo drive ends at 300 um; these limits do not.
        run(
            beads,
            gated(bead_events([5.0, 6.0]), client, beads, limits=ZLimits(-900, 900), on_site=results.append),
        )
    assert results[0].refused is not None and len(results[0].attempts) == 1
    assert results[1].decision == "accept"
    assert beads.getZPosition() == pytest.approx(6.0, abs=0.05)


def test_the_way_back_at_the_end_of_a_search_is_gone(beads: Any, frames: list[Any]) -> None:
    from beads import bead_events

    end = {"decision": "flag", "action": {"kind": "move-z", "byUm": -7}, "keepAttempt": 0}
    with (
        FakeAgent(answer=scripted(retry(kind="move-z", byUm=7), end)) as agent,
        FocusClient(agent.address) as client,
    ):
        run(beads, gated(bead_events([5.0]), client, beads, limits=LIMITS))
    assert [z_um for _, z_um in frames] == pytest.approx([5.0, 12.0], abs=0.05)
    assert beads.getZPosition() == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize(
    ("limits", "expected"), [(LIMITS, [-4, 1]), (ZLimits(-3, 40), [1])], ids=["inside", "outside"]
)
def test_a_stop_on_the_way_is_made_where_the_limits_allow_it(
    limits: ZLimits, expected: list[float], beads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beads import bead_events

    moves = noted_moves(beads, monkeypatch)
    answer = scripted(retry(kind="move-z", byUm=-4, viaUm=-9), {"keepAttempt": 1})
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address) as client:
        run(beads, gated(bead_events([5.0]), client, beads, limits=limits))
    assert moves == pytest.approx(expected, abs=0.05)


def test_autofocus_is_run_checked_and_undone_where_it_went_astray(beads: Any, frames: list[Any]) -> None:
    from beads import bead_events

    results: list[SiteResult] = []
    found_um = iter([3.0, 90.0])
    with (
        FakeAgent(
            answer=scripted(retry(kind="autofocus"), {"keepAttempt": 1}, retry(kind="autofocus"), {})
        ) as agent,
        FocusClient(agent.address) as client,
    ):
        keyed: dict[str, Any] = dict(
            limits=LIMITS, on_site=results.append, autofocus=lambda: beads.setZPosition(next(found_um))
        )
        run(beads, gated(bead_events([5.0, 6.0]), client, beads, **keyed))
    assert [z_um for _, z_um in frames] == pytest.approx([5.0, 3.0, 6.0], abs=0.05)
    assert results[0].refused is None
    assert "after autofocus" in (results[1].refused or "")
    assert beads.getZPosition() == pytest.approx(6.0, abs=0.05)


def test_an_engaged_focus_lock_is_not_driven_against(
    beads: Any, monkeypatch: pytest.MonkeyPatch, frames: list[Any]
) -> None:
    from beads import bead_events

    results: list[SiteResult] = []
    monkeypatch.setattr(beads, "isContinuousFocusEnabled", lambda: True)
    with (
        FakeAgent(answer=scripted(retry(kind="move-z", byUm=4))) as agent,
        FocusClient(agent.address) as client,
    ):
        run(beads, gated(bead_events([5.0]), client, beads, limits=LIMITS, on_site=results.append))
    assert len(frames) == 1
    assert "focus lock" in (results[0].refused or "")


def test_other_channels_and_stacks_are_observed_at_the_z_found(beads: Any, frames: list[Any]) -> None:
    import useq

    sequence = useq.MDASequence(
        stage_positions=[(0, 0, 5)],
        channels=["DAPI", "FITC"],
        axis_order="pcz",
    )
    answer = scripted(retry(kind="move-z", byUm=-4), {"keepAttempt": 1})
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address) as client:
        run(beads, gated(sequence, client, beads, limits=LIMITS, channels=["DAPI"]))
        agent.wait_for("frame", 3)
        stack = sequence.replace(z_plan=useq.ZRangeAround(range=2, step=1), channels=["DAPI"])
        run(beads, gated(stack, client, beads, limits=LIMITS, stacks="observe"))
        agent.wait_for("frame", 6)
    assert [z_um for _, z_um in frames] == pytest.approx([5, 1, 1, 4, 5, 6], abs=0.05)
    sent = [(message["mode"], message["channel"]) for message, _ in agent.received["frame"]]
    assert sent == [("gate", "DAPI")] * 2 + [("observe", "FITC")] + [("observe", "DAPI")] * 3


def test_grids_keep_the_spacing_of_the_camera(beads: Any) -> None:
    import useq

    sequence = useq.MDASequence(grid_plan=useq.GridRowsColumns(rows=1, columns=2))
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        run(beads, gated(sequence, client, beads, limits=LIMITS))
    first, second = (message["xUm"] for message, _ in agent.received["frame"])
    assert second - first == pytest.approx(512, abs=1)
    assert [message["site"]["name"] for message, _ in agent.received["frame"]] == ["p0-g0", "p0-g1"]


def test_a_camera_that_gives_no_frame_does_not_stop_the_run(
    beads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beads import bead_events

    snap = beads.snapImage
    failing = iter([True, False])

    def snap_or_fail() -> None:
        if next(failing):
            raise RuntimeError("on purpose")
        snap()

    monkeypatch.setattr(beads, "snapImage", snap_or_fail)
    results: list[SiteResult] = []
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        run(
            beads,
            gated(
                bead_events([1.0, 2.0]),
                client,
                beads,
                limits=LIMITS,
                on_site=results.append,
            ),
        )
    assert [result.decision for result in results] == ["unscored", "accept"]


def test_the_label_of_the_objective_tells_its_aperture(beads: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert optics_of(beads) is None  # "Nikon 10X S Fluor"
    for label, na, magnification in [
        ("Plan Apo 20x/0.75", 0.75, 20),
        ("Nikon 100X NA 1.45 oil", 1.45, 100),
        ("CFI 4x NA=0.2", 0.2, 4),
    ]:
        monkeypatch.setattr(beads, "getStateLabel", lambda device, label=label: label)
        optics = optics_of(beads)
        assert optics is not None
        assert math.isclose(optics.na, na) and optics.magnification == magnification

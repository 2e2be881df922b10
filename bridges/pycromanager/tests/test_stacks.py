"""Z-stacks judged as a whole: real MMCore and real agent, and a scripted one for the order of things."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any, ClassVar

import pytest

import runs
from conftest import Agent, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import ATTEMPT_KEY, gated
from runs import ACCEPT, PATIENT_MS, RUN_S, move, noted_frames, noted_moves, run, scripted

LIMITS = ZLimits(-60, 60)
gate = partial(runs.gate, limits=LIMITS)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


@pytest.fixture
def frames(beads: Any) -> Iterator[list[tuple[Any, float]]]:
    with noted_frames(beads) as taken:
        yield taken


def stack_sequence(z_um: float, half_um: float = 6.0, **more: Any) -> Any:
    """A z-stack of five slices around a z."""
    import useq

    plan = useq.ZRangeAround(range=2 * half_um, step=half_um / 2)
    return useq.MDASequence(stage_positions=[(0, 0, z_um)], z_plan=plan, **more)


def test_a_stack_whose_focus_lies_outside_is_shifted_and_acquired_again(
    agent: Agent, beads: Any, frames: list[Any]
) -> None:
    (result,) = gate(beads, agent.address, stack_sequence(15.0))
    assert len(result.attempts) > 1 and result.decision == "accept"
    kept = result.kept.verdict
    assert kept is not None and kept.stack is not None
    assert (kept.stack.edge, kept.stack.judged) == ("none", 5)
    assert kept.stack.sharpest_level is not None and kept.stack.sharpest_level <= 1
    assert abs(result.kept.z_um or 99) < 6, "focus lies inside the kept stack"
    size = len(result.attempts)
    assert [event.metadata[ATTEMPT_KEY] for event, _ in frames] == [k for k in range(size) for _ in range(5)]
    for number in range(size):
        z_um = [z for event, z in frames if event.metadata[ATTEMPT_KEY] == number]
        middle_um = result.attempts[number].z_um
        assert middle_um is not None
        assert z_um == pytest.approx([middle_um + d for d in (-6, -3, 0, 3, 6)], abs=0.06)
    (outcome,) = agent.outcomes(1)
    assert (outcome["recovered"], outcome["attempts"]) == ("yes", size)
    sent = [record["frame"] for record in agent.records() if record["type"] == "verdict"]
    assert len(sent) == 5 * size, "no slice is lost"
    assert {frame["plannedZUm"] for frame in sent} == {15.0}
    assert {frame["stack"]["size"] for frame in sent} == {5}


def test_every_stack_of_a_run_whose_focus_lies_outside_is_shifted(agent: Agent, beads: Any) -> None:
    import useq

    positions = [(0, 0, 15.0), (100, 0, -14.0), (200, 0, 13.0)]
    plan = useq.ZRangeAround(range=12, step=3)
    results = gate(beads, agent.address, useq.MDASequence(stage_positions=positions, z_plan=plan))
    assert [result.decision for result in results] == ["accept"] * 3
    for result in results:
        assert len(result.attempts) > 1 and abs(result.kept.z_um or 99) < 6
    assert [outcome["recovered"] for outcome in agent.outcomes(3)] == ["yes"] * 3


def test_a_stack_of_pycro_manager_whose_focus_lies_outside_is_shifted_and_acquired_again(
    agent: Agent, headless: Any
) -> None:
    from beads import bead_optics
    from parfocal_bridge.pycromanager import FrameCollector, gate_loop
    from pycro_runs import acquire, noisy

    events = [
        {"axes": {"position": 0, "z": k}, "x": 0.0, "y": 0.0, "z": 9.0 + 3 * k, "exposure": 2.0}
        for k in range(5)
    ]
    results: list[SiteResult] = []
    frames = FrameCollector(noisy())
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = dict(limits=LIMITS, core=headless, optics=bead_optics())
        keyed["on_site"] = results.append
        dataset = acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
    (result,) = results
    assert result.start.planned_z_um == 15.0
    assert len(result.attempts) > 1 and result.decision == "accept"
    assert abs(result.kept.z_um or 99) < 6
    saved = {(axes["attempt"], axes["z"]) for axes in dataset.get_image_coordinates_list()}
    assert saved == {(k, z) for k in range(len(result.attempts)) for z in range(5)}


def test_slices_are_observed_and_the_last_one_gated_for_all(beads: Any, frames: list[Any]) -> None:
    with FakeAgent(answer=scripted(move(4, viaUm=-3), {"keepAttempt": 1})) as agent:
        (result,) = gate(beads, agent.address, stack_sequence(5.0, 2.0))
    sent = [message for message, _ in agent.received["frame"]]
    assert [m["mode"] for m in sent] == (["observe"] * 4 + ["gate"]) * 2
    assert [m["zIndex"] for m in sent] == [0, 1, 2, 3, 4] * 2
    assert [m["attempt"] for m in sent] == [0] * 5 + [1] * 5
    assert [z_um for _, z_um in frames] == pytest.approx([3, 4, 5, 6, 7, 7, 8, 9, 10, 11], abs=0.05)
    assert [attempt.z_um for attempt in result.attempts] == pytest.approx([5, 9], abs=0.05)


def test_a_shift_that_takes_any_slice_outside_the_limits_is_refused(beads: Any, frames: list[Any]) -> None:
    with FakeAgent(answer=scripted(move(4))) as agent:
        (result,) = gate(beads, agent.address, stack_sequence(5.0, 2.0), limits=ZLimits(0, 10.5))
        agent.wait_for("abandon", 1)
    assert len(frames) == 5
    assert "11.000 um is outside" in (result.refused or "")
    assert agent.received["abandon"][0][0]["why"] == "limits"


@pytest.mark.parametrize("order", ["tpcz", "tpzc"])
def test_with_several_channels_all_slices_of_the_judged_stack_are_acquired_again(
    order: str, beads: Any, frames: list[Any]
) -> None:
    sequence = stack_sequence(5.0, 2.0, channels=["DAPI", "FITC"], axis_order=order)
    with FakeAgent(answer=scripted(move(4), {"keepAttempt": 1})) as agent:
        (result,) = gate(beads, agent.address, sequence, channels=["DAPI"])
        agent.wait_for("frame", 15 if order == "tpcz" else 20)
    plan = [e.channel.config for e in sequence] if order == "tpzc" else ["DAPI"] * 5
    rest = [] if order == "tpzc" else ["FITC"] * 5
    assert [event.channel.config for event, _ in frames] == [*plan, *plan, *rest]
    assert [event.index["z"] for event, _ in frames][:3] == ([0, 1, 2] if order == "tpcz" else [0, 0, 1])
    shifted = [z_um - event.index["z"] for event, z_um in frames]
    again = len(plan)
    assert shifted == pytest.approx([3] * again + [7] * (len(frames) - again), abs=0.05)
    assert [attempt.z_um for attempt in result.attempts] == pytest.approx([5, 9], abs=0.05)
    sent = [message for message, _ in agent.received["frame"]]
    ends = [m["channel"] for m in sent if "last" in m["stack"]]
    assert ends == ["FITC"] * (1 if order == "tpcz" else 2), "the other channel is judged as a stack, too"
    assert {m["channel"] for m in sent if m["mode"] == "gate"} == {"DAPI"}


def test_a_channel_without_stack_follows_the_stack_of_its_position(beads: Any, frames: list[Any]) -> None:
    import useq

    channels = ["DAPI", useq.Channel(config="FITC", do_stack=False, z_offset=2)]
    sequence = stack_sequence(5.0, 2.0, channels=channels, axis_order="tpcz")
    with FakeAgent(answer=scripted(move(4), {"keepAttempt": 1})) as agent:
        gate(beads, agent.address, sequence, channels=["DAPI"])
    assert frames[-1][0].channel.config == "FITC"
    assert frames[-1][1] == pytest.approx(5 + 2 + 4, abs=0.05)


@pytest.mark.parametrize("order", ["tpcz", "tpzc"])
def test_a_gated_channel_that_is_imaged_in_one_plane_of_the_stack_is_judged_by_that_plane(
    order: str, beads: Any, frames: list[Any]
) -> None:
    import useq

    channels = ["DAPI", useq.Channel(config="FITC", do_stack=False)]
    sequence = stack_sequence(5.0, 2.0, channels=channels, axis_order=order)
    with FakeAgent(answer=scripted(move(4), {"keepAttempt": 1})) as agent:
        (result,) = gate(beads, agent.address, sequence, channels=["FITC"])
    sent = [message for message, _ in agent.received["frame"]]
    assert [(m["channel"], "stack" in m) for m in sent if m["mode"] == "gate"] == [("FITC", False)] * 2
    assert (result.channel, result.keep_attempt) == ("FITC", 1)
    planes = [z_um for event, z_um in frames if event.channel.config == "FITC"]
    assert planes == pytest.approx([5, 9], abs=0.05)


def test_observed_stacks_are_acquired_as_planned(beads: Any, frames: list[Any]) -> None:
    with FakeAgent(answer=scripted(move(4))) as agent:
        results = gate(beads, agent.address, stack_sequence(5.0, 2.0), stacks="observe")
        agent.wait_for("frame", 5)
    assert results == []
    assert [z_um for _, z_um in frames] == pytest.approx([3, 4, 5, 6, 7], abs=0.05)
    assert {m["mode"] for m, _ in agent.received["frame"]} == {"observe"}
    stacks = [m["stack"] for m, _ in agent.received["frame"]]
    assert stacks == [{"size": 5}] * 4 + [{"size": 5, "last": True}], "judged as one, by the last slice"


def test_no_more_than_three_slices_are_unanswered_at_a_time(beads: Any, frames: list[Any]) -> None:
    class Slow(FocusClient):
        """Gets no answer to a slice until somebody waits for it."""

        unanswered: ClassVar[list[int]] = []
        waiting: ClassVar[list[str]] = []

        def offer(self, image: Any, frame: Frame) -> str:
            self.waiting.append(super().offer(image, frame))
            self.unanswered.append(len(self.waiting))
            return self.waiting[-1]

        def wait_for_answers(self, frame_ids: Collection[str], most: int = 0) -> int:
            assert set(self.waiting) <= set(frame_ids)
            del self.waiting[: max(0, len(self.waiting) - most)]
            return len(self.waiting)

    with FakeAgent(ACCEPT) as agent, Slow(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        run(beads, gated(stack_sequence(0.0, 8.0), client, beads, limits=LIMITS))
        agent.wait_for("frame", 5)
    assert Slow.unanswered == [1, 2, 3, 3]


def test_the_stop_on_the_way_of_a_stack_is_on_the_way_to_its_first_slice(
    beads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = noted_moves(beads, monkeypatch)
    with FakeAgent(answer=scripted(move(-4, viaUm=-9), {"keepAttempt": 1})) as agent:
        gate(beads, agent.address, stack_sequence(5.0, 2.0))
    assert moves == pytest.approx([3 - 9, 3 - 4], abs=0.05)


def test_the_deadline_of_the_last_slice_counts_those_that_still_wait(beads: Any) -> None:
    def only_gated(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame" or message["mode"] != "gate":
            return []
        return [json.dumps({**ACCEPT, "id": message["id"]}).encode()]

    results: list[SiteResult] = []
    with (
        FakeAgent(answer=only_gated) as agent,
        FocusClient(agent.address, deadline_ms=100, misses_until_degraded=9) as client,
    ):
        assert client.wait_for_agent(RUN_S)
        run(beads, gated(stack_sequence(0.0), client, beads, limits=LIMITS, on_site=results.append))
    (gate_frame,) = (m for m, _ in agent.received["frame"] if m["mode"] == "gate")
    assert gate_frame["deadlineMs"] == 100 * (1 + 4)
    assert results[0].decision == "accept"


def test_a_stack_is_completed_though_the_agent_is_killed_in_the_middle_of_it(
    own_agent: Agent, beads: Any, frames: list[Any]
) -> None:
    from beads import bead_optics

    seen = threading.Event()

    def kill_at_third(image: Any, event: Any, meta: Any) -> None:
        if event.index["z"] == 2 and event.index["p"] == 1 and not seen.is_set():
            own_agent.kill()
            seen.set()

    import useq

    plan = useq.ZRangeAround(range=4, step=1)
    sequence = useq.MDASequence(stage_positions=[(0, 0, 0), (600, 0, 0), (1200, 0, 0)], z_plan=plan)
    results: list[SiteResult] = []
    beads.mda.events.frameReady.connect(kill_at_third)
    try:
        with FocusClient(own_agent.address, deadline_ms=3000, misses_until_degraded=1) as client:
            assert client.wait_for_agent(RUN_S)
            keyed: dict[str, Any] = dict(limits=LIMITS, optics=bead_optics(), on_site=results.append)
            run(beads, gated(sequence, client, beads, **keyed))
    finally:
        beads.mda.events.frameReady.disconnect(kill_at_third)
    assert seen.is_set()
    assert len(frames) == 15
    assert [result.decision for result in results] == ["accept", "unscored", "unscored"]


def test_a_stack_is_completed_though_the_agent_is_stopped(
    own_agent: Agent, beads: Any, frames: list[Any]
) -> None:
    results: list[SiteResult] = []
    with FocusClient(own_agent.address, deadline_ms=200, misses_until_degraded=2) as client:
        assert client.wait_for_agent(RUN_S)
        own_agent.send(signal.SIGSTOP)
        try:
            run(beads, gated(stack_sequence(0.0), client, beads, limits=LIMITS, on_site=results.append))
        finally:
            own_agent.send(signal.SIGCONT)
    assert len(frames) == 5
    assert [result.decision for result in results] == ["unscored"]


def test_a_generator_sees_the_result_of_a_stack_before_it_gives_the_next_where_the_end_is_known(
    beads: Any,
) -> None:
    results: list[SiteResult] = []
    known: list[int] = []

    def events() -> Iterator[Any]:
        for z_um in (0.0, 5.0):
            for event in stack_sequence(z_um):
                if event.index["z"] == 0:
                    known.append(len(results))
                yield event

    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        run(beads, gated(events(), client, beads, limits=LIMITS, on_site=results.append))
    assert known == [0, 1]
    assert len(results) == 2

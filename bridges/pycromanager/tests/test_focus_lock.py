"""Gated runs with a simulated hardware focus lock at a real MMCore, never driven against."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pytest

import runs
from conftest import Agent, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, FocusLock, SiteResult, ZLimits
from parfocal_bridge.focus_core import FocusCore
from runs import move, noted_frames, scripted

LIMITS = ZLimits(-40, 40)
gate = partial(runs.gate, limits=LIMITS)


@pytest.fixture(scope="module")
def locked_core() -> Any:
    needs("pymmcore_plus", "mm_test_adapters", "useq")
    import pymmcore

    from simulated_lock import LockedCore

    core = LockedCore()
    yield core
    pymmcore.CMMCore.registerCallback(core, None)


@pytest.fixture
def core(locked_core: Any) -> Any:
    """The core with its lock engaged 6 um below focus, nothing written down yet."""
    locked_core.um_per_unit, locked_core.offset_device, locked_core.comes_back = 1.0, None, True
    locked_core.rise_um = 0.0
    locked_core.setAutoFocusOffset(0.0)
    locked_core.engage(-6.0)
    locked_core.driven_against.clear()
    locked_core.moved_while_off.clear()
    return locked_core


def sites(count: int, z_um: float | None = 3.0) -> list[Any]:
    """Sites whose planned z is not where the lock holds the stage."""
    from beads import bead_events

    return [event.model_copy(update={"z_pos": z_um}) for event in bead_events([0.0] * count)]


def test_the_offset_of_an_engaged_lock_moves_instead_of_the_drive(agent: Agent, core: Any) -> None:
    core.um_per_unit = -0.5
    lock = FocusLock.offset(um_per_unit=-0.5)
    first, second, third = gate(core, agent.address, sites(3), focus_lock=lock)
    assert core.driven_against == core.moved_while_off == []
    for result in (first, second, third):
        assert result.attempts[0].z_um == pytest.approx(0.0), "each site starts at the offset of the run"
        assert len(result.attempts) > 1 and result.refused is None
        assert result.kept.verdict is not None and result.kept.verdict.expected_level <= 1
        assert abs((result.kept.z_um or 0) - 6.0) < 3, "um of offset: the drive was 6 um too low"
    assert core.getAutoFocusOffset() == pytest.approx((third.kept.z_um or 0) / -0.5)
    agent.outcomes(3)
    locks = [record["frame"]["focusLock"] for record in agent.records() if record["type"] == "verdict"]
    assert locks and all(lock == {"device": "Lock", "state": "engaged", "moves": "offset"} for lock in locks)


def test_the_offset_may_be_a_stage_of_its_own(core: Any) -> None:
    core.offset_device = "Offset"
    core.setPosition("Offset", 10.0)
    events = sites(1)
    lock = FocusLock.offset(um_per_unit=1.0, device="Offset")
    with FakeAgent(answer=scripted(move(4), {"keepAttempt": 1})) as agent:
        (result,) = gate(core, agent.address, events, focus_lock=lock)
    assert [attempt.z_um for attempt in result.attempts] == pytest.approx([10.0, 14.0])
    assert core.getPosition("Offset") == pytest.approx(14.0)
    assert core.driven_against == []


def test_with_pause_the_lock_is_off_while_the_drive_moves_and_then_keeps_what_was_found(
    agent: Agent, core: Any
) -> None:
    first, *later = gate(core, agent.address, sites(3), focus_lock=FocusLock.pause(), carry_z=True)
    assert core.driven_against == []
    assert core.moved_while_off, "the correction was made"
    assert core.isContinuousFocusLocked()
    assert first.attempts[0].z_um == pytest.approx(-6.0, abs=0.05)
    for result in (first, *later):
        assert result.kept.verdict is not None and result.kept.verdict.expected_level <= 1
    assert [len(result.attempts) for result in later] == [1, 1], "the lock carries the correction by itself"


def test_with_pause_differences_between_channels_count_from_where_the_lock_followed_the_sample(
    core: Any,
) -> None:
    import useq

    core.setXYPosition(0.0, 0.0)
    core.waitForSystem()
    core.rise_um = 2.5
    events = [
        useq.MDAEvent(index={"p": p, "c": c}, channel=channel, x_pos=600.0 * p, y_pos=0.0, z_pos=3.0 * c)
        for p in (1, 2)
        for c, channel in enumerate(["DAPI", "FITC"])
    ]
    with FakeAgent(answer=scripted(move(4), {"keepAttempt": 1}, {})) as agent, noted_frames(core) as frames:
        gate(core, agent.address, events, focus_lock=FocusLock.pause(), channels=["DAPI"])
    # The lock stays where the last channel was.
    assert [z_um for _, z_um in frames] == pytest.approx([-3.5, 0.5, 3.5, 6, 9], abs=0.05)
    assert core.driven_against == []


def test_with_pause_a_correction_is_not_carried_twice(core: Any) -> None:
    from beads import bead_events

    events = bead_events([0.0], times=2)
    with FakeAgent(answer=scripted(move(4), {"keepAttempt": 1}, {})) as agent, noted_frames(core) as frames:
        gate(core, agent.address, events, focus_lock=FocusLock.pause(), carry_z=True)
    assert [z_um for _, z_um in frames] == pytest.approx([-6, -2, -2], abs=0.05)


def test_by_default_nothing_moves_while_a_lock_is_engaged_and_the_agent_knows(
    agent: Agent, core: Any
) -> None:
    results = gate(core, agent.address, sites(2))
    assert core.driven_against == core.moved_while_off == []
    assert core.getPosition("Z") == pytest.approx(-6.0, abs=0.05)
    assert [(len(result.attempts), result.decision) for result in results] == [(1, "flag")] * 2
    outcomes = agent.outcomes(2)
    assert [outcome["why"] for outcome in outcomes] == ["lock"] * 2
    frame = next(record["frame"] for record in agent.records() if record["type"] == "verdict")
    assert frame["focusLock"] == {"device": "Lock", "state": "engaged", "moves": "none"}


def test_a_move_that_is_asked_for_all_the_same_is_refused_and_the_agent_told(core: Any) -> None:
    with FakeAgent(answer=scripted(move(4))) as agent:
        results = gate(core, agent.address, sites(2))
        agent.wait_for("abandon", 2)
    assert core.driven_against == core.moved_while_off == []
    assert all("focus lock is engaged" in (result.refused or "") for result in results)
    assert [message["why"] for (message,) in agent.received["abandon"]] == ["lock"] * 2
    assert [message["site"]["name"] for (message,) in agent.received["abandon"]] == ["Pos0", "Pos1"]


def test_a_lock_that_does_not_come_back_is_reported_and_nothing_moves_any_more(
    agent: Agent, core: Any, caplog: pytest.LogCaptureFixture
) -> None:
    core.comes_back = False
    with caplog.at_level(logging.WARNING):
        first, second = gate(core, agent.address, sites(2), focus_lock=FocusLock.pause(timeout_s=0.05))
    assert "did not come back" in caplog.text
    assert (first.refused_why, len(first.attempts)) == ("lock", 1)
    assert len(core.moved_while_off) == 1, "the one move that was made while the lock was paused"
    assert core.driven_against == []
    assert len(second.attempts) == 1
    assert agent.outcomes(2)[0]["why"] == "lock"
    frames = [record["frame"] for record in agent.records() if record["type"] == "verdict"]
    assert [frame["focusLock"]["state"] for frame in frames] == ["engaged", "lost"]


def test_a_lost_lock_holds_up_no_other_channel_of_the_site_and_moves_none(core: Any) -> None:
    import useq

    core.comes_back = False
    sequence = useq.MDASequence(stage_positions=[(0, 0, 5)], channels=["DAPI", "FITC"])
    with FakeAgent(answer=scripted(move(4))) as agent:
        lock = FocusLock.pause(timeout_s=0.05)
        results = gate(core, agent.address, sequence, focus_lock=lock)
        agent.wait_for("abandon", 2)
    states = [message["focusLock"]["state"] for message, _ in agent.received["frame"]]
    assert states == ["engaged", "lost"]
    assert [result.refused_why for result in results] == ["lock", "lock"]
    assert len(core.moved_while_off) == 1 and core.driven_against == []


def test_differences_between_channels_are_made_with_the_offset(core: Any) -> None:
    import useq

    # useq leaves the z offset of a channel out where there is no z-stack.
    sequence = [
        useq.MDAEvent(index={"p": p, "c": c}, channel=channel, x_pos=600.0 * p, y_pos=0.0, z_pos=z_um + 3 * c)
        for p, z_um in enumerate([50.0, 70.0])
        for c, channel in enumerate(["DAPI", "FITC"])
    ]
    core.um_per_unit = 2.0
    lock = FocusLock.offset(um_per_unit=2.0)
    answer = scripted(move(4), {"keepAttempt": 1})
    with FakeAgent(answer=answer) as agent, noted_frames(core) as frames:
        gate(core, agent.address, sequence, focus_lock=lock, channels=["DAPI"])
        agent.wait_for("frame", 5)
    sent = [message["zUm"] for message, _ in agent.received["frame"]]
    # The second answer keeps attempt 1, which the second site does not have.
    assert sent == pytest.approx([0, 4, 7, 0, 3])
    assert [z_um for _, z_um in frames] == pytest.approx([-6, -2, 1, -6, -3], abs=0.05)
    assert all(event.z_pos is None for event, _ in frames)
    assert core.driven_against == []


def test_the_slices_of_a_stack_are_made_with_the_offset_and_shifted(core: Any) -> None:
    import useq

    sequence = useq.MDASequence(stage_positions=[(0, 0, 50)], z_plan=useq.ZRangeAround(range=4, step=2))
    answer = scripted(move(5), {"keepAttempt": 1})
    with FakeAgent(answer=answer) as agent, noted_frames(core) as frames:
        (result,) = gate(core, agent.address, sequence, focus_lock=FocusLock.offset(um_per_unit=1.0))
    assert [z_um for _, z_um in frames] == pytest.approx([-8, -6, -4, -3, -1, 1], abs=0.05)
    assert [attempt.z_um for attempt in result.attempts] == pytest.approx([0, 5])
    assert {message["plannedZUm"] for message, _ in agent.received["frame"]} == {0}
    assert core.driven_against == []


def test_the_slices_of_a_stack_are_made_with_pauses_and_shifted(core: Any) -> None:
    import useq

    sequence = useq.MDASequence(stage_positions=[(0, 0, 50)], z_plan=useq.ZRangeAround(range=4, step=2))
    answer = scripted(move(5), {"keepAttempt": 1})
    with FakeAgent(answer=answer) as agent, noted_frames(core) as frames:
        (result,) = gate(core, agent.address, sequence, focus_lock=FocusLock.pause())
    assert [z_um for _, z_um in frames] == pytest.approx([-8, -6, -4, -3, -1, 1], abs=0.05)
    assert [attempt.z_um for attempt in result.attempts] == pytest.approx([-6, -1], abs=0.05)
    assert core.driven_against == []


def test_a_lock_lost_within_a_stack_costs_no_slice_and_nothing_moves_any_more(core: Any) -> None:
    import useq

    core.comes_back = False
    sequence = useq.MDASequence(stage_positions=[(0, 0, 50)], z_plan=useq.ZRangeAround(range=4, step=2))
    with FakeAgent(answer=scripted(move(5))) as agent, noted_frames(core) as frames:
        lock = FocusLock.pause(timeout_s=0.05)
        (result,) = gate(core, agent.address, sequence, focus_lock=lock)
        agent.wait_for("abandon", 1)
    assert len(frames) == 3
    assert (result.refused_why, agent.received["abandon"][0][0]["why"]) == ("lock", "lock")
    assert len(core.moved_while_off) == 1 and core.driven_against == []
    states = [message["focusLock"]["state"] for message, _ in agent.received["frame"]]
    assert states == ["lost"] * 3


def test_by_default_the_slices_of_a_stack_keep_the_z_of_the_plan_and_are_not_shifted(core: Any) -> None:
    import useq

    sequence = useq.MDASequence(stage_positions=[(0, 0, 5)], z_plan=useq.ZRangeAround(range=4, step=2))
    with FakeAgent(answer=scripted(move(5))) as agent, noted_frames(core) as frames:
        (result,) = gate(core, agent.address, sequence)
    assert [event.z_pos for event, _ in frames] == [3, 5, 7]
    assert result.refused_why == "lock"
    assert core.driven_against == [3, 5, 7], "by the engine, as planned"


def test_limits_hold_for_the_offset(core: Any) -> None:
    with FakeAgent(answer=scripted(move(8))) as agent:
        lock = FocusLock.offset(um_per_unit=1.0)
        (result,) = gate(core, agent.address, sites(1), focus_lock=lock, limits=ZLimits(-5, 5))
        agent.wait_for("abandon", 1)
    assert core.getAutoFocusOffset() == 0
    assert (result.refused_why, agent.received["abandon"][0][0]["why"]) == ("limits", "limits")


def test_without_an_engaged_lock_the_drive_moves_as_ever(core: Any) -> None:
    core.enableContinuousFocus(False)
    with FakeAgent(answer=scripted(move(4), {"keepAttempt": 1})) as agent:
        gate(core, agent.address, sites(1), focus_lock=FocusLock.offset(um_per_unit=1.0))
    assert core.getPosition("Z") == pytest.approx(7.0, abs=0.05)
    sent = agent.received["frame"][0][0]
    assert sent["focusLock"] == {"state": "off", "moves": "offset"}


@pytest.mark.parametrize(
    "options", [{"um_per_unit": 0.0}, {"um_per_unit": float("nan")}, {"um_per_unit": 1.0, "timeout_s": -1.0}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"um_per_unit|timeout_s"):
        FocusLock.offset(**options)
    with pytest.raises(ValueError, match="none, offset or pause"):
        FocusLock("hover")


def test_both_spellings_of_a_core_are_spoken() -> None:
    class Snake:
        def get_focus_device(self) -> str:
            return "Z"

        def is_continuous_focus_enabled(self) -> bool:
            return True

        def get_auto_focus_device(self) -> str:
            return "PFS"

    core = FocusCore(Snake())
    assert (core.focus_device(), core.is_lock_enabled(), core.lock_device()) == ("Z", True, "PFS")


def test_the_offset_moves_in_acquisitions_of_pycro_manager(headless: Any) -> None:
    from beads import bead_dicts
    from parfocal_bridge.pycromanager import FrameCollector, gate_loop
    from pycro_runs import acquire

    class Locked:
        """The core with an engaged lock, whose offset moves the Z stage 2 um a unit."""

        def __init__(self) -> None:
            self.offset = 0.0

        def __getattr__(self, name: str) -> Any:
            return getattr(headless, name)

        def isContinuousFocusEnabled(self) -> bool:  # noqa: N802
            return True

        isContinuousFocusLocked = isContinuousFocusEnabled  # noqa: N815

        def getAutoFocusOffset(self) -> float:  # noqa: N802
            return self.offset

        def setAutoFocusOffset(self, offset: float) -> None:  # noqa: N802
            headless.set_position("Z", headless.get_position("Z") + 2 * (offset - self.offset))
            self.offset = offset

    headless.set_position("Z", -6.0)
    core = Locked()
    results: list[SiteResult] = []
    frames = FrameCollector()
    with (
        FakeAgent(answer=scripted(move(4), {"keepAttempt": 1}, {})) as agent,
        FocusClient(agent.address) as client,
    ):
        keyed: dict[str, Any] = dict(limits=LIMITS, core=core, on_site=results.append)
        keyed["focus_lock"] = FocusLock.offset(um_per_unit=2.0)
        events = bead_dicts([3.0, 5.0])
        acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
    assert [a.z_um for r in results for a in r.attempts] == pytest.approx([0, 4, 0])
    assert core.offset == 0.0
    assert headless.get_position("Z") == pytest.approx(-6.0, abs=0.05), "no event has driven the stage"
    assert {m["focusLock"]["state"] for m, _ in agent.received["frame"]} == {"engaged"}

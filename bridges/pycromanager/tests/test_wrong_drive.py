"""A core whose focus drive is not the one that focuses, or that has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Agent, needs
from engine_runs import LIMITS, sequence
from fake_agent import FakeAgent
from runs import gate, move, scripted


@pytest.fixture
def other_drive() -> Iterator[Any]:
    """The beads lie 6 um out of focus, and the core moves another drive."""
    needs("pymmcore_plus", "mm_test_adapters", "useq")
    import pymmcore

    from beads import beads_core

    core = beads_core()
    core.loadDevice("Z2", "DemoCamera", "DStage")
    core.initializeDevice("Z2")
    core.setPosition("Z", 6.0)
    core.setFocusDevice("Z2")
    yield core
    pymmcore.CMMCore.registerCallback(core, None)


@pytest.mark.parametrize("step_um", [0, 0.1])
def test_no_site_is_in_focus_for_having_looked_alike_wherever_the_drive_went(
    step_um: float, own_agent: Agent, other_drive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if step_um > 0:
        position = other_drive.getPosition

        def rounded(*device: str) -> float:
            return round(position(*device) / step_um) * step_um

        monkeypatch.setattr(other_drive, "getPosition", rounded)
    plan = sequence([6.0, 0.0] * 3)
    results = gate(other_drive, own_agent.address, plan, limits=LIMITS)
    assert [result.decision for result in results] == ["flag"] * 6


def test_a_core_without_a_focus_drive_is_told_so(other_drive: Any) -> None:
    other_drive.setFocusDevice("")
    with FakeAgent(answer=scripted(move(-3.0))) as agent:
        (result,) = gate(other_drive, agent.address, sequence([6.0]), limits=LIMITS)
    assert (result.refused_why, result.refused) == (
        "drive",
        "there is no focus drive: choose one as the core's Focus device",
    )

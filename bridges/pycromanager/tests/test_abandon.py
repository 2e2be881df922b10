"""The agent is told whenever an action is not executed, and the site gets its outcome."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Agent, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import gated
from runs import ACCEPT, PATIENT_MS, RUN_S, move, retry, run, scripted

LIMITS = ZLimits(-40, 40)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


def gate(core: Any, answer: Any, **options: Any) -> tuple[list[SiteResult], list[dict[str, Any]]]:
    """One site; what was said before ``bye``."""
    from beads import bead_events

    results: list[SiteResult] = []
    keyed = {"limits": LIMITS, "on_site": results.append, **options}
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address) as client:
            assert client.wait_for_agent(RUN_S)
            run(core, gated(bead_events([5.0]), client, core, **keyed))
        agent.wait_for("bye", 1)
    return results, [message for (message,) in agent.received["abandon"]]


def failing() -> None:
    raise RuntimeError("on purpose")


@pytest.mark.parametrize(
    ("why", "verdict", "options"),
    [
        ("limits", move(60), {}),
        ("drive", move(400), {"limits": ZLimits(-900, 900)}),  # the demo drive ends at 300 um
        ("autofocus", retry(kind="autofocus"), {"autofocus": failing}),
        ("other", retry(kind="move-xy"), {}),
        ("other", retry(kind="reacquire"), {"max_attempts": 2}),
    ],
)
def test_the_agent_is_told_why_an_action_is_not_executed(
    why: str, verdict: dict[str, Any], options: dict[str, Any], beads: Any
) -> None:
    (result,), said = gate(beads, scripted(verdict), **options)
    assert [message["why"] for message in said] == [why] == [result.refused_why]
    assert said[0]["reason"] == result.refused
    assert (said[0]["site"]["name"], said[0]["timeIndex"]) == ("Pos0", 0)


def test_nothing_is_abandoned_where_all_was_executed(beads: Any) -> None:
    end = {"decision": "flag", "action": {"kind": "move-z", "byUm": -7}, "keepAttempt": 0}
    (result,), said = gate(beads, scripted(move(7), end))
    assert (result.refused, said) == (None, [])


def test_a_retry_that_the_camera_gives_no_frame_for_is_abandoned(
    beads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    snap, snaps = beads.snapImage, iter([True, False])

    def snap_once() -> None:
        if not next(snaps):
            raise RuntimeError("on purpose")
        snap()

    monkeypatch.setattr(beads, "snapImage", snap_once)
    (result,), said = gate(beads, scripted(move(4)))
    assert (result.decision, result.status, len(result.attempts)) == ("unscored", "no-frame", 2)
    assert [message["why"] for message in said] == ["no-frame"]
    assert beads.getZPosition() == pytest.approx(5.0, abs=0.05), "home, not at the excursion"


def test_a_cancelled_run_abandons_the_site_under_search_though_its_events_are_kept(beads: Any) -> None:
    from beads import bead_events

    asking_for_a_retry = scripted(move(4))

    def cancel_and_answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame":
            beads.mda.cancel()
        answer: list[bytes] = asking_for_a_retry(message)
        return answer

    with FakeAgent(answer=cancel_and_answer) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        events = gated(bead_events([5.0, 6.0]), client, beads, limits=LIMITS)
        thread = beads.run_mda(events)
        thread.join(RUN_S)
        assert not thread.is_alive()
        agent.wait_for("abandon", 1)
    assert agent.received["abandon"][0][0]["why"] == "cancelled"
    assert len(agent.received["frame"]) == 1


def test_a_site_that_was_imaged_when_the_run_was_cancelled_was_not_skipped(beads: Any) -> None:
    from beads import bead_events

    def cancel_at_the_first(image: Any, event: Any, metadata: Any) -> None:
        beads.mda.cancel()

    beads.mda.events.frameReady.connect(cancel_at_the_first)
    try:
        with FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
            assert client.wait_for_agent(RUN_S)
            beads.run_mda(gated(bead_events([0.0, 0.0]), client, beads, limits=LIMITS)).join(RUN_S)
            agent.wait_for("abandon", 2)
    finally:
        beads.mda.events.frameReady.disconnect(cancel_at_the_first)
    assert [said[0]["why"] for said in agent.received["abandon"]] == ["unscored", "skipped"]


def test_the_outcome_says_what_abandoned_the_site(agent: Agent, beads: Any) -> None:
    from beads import bead_events, bead_optics

    results: list[SiteResult] = []
    with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        # The agent is not told of the longest move.
        keyed: dict[str, Any] = dict(limits=ZLimits(-40, 40, 0.5), optics=bead_optics())
        run(beads, gated(bead_events([9.0, 0.0]), client, beads, on_site=results.append, **keyed))
    assert "longer than 0.5 um" in (results[0].refused or "")
    first, second = agent.outcomes(2)
    assert (first["why"], first["reason"], first["recovered"]) == ("limits", results[0].refused, "no")
    assert (second["why"], second["recovered"]) == ("sharp", "not-needed")


def test_what_is_said_arrives_before_the_frames_that_follow() -> None:
    import numpy as np

    from parfocal_bridge import Frame, Site

    order: list[str] = []

    def note(message: dict[str, Any]) -> list[bytes]:
        if message["type"] in ("abandon", "frame"):
            order.append(message["type"])
        return []

    image = np.zeros((8, 8), np.uint8)
    with FakeAgent(answer=note) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        for number in range(20):
            client.abandon(Site(name=f"p{number}"), None, None, "other", "on purpose")
            client.offer(image, Frame(site=Site(name=f"p{number}")))
            agent.wait_for("frame", number + 1)
    assert order == ["abandon", "frame"] * 20

"""What a user hands in may raise: the run goes on, gating stays on, and the log says so."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from conftest import needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Site, SiteResult, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import gated
from runs import ACCEPT, PATIENT_MS, RUN_S, retry, run, scripted

LIMITS = ZLimits(-40, 40)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


class OddError(Exception):
    pass


def is_cancelled(*_: Any) -> Any:
    raise asyncio.CancelledError


def fail(*_: Any) -> Any:
    raise OddError("the user's")


def gated_frames(core: Any, **options: Any) -> list[str]:
    from beads import bead_events

    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        run(core, gated(bead_events([0.0, 1.0, 2.0]), client, core, limits=LIMITS, **options))
    return [head["mode"] for head, _ in agent.received["frame"]]


@pytest.mark.parametrize("failing", [fail, is_cancelled])
@pytest.mark.parametrize("name", ["on_site", "gate_if"])
def test_a_callback_that_raises_does_not_switch_gating_off(
    name: str, failing: Any, beads: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "parfocal_bridge"):
        assert gated_frames(beads, **{name: failing}) == ["gate"] * 3
    said = [record for record in caplog.records if record.name.startswith("parfocal_bridge")]
    assert len(said) == 3 and all(name in record.getMessage() for record in said)
    assert [record.exc_info is not None and bool(record.exc_info) for record in said] == [True, False, False]


def test_a_listener_of_frames_that_raises_does_not_keep_them_from_the_gate(beads: Any) -> None:
    beads.mda.events.frameReady.connect(fail)
    try:
        assert gated_frames(beads) == ["gate"] * 3
    finally:
        beads.mda.events.frameReady.disconnect(fail)


@pytest.mark.parametrize("error", [OddError("Definite Focus: out of range"), asyncio.CancelledError()])
def test_an_autofocus_that_raises_is_refused_and_the_drive_goes_home(
    error: BaseException, beads: Any
) -> None:
    from beads import bead_events

    def astray() -> None:
        beads.setPosition("Z", 33.0)
        raise error

    results: list[SiteResult] = []
    with (
        FakeAgent(answer=scripted(retry(kind="autofocus"))) as agent,
        FocusClient(agent.address, deadline_ms=PATIENT_MS) as client,
    ):
        keyed: dict[str, Any] = dict(limits=LIMITS, on_site=results.append, autofocus=astray)
        run(beads, gated(bead_events([5.0]), client, beads, **keyed))
    assert (results[0].refused_why, beads.getZPosition()) == ("autofocus", pytest.approx(5.0, abs=0.05))


@pytest.mark.parametrize(
    "site_of", [fail, lambda _: None, lambda _: "A1", lambda _: Site(name=7), lambda _: Site(name="")]
)
def test_a_site_of_that_raises_or_gives_no_site_leaves_the_site_its_axes(
    site_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Silent:
        def acquire(self, event: Any) -> None:
            pass

    results: list[SiteResult] = []
    with FocusClient("tcp://127.0.0.1:9") as client:
        keyed: dict[str, Any] = dict(limits=LIMITS, image_timeout_s=0.01, on_site=results.append)
        events = [{"axes": {"position": "B03"}}]
        gate_loop(Silent(), events, client, FrameCollector(), site_of=site_of, **keyed)
    assert [result.site.name for result in results] == ["B03"]
    assert "site_of failed, and the run goes on without it" in caplog.text

"""Ctrl-C in the thread of a run, as in a notebook, and ``sys.exit`` in what a user hands in."""

from __future__ import annotations

import _thread
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine_runs import LIMITS, counting_engine, failures_of_runs, is_retry, sequence, zarr_marks
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, Frame, Site
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import FocusEngine, gated
from pycro_runs import acquire
from runs import PATIENT_MS, RUN_S, move, retry, scripted


@pytest.fixture
def own_core() -> Iterator[Any]:
    """One that nobody else uses."""
    import pymmcore

    from beads import beads_core

    core = beads_core()
    with counting_engine(core):
        yield core
    pymmcore.CMMCore.registerCallback(core, None)


def interrupt(event: Any) -> bool:
    if is_retry(event):
        raise KeyboardInterrupt
    return False


@pytest.mark.parametrize("is_engine", [True, False])
@pytest.mark.parametrize("where", ["setup", "camera", "verdict"])
def test_a_search_that_is_interrupted_goes_home_and_all_sites_are_told(
    where: str, is_engine: bool, own_core: Any
) -> None:
    core, inner = own_core, own_core.mda.engine
    if where != "verdict":
        setattr(inner, {"setup": "skipping", "camera": "exposing"}[where], interrupt)
    scripted_answer, handed_on = scripted(move(-15.0), {"keepAttempt": 1}), []

    def answer(message: dict[str, Any]) -> list[bytes]:
        if where == "verdict" and message.get("attempt") == 1:
            _thread.interrupt_main()
            return []
        return scripted_answer(message)  # type: ignore[no-any-return]

    core.mda.events.frameReady.connect(lambda image, event, meta: handed_on.append(event.z_pos))
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            plan = sequence([5.0, 6.0])
            if is_engine:
                core.mda.set_engine(FocusEngine(core, client, limits=LIMITS))
            with pytest.raises(KeyboardInterrupt):
                core.mda.run(plan if is_engine else gated(plan, client, core, limits=LIMITS))
            assert core.getPosition() == 5
            assert not core.mda.is_running()
            assert client.acquiring is False
        agent.wait_for("bye", 1)
    told = [(m["site"]["name"], m["why"], m["cancelled"]) for (m,) in agent.received["abandon"]]
    assert told == [("P0", "cancelled", True), ("P1", "skipped", True)]
    assert handed_on[0] == 5


def test_a_loop_of_pycro_manager_that_is_interrupted_was_ended_by_its_user(headless: Any) -> None:
    def interrupt_at_b(event: dict[str, Any]) -> bool:
        if event["axes"]["position"] == "b":
            raise KeyboardInterrupt
        return True

    events = [{"axes": {"position": name}, "z": 5.0} for name in "abc"]
    frames = FrameCollector()
    with FakeAgent(answer=scripted({})) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            keyed: dict[str, Any] = dict(limits=LIMITS, gate_if=interrupt_at_b)
            with pytest.raises(KeyboardInterrupt):
                acquire(frames, lambda acq: gate_loop(acq, events, client, frames, **keyed))
        agent.wait_for("bye", 1)
    told = [(m["site"]["name"], m["why"], m["cancelled"]) for (m,) in agent.received["abandon"]]
    assert told == [("c", "skipped", True)]


def exits(*_: Any) -> Any:
    sys.exit("enough")


@pytest.mark.parametrize("is_engine", [True, False])
@pytest.mark.parametrize("name", ["on_site", "gate_if", "autofocus"])
def test_a_callback_that_exits_ends_the_run_in_order(
    name: str, is_engine: bool, own_core: Any, tmp_path: Path
) -> None:
    core, plan, output = own_core, sequence([5.0, 6.0]), tmp_path / "run.ome.zarr"
    keyed: dict[str, Any] = {"limits": LIMITS, name: exits}
    answer = scripted(*[retry(kind="autofocus")] * (name == "autofocus"), move(-2.0), {"keepAttempt": 1})
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client, failures_of_runs() as failures:
            assert client.wait_for_agent(RUN_S)
            if is_engine:
                core.mda.set_engine(FocusEngine(core, client, **keyed))
            shots = plan if is_engine else gated(plan, client, core, **keyed)
            thread = core.run_mda(shots, output=str(output))
            thread.join(RUN_S)
            assert not thread.is_alive() and not core.mda.is_running()
            assert client.acquiring is False
        agent.wait_for("bye", 1)
    assert failures == ["enough"]
    told = {m["cancelled"] for (m,) in agent.received["abandon"]}
    assert told == (set() if name == "gate_if" else {True})
    if is_engine:
        assert zarr_marks(output)[:1] == {"on_site": [2], "gate_if": [0], "autofocus": [1]}[name]


def test_a_plan_that_exits_ends_its_run_in_order(own_core: Any) -> None:
    events = (exits() if event.index["p"] == 1 else event for event in sequence([5.0, 6.0]))
    with FakeAgent(answer=scripted({})) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        with failures_of_runs() as failures:
            own_core.run_mda(gated(events, client, own_core, limits=LIMITS)).join(RUN_S)
    assert failures == ["enough"] and not own_core.mda.is_running()


def test_a_plan_that_was_cancelled_by_asyncio_ends_its_run_in_order(own_core: Any) -> None:
    def plan() -> Iterator[Any]:
        yield from sequence([5.0])
        raise asyncio.CancelledError

    with FakeAgent(answer=scripted({})) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        with failures_of_runs() as failures:
            own_core.run_mda(gated(plan(), client, own_core, limits=LIMITS)).join(RUN_S)
    assert failures == ["the run ended with CancelledError()"] and not own_core.mda.is_running()


def test_sys_exit_in_a_callback_ends_a_program_as_it_says(own_core: Any) -> None:
    with FakeAgent(answer=scripted({})) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        with pytest.raises(SystemExit) as raised:
            own_core.mda.run(gated(sequence([5.0]), client, own_core, limits=LIMITS, on_site=exits))
    assert raised.value.code == "enough" and not own_core.mda.is_running()


@pytest.mark.parametrize("where", ["processor", "post_hardware_hook_fn"])
def test_an_acquisition_of_pycro_manager_whose_functions_exit_ends_at_once(where: str, headless: Any) -> None:
    events = [{"axes": {"position": name}, "z": 5.0} for name in "abc"]
    frames = FrameCollector(exits_two) if where == "processor" else FrameCollector()
    with FakeAgent(answer=scripted({})) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        hooks = {} if where == "processor" else {where: exits}
        with pytest.raises(SystemExit, match="enough"):
            acquire(frames, lambda acq: gate_loop(acq, events, client, frames, limits=LIMITS), **hooks)


def exits_two(image: Any, metadata: Any) -> Any:
    return exits()


def test_on_verdict_that_exits_leaves_the_connection_as_it_is() -> None:
    import numpy as np

    with FakeAgent(answer=scripted({})) as agent, FocusClient(agent.address, on_verdict=exits) as client:
        assert client.wait_for_agent(RUN_S)
        frame = Frame(site=Site(name="A1"))
        assert [client.score(np.zeros((8, 8), np.uint8), frame) is None for _ in range(2)] == [False] * 2

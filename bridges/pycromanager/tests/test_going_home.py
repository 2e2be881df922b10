"""A search that is cut short leaves the drive at the best z known, and a run that is cancelled ends."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from conftest import needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pymmcore_plus import ATTEMPT_KEY, gated
from runs import ACCEPT, PATIENT_MS, RUN_S, move, noted_frames, scripted

LIMITS = ZLimits(-40, 40)


@pytest.fixture(autouse=True)
def _needs_packages() -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq")


@pytest.fixture
def failing(beads: Any) -> Iterator[Any]:
    """A core whose engine fails, as ``how`` says, for the events that ``when`` says."""
    from beads import NoisyEngine, SensorNoise

    class Failing(NoisyEngine):
        when: Callable[[Any], bool] = staticmethod(lambda event: event.metadata.get(ATTEMPT_KEY) == 1)
        how = "nothing"

        def exec_single_event(self, event: Any) -> Iterator[Any]:
            if not self.when(event):
                yield from super().exec_single_event(event)
            elif self.how == "raise":
                raise RuntimeError("the camera is gone")
            elif self.how == "none":
                yield None

    before = beads.mda.engine
    beads.mda.set_engine(Failing(beads, SensorNoise(), 1))
    yield beads
    beads.mda.set_engine(before)


def started(core: Any, client: FocusClient, events: Any, results: list[SiteResult]) -> threading.Thread:
    keyed: dict[str, Any] = dict(limits=LIMITS, on_site=results.append)
    thread: threading.Thread = core.run_mda(gated(events, client, core, **keyed))
    return thread


def gate(core: Any, answer: Any, events: Any) -> list[SiteResult]:
    results: list[SiteResult] = []
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        thread = started(core, client, events, results)
        thread.join(RUN_S)
        assert not thread.is_alive(), "the run hangs"
    return results


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("how", ["nothing", "none", "raise"])
@pytest.mark.parametrize("planned", [5.0, None], ids=["planned z", "no z in the plan"])
def test_a_retry_without_a_frame_goes_home(how: str, planned: float | None, failing: Any) -> None:
    from useq import MDAEvent

    failing.mda.engine.how = how
    failing.setZPosition(5.0)
    event = MDAEvent(index={"p": 0}, pos_name="P0", x_pos=0, y_pos=0, z_pos=planned)
    results = gate(failing, scripted(move(7) | {"keepAttempt": 0}), [event])
    assert failing.getZPosition() == pytest.approx(5.0, abs=0.05)
    # A camera that raises ends the run.
    assert [result.status for result in results] == ["refused" if how == "raise" else "no-frame"]


def test_the_best_z_is_not_always_the_first(failing: Any) -> None:
    from beads import bead_events

    failing.mda.engine.when = lambda event: event.metadata.get(ATTEMPT_KEY) == 2
    gate(failing, scripted(move(-4), move(9) | {"keepAttempt": 1}), bead_events([5.0]))
    assert failing.getZPosition() == pytest.approx(1.0, abs=0.05)


def test_a_retry_without_a_verdict_goes_home(beads: Any) -> None:
    from beads import bead_events

    def silent_on_retries(message: dict[str, Any]) -> list[bytes]:
        is_first = message["type"] == "frame" and message["attempt"] == 0
        answer: list[bytes] = scripted(move(7) | {"keepAttempt": 0})(message) if is_first else []
        return answer

    results: list[SiteResult] = []
    with FakeAgent(answer=silent_on_retries) as agent, FocusClient(agent.address, deadline_ms=200) as client:
        assert client.wait_for_agent(RUN_S)
        started(beads, client, bead_events([5.0]), results).join(RUN_S)
    assert (results[0].status, results[0].keep_attempt) == ("unscored", 0)
    assert beads.getZPosition() == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize("attempt", [0, 1, 2])
def test_a_cancelled_run_goes_home(attempt: int, beads: Any) -> None:
    from beads import bead_events

    asking = scripted(move(7) | {"keepAttempt": 0})

    def cancel_and_answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame" and message["attempt"] == attempt:
            beads.mda.cancel()
        answer: list[bytes] = asking(message)
        return answer

    results = gate(beads, cancel_and_answer, bead_events([5.0, 6.0]))
    assert str(beads.mda.status.finish_reason) == "canceled"
    assert [result.refused_why for result in results] == ["cancelled"]
    assert beads.getZPosition() == pytest.approx(5.0, abs=0.05)


def test_a_plan_that_raises_ends_the_run_and_goes_home(beads: Any) -> None:
    from beads import bead_events

    def plan() -> Iterator[Any]:
        yield bead_events([5.0])[0]
        raise KeyError("the user's plan")

    end = {"decision": "flag", "action": {"kind": "move-z", "byUm": -7}, "keepAttempt": 0}
    with FakeAgent(answer=scripted(move(7), end)) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        shots = gated(plan(), client, beads, limits=LIMITS)
        raised: list[BaseException] = []

        def runner() -> None:
            try:
                beads.mda.run(shots)
            except KeyError as error:
                raised.append(error)

        thread = threading.Thread(target=runner)
        thread.start()
        thread.join(RUN_S)
    assert "the user's plan" in str(raised[0])
    assert beads.getZPosition() == pytest.approx(5.0, abs=0.05)


def test_a_run_that_waits_for_a_queue_ends_when_it_is_cancelled(beads: Any) -> None:
    from beads import bead_events

    events: queue.Queue[Any] = queue.Queue()
    events.put(bead_events([1.0])[0])
    results: list[SiteResult] = []
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        thread = started(beads, client, iter(events.get, None), results)
        end_s = time.monotonic() + RUN_S
        while not results:
            assert time.monotonic() < end_s
            time.sleep(0.01)
        beads.mda.cancel()
        thread.join(RUN_S)
        assert not thread.is_alive(), "it waits for the queue"
        assert str(beads.mda.status.finish_reason) == "canceled"
        events.put(None)  # lets the reader of the queue go
        started(beads, client, bead_events([0.0, 1.0]), results).join(RUN_S)
    assert str(beads.mda.status.finish_reason) == "completed"
    assert len(results) == 3


def test_who_waits_for_the_frames_of_a_stack_before_it_gives_more_gets_them(beads: Any) -> None:
    from useq import MDAEvent

    events: queue.Queue[Any] = queue.Queue()
    for z in range(3):
        events.put(MDAEvent(index={"p": 0, "z": z}, pos_name="S", x_pos=0, y_pos=0, z_pos=2.0 * z - 2))
    results: list[SiteResult] = []
    with noted_frames(beads) as frames, FakeAgent(ACCEPT) as agent, FocusClient(agent.address) as client:
        assert client.wait_for_agent(RUN_S)
        thread = started(beads, client, iter(events.get, None), results)
        end_s = time.monotonic() + RUN_S
        while len(frames) < 3:
            assert time.monotonic() < end_s, "it waits for a fourth slice"
            time.sleep(0.01)
        events.put(None)
        thread.join(RUN_S)
    assert [head.get("stack") for head, _ in agent.received["frame"]] == [{"size": 3}] * 3
    assert len(results) == 1


def test_a_drive_that_reports_moves_with_the_opposite_sign_is_found_out_and_sent_back(
    beads: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from beads import bead_events

    get_position, told = beads.getPosition, []
    set_position = beads.setPosition

    def note(*args: Any) -> None:
        told.append(args[-1])
        set_position(*args)

    monkeypatch.setattr(beads, "getPosition", lambda *args: -get_position(*args))
    monkeypatch.setattr(beads, "setPosition", note)
    answer = scripted(move(-4))
    results: list[SiteResult] = []
    with FakeAgent(answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            started(beads, client, bead_events([5.0, 6.0]), results).join(RUN_S)
        agent.wait_for("bye", 1)
    assert [result.refused_why for result in results] == ["drive", "drive"]
    assert "runs the other way" in (results[0].refused or "")
    assert [message["why"] for (message,) in agent.received["abandon"]] == ["drive", "drive"]
    assert told == [5.0, -9.0, 5.0, 6.0], (
        "the plan, one move and its way back, and the plan of the second site"
    )
    assert get_position("Z") == pytest.approx(6.0, abs=0.05)


@pytest.mark.parametrize("made_um", [4.0, -0.5, 0.0], ids=["as told", "a little back", "stuck"])
def test_a_drive_that_is_only_inexact_is_no_drive_that_runs_the_other_way(made_um: float) -> None:
    from parfocal_bridge.focus_drive import FocusDrive
    from parfocal_bridge.focus_lock import FocusLock

    class Core:
        z_um = 10.0

        def getFocusDevice(self) -> str:  # noqa: N802
            return "Z"

        def getPosition(self, device: str) -> float:  # noqa: N802
            return self.z_um

        def setPosition(self, device: str, to: float) -> None:  # noqa: N802
            self.z_um += made_um

        def waitForDevice(self, device: str) -> None:  # noqa: N802
            pass

    drive = FocusDrive(Core(), FocusLock.none(), LIMITS)
    drive.go(14.0)
    assert drive.may_move


def test_an_error_that_ends_a_run_is_told_as_one(beads: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from beads import bead_events

    def fail(*_: Any) -> None:
        raise RuntimeError("no answer of the stage")

    failures: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failures.append(str(args.exc_value)))
    accept = scripted({})
    with FakeAgent(answer=accept) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)
            monkeypatch.setattr(beads, "setZPosition", fail)
            started(beads, client, bead_events([5.0, 6.0]), []).join(RUN_S)
        agent.wait_for("bye", 1)
    assert failures == ["no answer of the stage"]
    said = [(message["why"], message["reason"]) for (message,) in agent.received["abandon"]]
    assert said == [("skipped", "the run ended with an error")] * 2


def test_an_image_that_cannot_be_judged_says_why(failing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from beads import bead_events

    engine = failing.mda.engine
    taken = type(engine).exec_single_event

    def colours(event: Any) -> Iterator[Any]:
        for image, own_event, meta in taken(engine, event):
            yield np.stack([image] * 3, -1), own_event, meta

    monkeypatch.setattr(engine, "exec_single_event", colours)
    (result,) = gate(failing, scripted({}), bead_events([5.0]))
    assert (result.status, result.keep_attempt) == ("unscored", 0)
    assert result.reason == "an image has two axes (height, width); this one has shape (512, 512, 3)"

"""Every controller of this bridge, and the one in docs/protocol.md, behaves as the transcripts say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from conftest import ROOT, needs
from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, gate_loop
from parfocal_bridge.pymmcore_plus import ATTEMPT_KEY, FocusEngine, gated
from pycro_runs import acquire
from runs import RUN_S
from transcripts import End, Transcript, names_of

DEADLINE_MS = 1000.0
"""Long for a scripted agent, short for one that does not answer."""


def options(transcript: Transcript, results: list[SiteResult]) -> dict[str, Any]:
    given = transcript.given
    limits = ZLimits(*given["limitsUm"], given.get("longestMoveUm", float("inf")))
    return {"limits": limits, "max_attempts": given.get("mostFrames", 8), "on_site": results.append}


class Drive:
    """Notes where the drive of a core is sent, and misbehaves as a transcript says."""

    def __init__(self, core: Any, transcript: Transcript, monkeypatch: pytest.MonkeyPatch) -> None:
        self.visited_um: list[float] = []
        self.position: Callable[[], float] = core.getPosition
        end_um = transcript.given.get("driveEndsUm", float("inf"))

        def sender(set_position: Callable[..., None]) -> Callable[..., None]:
            def send(*args: Any) -> None:
                if abs(args[-1]) > end_um:
                    raise RuntimeError("the drive ends here")
                set_position(*args)
                self.visited_um.append(args[-1])

            return send

        def opposite(get_position: Callable[..., float]) -> Callable[..., float]:
            return lambda *args: -get_position(*args)

        # The core of pycro-manager has both spellings, and its engine the other one.
        both = [name for name in ("setPosition", "set_position") if hasattr(core, name)]
        for name in both:
            monkeypatch.setattr(core, name, sender(getattr(core, name)))
        self._set_autofocus(core, transcript.given.get("autofocus"), monkeypatch)
        self._set_lock(core, transcript.given, monkeypatch)
        if transcript.given.get("driveReports") == "opposite":
            for name in (name.replace("set", "get") for name in both):
                monkeypatch.setattr(core, name, opposite(getattr(core, name)))

    def _set_autofocus(self, core: Any, given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def full_focus() -> None:
            if "fails" in given:
                raise RuntimeError(given["fails"])
            core.setPosition(given["endsUm"])

        if given is not None:
            _replace(core, "fullFocus", full_focus, monkeypatch)

    def _set_lock(self, core: Any, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        if given.get("lock") != "engaged":
            return
        core.setPosition(given["zUm"])
        for name in ("isContinuousFocusEnabled", "isContinuousFocusLocked"):
            _replace(core, name, lambda: True, monkeypatch)


def _replace(core: Any, name: str, new: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces a method in both spellings, as far as the core has them."""
    snake = re.sub("([A-Z])", lambda found: "_" + found[0].lower(), name)
    for spelling in (name, snake):
        if hasattr(core, spelling):
            monkeypatch.setattr(core, spelling, new)


@pytest.fixture
def engine(beads: Any) -> Iterator[Any]:
    """The core with an engine that gives no frame, or fails, where a transcript says so."""
    from pymmcore_plus.mda import MDAEngine

    class Missing(MDAEngine):
        is_missing: Callable[[int], bool] = staticmethod(lambda attempt: False)
        breaks_off: Callable[[int], bool] = staticmethod(lambda attempt: False)

        def exec_single_event(self, event: Any) -> Iterator[Any]:
            attempt = event.metadata.get(ATTEMPT_KEY, 0)
            if self.breaks_off(attempt):
                raise RuntimeError("the camera is unplugged")
            if not self.is_missing(attempt):
                yield from super().exec_single_event(event)

    before = beads.mda.engine
    beads.mda.set_engine(Missing(beads))
    yield beads
    beads.mda.set_engine(before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("kind", ["generator", "engine"])
@pytest.mark.parametrize("name", names_of("pymmcore-plus"))
def test_pymmcore_plus(name: str, kind: str, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from useq import MDAEvent

    transcript, results = Transcript.read(name), []
    transcript.cancel = engine.mda.cancel
    engine.mda.engine.is_missing = transcript.is_missing
    engine.mda.engine.breaks_off = transcript.breaks_off
    drive = Drive(engine, transcript, monkeypatch)
    z_um = transcript.given["zUm"]
    plan = [MDAEvent(index={"p": 0}, pos_name="P0", x_pos=0, y_pos=0, z_pos=z_um)]
    with FakeAgent(answer=transcript.answer) as agent:
        with FocusClient(agent.address, deadline_ms=DEADLINE_MS) as client:
            assert client.wait_for_agent(RUN_S)
            keyed = options(transcript, results)
            if kind == "engine":
                engine.mda.set_engine(FocusEngine(engine, client, **keyed))
            thread = engine.run_mda(plan if kind == "engine" else gated(plan, client, engine, **keyed))
            thread.join(RUN_S)
            assert not thread.is_alive()
        agent.wait_for("bye", 1)
    transcript.check(agent, End(drive.position(), results[0].keep_attempt, drive.visited_um))


@pytest.mark.parametrize("name", names_of("pycro-manager"))
def test_pycro_manager(name: str, headless: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    transcript, results = Transcript.read(name), []
    z_um = transcript.given["zUm"]
    headless.set_position(z_um)
    drive = Drive(headless, transcript, monkeypatch)

    class Missing(FrameCollector):
        def __call__(self, image: Any, metadata: Any, event_queue: Any = None) -> Any:
            attempt = metadata["Axes"]["attempt"]
            if transcript.breaks_off(attempt):
                transcript.cancel()
            if transcript.is_missing(attempt) or transcript.breaks_off(attempt):
                return image, metadata
            return super().__call__(image, metadata, event_queue)

    frames = Missing()
    plan = [{"axes": {"position": "P0"}, "x": 0.0, "y": 0.0, "z": z_um, "exposure": 2.0}]
    with FakeAgent(answer=transcript.answer) as agent:
        with FocusClient(agent.address, deadline_ms=DEADLINE_MS) as client:
            assert client.wait_for_agent(RUN_S)

            def work(acq: Any) -> None:
                transcript.cancel = acq.abort
                keyed = options(transcript, results)
                gate_loop(acq, plan, client, frames, core=headless, image_timeout_s=0.5, **keyed)

            acquire(frames, work)
        agent.wait_for("bye", 1)
    transcript.check(agent, End(drive.position(), results[0].keep_attempt, [z_um, *drive.visited_um]))


@pytest.mark.parametrize("name", names_of("sample"))
def test_the_controller_in_the_documentation(name: str) -> None:
    transcript = Transcript.read(name)
    transcript.needs.discard("abandon")
    page = (ROOT / "docs" / "protocol.md").read_text()
    code = re.search(r"## A controller\s+```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    sample: dict[str, Any] = {}
    exec(compile(code[1], "docs/protocol.md", "exec"), sample)
    visited = [float(transcript.given["zUm"])]
    images = [np.full((8, 8), k, np.uint8) for k in range(8)]
    taken = iter(images)
    with FakeAgent(answer=transcript.answer) as agent:
        focus = sample["Focus"](agent.address, deadline_ms=DEADLINE_MS)
        assert focus.socket.poll(int(RUN_S * 1000), 2), "connected"
        kept, _ = sample["acquire"](
            focus,
            lambda: next(taken),
            lambda by_um: visited.append(visited[-1] + by_um),
            lambda: visited[-1],
            "P0",
            "DAPI",
        )
        focus.socket.close()
        transcript.check(agent, End(visited[-1], int(kept[0, 0]), visited))


def test_there_is_a_transcript_of_each_way_in_which_a_site_ends() -> None:
    needs("useq")
    ends = {Transcript.read(name).end["abandon"] for name in names_of("pymmcore-plus")}
    assert ends >= {None, "limits", "drive", "cancelled", "other", "unscored", "no-frame"}

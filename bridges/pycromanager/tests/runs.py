"""Runs of pymmcore-plus that end, and agents that answer as a test says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conftest import CONTRACT
from parfocal_bridge import FocusClient, SiteResult, ZLimits

RUN_S = 60.0
PATIENT_MS = 10_000.0
ACCEPT = json.loads((CONTRACT / "verdict-accept.json").read_text()) | {"keepAttempt": 0}


def run(core: Any, events: Iterable[Any]) -> None:
    """Runs to the end, or fails instead of hanging."""
    thread = core.run_mda(events)
    thread.join(RUN_S)
    if thread.is_alive():
        core.mda.cancel()
        pytest.fail("the run hangs")
    assert str(core.mda.status.finish_reason) == "completed"


def gate(
    core: Any, address: str, events: Iterable[Any], *, limits: ZLimits, **options: Any
) -> list[SiteResult]:
    """Gates a run on the agent at this address; what became of its sites."""
    from beads import bead_optics
    from parfocal_bridge.pymmcore_plus import gated

    results: list[SiteResult] = []
    keyed = {"optics": bead_optics(), "on_site": results.append, **options}
    with FocusClient(address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        run(core, gated(events, client, core, limits=limits, **keyed))
    return results


def noted_moves(core: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Fills with the z that the drive is sent to by its name, as the bridge does and the engine does not."""
    moves: list[float] = []
    set_position = core.setPosition

    def note(*args: Any) -> None:
        if len(args) == 2:
            moves.append(args[1])
        set_position(*args)

    monkeypatch.setattr(core, "setPosition", note)
    return moves


@contextmanager
def noted_frames(core: Any) -> Iterator[list[tuple[Any, float]]]:
    """Events and measured z of the frames that the core takes."""
    taken: list[tuple[Any, float]] = []

    def note(image: Any, event: Any, meta: Any) -> None:
        taken.append((event, meta["position"]["z"]))

    core.mda.events.frameReady.connect(note)
    try:
        yield taken
    finally:
        core.mda.events.frameReady.disconnect(note)


def scripted(*verdicts: dict[str, Any]) -> Any:
    """Answers the gated frames with these verdicts, the last one for ever, and accepts observed ones."""
    left = list(verdicts)

    def answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] != "frame":
            return []
        is_gated = message["mode"] == "gate"
        verdict = {} if not is_gated else left.pop(0) if len(left) > 1 else left[0]
        return [json.dumps({**ACCEPT, **verdict, "id": message["id"]}).encode()]

    return answer


def retry(**action: Any) -> dict[str, Any]:
    return {"decision": "retry", "acquireAgain": True, "action": action}


def move(by_um: float, **more: Any) -> dict[str, Any]:
    return retry(kind="move-z", byUm=by_um, **more)

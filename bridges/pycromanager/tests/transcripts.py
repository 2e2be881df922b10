"""The transcripts of test/contract: what a controller must do with what an agent says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conftest import CONTRACT
from fake_agent import FakeAgent
from runs import ACCEPT

FOLDER = CONTRACT / "transcripts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
BEYOND: dict[str, dict[str, str]] = json.loads((CONTRACT / "controllers.json").read_text())
"""For each controller what it cannot do, and why."""
SAME_UM = 0.06


@dataclass
class Transcript:
    """One conversation; ``needs`` are what a controller must be able to do to take part in it."""

    name: str
    says: str
    needs: set[str]
    given: dict[str, Any]
    conversation: list[dict[str, Any]]
    end: dict[str, Any]
    cancel: Callable[[], None] = lambda: None
    heard: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, name: str) -> Transcript:
        data = json.loads((FOLDER / f"{name}.json").read_text())
        return cls(name, data["says"], set(data["needs"]), data["given"], data["conversation"], data["end"])

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [step for step in self.conversation if "frame" in step]

    def is_missing(self, attempt: int) -> bool:
        """True if the camera gives no frame for this attempt."""
        return any(step.get("noFrame", {}).get("attempt") == attempt for step in self.conversation)

    def breaks_off(self, attempt: int) -> bool:
        """True if the run ends with an error while the frame of this attempt is acquired."""
        return any(step.get("breaksOff", {}).get("attempt") == attempt for step in self.conversation)

    def answer(self, message: dict[str, Any]) -> list[bytes]:
        """What the agent of the transcript says to a message."""
        if message["type"] != "frame":
            return []
        step = self.frames[len(self.heard)] if len(self.heard) < len(self.frames) else {}
        self.heard.append(message)
        if step.get("meanwhile") == "cancel":
            self.cancel()
        answer = step.get("answer")
        head = {"v": 1, "id": message["id"], "session": message["session"]}
        if answer is None:
            return []
        if "drop" in answer:
            return [json.dumps(head | {"type": "drop", "why": answer["drop"]}).encode()]
        if "error" in answer:
            problem = {"type": "error", "code": answer["error"], "message": "on purpose"}
            return [json.dumps(head | problem).encode()]
        return [json.dumps(ACCEPT | answer | {"id": message["id"]}).encode()]

    def check(self, agent: FakeAgent, end: End) -> None:
        """Fails unless all was said and done as the transcript has it."""
        asked = [(step["frame"]["attempt"], step["frame"]["zUm"]) for step in self.frames]
        sent = [(head["attempt"], round(head["zUm"], 1)) for head in self.heard]
        assert sent == asked
        assert end.z_um == _about(self.end.get("zUm", self.end.get("visitedUm", [None])[-1]))
        assert end.keep_attempt == self.end["keepAttempt"]
        if "visitedUm" in self.end:
            assert [round(z_um, 1) for z_um in _once(end.visited_um)] == self.end["visitedUm"]
        if "abandon" in self.needs:
            said = [message["why"] for (message,) in agent.received["abandon"]]
            assert said == ([] if self.end["abandon"] is None else [self.end["abandon"]])
            named = [message.get("frameId") for (message,) in agent.received["abandon"]]
            assert named == ([self.heard[-1]["id"]] if said == ["unscored"] else [None] * len(said))


def names_of(controller: str) -> list[str]:
    """The transcripts that a controller takes part in."""
    return [name for name in NAMES if not Transcript.read(name).needs & BEYOND[controller].keys()]


@dataclass
class End:
    """Where a controller left the drive, um, the attempt it kept, and where the drive was sent."""

    z_um: float
    keep_attempt: int
    visited_um: list[float]


def _once(z_um: list[float]) -> list[float]:
    """Without moves to where the drive is already."""
    return [z for i, z in enumerate(z_um) if i == 0 or abs(z - z_um[i - 1]) > SAME_UM]


def _about(z_um: float) -> Any:
    import pytest

    return pytest.approx(z_um, abs=SAME_UM)

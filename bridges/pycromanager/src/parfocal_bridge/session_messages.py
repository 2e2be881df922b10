"""Who is there, who goes, and which site is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from parfocal_bridge.answers import Model
from parfocal_bridge.frame_message import Message, Site
from parfocal_bridge.records import Index, Name, Record


@dataclass(frozen=True, kw_only=True)
class Controller(Record):
    """Who drives the microscope."""

    name: Name
    version: Name | None = None
    host: Name | None = None


@dataclass(frozen=True, kw_only=True)
class Hello(Message):
    """First message of a controller."""

    type: ClassVar[str] = "hello"

    session: Name
    controller: Controller


@dataclass(frozen=True, kw_only=True)
class AgentVersion(Record):
    """Name and version of the agent."""

    name: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class FrameLimits(Record):
    """Largest frame that the agent takes, and gated frames that one controller may have unanswered."""

    max_side_px: Index | None = None
    max_frame_bytes: Index | None = None
    gate_in_flight: Index | None = None


@dataclass(frozen=True, kw_only=True)
class Welcome(Message):
    """Answer to ``hello``."""

    type: ClassVar[str] = "welcome"

    session: Name | None = None
    agent: AgentVersion | None = None
    model: Model | None = None
    limits: FrameLimits | None = None
    heartbeat_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Abandon(Message):
    """A site ended without the agent: what a verdict asked for is not done, or there is nothing to judge.

    ``why`` is ``limits``, ``drive``, ``lock``, ``autofocus``, ``cancelled`` or ``other``; or ``unscored``,
    ``no-frame`` or ``skipped``. ``frame_id`` is the gated frame that got no verdict in time. ``cancelled``: a
    user ended the run.
    """

    type: ClassVar[str] = "abandon"

    session: Name = ""
    site: Site
    channel: Name | None = None
    time_index: Index | None = None
    why: Name
    frame_id: Name | None = None
    cancelled: bool | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Heartbeat(Message):
    """Sent every second both ways: ``queued`` frames wait at the agent; ``acquiring`` is of a controller."""

    type: ClassVar[str] = "heartbeat"

    session: Name | None = None
    timestamp_ms: float | None = None
    queued: Index | None = None
    acquiring: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Bye(Message):
    """The sender goes away."""

    type: ClassVar[str] = "bye"

    session: Name | None = None
    reason: str | None = None

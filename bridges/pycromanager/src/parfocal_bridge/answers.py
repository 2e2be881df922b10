"""What the agent says of a frame and of a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from parfocal_bridge.frame_message import Message, Site
from parfocal_bridge.records import NEEDED_RIGHT, Index, MessageError, Name, Record


@dataclass(frozen=True, kw_only=True)
class Action(Record):
    """``move-z`` by ``by_um`` from where the frame was taken, ``autofocus``, or ``reacquire``.

    ``via_um`` is a stop on the way, um from the same z, from which the drive arrives as its backlash wants.
    """

    kind: Name
    by_um: float | None = None
    via_um: float | None = None


@dataclass(frozen=True, kw_only=True)
class Model(Record):
    """The model that answered."""

    name: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Timings(Record):
    """Time in the queue, in the scorer, and from arrival to answer."""

    queue_ms: float | None = None
    score_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class StackVerdict(Record):
    """A z-stack as a whole: slices judged, the sharpest one, and at which ``edge`` it lies if at one."""

    judged: Index = 0
    sharpest_z_index: Index | None = None
    sharpest_z_um: float | None = None
    sharpest_level: float | None = None
    edge: Name | None = None


@dataclass(frozen=True, kw_only=True)
class NextZ(Record):
    """Where focus is expected at the frame's ``next``, um, with its standard deviation.

    ``basis`` is ``site`` (found there before) or ``surface`` (through the sites of this run).
    """

    z_um: float
    sd_um: float | None = None
    basis: Name | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict(Message):
    """The answer to one frame. Levels 0 (in focus) to 10, certainties 0 to 1.

    ``confidence`` is the probability that the level is right within one. ``unfamiliar``: the frame shows
    something unlike all that the model was trained on, so the level may be anything. Execute ``action`` if
    there is one; then acquire the same site again exactly if ``acquire_again``.
    """

    type: ClassVar[str] = "verdict"

    id: Name
    session: Name | None = None
    condition: Name
    level: Index
    expected_level: float
    aggregate_certainty: float | None = None
    mean_certainty: float | None = None
    max_certainty: float | None = None
    confidence: float | None = None
    unfamiliar: bool | None = None
    decision: Name
    action: Action | None = field(default=None, metadata=NEEDED_RIGHT)
    acquire_again: bool
    keep_attempt: Index
    attempts_left: Index = 0
    stack: StackVerdict | None = None
    next: NextZ | None = None
    reason: str = ""
    model: Model | None = None
    timings: Timings | None = None

    def __post_init__(self) -> None:
        if self.acquire_again != (self.decision == "retry"):
            raise MessageError("acquireAgain: must be true for the decision retry and false for any other")
        if self.action is not None and self.action.kind == "move-z" and self.action.by_um is None:
            raise MessageError("action.byUm: missing or not a number")


@dataclass(frozen=True, kw_only=True)
class Tried(Record):
    """One frame of a site: where it was taken, um, and its expected level."""

    attempt: Index
    z_um: float | None = None
    level: float


@dataclass(frozen=True, kw_only=True)
class Outcome(Message):
    """What became of one gated site and channel; published, not sent to controllers."""

    type: ClassVar[str] = "outcome"

    session: Name
    site: Site
    channel: Name | None = None
    time_index: Index | None = None
    recovered: Name
    decision: Name
    attempts: Index
    level_before: float
    level_after: float
    z_before_um: float | None = None
    z_after_um: float | None = None
    travel_um: float
    keep_id: Name
    keep_attempt: Index
    actions: list[dict[str, Any]] | None = None
    tried: list[Tried]
    why: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Drop(Message):
    """The frame gets no verdict though nothing is wrong with it."""

    type: ClassVar[str] = "drop"

    id: Name
    session: Name | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class AgentError(Message):
    """``error``: something is wrong with a message or a frame."""

    type: ClassVar[str] = "error"

    id: Name | None = None
    session: Name | None = None
    code: Name
    message: str = ""

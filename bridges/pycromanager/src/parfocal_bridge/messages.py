"""The messages of protocol version 1 as frozen dataclasses.

snake_case in Python, camelCase on the wire, units in the names: ``_um`` micrometres, ``_ms`` milliseconds,
``_nm`` nanometres, ``_px`` pixels. Reading is tolerant: unknown keys are ignored, ``null`` counts as missing,
an optional value of the wrong type counts as missing; only what a controller needs must be right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

PROTOCOL_VERSION = 1
MAX_NAME_LENGTH = 512

_Self = TypeVar("_Self", bound="Record")
_Reader = Callable[[Any], Any]


class MessageError(ValueError):
    """A received message breaks the protocol."""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _index(value: Any) -> int | None:
    whole = _whole(value)
    return whole if whole is not None and whole >= 0 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(value: Any) -> dict[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else None


def _pair_of(reader: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            return None
        pair = tuple(reader(item) for item in value)
        return None if None in pair else pair

    return read


def _record(cls: type[Record]) -> _Reader:
    return lambda value: cls.from_json(value) if isinstance(value, Mapping) else None


def _optional_record(cls: type[Record]) -> _Reader:
    def read(value: Any) -> Any:
        try:
            return cls.from_json(value) if isinstance(value, Mapping) else None
        except MessageError:
            return None

    return read


def _needed(reader: _Reader) -> Any:
    return field(metadata={"read": reader})


def _maybe(reader: _Reader, default: Any = None) -> Any:
    return field(default=default, metadata={"read": reader})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON cannot hold (NaN, infinity) becomes None."""
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    if hasattr(value, "item"):  # a numpy scalar
        return _plain(value.item()) if getattr(value, "size", 1) == 1 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


@dataclass(frozen=True, kw_only=True)
class Record:
    """A JSON object with known keys."""

    def to_json(self) -> dict[str, Any]:
        """The object as it goes on the wire; what is None is left out."""
        plain = {_camel(item.name): _plain(getattr(self, item.name)) for item in fields(self)}
        return {key: value for key, value in plain.items() if value is not None}

    @classmethod
    def from_json(cls: type[_Self], data: Mapping[str, Any]) -> _Self:
        """Reads the object; raises MessageError if something is missing that a controller needs."""
        values: dict[str, Any] = {}
        for item in fields(cls):
            key = _camel(item.name)
            value = data.get(key)
            read = None if value is None else item.metadata["read"](value)
            if read is not None:
                values[item.name] = read
            elif item.default is MISSING:
                raise MessageError(f"{key}: {'missing' if value is None else 'not valid'}")
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class Message(Record):
    """A message, or its first part."""

    type: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        return {"v": PROTOCOL_VERSION, "type": self.type, **super().to_json()}


@dataclass(frozen=True, kw_only=True)
class Site(Record):
    """One stage position; ``name`` is unique on its plate within the session. ``row``, ``column`` from 0."""

    name: str = _needed(_name)
    plate: str | None = _maybe(_name)
    well: str | None = _maybe(_name)
    index: int | None = _maybe(_index)
    row: int | None = _maybe(_index)
    column: int | None = _maybe(_index)


@dataclass(frozen=True, kw_only=True)
class Optics(Record):
    """The optics that took a frame: numerical aperture, emitted wavelength, immersion index (air if None)."""

    na: float = _needed(_number)
    wavelength_nm: float | None = _maybe(_number)
    refractive_index: float | None = _maybe(_number)
    magnification: float | None = _maybe(_number)


@dataclass(frozen=True, kw_only=True)
class Frame(Message):
    """One image. A caller gives ``site`` and what else is known; the client fills in the first group.

    ``z_um`` is the position of the focus drive; ``z_source`` is ``measured`` if it was read from the drive
    and ``intended`` if it is what the drive was told. ``attempt`` 0 is the planned acquisition, k the k-th
    retry.
    """

    type: ClassVar[str] = "frame"

    id: str = _maybe(_name, "")
    session: str = _maybe(_name, "")
    sequence: int = _maybe(_index, 0)
    mode: str = _maybe(_name, "gate")
    deadline_ms: float | None = _maybe(_number)
    dtype: str | None = _maybe(_name)
    shape: tuple[int, int] | None = _maybe(_pair_of(_index))

    site: Site = _needed(_record(Site))
    attempt: int = _maybe(_index, 0)
    channel: str | None = _maybe(_name)
    time_index: int | None = _maybe(_index)
    z_index: int | None = _maybe(_index)
    x_um: float | None = _maybe(_number)
    y_um: float | None = _maybe(_number)
    z_um: float | None = _maybe(_number)
    z_source: str | None = _maybe(_name)
    z_limits_um: tuple[float, float] | None = _maybe(_pair_of(_number))
    pixel_um: float | None = _maybe(_number)
    exposure_ms: float | None = _maybe(_number)
    bit_depth: int | None = _maybe(_whole)
    optics: Optics | None = _maybe(_optional_record(Optics))
    timestamp_ms: float | None = _maybe(_number)
    meta: Mapping[str, Any] | None = _maybe(_object)


@dataclass(frozen=True, kw_only=True)
class Action(Record):
    """``move-z`` by ``by_um`` from where the frame was taken, ``autofocus``, or ``reacquire``."""

    kind: str = _needed(_name)
    by_um: float | None = _maybe(_number)


@dataclass(frozen=True, kw_only=True)
class Model(Record):
    """The model that answered."""

    name: str = _maybe(_text, "")
    sha256: str = _maybe(_text, "")


@dataclass(frozen=True, kw_only=True)
class Timings(Record):
    """Time in the queue, in the scorer, and from arrival to answer."""

    queue_ms: float | None = _maybe(_number)
    score_ms: float | None = _maybe(_number)
    total_ms: float | None = _maybe(_number)


@dataclass(frozen=True, kw_only=True)
class Verdict(Message):
    """The answer to one frame. Levels 0 (in focus) to 10, certainties 0 to 1.

    Execute ``action`` if there is one; then acquire the same site again exactly if ``acquire_again``.
    """

    type: ClassVar[str] = "verdict"

    id: str = _needed(_name)
    session: str | None = _maybe(_name)
    condition: str = _needed(_name)
    level: int = _needed(_index)
    expected_level: float = _needed(_number)
    aggregate_certainty: float | None = _maybe(_number)
    mean_certainty: float | None = _maybe(_number)
    max_certainty: float | None = _maybe(_number)
    decision: str = _needed(_name)
    action: Action | None = _maybe(_record(Action))
    acquire_again: bool = _needed(_flag)
    keep_attempt: int = _needed(_index)
    attempts_left: int = _maybe(_index, 0)
    reason: str = _maybe(_text, "")
    model: Model | None = _maybe(_optional_record(Model))
    timings: Timings | None = _maybe(_optional_record(Timings))

    def __post_init__(self) -> None:
        if self.acquire_again != (self.decision == "retry"):
            raise MessageError("acquireAgain: must be true for the decision retry and false for any other")
        if self.action is not None and self.action.kind == "move-z" and self.action.by_um is None:
            raise MessageError("action.byUm: missing or not a number")


@dataclass(frozen=True, kw_only=True)
class Outcome(Message):
    """What became of one gated site and channel; published, not sent to controllers."""

    type: ClassVar[str] = "outcome"

    session: str = _needed(_name)
    site: Site = _needed(_record(Site))
    channel: str | None = _maybe(_name)
    time_index: int | None = _maybe(_index)
    recovered: str = _needed(_name)
    decision: str = _needed(_name)
    attempts: int = _needed(_index)
    level_before: float = _needed(_number)
    level_after: float = _needed(_number)
    z_before_um: float | None = _maybe(_number)
    z_after_um: float | None = _maybe(_number)
    travel_um: float = _needed(_number)
    keep_id: str = _needed(_name)
    keep_attempt: int = _needed(_index)
    actions: list[dict[str, Any]] | None = _maybe(lambda value: value if isinstance(value, list) else None)
    reason: str = _maybe(_text, "")


@dataclass(frozen=True, kw_only=True)
class Drop(Message):
    """The frame gets no verdict though nothing is wrong with it."""

    type: ClassVar[str] = "drop"

    id: str = _needed(_name)
    session: str | None = _maybe(_name)
    why: str = _maybe(_name, "")


@dataclass(frozen=True, kw_only=True)
class Problem(Message):
    """``error``: something is wrong with a message or a frame."""

    type: ClassVar[str] = "error"

    id: str | None = _maybe(_name)
    session: str | None = _maybe(_name)
    code: str = _needed(_name)
    message: str = _maybe(_text, "")


@dataclass(frozen=True, kw_only=True)
class Controller(Record):
    """Who drives the microscope."""

    name: str = _needed(_name)
    version: str | None = _maybe(_name)
    host: str | None = _maybe(_name)


@dataclass(frozen=True, kw_only=True)
class Hello(Message):
    """First message of a controller."""

    type: ClassVar[str] = "hello"

    session: str = _needed(_name)
    controller: Controller = _needed(_record(Controller))


@dataclass(frozen=True, kw_only=True)
class AgentVersion(Record):
    """Name and version of the agent."""

    name: str = _maybe(_text, "")
    version: str = _maybe(_text, "")


@dataclass(frozen=True, kw_only=True)
class FrameLimits(Record):
    """Largest frame that the agent takes, and gated frames that one controller may have unanswered."""

    max_side_px: int | None = _maybe(_index)
    max_frame_bytes: int | None = _maybe(_index)
    gate_in_flight: int | None = _maybe(_index)


@dataclass(frozen=True, kw_only=True)
class Welcome(Message):
    """Answer to ``hello``."""

    type: ClassVar[str] = "welcome"

    session: str | None = _maybe(_name)
    agent: AgentVersion | None = _maybe(_optional_record(AgentVersion))
    model: Model | None = _maybe(_optional_record(Model))
    limits: FrameLimits | None = _maybe(_optional_record(FrameLimits))
    heartbeat_ms: float | None = _maybe(_number)


@dataclass(frozen=True, kw_only=True)
class Heartbeat(Message):
    """Sent every second both ways; ``queued`` frames wait at the agent."""

    type: ClassVar[str] = "heartbeat"

    session: str | None = _maybe(_name)
    timestamp_ms: float | None = _maybe(_number)
    queued: int | None = _maybe(_index)


@dataclass(frozen=True, kw_only=True)
class Bye(Message):
    """The sender goes away."""

    type: ClassVar[str] = "bye"

    session: str | None = _maybe(_name)
    reason: str | None = _maybe(_text)


MESSAGES: dict[str, type[Message]] = {
    cls.type: cls for cls in (Hello, Welcome, Frame, Verdict, Outcome, Drop, Problem, Heartbeat, Bye)
}


def encode(message: Message) -> bytes:
    """The JSON part of a message, UTF-8."""
    return json.dumps(message.to_json(), separators=(",", ":"), allow_nan=False).encode()


def decode(part: bytes) -> Message | None:
    """Reads the JSON part of a message; None if its type is not known here. Raises only MessageError."""
    try:
        data = json.loads(part)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise MessageError("not a JSON object")
    if data.get("v") != PROTOCOL_VERSION:
        raise MessageError(f"protocol version {data.get('v')!r} is not spoken here")
    kind = data.get("type")
    if not isinstance(kind, str):
        raise MessageError("type: missing or not a string")
    cls = MESSAGES.get(kind)
    return None if cls is None else cls.from_json(data)

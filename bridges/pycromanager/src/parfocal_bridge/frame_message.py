"""A frame: one image with where, when and how it was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from parfocal_bridge.records import Index, Name, Record

PROTOCOL_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Message(Record):
    """A message, or its first part."""

    type: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        return {"v": PROTOCOL_VERSION, "type": self.type, **super().to_json()}


@dataclass(frozen=True, kw_only=True)
class Site(Record):
    """One stage position; ``name`` is unique on its plate within the session.

    ``index`` numbers the site within its well, ``row`` and ``column`` place the well, ``position`` is the
    number of the position in the plan; all from 0.
    """

    name: Name
    plate: Name | None = None
    well: Name | None = None
    index: Index | None = None
    row: Index | None = None
    column: Index | None = None
    position: Index | None = None


@dataclass(frozen=True, kw_only=True)
class Optics(Record):
    """The optics that took a frame: numerical aperture, emitted wavelength, immersion index (air if None)."""

    na: float
    wavelength_nm: float | None = None
    refractive_index: float | None = None
    magnification: float | None = None


@dataclass(frozen=True, kw_only=True)
class LockReport(Record):
    """A hardware focus lock when a frame was taken.

    ``state`` is ``off``, ``engaged`` or ``lost``; ``moves`` how the controller moves in spite of it:
    ``none``, ``offset`` (z is that of the lock's offset) or ``pause``.
    """

    device: Name | None = None
    state: Name
    moves: Name


@dataclass(frozen=True, kw_only=True)
class Stack(Record):
    """The z-stack that a frame is a slice of.

    ``size`` is its number of slices, None while that is not known; ``last`` marks the slice that ends a stack
    that is only watched.
    """

    size: Index | None = None
    last: bool | None = None


@dataclass(frozen=True, kw_only=True)
class NextSite(Record):
    """What is imaged once a site is finished; ``z_um`` is the planned z, for a z-stack that of its middle."""

    site: Site
    channel: Name | None = None
    time_index: Index | None = None
    x_um: float | None = None
    y_um: float | None = None
    z_um: float


@dataclass(frozen=True, kw_only=True)
class Frame(Message):
    """One image. A caller gives ``site`` and what else is known; the client fills in the first group.

    ``z_um`` is the position of the focus drive; ``z_source`` is ``measured`` if it was read from the drive
    and ``intended`` if it is what the drive was told; ``planned_z_um`` is that of the plan, for a slice of a
    z-stack that of the middle. ``attempt`` 0 is the planned acquisition, k the k-th retry. ``deadline_ms`` is
    the client's if None.
    """

    type: ClassVar[str] = "frame"

    id: Name = ""
    session: Name = ""
    sequence: Index = 0
    mode: Name = "gate"
    deadline_ms: float | None = None
    dtype: Name | None = None
    shape: tuple[Index, Index] | None = None

    site: Site
    attempt: Index = 0
    channel: Name | None = None
    time_index: Index | None = None
    z_index: Index | None = None
    x_um: float | None = None
    y_um: float | None = None
    z_um: float | None = None
    z_source: Name | None = None
    z_limits_um: tuple[float, float] | None = None
    planned_z_um: float | None = None
    stack: Stack | None = None
    focus_lock: LockReport | None = None
    next: NextSite | None = None
    pixel_um: float | None = None
    exposure_ms: float | None = None
    bit_depth: int | None = None
    optics: Optics | None = None
    timestamp_ms: float | None = None
    meta: Mapping[str, Any] | None = None

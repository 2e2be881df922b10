"""What gating by a generator and by an engine of pymmcore-plus have in common."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypedDict

from parfocal_bridge.client import FocusClient
from parfocal_bridge.events import Delivered
from parfocal_bridge.focus_drive import FocusDrive
from parfocal_bridge.focus_lock import FocusLock
from parfocal_bridge.gate import Gate
from parfocal_bridge.gate_rules import GateRules
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Optics
from parfocal_bridge.site import SiteResult
from parfocal_bridge.useq_events import UseqEvents

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus
    from useq import MDAEvent

log = logging.getLogger(__name__)

_LABEL_WITH_NA = re.compile(r"(\d+(?:\.\d+)?)\s*[xX]\s*/?\s*(?:NA\s*=?\s*)?([01]\.\d+)")


class GateOptions(TypedDict, total=False):
    """What may be said of a gated run beside its limits.

    - ``optics``: of the objective; by default what its label says ("20x/0.75"), else the agent's setting.
    - ``channels``: channels to gate, all if None; the others are observed, at the z found on the gated one.
    - ``camera``: of several cameras, the one whose frames are judged; by default the first. The others are
      observed.
    - ``gate_if``: which events to gate; the others are observed.
    - ``stacks``: ``gate``: a z-stack is judged as a whole, and shifted and acquired again with all channels
      of its slices where its focus lies outside; ``observe``: it is acquired as planned.
    - ``focus_lock``: what to do while a hardware focus lock is engaged; by default nothing is moved.
    - ``carry_z``: start later time points of a position at the z found there.
    - ``start_at_suggested_z``: start a site where the agent expects its focus, instead of at its planned z.
    - ``max_suggestion_um``: how far from the planned z that may be, um.
    - ``autofocus``: executes the action ``autofocus``; ``core.fullFocus`` if None. A planned
      ``HardwareAutofocus`` is passed on as it is; it is not used for the action, since the engine then adds
      what it found to every later z of the position, also where that was wrong.
    - ``plate``: name of the plate.
    - ``max_attempts``: most frames, or z-stacks, of one site, whatever the agent asks for; 8 by default.
    - ``on_site``: called with what became of each gated site, in the runner's thread.
    - ``frame_wait_s``: has no effect any more: a frame is there at once, or will not come.
    """

    optics: Optics | None
    channels: Collection[str] | None
    camera: str | None
    gate_if: Callable[[MDAEvent], bool] | None
    stacks: str
    focus_lock: FocusLock | None
    carry_z: bool
    start_at_suggested_z: bool
    max_suggestion_um: float | None
    autofocus: Callable[[], None] | None
    plate: str | None
    max_attempts: int
    on_site: Callable[[SiteResult], None] | None
    frame_wait_s: float


_RULES = (
    "channels",
    "gate_if",
    "stacks",
    "carry_z",
    "start_at_suggested_z",
    "max_suggestion_um",
    "max_attempts",
)


def make_gate(
    client: FocusClient, core: CMMCorePlus, limits: ZLimits, options: GateOptions
) -> Gate[MDAEvent]:
    """A gate for one run. Raises TypeError for an unknown option, ValueError for a wrong one."""
    unknown = sorted(options.keys() - GateOptions.__annotations__.keys())
    if unknown:
        raise TypeError(
            f"there is no option {unknown[0]!r}; the options are {', '.join(GateOptions.__annotations__)}"
        )
    camera = options.get("camera")
    cameras = [core.getPhysicalCameraDevice(i) for i in range(core.getNumberOfCameraChannels())]
    if camera is not None and camera not in cameras:
        raise ValueError(
            f"there is no camera {camera!r} that could gate; the cameras are {', '.join(cameras)}"
        )
    given: dict[str, Any] = {name: value for name, value in options.items() if name in _RULES}
    drive = FocusDrive(core, options.get("focus_lock") or FocusLock.none(), limits, options.get("autofocus"))
    optics = options.get("optics") or optics_of(core)
    events = UseqEvents(core, optics, options.get("plate"), client.names, camera)
    failure = functools.partial(_failure, core)
    return Gate(client, events, drive, GateRules(limits, **given), options.get("on_site"), failure)


def delivered_of(image: Any, event: MDAEvent, metadata: Any) -> Delivered:
    """A payload of the engine."""
    camera = metadata.get("camera_device") if "cam" in event.index else None
    channel = None if event.channel is None else event.channel.config
    return Delivered(image, metadata, camera, (image, event, metadata), channel)


def is_cancelled(core: CMMCorePlus) -> bool:
    """True if the run of this core is to end now."""
    status = core.mda.status
    return status.cancel_requested or str(status.phase) == "finishing"


def _failure(core: CMMCorePlus) -> str | None:
    is_failed = str(core.mda.status.finish_reason) == "errored"
    return "the run ended with an error" if is_failed else None


def optics_of(core: CMMCorePlus) -> Optics | None:
    """What the label of the objective in use says, if it names a numerical aperture ("Plan Apo 20x/0.75")."""
    try:
        for device in core.guessObjectiveDevices():
            match = _LABEL_WITH_NA.search(core.getStateLabel(device))
            if match is not None:
                return Optics(na=float(match[2]), magnification=float(match[1]))
    except Exception as error:
        log.debug("The objective is not known: %s", error)
    return None

"""What moves the focus: the Z stage, or with an engaged focus lock whatever the user says."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from parfocal_bridge.focus_core import DriveError, FocusCore
from parfocal_bridge.focus_lock import FocusLock
from parfocal_bridge.kinds import require
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import LockReport

log = logging.getLogger(__name__)

_STANDS_UM = 0.005
"""Moves shorter than this are not worth a pause of the lock."""
_NOTICEABLE_UM = 0.2
"""From a move as long as this on, its direction can be told from what the drive reports."""
_REVERSED_SHARE = 0.25
"""A drive runs the other way if it reports at least this share of a move with the opposite sign."""


class FocusDrive:
    """Reads and moves z, um: that of the Z stage, or of the offset of an engaged lock.

    ``look`` tells which; what it found holds until the next ``look``. A lock that was engaged once in the
    run and is not any more, or does not hold, is *lost*: nothing is moved then.

    :param core: of pymmcore-plus or pycro-manager; None if there is none, and then z is not known.
    :param autofocus: executes the action ``autofocus``; the core's by default.
    """

    def __init__(
        self, core: Any, lock: FocusLock, limits: ZLimits, autofocus: Callable[[], None] | None = None
    ) -> None:
        require("focus_lock", lock, FocusLock)
        self._core = None if core is None else FocusCore(core)
        self._lock = lock
        self._limits = limits
        self._autofocus = autofocus
        self._state: str | None = None
        self._was_engaged = False
        self._is_lost = False
        self._why_reversed: str | None = None
        self.is_lock_on = False
        self.home_um: float | None = None
        """The lock's offset before anything moved it, um; None with any other drive."""

    @property
    def follows_events(self) -> bool:
        """True if z is that of the events, false if a lock holds z and the bridge moves it if anybody."""
        return not self.is_lock_on

    @property
    def leaves_stacks_to_plan(self) -> bool:
        """True if slices keep the z of the plan, lock or not: without it they would all be one."""
        return self._lock.moves == "none"

    @property
    def carries_z(self) -> bool:
        """True if a correction holds for all later positions: a lock that is paused keeps it by itself."""
        return self._lock.moves == "pause"

    @property
    def may_move(self) -> bool:
        """False while a lock forbids it, and with a drive that runs the other way."""
        return self._why_reversed is None and not self._is_locked

    @property
    def _is_locked(self) -> bool:
        """True while a lock forbids moves."""
        return not (self._state in (None, "off") or (self._state == "engaged" and self._lock.moves != "none"))

    def look(self, is_new_site: bool = False) -> LockReport | None:
        """The lock as it is now; None if there is none. A lost lock stays lost until the next site."""
        if self._core is None:
            return None
        self._is_lost = self._is_lost and not is_new_site
        try:
            self.is_lock_on = self._core.is_lock_enabled()
            is_locked = self.is_lock_on and self._core.is_locked()
            device = self._core.lock_device() if self.is_lock_on or self._was_engaged else ""
        except Exception as error:
            log.debug("The focus lock cannot be asked: %s", error)
            is_locked, device = False, ""
        self._state = self._state_of(is_locked)
        if self._state is None:
            return None
        if self._state == "engaged" and not self._was_engaged:
            self._was_engaged = True
            self.home_um = self.read() if self._lock.moves == "offset" else None
        return LockReport(device=device or None, state=self._state, moves=self._lock.moves)

    def read(self) -> float | None:
        """Where the drive is, um; None if it does not say."""
        if self._core is None:
            return None
        try:
            if self._moves_offset:
                device = self._lock.device
                offset = self._core.lock_offset() if device is None else self._core.position(device)
                return offset * self._lock.um_per_unit
            device = self._core.focus_device()
            return self._core.position(device) if device else None
        except Exception as error:
            log.debug("z cannot be read: %s", error)
            return None

    def go(self, to_um: float, via_um: float | None = None) -> None:
        """Moves there; raises DriveError if that is not allowed or fails."""
        if self._core is None:
            return
        if self._is_locked:
            raise DriveError(f"a focus lock is {self._state}: the drive is not moved against it", "lock")
        if self._why_reversed is not None:
            raise DriveError(self._why_reversed, "drive")
        stops = [to_um] if via_um is None else [via_um, to_um]
        if self._state != "engaged":
            self._stage_to(self._core, stops)
        elif self._is_there(stops):
            return
        elif self._lock.moves == "offset":
            self._offset_to(self._core, stops)
        else:
            self._paused_to(self._core, stops)

    def focus(self, from_um: float | None) -> float:
        """Runs the autofocus; returns how far it moved, um. Raises DriveError also outside the limits."""
        if self._core is None:
            raise DriveError("autofocus needs the core", "autofocus")
        if self._state in ("engaged", "lost"):
            raise DriveError(f"a focus lock is {self._state}: no autofocus beside it", "lock")
        try:
            if self._autofocus is None:
                self._core.full_focus()
            else:
                self._autofocus()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # as asyncio.CancelledError is
            raise DriveError(f"autofocus: {error or type(error).__name__}", "autofocus") from error
        after_um = self.read()
        refusal = None if after_um is None else self._limits.refusal(after_um, after_um)
        if refusal is not None:
            raise DriveError(f"after autofocus: {refusal}", "autofocus")
        return 0.0 if after_um is None or from_um is None else after_um - from_um

    @property
    def _moves_offset(self) -> bool:
        return self.is_lock_on and self._lock.moves == "offset"

    def _state_of(self, is_locked: bool) -> str | None:
        if self._is_lost or (not is_locked and (self.is_lock_on or self._was_engaged)):
            return "lost"
        if self.is_lock_on:
            return "engaged"
        return None if self._lock.moves == "none" else "off"

    def _is_there(self, stops_um: list[float]) -> bool:
        here_um = self.read()
        return here_um is not None and all(abs(stop_um - here_um) < _STANDS_UM for stop_um in stops_um)

    def _stage_to(self, core: FocusCore, stops_um: list[float]) -> None:
        try:
            for stop_um in stops_um:
                self._step_to(core, stop_um)
        except DriveError:
            raise
        except Exception as error:
            raise DriveError(str(error), "drive") from error

    def _step_to(self, core: FocusCore, to_um: float) -> None:
        """One move. A drive that reports it with the opposite sign is sent back, and never moved again."""
        device = core.focus_device()
        if not device:
            raise DriveError("there is no focus drive: choose one as the core's Focus device", "drive")
        before_um = core.position(device)
        core.move(device, to_um)
        asked_um, made_um = to_um - before_um, core.position(device) - before_um
        is_opposite = made_um * asked_um < 0 and abs(made_um) >= _REVERSED_SHARE * abs(asked_um)
        if abs(asked_um) < _NOTICEABLE_UM or not is_opposite:
            return
        self._why_reversed = (
            f"the focus drive {device} runs the other way: told to move by {asked_um:+.3f} um it reports "
            f"{made_um:+.3f} um, so it is not moved any more; check the sign of its position"
        )
        log.warning("%s", self._why_reversed)
        core.move(device, to_um + made_um)
        raise DriveError(self._why_reversed, "drive")

    def _offset_to(self, core: FocusCore, stops_um: list[float]) -> None:
        try:
            for stop_um in stops_um:
                offset = stop_um / self._lock.um_per_unit
                if self._lock.device is None:
                    core.set_lock_offset(offset)
                else:
                    core.move(self._lock.device, offset)
            self._await_lock(core)
        except DriveError:
            raise
        except Exception as error:
            raise DriveError(str(error), "drive") from error

    def _paused_to(self, core: FocusCore, stops_um: list[float]) -> None:
        refused: DriveError | None = None
        try:
            core.enable_lock(False)
            try:
                self._stage_to(core, stops_um)
            except DriveError as error:
                refused = error
            core.enable_lock(True)
        except Exception as error:
            raise self._lost(f"the focus lock cannot be switched: {error}") from error
        self._await_lock(core)
        if refused is not None:
            raise refused

    def _await_lock(self, core: FocusCore) -> None:
        if not core.wait_for_lock(self._lock.timeout_s):
            raise self._lost(f"the focus lock did not come back within {self._lock.timeout_s} s")

    def _lost(self, reason: str) -> DriveError:
        log.warning("%s; nothing moves any more at this site", reason)
        self._is_lost, self._state = True, "lost"
        return DriveError(reason, "lock")

"""The calls of a Micro-Manager core that focusing needs, in either spelling."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_POLL_S = 0.01


class DriveError(RuntimeError):
    """The focus drive did not do what it was told, or was not allowed to.

    ``why`` is ``drive``, ``lock`` or ``autofocus``, as ``abandon`` has it.
    """

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class FocusCore:
    """A core of pymmcore-plus (``getPosition``) or of pycro-manager (``get_position``)."""

    def __init__(self, core: Any) -> None:
        self._core = core
        self._is_camel = hasattr(core, "getFocusDevice")

    def focus_device(self) -> str:
        """Label of the focus drive, empty if there is none."""
        return str(self._call("getFocusDevice"))

    def position(self, device: str) -> float:
        """Where a stage is, in its own unit."""
        return float(self._call("getPosition", device))

    def move(self, device: str, to: float) -> None:
        """Moves a stage and waits for it."""
        self._call("setPosition", device, to)
        self._call("waitForDevice", device)

    def lock_device(self) -> str:
        """Label of the autofocus device, empty if there is none."""
        return str(self._call("getAutoFocusDevice") or "")

    def is_lock_enabled(self) -> bool:
        """True while a hardware focus lock is switched on."""
        return bool(self._call("isContinuousFocusEnabled"))

    def is_locked(self) -> bool:
        """True while the lock holds."""
        return bool(self._call("isContinuousFocusLocked"))

    def enable_lock(self, on: bool) -> None:
        """Switches the lock on or off."""
        self._call("enableContinuousFocus", on)

    def lock_offset(self) -> float:
        """Offset of the lock, in its own unit."""
        return float(self._call("getAutoFocusOffset"))

    def set_lock_offset(self, offset: float) -> None:
        """Sets the offset of the lock, in its own unit."""
        self._call("setAutoFocusOffset", offset)

    def cameras(self) -> tuple[str, ...]:
        """Labels of the cameras that give one frame each; none if the core does not say."""
        try:
            count = int(self._call("getNumberOfCameraChannels"))
            return (
                tuple(str(self._call("getCameraChannelName", i)) for i in range(count)) if count > 1 else ()
            )
        except Exception:
            return ()

    def full_focus(self) -> None:
        """Runs the autofocus."""
        self._call("fullFocus")
        self._call("waitForSystem")

    def wait_for_lock(self, timeout_s: float) -> bool:
        """Waits until the lock holds; false if it does not in time."""
        end_s = time.monotonic() + timeout_s
        while not self.is_locked():
            if time.monotonic() >= end_s:
                return False
            time.sleep(_POLL_S)  # the core tells nobody when a lock holds
        return True

    def _call(self, name: str, *values: Any) -> Any:
        if not self._is_camel:
            name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        call: Callable[..., Any] = getattr(self._core, name)
        return call(*values)

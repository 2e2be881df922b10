"""A hardware focus lock that stands in at the continuous-focus calls of a real core."""

from __future__ import annotations

from typing import Any

from pymmcore_plus import CMMCorePlus

from beads import NoisyEngine, SensorNoise, show_beads

LOCK = "Lock"


class LockedCore(CMMCorePlus):
    """While the lock is on it keeps the Z stage at a plane plus its offset.

    When it is switched on it takes the plane that it finds, as locks do that are paused for a move. Whoever
    drives the Z stage while it is on is written down in ``driven_against``, um.

    :param um_per_unit: rise of the Z stage with one unit of the offset, um.
    :param offset_device: a stage whose position is the offset; the core's autofocus offset if None.
    """

    def __init__(self, um_per_unit: float = 1.0, offset_device: str | None = None) -> None:
        super().__init__()
        self.loadSystemConfiguration()
        self.loadDevice("Offset", "DemoCamera", "DStage")
        self.initializeDevice("Offset")
        show_beads(self)
        self.mda.set_engine(NoisyEngine(self, SensorNoise()))
        self.um_per_unit = um_per_unit
        self.offset_device = offset_device
        self.comes_back = True
        self.rise_um = 0.0
        """How much higher the sample lies after each move of the XY stage to another place, um."""
        self.driven_against: list[float] = []
        self.moved_while_off: list[float] = []
        self._is_on = self._is_locked = False
        self._offset = self._plane_um = 0.0

    def engage(self, z_um: float) -> None:
        """Switches the lock on with the Z stage at ``z_um``."""
        self.enableContinuousFocus(False)
        super().setPosition(self.getFocusDevice(), z_um)
        self._is_locked = False
        self.comes_back, back = True, self.comes_back
        self.enableContinuousFocus(True)
        self.comes_back = back

    def getAutoFocusDevice(self) -> str:
        return LOCK

    def isContinuousFocusEnabled(self) -> bool:
        return self._is_on

    def isContinuousFocusLocked(self) -> bool:
        return self._is_on and self._is_locked

    def enableContinuousFocus(self, enable: bool) -> None:
        self._is_on = enable
        self._is_locked = enable and self.comes_back
        self._plane_um = super().getPosition(self.getFocusDevice()) - self._offset * self.um_per_unit

    def setAutoFocusOffset(self, offset: float) -> None:
        self._offset = offset
        if self._is_on:
            self._is_locked = self.comes_back
            super().setPosition(self.getFocusDevice(), self._plane_um + offset * self.um_per_unit)

    def getAutoFocusOffset(self) -> float:
        return self._offset

    def setXYPosition(self, *args: Any) -> None:
        is_elsewhere = max(abs(a - b) for a, b in zip(self.getXYPosition(), args[-2:], strict=True)) > 1
        super().setXYPosition(*args)
        self._plane_um += self.rise_um * is_elsewhere
        if self._is_on:
            super().setPosition(self.getFocusDevice(), self._plane_um + self._offset * self.um_per_unit)

    def setPosition(self, *args: Any) -> None:
        if args[0] == self.offset_device:
            super().setPosition(*args)
            self.setAutoFocusOffset(float(args[-1]))
            return
        is_z = len(args) == 1 or args[0] == self.getFocusDevice()
        if is_z:
            (self.driven_against if self._is_on else self.moved_while_off).append(float(args[-1]))
        super().setPosition(*args)

    def setZPosition(self, position: float) -> None:
        self.setPosition(self.getFocusDevice(), position)

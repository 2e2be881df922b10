"""A plate under the bead camera: each position is in focus at a z of its own, tilted, bowed and drifting.

The beads of ``beads.py`` are in focus where the Z stage stands at 0. Here the core drives that stage to the
commanded z less the focus of the place, so that what is commanded, read and recorded is a z on the plate. The
tests and benchmarks of the bridge use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import useq
from pymmcore_plus import CMMCorePlus

from beads import SPACING_UM, NoisyEngine, SensorNoise, show_beads


@dataclass(frozen=True)
class Plate:
    """Where a plate of ``rows`` x ``columns`` sites is in focus, um.

    :param offset_um: z of focus at the middle, less the bow.
    :param tilt_um: rise from one column, and from one row, to the next.
    :param bow_um: how much higher the middle is than the corners.
    :param drift_um: rise from one site visited to the next.
    :param jumps_um: sites, by (row, column), that lie elsewhere: that much above the rest.
    """

    rows: int = 6
    columns: int = 8
    offset_um: float = 5.0
    tilt_um: tuple[float, float] = (1.2, -0.9)
    bow_um: float = 2.0
    drift_um: float = 0.02
    jumps_um: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def focus_um(self, x_um: float, y_um: float, visits: float) -> float:
        """Z of focus at a place after so many sites, um."""
        column, row = x_um / SPACING_UM, y_um / SPACING_UM
        right, down = column - (self.columns - 1) / 2, row - (self.rows - 1) / 2
        farthest = ((self.columns - 1) / 2) ** 2 + ((self.rows - 1) / 2) ** 2
        bow_um = self.bow_um * (1 - (right**2 + down**2) / farthest)
        jump_um = self.jumps_um.get((round(row), round(column)), 0.0)
        tilt_um = self.tilt_um[0] * right + self.tilt_um[1] * down
        return self.offset_um + tilt_um + bow_um + self.drift_um * visits + jump_um

    def events(self, times: int = 1) -> list[useq.MDAEvent]:
        """All sites in rows, to and fro, planned at z = 0 um."""
        places = [
            (row, column if row % 2 == 0 else self.columns - 1 - column)
            for row in range(self.rows)
            for column in range(self.columns)
        ]
        return [
            useq.MDAEvent(
                index={"t": t, "p": p},  # type: ignore[arg-type]
                pos_name=f"R{row}C{column}",
                x_pos=SPACING_UM * column,
                y_pos=SPACING_UM * row,
                z_pos=0.0,
            )
            for t in range(times)
            for p, (row, column) in enumerate(places)
        ]


class PlateCore(CMMCorePlus):
    """A core of pymmcore-plus whose Z stage is in focus where ``focus_um(x, y, sites visited)`` says, um."""

    def __init__(self, focus_um: Callable[[float, float, float], float]) -> None:
        super().__init__()
        self.focus_um = focus_um
        self._commanded_um = 0.0
        self._visits = -1

    def start_over(self) -> None:
        """Before the next run: z = 0 um, no site visited."""
        self._commanded_um, self._visits = 0.0, -1

    def error_um(self) -> float:
        """How far the drive is from focus, um."""
        x_um, y_um = self.getXYPosition()
        return self._commanded_um - self.focus_um(x_um, y_um, max(0, self._visits))

    def setXYPosition(self, *args: Any) -> None:
        self._visits += 1
        super().setXYPosition(*args)

    def setPosition(self, *args: Any) -> None:
        if len(args) == 1 or args[0] == self.getFocusDevice():
            self._commanded_um = float(args[-1])
        else:
            super().setPosition(*args)

    def getPosition(self, *args: Any) -> float:
        if not args or args[0] == self.getFocusDevice():
            return self._commanded_um
        return float(super().getPosition(*args))

    def setZPosition(self, val: float) -> None:
        self.setPosition(val)

    def getZPosition(self) -> float:
        return self._commanded_um

    def snapImage(self) -> None:
        self.waitForDevice(self.getXYStageDevice())
        super().setPosition(self.getFocusDevice(), self.error_um())
        super().snapImage()


def plate_core(plate: Plate, blur_rate: float = 0.5, seed: int = 1) -> PlateCore:
    """A core with the demo configuration that sees beads on this plate, with a camera's noise."""
    core = PlateCore(plate.focus_um)
    core.loadSystemConfiguration()
    show_beads(core, blur_rate)
    core.mda.set_engine(NoisyEngine(core, SensorNoise(), seed))
    return core

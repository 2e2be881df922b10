"""ND2 files of NIS-Elements, read with the package nd2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nd2
import numpy as np

from parfocal.microscope_files import FileNotReadError, counts_of
from parfocal_bridge.messages import Frame, Optics, Site, Stack
from parfocal_bridge.wells import site_in, well_of_name

_COLOURS = 3


def frames_in_nd2(file: Path) -> Iterator[tuple[np.ndarray[Any, Any], Frame]]:
    """Position by position, time by time, channel by channel, slice by slice, as far as the run went.

    :raises FileNotReadError: where the file is damaged, no ND2, or one of before 2010.
    """
    try:
        with nd2.ND2File(file) as opened:
            if opened.is_legacy:
                raise FileNotReadError(
                    f"{file}: this ND2 is an old one (JPEG 2000): save it anew in NIS-Elements"
                )
            yield from _Nd2(opened, file).frames()
    except FileNotReadError:
        raise
    # A damaged file fails wherever the package looks first.
    except Exception as error:
        raise FileNotReadError(f"{file}: this ND2 cannot be read: {error}") from error


class _Nd2:
    """A file that is open."""

    def __init__(self, opened: Any, file: Path) -> None:
        self._opened = opened
        self._file = file
        self._channels = _channels(opened)
        self._loops = {loop.type: loop.parameters for loop in opened.experiment}
        self._numbers = _numbers(opened)
        self._sites = self._named_sites()

    def frames(self) -> Iterator[tuple[np.ndarray[Any, Any], Frame]]:
        stacks: dict[tuple[int, int], list[int]] = {}
        for position, time, z in sorted(self._numbers):
            stacks.setdefault((position, time), []).append(z)
        for (position, time), slices in stacks.items():
            for channel in range(self._opened.attributes.channelCount or 1):
                for z in slices:
                    stack = Stack(size=len(slices), last=z == slices[-1]) if len(slices) > 1 else None
                    plane = self._plane(self._numbers[position, time, z], channel)
                    yield counts_of(plane), self._frame(position, time, channel, z, stack)

    def _plane(self, number: int, channel: int) -> np.ndarray[Any, Any]:
        frame = self._opened.read_frame(number)
        axes = 3 if self._opened.components_per_channel == _COLOURS else 2
        # A copy: what the package gives ends with the file.
        return np.array(frame[channel] if frame.ndim > axes else frame)

    def _frame(self, position: int, time: int, channel: int, z: int, stack: Stack | None) -> Frame:
        known = self._channels[channel] if channel < len(self._channels) else None
        x_um, y_um, z_um = self._stage_um(position, time, z)
        volume = None if known is None else known.volume
        return Frame(
            site=self._sites[position],
            channel=(None if known is None else known.channel.name) or f"channel{channel}",
            time_index=time,
            z_index=z,
            x_um=x_um,
            y_um=y_um,
            z_um=z_um,
            stack=stack,
            pixel_um=volume.axesCalibration[0] if volume is not None and volume.axesCalibrated[0] else None,
            optics=_optics(known),
            meta={"file": self._file.name},
        )

    def _named_sites(self) -> dict[int, Site]:
        """By position. Those without a name are called as NIS-Elements numbers them: xy01."""
        points = getattr(self._loops.get("XYPosLoop"), "points", [])
        count = 1 + max(p for p, _, _ in self._numbers)
        numbers: dict[str, int] = {}
        sites = {}
        for position in range(count):
            name = (points[position].name if position < len(points) else None) or ""
            label = name.strip() or (self._file.stem if count == 1 else f"xy{position + 1:02}")
            number = numbers[label] = numbers.get(label, -1) + 1
            well = well_of_name(label)
            if number > 0:
                label = f"{label}-Site_{number}"
                well = None if well is None else well_of_name(f"{well.name}_{number}")
            sites[position] = site_in(well, label, None if well is None else self._file.stem, position)
        return sites

    def _stage_um(self, position: int, time: int, z: int) -> tuple[float | None, float | None, float | None]:
        """Of a slice, z counts from the first one; else it is the drive's."""
        try:
            x_um, y_um, z_um = (
                self._opened.frame_metadata(self._numbers[position, time, z])
                .channels[0]
                .position.stagePositionUm
            )
        except Exception:
            x_um = y_um = z_um = None
        zstack = self._loops.get("ZStackLoop")
        if zstack is not None:
            z_um = z * zstack.stepUm * (1 if zstack.bottomToTop else -1)
        return x_um, y_um, z_um


def _numbers(opened: Any) -> dict[tuple[int, int, int], int]:
    """By position, time and slice: the number of the frame, which holds all channels."""
    count = opened.attributes.sequenceCount
    planned = {
        (at.get("P", 0), at.get("T", 0), at.get("Z", 0)): number
        for number, at in enumerate(opened.loop_indices or ({},))
        # The plan is longer than a run that was stopped.
        if number < count
    }
    # What the plan does not tell apart is told by its order.
    return planned if len(planned) == count else {(0, number, 0): number for number in range(count)}


def _channels(opened: Any) -> list[Any]:
    """What the metadata say of each channel; the package fails as a whole where a part of it is missing."""
    try:
        return list(opened.metadata.channels or [])
    except Exception:
        return []


def _optics(channel: Any) -> Optics | None:
    if channel is None or channel.microscope.objectiveNumericalAperture is None:
        return None
    return Optics(
        na=channel.microscope.objectiveNumericalAperture,
        wavelength_nm=channel.channel.emissionLambdaNm,
        refractive_index=channel.microscope.immersionRefractiveIndex,
        magnification=channel.microscope.objectiveMagnification,
    )

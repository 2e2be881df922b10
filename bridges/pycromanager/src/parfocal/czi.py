"""CZI files of ZEN, read with Zeiss' pylibCZIrw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from pylibCZIrw import czi

from parfocal.microscope_files import FileNotReadError, counts_of
from parfocal_bridge.messages import Frame, Optics, Site, Stack
from parfocal_bridge.wells import site_in, well_of_name

_NO_SCENE = -1
_UM_PER_M = 1e6
_NS_PER_MS = 1e6


@dataclass(frozen=True)
class _Tile:
    """What the camera saw at one place, px of the file."""

    scene: int
    x: int
    y: int
    width: int
    height: int


def frames_in_czi(file: Path) -> Iterator[tuple[np.ndarray[Any, Any], Frame]]:
    """Tile by tile, time by time, channel by channel, slice by slice; tiles that were not taken are left out.

    :raises FileNotReadError: where the file is damaged or no CZI.
    """
    try:
        with czi.open_czi(str(file)) as reader:
            yield from _frames(reader, file)
    except (RuntimeError, OSError, ElementTree.ParseError) as error:
        raise FileNotReadError(f"{file}: this CZI cannot be read: {error}") from error


def _frames(reader: Any, file: Path) -> Iterator[tuple[np.ndarray[Any, Any], Frame]]:
    about = _Metadata(reader.raw_metadata, file)
    planes = _planes(reader)
    sites = about.sites(list(planes))
    for tile, taken in planes.items():
        for time, channel in sorted({(time, channel) for time, channel, _ in taken}):
            slices = sorted(z for t, c, z in taken if (t, c) == (time, channel))
            for z in slices:
                pixels = reader.read(
                    roi=(tile.x, tile.y, tile.width, tile.height),
                    plane={"T": time, "C": channel, "Z": z},
                    scene=None if tile.scene == _NO_SCENE else tile.scene,
                )
                # Its colours are blue, green, red.
                image = counts_of(pixels[..., ::-1] if pixels.shape[2] == 3 else pixels[..., 0])
                stack = Stack(size=len(slices), last=z == slices[-1]) if len(slices) > 1 else None
                site, x_um, y_um = sites[tile]
                yield image, about.frame(site, time, channel, z, x_um, y_um, stack)


def _planes(reader: Any) -> dict[_Tile, set[tuple[int, int, int]]]:
    """By tile: the times, channels and slices that are there; those of the pyramid are none."""
    found: dict[_Tile, set[tuple[int, int, int]]] = {}

    def note(_: int, block: Any) -> bool:
        area, size = block.logicalRect, block.physicalSize
        if (area.w, area.h) == (size.w, size.h):
            at = block.coordinate.to_dict()
            tile = _Tile(at.get("S", _NO_SCENE), area.x, area.y, area.w, area.h)
            found.setdefault(tile, set()).add((at.get("T", 0), at.get("C", 0), at.get("Z", 0)))
        return True

    reader.enumerate_subblocks(note)
    return dict(sorted(found.items(), key=lambda item: (item[0].scene, item[0].y, item[0].x)))


class _Metadata:
    """What the XML of a CZI says; what is missing there is not said."""

    def __init__(self, xml: str, file: Path) -> None:
        self._root = ElementTree.fromstring(xml)
        self._file = file
        self._image = "Metadata/Information/Image"
        self._pixel_um = self._scaling_um("X")
        self._slice_um = self._scaling_um("Z")
        self._scenes = {
            int(scene.get("Index", i)): scene
            for i, scene in enumerate(self._root.iterfind(f"{self._image}/Dimensions/S/Scenes/Scene"))
        }
        self._channels = self._root.findall(f"{self._image}/Dimensions/Channels/Channel")

    def sites(self, tiles: list[_Tile]) -> dict[_Tile, tuple[Site, float | None, float | None]]:
        """Each tile's site and stage position, um."""
        numbers: dict[str, int] = {}
        sites = {}
        for position, tile in enumerate(tiles):
            scene = self._scenes.get(tile.scene)
            named = next((name for name in self._names(scene) if well_of_name(name)), None)
            label = named or next(iter(self._names(scene)), None)
            if label is None:
                is_only = len({other.scene for other in tiles}) == 1
                label = self._file.stem if is_only else f"scene {tile.scene}"
            number = numbers[label] = numbers.get(label, -1) + 1
            is_alone = sum(other.scene == tile.scene for other in tiles) == 1 and named is None
            name = label if is_alone and number == 0 else f"{label}-Site_{number}"
            plate = self._file.stem if named else None
            well = None if named is None else well_of_name(f"{named}_{number}")
            sites[tile] = (site_in(well, name, plate, position), *self._stage_um(scene, tile, tiles))
        return sites

    def frame(
        self,
        site: Site,
        time: int,
        channel: int,
        z: int,
        x_um: float | None,
        y_um: float | None,
        stack: Stack | None,
    ) -> Frame:
        known = self._channels[channel] if channel < len(self._channels) else None
        exposure_ns = _number(known, "ExposureTime")
        slice_um = self._slice_um
        return Frame(
            site=site,
            channel=(None if known is None else known.get("Name")) or f"channel{channel}",
            time_index=time,
            z_index=z,
            x_um=x_um,
            y_um=y_um,
            z_um=None if slice_um is None else z * slice_um,
            stack=stack,
            pixel_um=self._pixel_um,
            exposure_ms=None if exposure_ns is None else exposure_ns / _NS_PER_MS,
            optics=self._optics(known),
            meta={"file": self._file.name},
        )

    @staticmethod
    def _names(scene: ElementTree.Element | None) -> Iterator[str]:
        """What a scene is called, its well first."""
        if scene is None:
            return
        shape = scene.find("Shape")
        for name in (
            scene.findtext("ArrayName"),
            None if shape is None else shape.get("Name"),
            scene.get("Name"),
        ):
            if name is not None and name.strip():
                yield name.strip()

    def _stage_um(
        self, scene: ElementTree.Element | None, tile: _Tile, tiles: list[_Tile]
    ) -> tuple[float | None, float | None]:
        try:
            centre = [float(part) for part in (scene.findtext("CenterPosition") or "").split(",")]  # type: ignore[union-attr]
            x_um, y_um = centre
        except (AttributeError, ValueError):
            return None, None
        if self._pixel_um is None:
            return x_um, y_um
        mates = [other for other in tiles if other.scene == tile.scene]
        middle_x = (min(t.x for t in mates) + max(t.x + t.width for t in mates)) / 2
        middle_y = (min(t.y for t in mates) + max(t.y + t.height for t in mates)) / 2
        return (
            x_um + (tile.x + tile.width / 2 - middle_x) * self._pixel_um,
            y_um + (tile.y + tile.height / 2 - middle_y) * self._pixel_um,
        )

    def _optics(self, channel: ElementTree.Element | None) -> Optics | None:
        objective = self._root.find("Metadata/Information/Instrument/Objectives/Objective")
        na = _number(objective, "LensNA")
        if na is None:
            return None
        settings = self._root.find(f"{self._image}/ObjectiveSettings")
        return Optics(
            na=na,
            wavelength_nm=_number(channel, "EmissionWavelength"),
            refractive_index=_number(settings, "RefractiveIndex"),
            magnification=_number(objective, "NominalMagnification"),
        )

    def _scaling_um(self, axis: str) -> float | None:
        distance = self._root.find(f"Metadata/Scaling/Items/Distance[@Id='{axis}']")
        metres = _number(distance, "Value")
        return None if metres is None else metres * _UM_PER_M


def _number(parent: ElementTree.Element | None, name: str) -> float | None:
    """A number above 0."""
    try:
        number = float((parent.findtext(name) if parent is not None else None) or "nan")
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None

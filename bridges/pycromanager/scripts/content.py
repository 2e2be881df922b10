"""Real content for a real MMCore: images that blur with the focus drive, in a Python camera or instead of the
demo camera's.

The blur is that of an objective of NA 0.5 with 0.65 um pixels, from the pupil function (paraxial, 500 nm).
The tests of the bridge use it; needs numpy, and pymmcore-plus for the camera.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymmcore_plus.experimental.unicore import SimpleCameraDevice

from beads import SensorNoise
from parfocal_bridge import Optics

NA = 0.5
PIXEL_UM = 0.65
WAVELENGTH_UM = 0.5
OPTICS = Optics(na=NA)
Z_STEP_UM = 0.5
REACH_UM = 30.0
PUPIL_PX = 128
FULL_LIGHT = 2500.0
"""Counts of the brightest structure."""

Light = NDArray[np.float32]


def read_png(path: Path, side: int) -> NDArray[np.uint8]:
    """The upper left corner, ``side`` px wide and high, of a grey PNG of 8 bits, not interlaced."""
    data = path.read_bytes()
    at, packed, size = 8, b"", (0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
            if body[8:] != bytes([8, 0, 0, 0, 0]):
                raise ValueError(f"{path}: not a grey PNG of 8 bits")
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    width, height = size
    # A pixel is told by those above it and to its left.
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width + 1)[:side, : side + 1]
    image = np.zeros((len(rows) + 1, rows.shape[1] - 1), np.int64)
    for y, (filter_kind, row) in enumerate(zip(rows[:, 0], rows[:, 1:].astype(np.int64), strict=True), 1):
        above = image[y - 1]
        if filter_kind == 0:
            image[y] = row
        elif filter_kind == 1:
            image[y] = np.cumsum(row) % 256
        elif filter_kind == 2:
            image[y] = (row + above) % 256
        else:
            image[y] = _unfiltered(int(filter_kind), row, above)
    return image[1:].astype(np.uint8)


def _unfiltered(kind: int, row: NDArray[np.int64], above: NDArray[np.int64]) -> list[int]:
    """A row filtered by average (3) or Paeth (4), one byte a pixel (PNG specification, 9.2)."""
    line: list[int] = []
    left = upper_left = 0
    for value, up in zip(row.tolist(), above.tolist(), strict=True):
        if kind == 3:
            guess = (left + up) // 2
        else:
            estimate = left + up - upper_left
            distances = [abs(estimate - near) for near in (left, up, upper_left)]
            guess = (left, up, upper_left)[distances.index(min(distances))]
        left, upper_left = (value + guess) % 256, up
        line.append(left)
    return line


class Slide:
    """A field that can be seen at any z; its blur does not tell the side."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        light = image.astype(np.float32) - np.percentile(image, 1)
        self._light = np.clip(light, 0, None) * (FULL_LIGHT / max(1.0, float(np.percentile(light, 99.8))))
        pad = 64
        self._pad = pad
        self._spectrum = np.fft.rfft2(np.pad(self._light, pad, mode="symmetric"))
        self._planes: dict[int, Light] = {}

    def at(self, defocus_um: float) -> Light:
        """The light of the field so far out of focus, to the nearest half um."""
        plane = round(min(abs(defocus_um), REACH_UM) / Z_STEP_UM)
        if plane not in self._planes:
            self._planes[plane] = self._blurred(plane * Z_STEP_UM)
        return self._planes[plane]

    def _blurred(self, defocus_um: float) -> Light:
        height, width = (side + 2 * self._pad for side in self._light.shape)
        kernel = np.zeros((height, width))
        spread = point_spread(defocus_um)
        half = spread.shape[0] // 2
        kernel[: spread.shape[0], : spread.shape[1]] = spread
        kernel = np.roll(kernel, (-half, -half), (0, 1))
        blurred = np.fft.irfft2(self._spectrum * np.fft.rfft2(kernel), (height, width))
        inner = blurred[self._pad : -self._pad, self._pad : -self._pad]
        return np.clip(inner, 0, None).astype(np.float32)


def point_spread(defocus_um: float) -> NDArray[np.float64]:
    """Image of a point, summed to 1: the Fourier transform of a pupil with defocus, squared."""
    frequency = np.fft.fftfreq(PUPIL_PX, PIXEL_UM / 2)
    squared = frequency[:, None] ** 2 + frequency[None, :] ** 2
    inside = squared <= (NA / WAVELENGTH_UM) ** 2
    pupil = inside * np.exp(-1j * np.pi * WAVELENGTH_UM * defocus_um * squared)
    # Sampled twice as finely as the pixels, which sum it up.
    fine = np.fft.fftshift(np.abs(np.fft.ifft2(pupil)) ** 2)
    fine = fine[1:, 1:]
    side = fine.shape[0] // 2 // 2 * 2 - 1
    start = (fine.shape[0] - 2 * side) // 2
    middle = fine[start : start + 2 * side, start : start + 2 * side]
    binned = middle.reshape(side, 2, side, 2).sum((1, 3))
    normalised: NDArray[np.float64] = binned / binned.sum()
    return normalised


class ContentCamera(SimpleCameraDevice):
    """A camera that sees what is under the objective, as blurred as the drive is away from its focus."""

    def __init__(
        self, seen: Callable[[], Light], shape: tuple[int, int], noise: SensorNoise, seed: int
    ) -> None:
        super().__init__()
        self._seen = seen
        self._shape = shape
        self._noise = noise
        self._random = np.random.default_rng(seed)
        self._exposure_ms = 1.0

    def get_exposure(self) -> float:
        return self._exposure_ms

    def set_exposure(self, exposure: float) -> None:
        self._exposure_ms = exposure

    def sensor_shape(self) -> tuple[int, int]:
        return self._shape

    def dtype(self) -> type[np.uint16]:
        return np.uint16

    def snap(self, buffer: np.ndarray) -> Mapping[str, object]:
        buffer[:] = self._noise.apply(self._seen(), self._random)
        return {}

"""A real MMCore whose camera sees fluorescent beads that blur with the focus drive, and a real camera's
noise.

DemoCamera's mode "Fluorescent Beads" draws beads of sigma sqrt((0.97 BeadSize)^2 + (BeadBlurRate |z|)^2) px:
in focus at z = 0 um, symmetric, 1 px per um, the same beads at the same XY. It adds no noise and no offset,
so this harness does. The tests and benchmarks of the bridge use it; needs pymmcore-plus and mm-test-adapters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import useq
from numpy.typing import NDArray
from pymmcore_plus import CMMCorePlus
from pymmcore_plus.mda import MDAEngine

from parfocal_bridge import Optics

SPACING_UM = 600.0
"""Sites further apart than the 512 um of a frame show unrelated beads."""
FULL_SCALE = 65535
FWHM_PER_SIGMA = 2 * math.sqrt(2 * math.log(2))
"""Full width at half maximum of a Gaussian, in standard deviations."""

Image = NDArray[np.uint16]


@dataclass(frozen=True)
class SensorNoise:
    """A camera: offset and read noise in counts, and photo-electrons a count for the shot noise."""

    offset: float = 100.0
    read_noise: float = 3.0
    electrons_per_count: float = 2.0

    def apply(self, light: NDArray[Any], random: np.random.Generator) -> Image:
        """The frame that this camera makes of noise-free counts."""
        shot = random.poisson(light * self.electrons_per_count) / self.electrons_per_count
        frame = shot + random.normal(self.offset, self.read_noise, light.shape)
        return np.clip(np.rint(frame), 0, FULL_SCALE).astype(np.uint16)


class NoisyEngine(MDAEngine):
    """The engine of pymmcore-plus with the noise of a camera on every frame."""

    def __init__(self, core: CMMCorePlus, noise: SensorNoise, seed: int = 1) -> None:
        super().__init__(core)
        self._noise = noise
        self._random = np.random.default_rng(seed)

    def exec_single_event(self, event: useq.MDAEvent) -> Iterator[Any]:
        for payload in super().exec_single_event(event):
            if payload is None:
                yield None
            else:
                image, sub_event, meta = payload
                yield self._noise.apply(image, self._random), sub_event, meta


def show_beads(
    core: Any, blur_rate: float = 0.5, brightness: float = 8.0, size: float = 1.3, exposure_ms: float = 2.0
) -> None:
    """Makes the demo camera of a loaded core show beads.

    :param blur_rate: sigma of the blur, px per um of defocus, 0.1 to 1.
    :param brightness: 0.125 to 8; the sharpest bead has about 300 counts times this.
    :param size: 1 to 10; sigma of a bead in focus is 0.97 px times this; from about 3 on it reads as blurred.
    """
    for name, value in (
        ("PixelType", "16bit"),
        ("Mode", "Fluorescent Beads"),
        ("BeadBlurRate", blur_rate),
        ("BeadBrightness", brightness),
        ("BeadSize", size),
    ):
        core.setProperty("Camera", name, value)
    core.setProperty("XY", "Velocity", 1000)
    core.setExposure(exposure_ms)


def beads_core(
    blur_rate: float = 0.5, brightness: float = 8.0, noise: SensorNoise | None = None, seed: int = 1
) -> CMMCorePlus:
    """A core with the demo configuration, beads, and a noisy camera in its acquisitions."""
    core = CMMCorePlus()
    core.loadSystemConfiguration()
    show_beads(core, blur_rate, brightness)
    core.mda.set_engine(NoisyEngine(core, noise or SensorNoise(), seed))
    return core


def bead_optics(blur_rate: float = 0.5) -> Optics:
    """The optics whose geometric blur is as wide as that of the beads.

    A defocus z blurs to a disc of 2 z NA / n um; the Gaussian of the beads, sigma = blur_rate z px of 1 um,
    is FWHM_PER_SIGMA sigma wide.
    """
    return Optics(na=FWHM_PER_SIGMA * blur_rate / 2)


def um_per_level(blur_rate: float = 0.5) -> float:
    """Defocus of the beads that is one level, um: 2 um (0.5 / NA) (pixel / 0.65 um) with a pixel of 1 um."""
    return 2 * (0.5 / bead_optics(blur_rate).na) * (1 / 0.65)


def bead_events(errors_um: Sequence[float], times: int = 1, start: int = 0) -> list[useq.MDAEvent]:
    """One site for each z error, um, on a square grid, the same at each of ``times`` time points."""
    side = int(np.ceil(np.sqrt(start + len(errors_um))))
    return [
        useq.MDAEvent(
            index={"t": t, "p": p},  # type: ignore[arg-type]
            pos_name=f"Pos{start + p}",
            x_pos=SPACING_UM * ((start + p) % side),
            y_pos=SPACING_UM * ((start + p) // side),
            z_pos=error_um,
        )
        for t in range(times)
        for p, error_um in enumerate(errors_um)
    ]


def bead_dicts(errors_um: Sequence[float], exposure_ms: float = 2.0) -> list[dict[str, Any]]:
    """The same sites as events of pycro-manager."""
    return [
        {
            "axes": {"position": event.index["p"]},
            "x": event.x_pos,
            "y": event.y_pos,
            "z": event.z_pos,
            "exposure": exposure_ms,
        }
        for event in bead_events(errors_um)
    ]

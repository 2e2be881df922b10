#!/usr/bin/env python3
"""Computes with centrosome, NumPy and SciPy the focus metrics that the tests hold src/metrics to.

Nothing here shares code with src/. What CellProfiler measures (MeasureImageQuality) is written after its module, on top of
centrosome, the library that it measures with; the rest is SciPy's filters. Writes JSON under test/fixtures/metrics.

Needs, in a virtual environment outside the checkout (centrosome 1.3.4 does not run on NumPy 2):
    pip install centrosome==1.3.4 numpy==1.26.4 scipy==1.13.1 Pillow==11.3.0
Usage:
    python scripts/make-golden-metrics.py
"""

import base64
import json
import warnings
from pathlib import Path

import numpy as np
from centrosome.haralick import Haralick
from centrosome.radial_power_spectrum import rps
from PIL import Image
from scipy import linalg, ndimage

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures" / "metrics"
PATCH_PX = 84
WINDOWS = (5, 20)
REAL_IMAGES = (
    "evaluation/dsb_360x360_4c032609d3.png",
    "evaluation/dsb_520x696_5afb7932e9.png",
    "evaluation/stack_biop_R03C05F03_c1_z005.png",
    "evaluation/nf1_H12_01_1_1_DAPI_001.png",
)


def power_log_log_slope(x: np.ndarray) -> float:
    radii, magnitude, power = (np.asarray(values, dtype=float) for values in rps(x))
    if not (magnitude.sum() > 0 and len(np.unique(x)) > 1):
        return 0.0
    valid = magnitude > 0
    radii, power = radii[valid], power[valid]
    if len(radii) < 2:
        return 0.0
    design = np.stack([np.log(radii), np.ones(len(radii))], axis=1)
    return float(linalg.lstsq(design, np.log(power))[0][0])


def patch_power_log_log_slope(x: np.ndarray) -> float:
    """Mean over the whole 84 px patches from the upper left corner that are not flat."""
    patches = [
        x[top : top + PATCH_PX, left : left + PATCH_PX]
        for top in range(0, x.shape[0] - PATCH_PX + 1, PATCH_PX)
        for left in range(0, x.shape[1] - PATCH_PX + 1, PATCH_PX)
    ]
    slopes = [power_log_log_slope(patch) for patch in patches if np.ptp(patch) > 0]
    return float(np.mean(slopes)) if slopes else 0.0


def focus_score(x: np.ndarray) -> float:
    return float(((x - x.mean()) ** 2).sum() / (x.size * x.mean())) if x.mean() > 0 else 0.0


def local_focus_score(x: np.ndarray, window: int) -> float:
    i, j = np.mgrid[0 : x.shape[0], 0 : x.shape[1]].astype(float)
    m, n = (np.array(x.shape) + window - 1) // window
    grid = (i * float(m) / float(x.shape[0])).astype(int) * n + (j * float(n) / float(x.shape[1])).astype(int)
    labels = np.arange(m * n)
    means = ndimage.mean(x, grid, labels)
    bright = means != 0
    if not bright.any():
        return 0.0
    scores = ndimage.variance(x, grid, labels)[bright] / means[bright]
    median = np.median(scores)
    return float(np.var(scores) / median) if np.isfinite(median) and median > 0 else 0.0


def correlation(x: np.ndarray, offset: int) -> float:
    """CellProfiler holds images as 32-bit floats, which decides on which side of a border some grey levels fall."""
    value = Haralick(x.astype(np.float32), np.ones(x.shape, int), 0, offset).H3()[0]
    return float(value) if np.isfinite(value) else 0.0


def inner(values: np.ndarray) -> np.ndarray:
    return values[1:-1, 1:-1]


def metrics(counts: np.ndarray, bit_depth: int | None) -> dict:
    x = counts / (2.0 ** (bit_depth or 8 * counts.dtype.itemsize) - 1)
    horizontal, vertical = (inner(ndimage.sobel(x, axis)) for axis in (1, 0))
    neighbours = float((x[:, :-1] * x[:, 1:]).mean())
    return {
        "PowerLogLogSlope": power_log_log_slope(x),
        "PatchPowerLogLogSlope": patch_power_log_log_slope(x),
        "FocusScore": focus_score(x),
        **{f"LocalFocusScore_{n}": local_focus_score(x, n) for n in WINDOWS},
        **{f"Correlation_{n}": correlation(x, n) for n in WINDOWS},
        "PercentMaximal": float(100 * np.mean(counts == counts.max())),
        "PercentMinimal": float(100 * np.mean(counts == counts.min())),
        "MeanIntensity": float(x.mean()),
        "StdIntensity": float(x.std()),
        "Tenengrad": float((horizontal**2 + vertical**2).mean()),
        "Brenner": float(((x[:, 2:] - x[:, :-2]) ** 2).mean()),
        "VollathF4": neighbours - float((x[:, :-2] * x[:, 2:]).mean()),
        "VollathF5": neighbours - float(x.mean()) ** 2,
        "LaplacianVariance": float(inner(ndimage.laplace(x)).var()),
    }


def small_frames() -> list[tuple[str, np.ndarray, int | None]]:
    rng = np.random.default_rng(1977)

    def texture(height: int, width: int, sigma_px: float, top: int, dtype: type) -> np.ndarray:
        smooth = ndimage.gaussian_filter(rng.normal(size=(height, width)), sigma_px, mode="wrap")
        smooth = (smooth - smooth.min()) / np.ptp(smooth)
        return np.clip(np.round(top * (0.05 + 0.8 * smooth) + rng.normal(0, 0.01 * top, smooth.shape)), 0, top).astype(dtype)

    spot = np.zeros((30, 41), np.uint16)
    spot[7:12, 20:23] = 4095
    half = texture(90, 180, 1.5, 60000, np.uint16)
    half[:, :90] = 777
    return [
        ("8 bits, sides prime", texture(37, 53, 2, 255, np.uint8), None),
        ("12 bits in 16, sides even and odd", texture(64, 75, 1, 4095, np.uint16), 12),
        ("16 bits, sides powers of two", texture(64, 128, 3, 65535, np.uint16), None),
        ("noise alone", rng.integers(0, 256, (40, 40)).astype(np.uint8), None),
        ("every grey level on a border", (rng.integers(0, 9, (50, 60)) * 16 + 32).astype(np.uint8), None),
        ("one spot on black", spot, 12),
        ("the left half flat", half, None),
        ("flat", np.full((90, 100), 1234, np.uint16), None),
        ("black", np.zeros((25, 25), np.uint8), None),
        ("too small for a slope", texture(20, 22, 1, 255, np.uint8), None),
    ]


def make_frames() -> None:
    frames = []
    for name, counts, bit_depth in small_frames():
        frame = {
            "name": name,
            "height": counts.shape[0],
            "width": counts.shape[1],
            "bits": 8 * counts.dtype.itemsize,
            "counts": base64.b64encode(counts.astype(f"<u{counts.dtype.itemsize}").tobytes()).decode(),
            "metrics": metrics(counts, bit_depth),
        }
        frames.append(frame | ({"bitDepth": bit_depth} if bit_depth else {}))
    for name in REAL_IMAGES:
        image = Image.open(ROOT / "data" / name)
        counts = np.asarray(image).astype(np.uint8 if image.mode == "L" else np.uint16)
        assert counts.ndim == 2, name
        frames.append({"name": name, "metrics": metrics(counts, None)})
    write("frames.json", frames)


def make_fourier() -> None:
    rng = np.random.default_rng(1970)
    signals = []
    for length in (1, 2, 3, 5, 12, 16, 17, 97, 150, 360):
        values = rng.normal(size=length) + 1j * rng.normal(size=length)
        signals.append({"signal": interleaved(values), "spectrum": interleaved(np.fft.fft(values))})
    write("fourier.json", signals)


def interleaved(values: np.ndarray) -> list[float]:
    return np.stack([values.real, values.imag], axis=1).ravel().tolist()


def write(name: str, content: object) -> None:
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / name).write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    with warnings.catch_warnings():
        # Flat frames: centrosome divides zero by zero, and CellProfiler takes the result for 0.
        warnings.simplefilter("ignore", RuntimeWarning)
        make_frames()
        make_fourier()

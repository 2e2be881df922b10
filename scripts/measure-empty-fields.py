#!/usr/bin/env python3
"""Measures what `parfocal score` says of 2,000 empty fields of twelve kinds; nothing here shares code with src/.

    pip install numpy==2.4.6 scipy==1.17.1 Pillow==11.3.0
    npm run build && python scripts/measure-empty-fields.py [--count 2000] [--seed 1] [--model NAME]

Each field has nothing in it to focus on: noise as cameras, programs and light make it. Prints, by kind, how many are `blank`,
which other conditions there are, and the highest certainty and confidence.
"""

import argparse
import csv
import io
import subprocess
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage, signal

ROOT = Path(__file__).resolve().parent.parent
HEIGHT, WIDTH = 252, 336


def log_between(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def noise(rng, light=1.0):
    """Shot and read noise of a camera under the given light (mean 1)."""
    mean = log_between(rng, 10, 3000)
    return rng.poisson(mean * light * np.ones((HEIGHT, WIDTH))) + rng.normal(0, 2, (HEIGHT, WIDTH)) + 100


def grid():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (x - WIDTH / 2) / WIDTH, (y - HEIGHT / 2) / WIDTH


def smoothed(rng):
    return ndimage.gaussian_filter(noise(rng), rng.uniform(0.4, 5))


def denoised(rng):
    frame = noise(rng)
    return signal.wiener(frame, 5) if rng.random() < 0.5 else ndimage.median_filter(frame, int(rng.choice([3, 5, 7])))


def interpolated(rng):
    factor = rng.uniform(1.2, 5)
    small = noise(rng)[: int(HEIGHT / factor) + 3, : int(WIDTH / factor) + 3]
    return ndimage.zoom(small, factor, order=int(rng.choice([1, 3])))[:HEIGHT, :WIDTH]


def jpeg(rng):
    frame = noise(rng)
    low, high = np.percentile(frame, [0.5, 99.5])
    span = rng.uniform(1, 6) * (high - low)
    grey = np.clip(128 + 255 * (frame - frame.mean()) / span, 0, 255).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(grey).save(packed, "JPEG", quality=int(rng.integers(20, 95)))
    return 100 + 10 * np.asarray(Image.open(packed)).astype(float)


def hot_pixels(rng):
    frame = noise(rng)
    hot = rng.random(frame.shape) < log_between(rng, 1e-4, 5e-3)
    return frame + hot * rng.exponential(log_between(rng, 50, 5000), frame.shape)


def shaded(rng):
    x, y = grid()
    a, b, c = rng.uniform(-1, 1, 3)
    return noise(rng, np.maximum(0.05, 1 + a * x + b * y - abs(c) * 2 * (x * x + y * y)))


def well_edge(rng):
    x, y = grid()
    angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    dark = rng.uniform(0.05, 0.8)
    edge = 1 / (1 + np.exp(-(u - rng.uniform(-0.3, 0.3) + bend * v * v) / log_between(rng, 0.01, 0.2)))
    return noise(rng, dark + (1 - dark) * edge)


def haze(rng):
    x, y = grid()
    light = np.ones((HEIGHT, WIDTH))
    for _ in range(int(rng.integers(1, 4))):
        distance = (x - rng.uniform(-0.5, 0.5)) ** 2 + (y - rng.uniform(-0.4, 0.4)) ** 2
        light += rng.uniform(0.2, 3) * np.exp(-distance / (2 * log_between(rng, 0.08, 0.5) ** 2))
    return noise(rng, light)


def bubble(rng):
    x, y = grid()
    radius = np.hypot(x - rng.uniform(-0.6, 0.6), y - rng.uniform(-0.5, 0.5))
    rim = np.exp(-((radius - rng.uniform(0.15, 0.6)) ** 2) / (2 * log_between(rng, 0.01, 0.08) ** 2))
    return noise(rng, np.maximum(0.05, 1 + rng.choice([-1, 1]) * rng.uniform(0.2, 0.9) * rim))


def speckle(rng):
    sigma = rng.uniform(0.6, 5)
    real, imaginary = (ndimage.gaussian_filter(rng.normal(size=(HEIGHT, WIDTH)), sigma) for _ in range(2))
    light = real**2 + imaginary**2
    return noise(rng, 1 + rng.uniform(0.1, 1) * (light / light.mean() - 1))


def spectrum(rng):
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(WIDTH), np.fft.fftfreq(HEIGHT)))
    frequency[0, 0] = 1
    shape = frequency ** (-rng.uniform(0, 2.5)) * np.exp(-((frequency / log_between(rng, 0.02, 0.7)) ** 2))
    shape[0, 0] = 0
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(HEIGHT, WIDTH))) * shape).real
    return 5000 + log_between(rng, 20, 1000) * field / field.std()


KINDS = {
    "camera noise": noise,
    "smoothed": smoothed,
    "denoised (Wiener, median)": denoised,
    "interpolated": interpolated,
    "JPEG": jpeg,
    "hot pixels": hot_pixels,
    "shaded": shaded,
    "edge of a well": well_edge,
    "haze": haze,
    "rim of a bubble": bubble,
    "speckle": speckle,
    "Gaussian of any spectrum": spectrum,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="default")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    names = list(KINDS)
    with tempfile.TemporaryDirectory() as folder:
        for i in range(options.count):
            frame = KINDS[names[i % len(names)]](rng)
            counts = np.clip(np.round(frame), 0, 65535).astype(np.uint16)
            Image.fromarray(counts).save(Path(folder) / f"{i % len(names):02d}-{i:05d}.png")
        command = ["node", str(ROOT / "dist/cli/main.js"), "score", folder, "--model", options.model, "--device", "cpu"]
        rows = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    by_kind = defaultdict(list)
    for row in csv.DictReader(io.StringIO(rows)):
        by_kind[names[int(Path(row["file"]).name[:2])]].append(row)
    by_kind["all"] = [row for kind in names for row in by_kind[kind]]
    print("| kind | fields | blank | other conditions | certainty over 0.5 | highest certainty | highest confidence |")
    print("|---|---|---|---|---|---|---|")
    for kind, found in by_kind.items():
        conditions = Counter(row["condition"] for row in found)
        blank = conditions.pop("blank", 0)
        certainty = [float(row["aggregate_certainty"]) for row in found]
        # A confidence counts where the frame is not said to be empty.
        confidence = [float(row["confidence"]) for row in found if row["condition"] != "blank"]
        others = ", ".join(f"{count} {name}" for name, count in conditions.most_common())
        print(
            f"| {kind} | {len(found)} | {100 * blank / len(found):.1f} % | {others} | {sum(c > 0.5 for c in certainty)} "
            f"| {max(certainty):.2f} | {max(confidence, default=0):.2f} |"
        )


main()

#!/usr/bin/env python3
"""Defocuses in-focus images by point spread functions that share nothing with src/optics, for `parfocal evaluate`:

    pip install psfmodels==0.3.3 numpy==2.4.6 scipy==1.17.1 imageio==2.38.1
    python scripts/make-defocused-images.py MANIFEST.csv OUT
    parfocal evaluate OUT/manifest.csv --json figures.json

Vectorial model of psfmodels at the optics that define the levels (NA 0.5, 0.65 um pixels, 500 nm, in air, no cover glass), level k at
2 k um; without photon noise and with 1000 and 100 electrons in the brightest pixel. OUT/manifest.csv has the true level.
"""

import csv
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import psfmodels
from scipy.signal import fftconvolve

SIDE_PX, LEVELS = 61, 11
MARGIN = SIDE_PX // 2
ELECTRONS = (None, 1000, 100)
# Little is lost by rounding then.
LEAST_PEAK = 1000


def kernels():
    air = dict(ns=1.0, ni=1.0, ni0=1.0, ng=1.0, ng0=1.0, tg=0.0, tg0=0.0, ti0=3000.0, pz=0.0)
    z = 2.0 * np.arange(LEVELS)
    psf = psfmodels.make_psf(z, nx=SIDE_PX, dxy=0.65, NA=0.5, wvl=0.5, model="vectorial", normalize=False, **air)
    return [plane / plane.sum() for plane in psf]


def main():
    manifest, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    psfs = kernels()
    with open(manifest, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "infocus" and not row["focus_label"].startswith("out")]
    with open(out / "manifest.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "field_id", "source", "stain", "level", "notes"])
        for row in rows:
            image = iio.imread(manifest.parent / row["file"]).astype(float)
            padded = np.pad(image, MARGIN, mode="symmetric")
            for level, psf in enumerate(psfs):
                light = np.clip(fftconvolve(padded, psf, mode="same")[MARGIN:-MARGIN, MARGIN:-MARGIN], 0, None)
                scale = 20 if light.max() < LEAST_PEAK else 1
                for electrons in ELECTRONS:
                    per_count = np.inf if electrons is None else electrons / light.max()
                    counts = light if electrons is None else rng.poisson(light * per_count) / per_count
                    name = f"{Path(row['file']).stem}_{level}_{electrons or 'clean'}.png"
                    iio.imwrite(out / name, np.clip(np.round(scale * counts), 0, 65535).astype(np.uint16))
                    note = "no photon noise" if electrons is None else f"{electrons} electrons"
                    writer.writerow([name, row["field_id"], row["source"], row["stain"], level, note])


main()

#!/usr/bin/env python3
"""Measures whether a single frame tells on which side of focus it lies; nothing here shares code with src/.

    pip install numpy==2.4.6 scipy==1.17.1 Pillow==11.3.0
    python scripts/measure-side.py STACK...

STACK: a folder of planes with their z in the name (`..._z-03.png`), or a manifest.csv with stack_id and z_um, for all its stacks.
Structures are bright on one side of focus and dark on the other where light is bent rather than taken away, and a lens with
spherical aberration has rings on one side and a haze on the other: both show in how lopsided the band-passed grey levels are. A
threshold for that is learned on the upper left quarter of every plane and tried on the lower right one: other content in the same
light, all that a calibration with a stack could rely on. Prints for each band of sizes how many planes are put on the right side.
"""

import argparse
import csv
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.stats import skew

SIGMAS_PX = (0, 1, 2, 4, 8, 16)
LEAST_PLANES = 6


def planes_of(path):
    """Name of a stack -> its planes: z and pixels, in the order of z."""
    stacks = defaultdict(list)
    if path.is_dir():
        for file in path.iterdir():
            if found := re.search(r"_z([+-]?\d+)\.\w+$", file.name):
                stacks[path.name].append((float(found[1]), file))
    else:
        with path.open(newline="") as table:
            for row in csv.DictReader(table):
                if row["stack_id"] and row["z_um"]:
                    stacks[row["stack_id"]].append((float(row["z_um"]), path.parent / row["file"]))
    return {name: [(z, pixels(file)) for z, file in sorted(planes)] for name, planes in stacks.items()}


def pixels(file):
    image = np.asarray(Image.open(file), dtype=float)
    return image if image.ndim == 2 else image[..., :3].mean(axis=2)


def lopsidedness(image):
    blurred = [image, *(gaussian_filter(image, sigma) for sigma in SIGMAS_PX[1:])]
    return [skew(fine - coarse, axis=None) for fine, coarse in zip(blurred, blurred[1:], strict=False)]


def sharpness(image):
    """Brenner's gradient of the smoothed image, relative to its brightness."""
    smooth = gaussian_filter(image, 1)
    return np.mean((smooth[:, 2:] - smooth[:, :-2]) ** 2) / image.mean() ** 2


def right_side(values, threshold, sign, side):
    return np.mean(np.where(sign * (values - threshold) >= 0, 1, -1) == side)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("stacks", nargs="+", type=Path)
    for path in parser.parse_args().stacks:
        for name, planes in planes_of(path).items():
            measure(name, planes)


def measure(name, planes):
    z = np.array([z for z, _ in planes])
    focus = int(np.argmax([sharpness(image) for _, image in planes]))
    beside = np.arange(len(z)) != focus
    side = np.sign(z - z[focus])[beside]
    if len(planes) < LEAST_PLANES or len(set(side)) < 2:
        return
    halves = [image.shape[0] // 2 for _, image in planes], [image.shape[1] // 2 for _, image in planes]
    learned_from = np.array([lopsidedness(i[:h, :w]) for (_, i), h, w in zip(planes, *halves, strict=True)])[beside]
    tried_on = np.array([lopsidedness(i[h:, w:]) for (_, i), h, w in zip(planes, *halves, strict=True)])[beside]
    print(f"{name}: {len(planes)} planes, the sharpest at {z[focus]:g} of {z[0]:g} to {z[-1]:g}")
    most_on_one_side = max(np.mean(side > 0), np.mean(side < 0))
    print(f"  whoever always says the longer side: {most_on_one_side:.0%}")
    for band, (fine, coarse) in enumerate(zip(SIGMAS_PX, SIGMAS_PX[1:], strict=False)):
        values = learned_from[:, band]
        rules = [(right_side(values, at, sign, side), at, sign) for at in values for sign in (1, -1)]
        best, threshold, sign = max(rules)
        tried = right_side(tried_on[:, band], threshold, sign, side)
        print(f"  sizes of {fine} to {coarse} px: learned {best:.0%}, on the other quarter {tried:.0%}")


if __name__ == "__main__":
    main()

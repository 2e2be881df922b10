"""What a controller does without Parfocal: two searches on normalised variance, snapping with the core itself."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Score = Callable[[float], float]

GOLDEN = (math.sqrt(5) - 1) / 2


def normalised_variance(image: np.ndarray, offset: float) -> float:
    """Variance over mean of the counts above the camera's offset: the score that OughtaFocus offers for this."""
    light = image.astype(np.float64) - offset
    return float(light.var() / max(light.mean(), 1e-9))


def sweep(score: Score, centre_um: float, range_um: float, planes: int) -> float:
    """The best of evenly spaced planes in centre +- range."""
    return max(np.linspace(centre_um - range_um, centre_um + range_um, planes), key=score)


def golden_section(score: Score, centre_um: float, range_um: float, tolerance_um: float) -> float:
    """Golden-section search for the maximum in centre +- range, until the bracket is narrower than the tolerance."""
    low, high = centre_um - range_um, centre_um + range_um
    a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    score_a, score_b = score(a), score(b)
    while high - low > tolerance_um:
        if score_a > score_b:
            high, b, score_b = b, a, score_a
            a = high - GOLDEN * (high - low)
            score_a = score(a)
        else:
            low, a, score_a = a, b, score_b
            b = low + GOLDEN * (high - low)
            score_b = score(b)
    return (low + high) / 2
